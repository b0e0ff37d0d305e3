//! How the server ends, and how it starts again.

use std::net::TcpStream;
use std::time::Duration;

use crate::running::{Home, mode, published_kids};
use crate::wire::{Wire, ask_token, credentials, request};

#[test]
fn a_request_in_flight_is_answered() {
    for signal in ["TERM", "INT"] {
        let home = Home::new();
        let server = home.start(&[]);
        let demo = server.demo();
        let body = credentials(&demo.id, &demo.secret);
        let mut idle = Wire::open(server.address);
        idle.send(request("GET", "/healthz", &[], b""));
        assert_eq!(idle.answer().unwrap().status, 200);

        let mut wire = Wire::open(server.address);
        let head = "POST /token HTTP/1.1\r\nhost: x\r\ncontent-type: application/json";
        wire.send(format!("{head}\r\ncontent-length: {}\r\n\r\n", body.len()));
        wire.send(&body[..10]);
        std::thread::sleep(Duration::from_millis(200));
        server.signal(signal);
        // Whoever does nothing is let go, and nobody new is let in.
        assert!(idle.closed_after() < Duration::from_secs(2));
        assert!(TcpStream::connect(server.address).is_err());

        std::thread::sleep(Duration::from_millis(100));
        wire.send(&body[10..]);
        let answer = wire.answer().unwrap();
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("connection"), Some("close"));
        wire.closed_after();
        let ended = server.ended(Duration::from_secs(2));
        assert_eq!(ended.status.code(), Some(0), "{}", ended.log);
    }
}

#[test]
fn an_answer_may_take_its_deadline_after_the_signal() {
    let home = Home::new();
    let server = home.start_with("deadline_ms = 30000", &[]);
    let demo = server.demo();
    let body = credentials(&demo.id, &demo.secret);
    let mut wire = Wire::open(server.address);
    let head = "POST /token HTTP/1.1\r\nhost: x\r\ncontent-type: application/json";
    wire.send(format!("{head}\r\ncontent-length: {}\r\n\r\n", body.len()));
    std::thread::sleep(Duration::from_millis(200));
    server.signal("TERM");
    // Longer than any deadline by default.
    std::thread::sleep(Duration::from_secs(11));
    wire.send(&body);
    assert_eq!(wire.answer().unwrap().status, 200);
    assert!(server.ended(Duration::from_secs(2)).status.success());
}

#[test]
fn whoever_asked_before_the_signal_is_answered() {
    let home = Home::new();
    let server = home.start_unlimited(&[]);
    let mut wires: Vec<_> = (0..200)
        .map(|_| {
            let mut wire = Wire::open(server.address);
            wire.send(request("GET", "/healthz", &[], b""));
            wire
        })
        .collect();
    server.signal("TERM");
    for (i, wire) in wires.iter_mut().enumerate() {
        let answer = wire.answer();
        assert_eq!(answer.map(|answer| answer.status), Some(200), "{i}");
        wire.closed_after();
    }
    assert!(server.ended(Duration::from_secs(2)).status.success());
}

#[test]
fn a_request_that_does_not_end_holds_no_one_up() {
    let home = Home::new();
    let server = home.start_with("deadline_ms = 1000", &[]);
    let mut wire = Wire::open(server.address);
    wire.send("POST /token HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\n");
    std::thread::sleep(Duration::from_millis(200));
    server.signal("TERM");
    assert_eq!(server.ended(Duration::from_secs(3)).status.code(), Some(0));
    wire.closed_after();
}

#[test]
fn a_restart_keeps_apps_and_keys() {
    let home = Home::new();
    let first = home.start(&[]);
    let demo = first.demo();
    let kids = published_kids(&first);
    assert_eq!(ask_token(first.address, &demo.id, &demo.secret).status, 200);
    assert_eq!(first.stopped().status.code(), Some(0));

    let second = home.start(&[]);
    assert!(!second.said.contains("appSecret"), "{}", second.said);
    assert_eq!(published_kids(&second), kids);
    assert_eq!(ask_token(second.address, &demo.id, &demo.secret).status, 200);
}

#[test]
fn a_first_start_makes_what_it_needs_for_its_owner_alone() {
    let home = Home::new();
    let server = home.start(&[]);
    let demo = server.demo();
    assert_eq!(mode(&home.data()), 0o700);
    for file in std::fs::read_dir(home.data()).unwrap() {
        let path = file.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    assert_eq!(server.said.matches(&demo.secret).count(), 2, "{}", server.said);
    let curl = format!(
        "  curl -sS http://{}/token -H 'content-type: application/json' \
         -d '{{\"appClientId\":\"{}\",\"appSecret\":\"{}\"}}'\n",
        server.address, demo.id, demo.secret
    );
    assert!(server.said.contains(&curl), "{}", server.said);
}
