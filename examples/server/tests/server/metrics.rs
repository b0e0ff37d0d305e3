//! The counts, at a listener of their own.

use std::net::TcpListener;

use crate::running::Home;
use crate::wire::{ask, ask_token, post};

#[test]
fn what_became_of_the_calls_is_counted_without_a_word_of_theirs() {
    let home = Home::new();
    let app = home.create_app("billing");
    // Free a moment ago.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = home.start(&["--metrics", &free.to_string()]);
    assert_eq!(ask_token(server.address, &app.id, &app.secret).status, 200);
    assert_eq!(ask_token(server.address, &app.id, &app.secret).status, 200);
    assert_eq!(ask_token(server.address, "a\"caller's id", "canary").status, 401);
    assert_eq!(post(server.address, &[], b"{}").status, 422);
    let answer = ask(free, "GET", "/metrics", &[]);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let text = answer.text();
    for line in [
        "tokensmith_in_flight 0",
        "tokensmith_events_total{event=\"issued\",reason=\"\"} 2",
        "tokensmith_events_total{event=\"invalid\",reason=\"\"} 1",
        "tokensmith_events_total{event=\"rejected\",reason=\"unknown_client\"} 1",
    ] {
        assert!(text.lines().any(|this| this == line), "{line} in {text}");
    }
    for mine in [app.id.as_str(), app.secret.as_str(), "caller", "canary"] {
        assert!(!text.contains(mine), "{text}");
    }
    // Each line is of the format: a comment, or a name, labels and a number.
    for line in text.lines().filter(|line| !line.starts_with("# ")) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert!(name.starts_with("tokensmith_") && value.parse::<u64>().is_ok(), "{line}");
    }
    assert_eq!(ask(server.address, "GET", "/metrics", &[]).status, 404, "not where callers are");
}

#[test]
fn an_address_in_use_is_an_error_at_the_start() {
    let home = Home::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = home.run(&["serve", "--listen", "127.0.0.1:0", "--metrics", &address]);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains(&format!("cannot listen on {address}")), "{told}");
    assert!(!home.data().exists(), "nothing is left behind");
}
