//! The configuration is read again on SIGHUP: put in force whole, or not at all.

use std::io::Read as _;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::running::{App, Home, Server, becomes_so};
use crate::wire::{JSON, Wire, ask, ask_token, credentials, post_to};

const WITHIN: Duration = Duration::from_secs(10);
const UNLIMITED: &str = "limits = { source = false, client_at_source = false, client = false }\n";

/// A server with a configuration that can be rewritten.
struct Reloading {
    home: Home,
    app: App,
    server: Server,
    metrics: SocketAddr,
}

impl Reloading {
    fn new(config: &str) -> Self {
        let home = Home::new();
        let app = home.create_app("one");
        // Free a moment ago.
        let metrics = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let server =
            home.start_with(config, &["--metrics", &metrics.to_string(), "--refresh-route"]);
        Self { home, app, server, metrics }
    }

    fn hang_up(&self, config: &str) {
        std::fs::write(self.home.path("tokensmith.toml"), config).unwrap();
        self.server.signal("HUP");
    }

    /// Rewrites it, and waits until it was refused.
    fn is_refused(&self, config: &str) {
        let before = self.refused();
        self.hang_up(config);
        assert!(becomes_so(WITHIN, || self.refused() == before + 1), "{config}");
    }

    /// Rewrites it, and waits until it is in force.
    fn is_taken(&self, config: &str, seconds: u64) {
        self.hang_up(config);
        assert!(becomes_so(WITHIN, || self.life() == Some(seconds)), "{config}");
    }

    fn refused(&self) -> u64 {
        let text = ask(self.metrics, "GET", "/metrics", &[]).text().to_owned();
        let line = "tokensmith_events_total{event=\"reload_failed\",reason=\"\"} ";
        text.lines().find_map(|this| this.strip_prefix(line)).map_or(0, |n| n.parse().unwrap())
    }

    fn ask(&self) -> crate::wire::Answer {
        ask_token(self.server.address, &self.app.id, &self.app.secret)
    }

    /// How long a token lives that is asked for now; `None` if it is not given.
    fn life(&self) -> Option<u64> {
        let answer = self.ask();
        (answer.status == 200).then(|| answer.json()["ExpiresIn"].as_u64().unwrap())
    }
}

/// The claims of a token, unverified.
fn audience(answer: &Value) -> String {
    let token = answer["AccessToken"].as_str().unwrap();
    let part = token.split('.').nth(1).unwrap();
    let mut bits = 0_u32;
    let mut bytes = Vec::new();
    for (place, letter) in part.bytes().enumerate() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'-' => 62,
            _ => 63,
        };
        bits = bits << 6 | u32::from(value);
        if place % 4 > 0 {
            bytes.push((bits >> (6 - 2 * (place % 4))) as u8);
        }
    }
    let claims: Value = serde_json::from_slice(&bytes).unwrap();
    claims["aud"].as_str().unwrap().to_owned()
}

#[test]
fn what_the_file_says_by_then_is_in_force() {
    let reloading = Reloading::new(UNLIMITED);
    assert_eq!(reloading.life(), Some(3_600));
    let refresh = reloading.ask().json();
    let config = "authenticator = { token_seconds = 120, audience = 'https://api.example' }\n\
                  response = { key_case = 'pascal', realm = 'another' }\n";
    reloading.is_taken(&format!("{UNLIMITED}{config}"), 120);
    assert_eq!(audience(&reloading.ask().json()), "https://api.example");
    assert_ne!(audience(&refresh), "https://api.example");
    let refused = ask_token(reloading.server.address, "appcl-none", "x");
    assert_eq!(refused.header("www-authenticate"), Some("AppSecret realm=\"another\""));
    // Administration goes on, in both directions.
    let later = reloading.home.create_app("later");
    let known = || ask_token(reloading.server.address, &later.id, &later.secret).status == 200;
    assert!(becomes_so(WITHIN, known));
    reloading.is_taken(UNLIMITED, 3_600);
    let ended = reloading.server.stopped();
    assert!(ended.status.success());
    assert_eq!(ended.log.matches("was read again").count(), 2, "{}", ended.log);
}

/// A key is added, used, and taken away again; what was made by the former is good throughout.
#[test]
fn refresh_keys_follow_one_another_without_a_restart() {
    let reloading = Reloading::new(UNLIMITED);
    let redeem = |token: &str| {
        let App { id, secret } = &reloading.app;
        let body = json!({ "appClientId": id, "appSecret": secret, "refreshToken": token });
        let body = body.to_string().into_bytes();
        let answer = post_to(reloading.server.address, "/token/refresh", &[], &body);
        let told = (answer.status == 200).then(|| answer.json());
        told.map(|told| told["RefreshToken"].as_str().unwrap().to_owned())
    };
    let by_first = reloading.ask().json()["RefreshToken"].as_str().unwrap().to_owned();
    let key = reloading.home.path("refresh-2.key");
    std::fs::write(&key, [2; 32]).unwrap();
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    let more = format!("refresh_keys = [{{ id = 2, file = '{}' }}]", key.display());
    let config = format!("{UNLIMITED}authenticator = {{ token_seconds = 60, {more} }}");
    reloading.is_taken(&config, 60);
    let by_second = redeem(&by_first).unwrap();
    let last = redeem(&by_second).unwrap();
    // The number of its key stands in it, after the version.
    assert!(by_first.starts_with("tsrt_AQAB") && last.starts_with("tsrt_AQAC"), "{last:.9}");
    reloading.is_taken(UNLIMITED, 3_600);
    assert_eq!(redeem(&last), None, "its key is not there");
    reloading.is_taken(&config, 60);
    assert!(redeem(&last).is_some(), "to be refused for lack of its key has not ended its family");
}

#[test]
fn a_bad_file_changes_nothing_and_the_key_is_named() {
    let config = format!("{UNLIMITED}authenticator = {{ token_seconds = 60 }}\n");
    let reloading = Reloading::new(&config);
    for (bad, named) in [
        ("limits = { sluts = 16 }".to_owned(), "`limits.sluts`"),
        ("deadline_ms = 0".to_owned(), "`deadline_ms`"),
        (
            format!("{UNLIMITED}authenticator = {{ token_seconds = 59 }}"),
            "`authenticator.token_seconds`",
        ),
        (format!("{UNLIMITED}response = {{ scheme = 'a b' }}"), "`response.scheme`"),
        (
            format!("{UNLIMITED}authenticator = {{ refresh_seconds = 60 }}"),
            "`authenticator.refresh_seconds`",
        ),
        ("not toml".to_owned(), "not TOML at line 1"),
        // These take a restart.
        (
            format!("{UNLIMITED}authenticator = {{ issuer = 'https://b.example' }}"),
            "`authenticator.issuer`",
        ),
        (
            format!("{UNLIMITED}authenticator = {{ root_key_file = 'r' }}"),
            "`authenticator.root_key_file`",
        ),
        (format!("{UNLIMITED}authenticator = {{ kind = 'host' }}"), "`authenticator.kind`"),
    ] {
        reloading.is_refused(&bad);
        assert_eq!(reloading.life(), Some(60), "{named}");
    }
    std::fs::remove_file(reloading.home.path("tokensmith.toml")).unwrap();
    reloading.server.signal("HUP");
    assert!(becomes_so(WITHIN, || reloading.refused() == 10));
    assert_eq!(reloading.life(), Some(60));
    reloading.is_taken(UNLIMITED, 3_600);
    let log = reloading.server.stopped().log;
    let lines: Vec<_> = log.lines().filter(|line| line.contains("stays as it was")).collect();
    for named in [
        "`limits.sluts`",
        "`deadline_ms`",
        "`authenticator.token_seconds`",
        "`response.scheme`",
        "`authenticator.refresh_seconds`",
        "not TOML at line 1",
        "`authenticator.issuer`",
        "`authenticator.root_key_file`",
        "`authenticator.kind`",
        "cannot read the configuration",
    ] {
        assert_eq!(lines.iter().filter(|line| line.contains(named)).count(), 1, "{named}: {log}");
    }
    assert_eq!(log.matches("part=\"configuration\"").count(), 10, "{log}");
}

#[test]
fn a_store_that_is_gone_is_not_made_anew() {
    let reloading = Reloading::new(UNLIMITED);
    let store = reloading.home.data().join("tokensmith.db");
    let aside = reloading.home.path("aside.db");
    std::fs::rename(&store, &aside).unwrap();
    reloading.is_refused(UNLIMITED);
    assert!(!store.exists());
    assert_eq!(reloading.life(), Some(3_600));
    std::fs::rename(&aside, &store).unwrap();
    reloading.is_taken(&format!("{UNLIMITED}authenticator = {{ token_seconds = 60 }}"), 60);
}

#[test]
fn nobody_is_given_a_full_bucket_by_it() {
    let limits = "limits = { source = false }\n";
    let reloading = Reloading::new(limits);
    let wrong = || ask_token(reloading.server.address, &reloading.app.id, "wrong").status;
    assert_eq!((wrong(), wrong()), (401, 429));
    reloading.hang_up(&format!("{limits}response = {{ realm = 'another' }}"));
    let mut strangers = 0;
    let named = || {
        strangers += 1;
        let answer = ask_token(reloading.server.address, &format!("appcl-{strangers}"), "x");
        answer.header("www-authenticate") == Some("AppSecret realm=\"another\"")
    };
    assert!(becomes_so(WITHIN, named));
    assert_eq!(wrong(), 429, "what was spent is spent");
    reloading.is_taken(UNLIMITED, 3_600);
    assert_eq!(wrong(), 401, "what is not limited any more is not");
}

#[test]
fn a_call_under_way_goes_on_with_what_it_began_with() {
    let reloading = Reloading::new(UNLIMITED);
    let body = credentials(&reloading.app.id, &reloading.app.secret);
    let mut wire = Wire::open(reloading.server.address);
    let length = body.len();
    wire.send(format!(
        "POST /token HTTP/1.1\r\nhost: x\r\n{JSON}\r\nexpect: 100-continue\r\n\
         content-length: {length}\r\n\r\n"
    ));
    // It asks for the body once the call has begun.
    let mut asked = [0; b"HTTP/1.1 100 Continue\r\n\r\n".len()];
    wire.stream.read_exact(&mut asked).unwrap();
    assert!(asked.starts_with(b"HTTP/1.1 100 "));
    wire.send(&body[..10]);
    reloading.is_taken(&format!("{UNLIMITED}authenticator = {{ token_seconds = 60 }}"), 60);
    wire.send(&body[10..]);
    let answer = wire.answer().unwrap();
    assert_eq!((answer.status, answer.json()["ExpiresIn"].as_u64()), (200, Some(3_600)));
    wire.send(crate::wire::request("POST", "/token", &[JSON], &body));
    assert_eq!(wire.answer().unwrap().json()["ExpiresIn"], 60, "the next on the same connection");
}

#[test]
fn callers_notice_nothing_of_it() {
    let reloading = Reloading::new(UNLIMITED);
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        let callers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut asked = 0_u32;
                    while !is_done.load(Ordering::SeqCst) {
                        assert_eq!(reloading.ask().status, 200);
                        asked += 1;
                    }
                    asked
                })
            })
            .collect();
        for round in 0..10 {
            let seconds = 60 + round;
            let config = format!("{UNLIMITED}authenticator = {{ token_seconds = {seconds} }}");
            reloading.is_taken(&config, seconds);
        }
        is_done.store(true, Ordering::SeqCst);
        let asked: u32 = callers.into_iter().map(|caller| caller.join().unwrap()).sum();
        assert!(asked > 20, "{asked}");
    });
    let ended = reloading.server.stopped();
    assert!(ended.status.success() && !ended.log.contains("panicked"), "{}", ended.log);
}

#[test]
fn without_a_file_it_goes_on_as_it_is() {
    let home = Home::new();
    let server = home.start(&[]);
    let demo = server.demo();
    server.signal("HUP");
    thread::sleep(Duration::from_millis(300));
    assert_eq!(ask_token(server.address, &demo.id, &demo.secret).status, 200);
    assert!(server.stopped().status.success());
}
