//! What `POST /token` answers.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokensmith::{Invalid, Member, TokenError};

use crate::running::{Home, Server, binary, published_kids};
use crate::wire::{Answer, Wire, ask_token, credentials, post, request};

fn names(answer: &Answer) -> Vec<&str> {
    answer.headers.iter().map(|(name, _)| name.as_str()).collect()
}

/// A part of a JWT: 0 is the header, 1 the claims.
fn part_of(token: &str, part: usize) -> Value {
    let parts: Vec<_> = token.split('.').collect();
    assert_eq!(parts.len(), 3);
    serde_json::from_slice(&from_base64url(parts[part])).unwrap()
}

fn from_base64url(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bits = 0_u32;
    let mut bytes = Vec::new();
    for (i, letter) in text.bytes().enumerate() {
        let six = ALPHABET.iter().position(|&this| this == letter).unwrap();
        bits = (bits << 6 | six as u32) & 0xff_ffff;
        if i % 4 != 0 {
            bytes.push((bits >> (6 - 2 * (i % 4))) as u8);
        }
    }
    bytes
}

#[test]
fn a_token() {
    let home = Home::new();
    let server = home.start(&[]);
    let demo = server.demo();
    let answer = ask_token(server.address, &demo.id, &demo.secret);

    assert_eq!(answer.status, 200);
    assert_eq!(
        names(&answer),
        [
            "content-type",
            "cache-control",
            "pragma",
            "x-content-type-options",
            "content-length",
            "date"
        ]
    );
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let tokens = answer.json();
    assert!(answer.text().starts_with("{\"AccessToken\":\""), "{}", answer.text());
    assert_eq!(tokens.as_object().unwrap().len(), 4);
    assert_eq!(tokens["ExpiresIn"], 3_600);
    assert_eq!(tokens["TokenType"], "Bearer");
    assert!(tokens["RefreshToken"].as_str().unwrap().starts_with("tsrt_"));

    let token = tokens["AccessToken"].as_str().unwrap();
    let kids = published_kids(&server);
    assert_eq!(part_of(token, 0), json!({ "typ": "at+jwt", "alg": "ES256", "kid": kids[0] }));
    let claims = part_of(token, 1);
    assert_eq!(claims["client_id"], demo.id.as_str());
    let life = claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
    assert_eq!(life, 3_600);
}

#[test]
fn refusals_do_not_tell_why() {
    let home = Home::new();
    let disabled = home.create_app("disabled");
    let wrong = home.create_app("wrong");
    assert!(home.run(&["apps", "disable", &disabled.id]).status.success());
    let server = home.start_unlimited(&[]);
    let of = |id: &str, secret: &str| ask_token(server.address, id, secret).undated();

    let unknown = of("appcl-00000000000000000000", &wrong.secret);
    assert_eq!(unknown.status, 401);
    assert_eq!(unknown.text(), TokenError::Unauthorized.sentence());
    assert_eq!(unknown.header("www-authenticate"), Some("AppSecret realm=\"token\""));
    for (id, secret) in [
        (&*wrong.id, &*disabled.secret),
        (&*disabled.id, &*disabled.secret),
        (&*disabled.id, &*wrong.secret),
        (&*wrong.id, "short"),
        (&*wrong.id, ""),
        ("", &*wrong.secret),
        (&*wrong.id, "\u{0}"),
        (&*format!(" {}", wrong.id), &*wrong.secret),
        (&*wrong.id, &*format!("{}\n", wrong.secret)),
        (&*"i".repeat(129), &*wrong.secret),
        (&*wrong.id, &*"s".repeat(1_025)),
    ] {
        assert_eq!(of(id, secret), unknown, "{id:?} {secret:?}");
    }
    assert_eq!(of(&wrong.id, &wrong.secret).status, 200);
}

#[test]
fn bodies_that_do_not_conform() {
    let home = Home::new();
    let server = home.start_unlimited(&[]);
    let check = |content_types: &[&str], body: &[u8], expected: Invalid| {
        let mut wire = Wire::open(server.address);
        wire.send(request("POST", "/token", content_types, body));
        let answer = wire.answer().unwrap();
        assert_eq!((answer.status, answer.text()), (422, expected.phrase()));
        assert_eq!(answer.header("connection"), None);
    };
    let good = credentials("appcl-1234", "x");
    for content_types in [
        &[][..],
        &["content-type: text/plain"],
        &["content-type: application/json; charset=latin1"],
        &["content-type: application/json\u{e9}"],
        &["content-type: application/json", "content-type: application/json"],
    ] {
        check(content_types, &good, Invalid::ContentType);
    }
    for (body, expected) in [
        (&b""[..], Invalid::Syntax),
        (b"{", Invalid::Syntax),
        (b"[]", Invalid::NotAnObject),
        (b"{}", Invalid::Missing(Member::AppClientId)),
        (br#"{"appClientId":"a"}"#, Invalid::Missing(Member::AppSecret)),
        (br#"{"appClientId":"a","appSecret":12345678}"#, Invalid::NotAString(Member::AppSecret)),
        (br#"{"appClientId":"a","appClientId":"a"}"#, Invalid::Repeated),
        (b"\xef\xbb\xbf{}", Invalid::Encoding),
        (br#"{"a":[[[[[[[[]]]]]]]]}"#, Invalid::TooDeep),
    ] {
        check(&["content-type: application/json"], body, expected);
    }
    let other = ["content-type: Application/Vnd.x+JSON; charset=UTF-8"];
    let mut wire = Wire::open(server.address);
    wire.send(request("POST", "/token", &other, &good));
    assert_eq!(wire.answer().unwrap().status, 401);
}

#[test]
fn the_sixth_quick_request_waits_exactly() {
    let home = Home::new();
    let server = home.start(&[]);
    let demo = server.demo();
    let ask = || ask_token(server.address, &demo.id, &demo.secret);
    let until = |moment: Instant| {
        std::thread::sleep(moment.saturating_duration_since(Instant::now()));
    };

    for _ in 0..5 {
        assert_eq!(ask().status, 200);
    }
    let asked = Instant::now();
    let sixth = ask();
    let answered = Instant::now();
    assert_eq!((sixth.status, sixth.text()), (429, "too many requests"));
    let wait: u64 = sixth.header("retry-after").unwrap().parse().unwrap();
    assert_eq!(wait, 6);

    until(asked + Duration::from_secs(wait - 1));
    let early = ask();
    assert_eq!(early.status, 429);
    assert_eq!(early.header("retry-after"), Some("1"));
    until(answered + Duration::from_secs(wait));
    assert_eq!(ask().status, 200);
    // It was one token, and no more.
    assert_eq!(ask().status, 429);
}

#[test]
fn another_app_at_the_same_address_is_not_limited_with_it() {
    let home = Home::new();
    let other = home.create_app("other");
    let one = home.create_app("one");
    let server = home.start(&[]);
    let statuses =
        |id: &str, secret: &str| [(); 6].map(|()| ask_token(server.address, id, secret).status);
    assert_eq!(statuses(&one.id, &one.secret), [200, 200, 200, 200, 200, 429]);
    assert_eq!(statuses(&other.id, &other.secret), [200, 200, 200, 200, 200, 429]);
    // A failed authentication costs five.
    assert_eq!(statuses("appcl-nobody", &other.secret), [401, 429, 429, 429, 429, 429]);
}

#[test]
fn the_configuration_is_heeded() {
    let home = Home::new();
    let config = r#"
        response = { key_case = "camel", refresh_token = "omit", realm = "tokens.test" }
        authenticator = { issuer = "https://tokens.test", audience = "api", token_seconds = 60 }
        limits.client_at_source = { per_minute = 1, burst = 1 }
    "#;
    let server = home.start_with(config, &[]);
    let demo = server.demo();
    let answer = ask_token(server.address, &demo.id, &demo.secret).json();
    let members: Vec<_> = answer.as_object().unwrap().keys().collect();
    assert_eq!(members, ["accessToken", "expiresIn", "tokenType"]);
    assert_eq!(answer["expiresIn"], 60);
    let claims = part_of(answer["accessToken"].as_str().unwrap(), 1);
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!("https://tokens.test"), &json!("api")));
    let second = ask_token(server.address, &demo.id, &demo.secret);
    assert_eq!((second.status, second.header("retry-after")), (429, Some("60")));
    let refused = post(server.address, &[], &credentials("nobody", "nothing"));
    assert_eq!(refused.header("www-authenticate"), Some("AppSecret realm=\"tokens.test\""));
}

#[test]
fn the_example_configuration_serves() {
    let home = Home::new();
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/tokensmith.example.toml");
    let mut command = binary(&["--listen", "127.0.0.1:0", "--config", example]);
    command.current_dir(home.path("."));
    let server = Server::start(command);
    let demo = server.demo();
    assert_eq!(ask_token(server.address, &demo.id, &demo.secret).status, 200);
    // It names the place that holds without it.
    assert!(server.stopped().status.success());
    let listed = binary(&["apps", "list"]).current_dir(home.path(".")).output().unwrap();
    assert!(String::from_utf8(listed.stdout).unwrap().starts_with(&demo.id));
}
