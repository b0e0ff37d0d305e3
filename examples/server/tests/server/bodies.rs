//! Huge bodies, slow bodies and slow heads.

use std::io::Write;
use std::net::Shutdown;
use std::time::{Duration, Instant};

use tokensmith::Invalid;

use crate::running::{App, Home, Server};
use crate::wire::{Wire, credentials, post, request};

const LIMIT: usize = 8 * 1_024;
const HEAD: &str = "POST /token HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";

/// A body of that length that conforms.
fn padded(app: &App, length: usize) -> Vec<u8> {
    let mut body = credentials(&app.id, &app.secret);
    body.resize(length, b' ');
    body
}

fn unlimited_with_deadline(home: &Home, deadline_ms: u32) -> Server {
    let limits = "limits = { source = false, client_at_source = false, client = false }";
    home.start_with(&format!("deadline_ms = {deadline_ms}\n{limits}"), &[])
}

/// The answer to a body that is too large, after which the connection ends.
fn refused(wire: &mut Wire) {
    let answer = wire.answer().unwrap();
    assert_eq!((answer.status, answer.text()), (422, Invalid::TooLarge.phrase()));
    assert_eq!(answer.header("connection"), Some("close"));
    wire.closed_after();
}

#[test]
fn the_limit_is_exact() {
    let home = Home::new();
    let server = unlimited_with_deadline(&home, 5_000);
    let demo = server.demo();
    assert_eq!(post(server.address, &[], &padded(&demo, LIMIT)).status, 200);
    for length in [LIMIT + 1, LIMIT + 2, 9_000, 64 * 1_024] {
        let mut wire = Wire::open(server.address);
        let headers = ["content-type: application/json"];
        wire.send(request("POST", "/token", &headers, &padded(&demo, length)));
        refused(&mut wire);
    }
    // Chunk by chunk too.
    let mut wire = Wire::open(server.address);
    wire.send(format!("{HEAD}transfer-encoding: chunked\r\n\r\n"));
    for byte in padded(&demo, 300) {
        wire.send([b'1', b'\r', b'\n', byte, b'\r', b'\n']);
    }
    wire.send("0\r\n\r\n");
    assert_eq!(wire.answer().unwrap().status, 200);
}

#[test]
fn a_body_without_end_is_answered_and_let_go() {
    let home = Home::new();
    let server = unlimited_with_deadline(&home, 5_000);
    let before = resident_kib(&server);
    let start = Instant::now();
    let mut wires: Vec<_> = (0..20)
        .map(|_| {
            let mut wire = Wire::open(server.address);
            wire.send(format!("{HEAD}transfer-encoding: chunked\r\n\r\n"));
            wire
        })
        .collect();
    let chunk = [b"4000\r\n", &[b' '; 0x4000][..], b"\r\n"].concat();
    let mut sent = 0;
    for wire in &mut wires {
        // A gigabyte, if the server let it.
        while sent < 1 << 30 {
            match wire.stream.write_all(&chunk) {
                Ok(()) => sent += chunk.len(),
                Err(_) => break,
            }
        }
    }
    // What the kernels buffer is sent; what the server would have read is not.
    assert!(sent < 20 * (16 << 20), "{sent}");
    assert!(start.elapsed() < Duration::from_secs(20));
    assert!(resident_kib(&server) < before + 4 * 1_024, "{before}");
    assert_eq!(post(server.address, &[], b"{}").status, 422);
}

#[test]
fn one_that_reads_while_it_writes_finds_the_answer() {
    let home = Home::new();
    let server = unlimited_with_deadline(&home, 5_000);
    let mut wire = Wire::open(server.address);
    wire.send(format!("{HEAD}content-length: 1000000000\r\n\r\n"));
    let start = Instant::now();
    wire.send([b' '; LIMIT + 1]);
    // It waits for more to drop, but no longer than a second.
    refused(&mut wire);
    let took = start.elapsed();
    assert!((950..1_900).contains(&took.as_millis()), "{took:?}");
}

#[test]
fn a_late_body_has_no_answer() {
    let home = Home::new();
    let server = unlimited_with_deadline(&home, 400);
    let demo = server.demo();
    for starts in [&b""[..], b"{", &credentials(&demo.id, &demo.secret)] {
        let mut wire = Wire::open(server.address);
        let start = Instant::now();
        wire.send(format!("{HEAD}content-length: 1000\r\n\r\n"));
        wire.send(starts);
        wire.closed_after();
        let took = start.elapsed();
        assert!((400..1_400).contains(&took.as_millis()), "{took:?}");
    }
    // A byte now and then wins no time.
    let mut wire = Wire::open(server.address);
    let start = Instant::now();
    wire.send(format!("{HEAD}content-length: 1000\r\n\r\n"));
    while start.elapsed() < Duration::from_secs(3) && wire.stream.write_all(b" ").is_ok() {
        std::thread::sleep(Duration::from_millis(50));
    }
    let took = start.elapsed();
    assert!((400..1_400).contains(&took.as_millis()), "{took:?}");
}

#[test]
fn a_slow_body_within_the_deadline_is_answered() {
    let home = Home::new();
    let server = unlimited_with_deadline(&home, 5_000);
    let demo = server.demo();
    let body = credentials(&demo.id, &demo.secret);
    let mut wire = Wire::open(server.address);
    wire.send(format!("{HEAD}content-length: {}\r\n\r\n", body.len()));
    for part in body.chunks(20) {
        std::thread::sleep(Duration::from_millis(30));
        wire.send(part);
    }
    assert_eq!(wire.answer().unwrap().status, 200);
}

#[test]
fn a_body_that_is_asked_to_wait_is_called_for() {
    let home = Home::new();
    let server = unlimited_with_deadline(&home, 5_000);
    let demo = server.demo();
    let body = credentials(&demo.id, &demo.secret);
    let mut wire = Wire::open(server.address);
    wire.send(format!("{HEAD}expect: 100-continue\r\ncontent-length: {}\r\n\r\n", body.len()));
    // hyper's interim answer has no header fields.
    let mut interim = [0; 25];
    std::io::Read::read_exact(&mut wire.stream, &mut interim).unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    wire.send(&body);
    assert_eq!(wire.answer().unwrap().status, 200);
}

#[test]
fn a_body_that_breaks_off_has_no_answer() {
    let home = Home::new();
    let server = unlimited_with_deadline(&home, 5_000);
    let mut wire = Wire::open(server.address);
    wire.send(format!("{HEAD}transfer-encoding: chunked\r\n\r\nnonsense\r\n"));
    wire.closed_after();
    let mut wire = Wire::open(server.address);
    wire.send(format!("{HEAD}content-length: 100\r\n\r\n{{"));
    wire.stream.shutdown(Shutdown::Write).unwrap();
    wire.closed_after();
}

#[test]
fn a_caller_that_closes_its_half_is_answered() {
    let home = Home::new();
    let server = unlimited_with_deadline(&home, 5_000);
    let demo = server.demo();
    let mut wire = Wire::open(server.address);
    let headers = ["content-type: application/json"];
    wire.send(request("POST", "/token", &headers, &credentials(&demo.id, &demo.secret)));
    wire.stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(wire.answer().unwrap().status, 200);
    wire.closed_after();
}

#[test]
fn a_slow_head_and_an_idle_connection_are_closed() {
    let home = Home::new();
    let server = home.start(&[]);
    let mut slow = Wire::open(server.address);
    slow.send(HEAD);
    let mut silent = Wire::open(server.address);
    let mut idle = Wire::open(server.address);
    idle.send(request("GET", "/healthz", &[], b""));
    assert_eq!(idle.answer().unwrap().status, 200);
    let start = Instant::now();
    for wire in [&mut slow, &mut silent, &mut idle] {
        wire.closed_after();
        let took = start.elapsed();
        assert!((9_500..12_000).contains(&took.as_millis()), "{took:?}");
    }
}

/// The memory that the server holds, in KiB.
fn resident_kib(server: &Server) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}
