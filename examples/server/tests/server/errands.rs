//! The optional routes that tell what a token is, and revoke one.

use serde_json::{Value, json};

use crate::running::{App, Home, Server};
use crate::wire::{Answer, Wire, ask, ask_token, request};

const INTROSPECT: &str = "/token/introspect";
const REVOKE: &str = "/token/revoke";
const BOTH: [&str; 3] = ["--introspection-route", "--revocation-route", "--refresh-route"];
const FORM: &str = "content-type: application/x-www-form-urlencoded";

fn send(server: &Server, path: &str, headers: &[&str], body: &str) -> Answer {
    let mut wire = Wire::open(server.address);
    wire.send(request("POST", path, headers, body.as_bytes()));
    wire.answer().unwrap()
}

/// By the app's credentials in the form.
fn asked(server: &Server, path: &str, app: &App, token: &str) -> Answer {
    let App { id, secret } = app;
    send(server, path, &[FORM], &format!("token={token}&client_id={id}&client_secret={secret}"))
}

/// By `Authorization: Basic`.
fn asked_by_header(server: &Server, path: &str, pair: &str, token: &str) -> Answer {
    let authorization = format!("authorization: Basic {}", base64(pair.as_bytes()));
    send(server, path, &[FORM, &authorization], &format!("token={token}"))
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits = three.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - three.len()));
        for place in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * place)) as usize & 63];
            text.push(if place > three.len() { '=' } else { char::from(letter) });
        }
    }
    text
}

fn inactive(answer: &Answer) {
    assert_eq!((answer.status, answer.json()), (200, json!({ "active": false })));
    never_kept(answer);
}

fn never_kept(answer: &Answer) {
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("pragma"), Some("no-cache"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
}

fn tokens(server: &Server, app: &App) -> (String, String) {
    let tokens = ask_token(server.address, &app.id, &app.secret).json();
    let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
    (text("AccessToken"), text("RefreshToken"))
}

#[test]
fn a_token_is_told_of_by_the_book() {
    let home = Home::new();
    let (app, other) = (home.create_app("one"), home.create_app("other"));
    let server = home.start_unlimited(&BOTH);
    let (access, refresh) = tokens(&server, &app);
    let pair = format!("{}:{}", other.id, other.secret);
    for answer in [
        asked(&server, INTROSPECT, &app, &access),
        asked_by_header(&server, INTROSPECT, &pair, &access),
    ] {
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.header("content-type"), Some("application/json"));
        never_kept(&answer);
        let told = answer.json();
        assert_eq!((&told["active"], &told["token_type"]), (&json!(true), &json!("Bearer")));
        assert_eq!(told["client_id"], app.id.as_str());
        assert_eq!(told["sub"], format!("app:{}", app.id));
        assert_eq!((&told["iss"], &told["aud"]), (&told["aud"], &told["iss"]), "by default");
        assert_eq!(told["exp"].as_u64().unwrap() - told["iat"].as_u64().unwrap(), 3_600);
        assert_eq!(told["jti"].as_str().unwrap().len(), 22);
    }
    let told = asked(&server, INTROSPECT, &app, &refresh).json();
    let mut names: Vec<_> = told.as_object().unwrap().keys().cloned().collect();
    names.sort();
    assert_eq!(names, ["active", "client_id", "exp", "iat", "iss", "sub"]);
    inactive(&asked(&server, INTROSPECT, &other, &refresh));
    for token in ["nothing", "tsrt_x", "a.b.c", "%F0%9F%98%80"] {
        inactive(&asked(&server, INTROSPECT, &app, token));
    }
    assert!(home.run(&["apps", "disable", &app.id]).status.success());
    let is_off =
        || asked(&server, INTROSPECT, &other, &access).json() == json!({ "active": false });
    assert!(crate::running::becomes_so(std::time::Duration::from_secs(2), is_off));
}

#[test]
fn a_token_is_revoked_by_its_own_app() {
    let home = Home::new();
    let (app, other) = (home.create_app("one"), home.create_app("other"));
    let server = home.start_unlimited(&BOTH);
    let (access, refresh) = tokens(&server, &app);
    let done = |answer: Answer| {
        assert_eq!((answer.status, answer.text()), (200, "{}"));
        never_kept(&answer);
    };
    done(asked(&server, REVOKE, &other, &refresh));
    assert_eq!(asked(&server, INTROSPECT, &app, &refresh).json()["active"], true);
    let refused = asked(&server, REVOKE, &app, &access);
    assert_eq!(
        (refused.status, refused.json()),
        (400, json!({ "error": "unsupported_token_type" }))
    );
    done(asked(&server, REVOKE, &app, &refresh));
    inactive(&asked(&server, INTROSPECT, &app, &refresh));
    done(asked(&server, REVOKE, &app, &refresh));
    done(asked(&server, REVOKE, &app, "nothing"));
    let body = json!({ "appClientId": app.id, "appSecret": app.secret, "refreshToken": refresh });
    let body = body.to_string().into_bytes();
    let answer = crate::wire::post_to(server.address, "/token/refresh", &[], &body);
    assert_eq!(answer.status, 401);
}

#[test]
fn whoever_is_not_the_app_is_told_nothing_and_no_word_of_the_request() {
    let home = Home::new();
    let app = home.create_app("one");
    let server = home.start_unlimited(&BOTH);
    let (access, _) = tokens(&server, &app);
    let wrong = |id: &str, secret: &str| App { id: id.to_owned(), secret: secret.to_owned() };
    for path in [INTROSPECT, REVOKE] {
        let mut answers = Vec::new();
        for app in [wrong(&app.id, "cAnArY"), wrong("cAnArY", &app.secret), wrong("", "")] {
            answers.push(asked(&server, path, &app, &access));
        }
        answers.push(send(&server, path, &[FORM], &format!("token={access}")));
        for answer in answers {
            assert_eq!((answer.status, answer.json()), (401, json!({ "error": "invalid_client" })));
            assert_eq!(answer.header("www-authenticate"), Some("AppSecret realm=\"token\""));
            never_kept(&answer);
        }
        let answer = asked_by_header(&server, path, &format!("{}:cAnArY", app.id), &access);
        assert_eq!(answer.status, 401);
        let basic = "Basic realm=\"token\", charset=\"UTF-8\"";
        assert_eq!(answer.header("www-authenticate"), Some(basic));
        for (headers, body) in [
            (vec!["content-type: application/json"], "{\"token\":\"cAnArY\"}".to_owned()),
            (vec![FORM], format!("client_id={}&client_secret={}", app.id, app.secret)),
            (vec![FORM], "token=cAnArY&token=cAnArY".to_owned()),
            (vec![FORM], format!("token={}", "t".repeat(24 * 1_024))),
            (vec![], String::new()),
        ] {
            let answer = send(&server, path, &headers, &body);
            assert_eq!(
                (answer.status, answer.json()),
                (400, json!({ "error": "invalid_request" }))
            );
            never_kept(&answer);
        }
        assert_eq!(ask(server.address, "GET", path, &[]).status, 405);
    }
}

#[test]
fn guesses_cost_there_what_they_cost_at_the_contract_s_route() {
    let home = Home::new();
    let app = home.create_app("one");
    let wrong = App { id: app.id.clone(), secret: "wrong".to_owned() };
    for path in [INTROSPECT, REVOKE] {
        let server = home.start(&BOTH);
        assert_eq!(asked(&server, path, &wrong, "t").status, 401);
        let limited = asked(&server, path, &wrong, "t");
        assert_eq!(limited.status, 429, "the failure has cost the whole bucket");
        assert!(limited.header("retry-after").is_some());
        never_kept(&limited);
        assert_eq!(ask_token(server.address, &app.id, &app.secret).status, 429, "everywhere");
        let log = server.stopped().log;
        assert!(log.contains("rejected") && log.contains("rate_limited"), "{log}");
    }
    let server = home.start(&BOTH);
    assert_eq!(asked(&server, INTROSPECT, &app, "t").status, 200);
    let log = server.stopped().log;
    assert!(log.contains("event=\"served\""), "{log}");
}

#[test]
fn without_being_asked_for_they_are_not_there() {
    let home = Home::new();
    let app = home.create_app("one");
    let server = home.start_unlimited(&[]);
    for path in [INTROSPECT, REVOKE] {
        assert_eq!(asked(&server, path, &app, "t").status, 404);
    }
    let server = home.start_unlimited(&["--revocation-route"]);
    assert_eq!(asked(&server, INTROSPECT, &app, "t").status, 404);
    assert_eq!(asked(&server, REVOKE, &app, "t").status, 200);
}

#[test]
fn the_tests_encode_as_others_do() {
    let known: [(&[u8], Value); 4] =
        [(b"", json!("")), (b"f", json!("Zg==")), (b"fo", json!("Zm8=")), (b"foo", json!("Zm9v"))];
    for (bytes, text) in known {
        assert_eq!(base64(bytes), text);
    }
}
