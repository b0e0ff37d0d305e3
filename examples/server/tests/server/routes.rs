//! What is answered where, and to which method.

use crate::running::Home;
use crate::wire::{Wire, ask, credentials, request};

#[test]
fn every_route_and_method() {
    let home = Home::new();
    let server = home.start(&[]);
    let get = "GET,HEAD";
    for (path, allowed) in [
        ("/token", "POST"),
        ("/.well-known/jwks.json", get),
        ("/openapi.json", get),
        ("/healthz", get),
    ] {
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"]
        {
            let answer = ask(server.address, method, path, &[]);
            if allowed.split(',').any(|this| this == method) {
                let expected = if method == "POST" { 422 } else { 200 };
                assert_eq!(answer.status, expected, "{method} {path}");
                assert_eq!(answer.header("allow"), None);
            } else {
                assert_eq!(answer.status, 405, "{method} {path}");
                assert_eq!(answer.header("allow"), Some(allowed), "{method} {path}");
                assert_eq!(answer.header("cache-control"), Some("no-store"));
                assert_eq!(answer.header("pragma"), Some("no-cache"));
            }
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        }
    }
    for path in ["/", "/Token", "/token/", "//token", "/token/refresh", "/%74oken", "/.well-known"]
    {
        for method in ["GET", "HEAD", "POST", "OPTIONS"] {
            let answer = ask(server.address, method, path, &[]);
            assert_eq!(answer.status, 404, "{method} {path}");
            assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
            assert_eq!(answer.header("cache-control"), Some("no-store"));
        }
    }
}

#[test]
fn what_is_no_http_is_refused_and_closed() {
    let home = Home::new();
    let server = home.start(&[]);
    for (head, status) in [
        ("GET /healthz HTTP/1.1", 400),
        ("POST /token HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip, chunked", 501),
    ] {
        let mut wire = Wire::open(server.address);
        wire.send(format!("{head}\r\n\r\n"));
        let answer = wire.answer().unwrap();
        assert_eq!((answer.status, answer.header("connection")), (status, Some("close")), "{head}");
        wire.closed_after();
    }
}

#[test]
fn a_head_is_the_get_without_its_body() {
    let home = Home::new();
    let server = home.start(&[]);
    for path in ["/.well-known/jwks.json", "/openapi.json", "/healthz"] {
        let got = ask(server.address, "GET", path, &[]).undated();
        let headed = ask(server.address, "HEAD", path, &[]).undated();
        assert_eq!(headed.headers, got.headers, "{path}");
        assert!(!got.body.is_empty());
        // Nothing follows the head: the next answer on the connection is whole.
        let mut wire = Wire::open(server.address);
        for _ in 0..2 {
            wire.send(request("HEAD", path, &[], b""));
            assert_eq!(wire.answer_to("HEAD").unwrap().undated(), headed);
        }
    }
}

#[test]
fn the_documents() {
    let home = Home::new();
    let server = home.start(&[]);
    let keys = ask(server.address, "GET", "/.well-known/jwks.json", &[]);
    assert_eq!(keys.header("content-type"), Some("application/json"));
    assert_eq!(keys.header("cache-control"), Some("public, max-age=300"));
    let keys = keys.json();
    let key = keys["keys"][0].as_object().unwrap();
    // No private member is among them.
    let members: Vec<_> = key.keys().collect();
    assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x", "y"]);

    let document = ask(server.address, "GET", "/openapi.json", &[]);
    assert_eq!(document.header("content-type"), Some("application/json"));
    assert_eq!(document.text(), include_str!("../../openapi.json"));
    let health = ask(server.address, "GET", "/healthz", &[]);
    assert_eq!((health.status, health.text()), (200, "ok"));
}

#[test]
fn a_connection_carries_many_requests() {
    let home = Home::new();
    let server = home.start(&[]);
    let demo = server.demo();
    let mut wire = Wire::open(server.address);
    let headers = ["content-type: application/json"];
    let token = request("POST", "/token", &headers, &credentials(&demo.id, &demo.secret));
    // Sent at once, answered in order.
    wire.send([&token[..], &request("GET", "/healthz", &[], b""), &token].concat());
    assert_eq!([(); 3].map(|()| wire.answer().unwrap().status), [200, 200, 200]);
    // A request that closes is answered first.
    wire.send(request("GET", "/healthz", &["connection: close"], b""));
    assert_eq!(wire.answer().unwrap().header("connection"), Some("close"));
    wire.closed_after();
}

#[test]
fn what_is_no_http_is_a_400_and_the_end() {
    let home = Home::new();
    let server = home.start(&[]);
    for garbage in ["\r\n\r\nGARBAGE\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n"]
    {
        let mut wire = Wire::open(server.address);
        wire.send(garbage);
        assert_eq!(wire.answer().unwrap().status, 400, "{garbage:?}");
        wire.closed_after();
    }
    let mut wire = Wire::open(server.address);
    wire.send(request("GET", "/healthz", &[&format!("x: {}", "x".repeat(20_000))], b""));
    assert_eq!(wire.answer().unwrap().status, 431);
}
