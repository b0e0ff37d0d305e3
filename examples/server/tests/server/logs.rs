//! What is logged holds no secret and no token, whatever is asked of the log.

use serde_json::Value;

use crate::running::Home;
use crate::wire::{JSON, Wire, ask, ask_token, credentials, post};

const CANARY: &str = "cAnArY0123456789";

/// How a text may hide in a log.
fn disguises(text: &str) -> Vec<String> {
    let bytes = text.as_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let list = format!("{bytes:?}");
    vec![text.to_owned(), hex.to_uppercase(), hex, list[1..list.len() - 1].to_owned()]
}

fn holds_none(log: &str, what: &str, text: &str) {
    for disguise in disguises(text) {
        assert!(!log.contains(&disguise), "the log holds {what}");
    }
}

#[test]
fn no_secret_at_any_level() {
    for format in ["text", "json"] {
        let home = Home::new();
        let server = home.start(&["--log", "trace", "--log-format", format]);
        let demo = server.demo();
        let tokens = ask_token(server.address, &demo.id, &demo.secret).json();
        let canary = CANARY;
        for body in [
            credentials(&demo.id, canary),
            credentials(canary, &demo.secret),
            credentials(&format!("{canary}\n\u{1b}[31m"), canary),
            format!("{{\"appClientId\":\"{canary}\"").into_bytes(),
            format!("{{\"appClientId\":\"a\",\"appSecret\":[\"{canary}\"]}}").into_bytes(),
            vec![b'x'; 10_000],
        ] {
            assert!(post(server.address, &[], &body).status > 400);
        }
        let odd = [&*format!("x-forwarded-for: {canary}"), &*format!("authorization: {canary}")];
        assert_eq!(post(server.address, &odd, b"{}").status, 422);
        assert_eq!(ask(server.address, "GET", &format!("/{canary}"), &odd).status, 404);
        let mut broken = Wire::open(server.address);
        broken.send(format!("POST /token HTTP/1.1\r\nhost: x\r\n{JSON}\r\n{canary}\r\n\r\n"));
        assert_eq!(broken.answer().unwrap().status, 400);
        let mut cut = Wire::open(server.address);
        cut.send(format!(
            "POST /token HTTP/1.1\r\nhost: x\r\n{JSON}\r\ncontent-length: 99\r\n\r\n{canary}"
        ));
        drop(cut);
        assert!(home.run(&["apps", "disable", &demo.id]).status.success());
        std::thread::sleep(std::time::Duration::from_millis(400));

        let root = std::fs::read(home.data().join("root.key")).unwrap();
        let log = server.stopped().log;
        for event in ["issued", "rejected", "invalid", "body_unread"] {
            assert!(log.contains(event), "{event}: {log}");
        }
        holds_none(&log, "a secret", &demo.secret);
        holds_none(&log, "an access token", tokens["AccessToken"].as_str().unwrap());
        holds_none(&log, "a refresh token", tokens["RefreshToken"].as_str().unwrap());
        let secret_part = demo.secret.split('_').next_back().unwrap();
        holds_none(&log, "the secret's random part", secret_part);
        let list = format!("{root:?}");
        assert!(!log.contains(&list[1..list.len() - 1]), "the log holds the root key");
        // A canary may stand in the log as the id of an app, which is no secret, and nowhere else.
        for line in log.lines().filter(|line| line.contains(CANARY)) {
            let id = match format {
                "text" => line.contains(&format!("app=\"{CANARY}\"")),
                _ => serde_json::from_str::<Value>(line).unwrap()["app"] == CANARY,
            };
            assert!(id && line.matches(CANARY).count() == 1, "{line}");
        }
        let control = |byte: u8| byte < 0x20 && byte != b'\n';
        assert!(!log.bytes().any(control), "a control character");
    }
}

#[test]
fn an_id_cannot_forge_a_field() {
    let forged = "x source=203.0.113.9 event=\"issued\" \u{202e}\u{2028}";
    let home = Home::new();
    let server = home.start(&[]);
    let body = serde_json::json!({ "appClientId": forged, "appSecret": "x" }).to_string();
    assert_eq!(post(server.address, &[], body.as_bytes()).status, 401);
    let log = server.stopped().log;
    let line = log.lines().find(|line| line.contains("203.0.113.9")).unwrap();
    let told = r#"app="x source=203.0.113.9 event=\"issued\" \u{202e}\u{2028}" source="127.0.0.1""#;
    assert!(line.contains(told), "{line}");
}

#[test]
fn the_filter_is_heeded() {
    let home = Home::new();
    let server = home.start(&["--log", "warn"]);
    assert_eq!(post(server.address, &[], b"{}").status, 422);
    assert_eq!(server.stopped().log, "");

    let mut command = home.command(&["--listen", "127.0.0.1:0"]);
    command.env("RUST_LOG", "info,tokensmith_server=off");
    let server = crate::running::Server::start(command);
    assert_eq!(post(server.address, &[], b"{}").status, 422);
    let log = server.stopped().log;
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(log.contains("event=\"invalid\""), "{log}");
}

#[test]
fn each_request_has_a_name_of_its_own() {
    let home = Home::new();
    let server = home.start(&["--log-format", "json"]);
    for _ in 0..3 {
        post(server.address, &["x-request-id: mine"], b"{}");
    }
    let log = server.stopped().log;
    let events = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut ids: Vec<_> = events
        .filter(|event| event["event"] == "invalid")
        .map(|event| event["request_id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), 3);
    assert!(!ids.contains(&"mine".to_owned()));
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

/// A full disk, in small: every write to it fails.
#[cfg(target_os = "linux")]
#[test]
fn a_log_that_cannot_be_written_stops_nothing() {
    let home = Home::new();
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--log", "trace"];
    let mut command = home.command(&arguments);
    command.stdout(std::process::Stdio::piped()).stderr(full());
    let mut server = command.spawn().unwrap();
    let mut said = std::io::BufReader::new(server.stdout.take().unwrap());
    let mut line = String::new();
    let address = loop {
        line.clear();
        assert!(std::io::BufRead::read_line(&mut said, &mut line).unwrap() > 0, "it ended");
        if let Some(address) = line.trim_end().strip_prefix("listening on http://") {
            break address.parse().unwrap();
        }
    };
    assert_eq!(ask_token(address, "appcl-none", "none").status, 401);
    let id = server.id().to_string();
    std::process::Command::new("kill").args(["-s", "TERM", &id]).status().unwrap();
    assert_eq!(server.wait().unwrap().code(), Some(0));
}

#[cfg(target_os = "linux")]
#[test]
fn a_secret_that_cannot_be_shown_is_an_error_that_says_so() {
    let home = Home::new();
    let mut command = home.command(&["serve", "--listen", "127.0.0.1:0"]);
    let output = command.stdout(full()).stderr(std::process::Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("make an app with `apps create`"), "{error}");
}

#[cfg(target_os = "linux")]
fn full() -> std::fs::File {
    std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap()
}
