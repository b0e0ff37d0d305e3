//! A client of HTTP/1.1 so small that it shows every byte.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Longer than any answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection, and what was read of it beyond the last answer.
pub(crate) struct Wire {
    pub(crate) stream: TcpStream,
    ahead: Vec<u8>,
}

/// An answer as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case, in order of arrival.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Wire {
    pub(crate) fn open(server: SocketAddr) -> Self {
        let stream = TcpStream::connect(server).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Self { stream, ahead: Vec::new() }
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).unwrap();
    }

    /// The next answer; `None` if the connection ends before its first byte.
    pub(crate) fn answer(&mut self) -> Option<Answer> {
        self.answer_to("GET")
    }

    pub(crate) fn answer_to(&mut self, method: &str) -> Option<Answer> {
        let end = loop {
            match self.ahead.windows(4).position(|four| four == b"\r\n\r\n") {
                Some(end) => break end,
                None if self.more() => {}
                None if self.ahead.is_empty() => return None,
                None => panic!("cut off: {:?}", String::from_utf8_lossy(&self.ahead)),
            }
        };
        let head = String::from_utf8(self.ahead.drain(..end + 4).collect()).unwrap();
        let (first, fields) = head.trim_end().split_once("\r\n").unwrap();
        let status = first.strip_prefix("HTTP/1.1 ").unwrap()[..3].parse().unwrap();
        let headers: Vec<_> = fields
            .split("\r\n")
            .map(|field| field.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let mut answer = Answer { status, headers, body: Vec::new() };
        if method != "HEAD" && status != 100 {
            let length = answer.header("content-length").unwrap().parse().unwrap();
            while self.ahead.len() < length {
                assert!(self.more(), "cut off in its body: {answer:?}");
            }
            answer.body = self.ahead.drain(..length).collect();
        }
        Some(answer)
    }

    /// Reads on; false at the end of the connection, however it ends.
    fn more(&mut self) -> bool {
        let mut buffer = [0; 4_096];
        match self.stream.read(&mut buffer) {
            Ok(0) => false,
            Ok(n) => {
                self.ahead.extend_from_slice(&buffer[..n]);
                true
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => false,
            Err(error) if error.kind() == ErrorKind::Interrupted => self.more(),
            Err(error) => panic!("{error}"),
        }
    }

    /// Waits for the end of the connection, with nothing before it; how long that took.
    pub(crate) fn closed_after(&mut self) -> Duration {
        let start = Instant::now();
        assert!(
            self.ahead.is_empty() && !self.more(),
            "{:?}",
            String::from_utf8_lossy(&self.ahead)
        );
        start.elapsed()
    }
}

impl Answer {
    /// A header that comes at most once.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(this, _)| this == name);
        let value = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "{name} comes twice");
        value
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The same without the date, which differs from answer to answer.
    pub(crate) fn undated(mut self) -> Self {
        self.headers.retain(|(name, _)| name != "date");
        self
    }
}

/// A request as bytes.
pub(crate) fn request(method: &str, path: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{method} {path} HTTP/1.1\r\nhost: tokens.test\r\n");
    for header in headers {
        bytes.push_str(header);
        bytes.push_str("\r\n");
    }
    if method == "POST" {
        bytes.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    bytes.push_str("\r\n");
    [bytes.as_bytes(), body].concat()
}

/// One request on a connection of its own.
pub(crate) fn ask(server: SocketAddr, method: &str, path: &str, headers: &[&str]) -> Answer {
    let mut wire = Wire::open(server);
    wire.send(request(method, path, headers, b""));
    wire.answer_to(method).unwrap()
}

/// The body of a request for a token.
pub(crate) fn credentials(id: &str, secret: &str) -> Vec<u8> {
    serde_json::json!({ "appClientId": id, "appSecret": secret }).to_string().into_bytes()
}

pub(crate) const JSON: &str = "content-type: application/json";

/// One `POST /token` on a connection of its own.
pub(crate) fn post(server: SocketAddr, headers: &[&str], body: &[u8]) -> Answer {
    post_to(server, "/token", headers, body)
}

/// One `POST` on a connection of its own.
pub(crate) fn post_to(server: SocketAddr, path: &str, headers: &[&str], body: &[u8]) -> Answer {
    let mut wire = Wire::open(server);
    let headers: Vec<&str> = [JSON].iter().chain(headers).copied().collect();
    wire.send(request("POST", path, &headers, body));
    wire.answer().unwrap()
}

/// Asks for a token.
pub(crate) fn ask_token(server: SocketAddr, id: &str, secret: &str) -> Answer {
    post(server, &[], &credentials(id, secret))
}
