//! Whom a request is charged to when it came through proxies.

use serde_json::Value;

use crate::running::Home;
use crate::wire::post;

const SOCKET: &str = "127.0.0.1";

/// The sources of the events in a log of JSON lines.
fn sources(log: &str) -> Vec<String> {
    let events = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let invalid = events.filter(|event| event["event"] == "invalid");
    invalid.map(|event| event["source"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_source_of_a_request() {
    // How many proxies, the lines of the header, and the source.
    let cases: &[(usize, &[&str], &str)] = &[
        (0, &[], SOCKET),
        (0, &["198.51.100.7"], SOCKET),
        (1, &[], SOCKET),
        (1, &["198.51.100.7"], "198.51.100.7"),
        (1, &["203.0.113.9, 198.51.100.7"], "198.51.100.7"),
        (1, &["203.0.113.9", "198.51.100.7"], "198.51.100.7"),
        (1, &["203.0.113.9,198.51.100.7:4711"], "198.51.100.7"),
        (1, &["203.0.113.9, unknown"], SOCKET),
        (1, &["203.0.113.9,"], SOCKET),
        (1, &["203.0.113.9", ""], SOCKET),
        (1, &["198.51.100.7\u{ff}"], SOCKET),
        (1, &["[2001:db8::1]:443"], "2001:db8::1"),
        (1, &["::ffff:198.51.100.7"], "198.51.100.7"),
        (2, &["198.51.100.7"], SOCKET),
        (2, &["203.0.113.9, 198.51.100.7"], "203.0.113.9"),
        (2, &["192.0.2.5, 203.0.113.9", "198.51.100.7"], "203.0.113.9"),
        (2, &["192.0.2.5, x, 198.51.100.7"], SOCKET),
        (3, &["192.0.2.5, x, 198.51.100.7"], "192.0.2.5"),
    ];
    for proxies in 0..=3 {
        let home = Home::new();
        let server =
            home.start(&["--log-format", "json", "--trusted-proxies", &proxies.to_string()]);
        let these: Vec<_> = cases.iter().filter(|(these, ..)| *these == proxies).collect();
        for (_, lines, _) in &these {
            let lines: Vec<_> =
                lines.iter().map(|line| format!("x-forwarded-for: {line}")).collect();
            let lines: Vec<_> = lines.iter().map(String::as_str).collect();
            assert_eq!(post(server.address, &lines, b"{}").status, 422);
        }
        let expected: Vec<_> = these.iter().map(|(.., source)| *source).collect();
        assert_eq!(sources(&server.stopped().log), expected, "{proxies}");
    }
}

#[test]
fn each_source_has_its_own_limit_and_none_can_be_made_up() {
    let home = Home::new();
    let config = "limits.source = { per_minute = 1, burst = 2 }";
    let server = home.start_with(config, &["--trusted-proxies", "1"]);
    let statuses = |prefix: &str| {
        [1, 2, 3].map(|n| {
            let line = format!("x-forwarded-for: {prefix}{n}, 198.51.100.7");
            post(server.address, &[&line], b"{}").status
        })
    };
    assert_eq!(statuses("203.0.113."), [422, 422, 429]);
    let other = "x-forwarded-for: 198.51.100.8";
    assert_eq!(post(server.address, &[other], b"{}").status, 422);
}
