//! A server in use, on which all is done that has to do with secrets: no secret, token or key is in its
//! log at the finest level, in what its commands say, or in clear in its files.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::json;

use crate::canary::{Needles, Places, assert_finds_what_is_planted, files, holds};
use crate::running::{App, Home, Server, becomes_so};
use crate::wire::{Answer, Wire, ask, ask_token, post_to, request};

const ROUTES: [&str; 3] = ["--refresh-route", "--introspection-route", "--revocation-route"];

struct Lived {
    home: Home,
    server: Server,
    needles: Needles,
    /// What the commands said.
    said: String,
    app: App,
}

impl Lived {
    fn keep(&mut self, answer: &Answer) -> (String, String) {
        let told = answer.json();
        let text = |name: &str| told[name].as_str().unwrap().to_owned();
        let (access, refresh) = (text("AccessToken"), text("RefreshToken"));
        self.needles.add_token("an access token", &access);
        self.needles.add_token("a refresh token", &refresh);
        (access, refresh)
    }

    fn command(&mut self, arguments: &[&str]) -> Vec<u8> {
        let output = self.home.run(arguments);
        self.said.push_str(&String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    fn form(&self, path: &str, app: &App, token: &str) -> Answer {
        let App { id, secret } = app;
        let body = format!("token={token}&client_id={id}&client_secret={secret}");
        let mut wire = Wire::open(self.server.address);
        let form = "content-type: application/x-www-form-urlencoded";
        wire.send(request("POST", path, &[form], body.as_bytes()));
        wire.answer().unwrap()
    }
}

fn lived(algorithm: &str, format: &str) -> Lived {
    let home = Home::new();
    let config = format!(
        "limits = {{ source = false, client_at_source = false, client = false }}\n\
         authenticator = {{ algorithm = '{algorithm}' }}\n"
    );
    let arguments = [&ROUTES[..], &["--log", "trace", "--log-format", format]].concat();
    let server = home.start_with(&config, &arguments);
    let (app, at) = (server.demo(), server.address);
    let mut lived =
        Lived { home, server, needles: Needles::default(), said: String::new(), app: app.clone() };
    lived.needles.add_secret("a secret", &app.secret);

    let (access, first) = lived.keep(&ask_token(at, &app.id, &app.secret));
    let redeem = |token: &str, secret: &str| {
        let body = json!({ "appClientId": app.id, "appSecret": secret, "refreshToken": token });
        post_to(at, "/token/refresh", &[], body.to_string().as_bytes())
    };
    let (_, second) = lived.keep(&redeem(&first, &app.secret));
    let swapped = App { id: app.id.clone(), secret: second.clone() };
    for token in [&access, &second, &app.secret] {
        for path in ["/token/introspect", "/token/revoke"] {
            if token != &second || path == "/token/introspect" {
                assert!(lived.form(path, &app, token).status < 401);
            }
            assert_eq!(lived.form(path, &swapped, token).status, 401);
        }
    }
    assert_eq!(redeem(&app.secret, &second).status, 401);
    assert_eq!(
        post_to(at, "/token", &[&format!("authorization: Bearer {access}")], b"{}").status,
        422
    );
    let elsewhere = [&*format!("x-forwarded-for: {}", app.secret)];
    assert_eq!(ask(at, "GET", &format!("/{second}?x={access}"), &elsewhere).status, 404);

    let rotated = lived.command(&["secrets", "rotate", &app.id, "--json"]);
    let rotated: serde_json::Value = serde_json::from_slice(&rotated).unwrap();
    lived.needles.add_secret("a second secret", rotated["appSecret"].as_str().unwrap());
    for arguments in [
        &["secrets", "list", &app.id, "--json"][..],
        &["apps", "list", "--json"],
        &["keys", "rotate", "--json"],
        &["keys", "list", "--json"],
        &["apps", "create", "--name", "\n"],
    ] {
        let said = lived.command(arguments);
        lived.said.push_str(&String::from_utf8_lossy(&said));
    }
    let mut revoke = lived.home.command(&["tokens", "revoke", "--stdin", &app.id]);
    let revoke = revoke.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut revoke = revoke.spawn().unwrap();
    revoke.stdin.take().unwrap().write_all(second.as_bytes()).unwrap();
    let output = revoke.wait_with_output().unwrap();
    lived.said.push_str(&String::from_utf8_lossy(&[output.stdout, output.stderr].concat()));
    let more = format!("{config}response = {{ realm = 'another' }}\n");
    std::fs::write(lived.home.path("tokensmith.toml"), more).unwrap();
    lived.server.signal("HUP");
    let is_read = || {
        let answer = ask_token(at, "appcl-none", "x");
        answer.header("www-authenticate") == Some("AppSecret realm=\"another\"")
    };
    assert!(becomes_so(std::time::Duration::from_secs(10), is_read));
    assert_eq!(redeem(&second, &app.secret).status, 401);
    assert_eq!(ask(at, "GET", "/.well-known/jwks.json", &[]).status, 200);
    lived.needles.add_keys(&lived.home.data());
    lived
}

#[test]
fn neither_logs_nor_files_hold_a_secret_a_token_or_a_key() {
    for (algorithm, format) in [("ES256", "text"), ("EdDSA", "json"), ("RS256", "text")] {
        let Lived { home, server, needles, said, app } = lived(algorithm, format);
        // While it runs, with what is in the logs of the database yet.
        let mut places: Places = files(&home.data());
        let log = server.stopped().log;
        for event in ["issued", "rejected", "served", "invalid", "read again"] {
            assert!(log.contains(event), "{event}: {log}");
        }
        places.push(("what the commands said".to_owned(), said.into_bytes()));
        places.push(("the log".to_owned(), log.into_bytes()));
        assert_eq!(needles.found_in(&places), None, "{algorithm}");
        // The control: what may be there is found.
        let with_the_app = places.iter().filter(|(_, bytes)| holds(bytes, app.id.as_bytes()));
        assert!(with_the_app.count() >= 4, "{algorithm}");
    }
}

#[test]
fn what_is_planted_in_a_log_is_found() {
    let lived = lived("EdDSA", "json");
    assert_finds_what_is_planted(&lived.needles);
    let secret = lived.app.secret.clone();
    // An id is logged as it is: whoever shows a secret as its id has written it there.
    assert_eq!(ask_token(lived.server.address, &secret, "x").status, 401);
    let log = lived.server.stopped().log;
    let places = vec![("the log".to_owned(), log.into_bytes())];
    let found = lived.needles.found_in(&places).unwrap();
    assert!(found.starts_with("a secret"), "{found}");
}
