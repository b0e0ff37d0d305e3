//! More connections than there is room for.

use std::io::ErrorKind;
use std::process::Command;
use std::time::Duration;

use crate::running::{Home, Server};
use crate::wire::{Wire, ask, request};

#[test]
fn more_connections_than_places_wait_their_turn() {
    let home = Home::new();
    let server = home.start(&["--max-connections", "4"]);
    let idle: Vec<_> = (0..4).map(|_| Wire::open(server.address)).collect();
    std::thread::sleep(Duration::from_millis(200));
    let mut fifth = Wire::open(server.address);
    fifth.send(request("GET", "/healthz", &["connection: close"], b""));
    fifth.stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let early = fifth.stream.peek(&mut [0]).unwrap_err();
    assert!(matches!(early.kind(), ErrorKind::WouldBlock), "{early}");
    drop(idle);
    fifth.stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    assert_eq!(fifth.answer().unwrap().status, 200);
}

#[test]
fn descriptors_that_run_out_are_waited_for() {
    let home = Home::new();
    let mut command = Command::new("sh");
    let server = env!("CARGO_BIN_EXE_tokensmith-server");
    command
        .args(["-c", "ulimit -n 64 && exec \"$0\" \"$@\"", server])
        .args(["--listen", "127.0.0.1:0", "--data"])
        .arg(home.data());
    let server = Server::start(command);
    let idle: Vec<_> = (0..100).map(|_| Wire::open(server.address)).collect();
    std::thread::sleep(Duration::from_millis(300));
    drop(idle);
    for _ in 0..100 {
        assert_eq!(ask(server.address, "GET", "/healthz", &["connection: close"]).status, 200);
    }
    let ended = server.stopped();
    assert!(ended.status.success());
    assert!(ended.log.contains("no connection can be taken"), "{}", ended.log);
}

#[test]
fn a_thousand_at_once_are_answered() {
    let home = Home::new();
    let server = home.start_unlimited(&["--max-connections", "100"]);
    let address = server.address;
    let asking: Vec<_> = (0..20)
        .map(|_| {
            std::thread::spawn(move || {
                let mut wires: Vec<_> = (0..50)
                    .map(|_| {
                        let mut wire = Wire::open(address);
                        wire.send(request("GET", "/healthz", &["connection: close"], b""));
                        wire
                    })
                    .collect();
                wires.iter_mut().filter_map(Wire::answer).filter(|it| it.status == 200).count()
            })
        })
        .collect();
    let answered: usize = asking.into_iter().map(|asking| asking.join().unwrap()).sum();
    assert_eq!(answered, 1_000);
}
