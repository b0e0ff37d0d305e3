//! Each bad configuration is one clear error that names the key and no value.

#![expect(clippy::panic, reason = "a test fails by it")]

use std::sync::Arc;

use tokensmith::{AuthenticateError, RejectReason, Sleep, Timer, authenticator_fn};
use tokensmith_assembly::{ConfigError, Host, ServiceConfig, build};

#[derive(Debug)]
struct NeverEnding;

impl Timer for NeverEnding {
    fn sleep(&self, _: std::time::Duration) -> Sleep {
        Sleep::new(std::future::pending())
    }
}

/// Whether the host brings an authenticator.
#[derive(Clone, Copy)]
enum Brings {
    Nothing,
    Authenticator,
}
use Brings::{Authenticator, Nothing};

fn host(brings: Brings) -> Host {
    let mut host = Host::new(NeverEnding);
    if matches!(brings, Authenticator) {
        host.authenticator = Some(Arc::new(authenticator_fn(|_, _| async {
            Err(AuthenticateError::Rejected(RejectReason::UnknownClient))
        })));
    }
    host
}

/// The error of a configuration, on one line and without the values that every case puts in it.
fn error_of(read: Result<ServiceConfig, ConfigError>, brings: Brings) -> ConfigError {
    let error = match read.and_then(|config| build(config, host(brings))) {
        Ok(_) => panic!("taken"),
        Err(error) => error,
    };
    assert!(!error.to_string().contains(['\n', '\r']), "{error}");
    assert!(!error.to_string().contains("canary"), "{error}");
    assert_eq!(error.code(), "ERR_TOKEN_CONFIG");
    error
}

#[test]
fn toml_that_is_wrong() {
    const CASES: &[(&str, &str)] = &[
        // Not TOML.
        (
            "deadline_ms = ",
            "not TOML at line 1, column 15: string values must be quoted, expected literal string",
        ),
        ("deadline_ms 5000", "not TOML at line 1, column 13: key with no value, expected `=`"),
        (
            "\n\n  realm = \"canary",
            "not TOML at line 3, column 18: invalid basic string, expected `\"`",
        ),
        ("deadline_ms = 1\ndeadline_ms = 2", "not TOML at line 2, column 1: duplicate key"),
        ("[limits]\n[limits]", "not TOML at line 2, column 2: duplicate key"),
        (
            "deadline_ms = 99999999999999999999",
            "`deadline_ms`: expected a whole number from 1 to 600000",
        ),
        // Keys that are not known.
        (
            "deadline = 5",
            "`deadline`: not a key that is known, expected one of `response`, `deadline_ms`, `max_in_flight`, `limits`, `limiter`, `store`, `authenticator`",
        ),
        (
            "Deadline_ms = 5",
            "`Deadline_ms`: not a key that is known, expected one of `response`, `deadline_ms`, `max_in_flight`, `limits`, `limiter`, `store`, `authenticator`",
        ),
        (
            "response.realms = \"canary\"",
            "`response.realms`: not a key that is known, expected one of `key_case`, `scheme`, `realm`, `rate_limit_fields`, `refresh_token`",
        ),
        (
            "[limit]\nsource = false",
            "`limit`: not a key that is known, expected one of `response`, `deadline_ms`, `max_in_flight`, `limits`, `limiter`, `store`, `authenticator`",
        ),
        (
            "limits.sources = false",
            "`limits.sources`: not a key that is known, expected one of `source`, `client_at_source`, `client`, `global`, `failure_cost`, `outage`, `slots`, `marks`, `ipv6_prefix`, `servers`",
        ),
        (
            "limits.source = { per_minute = 1, burst = 1, period = 5 }",
            "`limits.source.period`: not a key that is known, expected `per_minute` or `burst`",
        ),
        ("limiter.url = \"canary\"", "`limiter.url`: not a key that is known, expected `kind`"),
        (
            "[store]\npath = \"x\"\nmode = \"canary\"",
            "`store.mode`: not a key that is known, expected `kind` or `path`",
        ),
        (
            "authenticator.secret = \"canary\"",
            "`authenticator.secret`: not a key that is known, expected one of `kind`, `root_key_file`, `root_key_env`, `peppers`, `pepper_in_use`, `refresh_keys`, `refresh_key_in_use`, `issuer`, `audience`, `algorithm`, `key_lead_seconds`, `rotate_keys_every_days`, `token_seconds`, `max_token_seconds`, `refresh_idle_seconds`, `refresh_seconds`, `refresh_grace_seconds`, `verify_legacy_hashes`, `hashing_threads`, `completion_grid_microseconds`",
        ),
        (
            "\"odd \\n key\" = 1",
            "`odd \\n key`: not a key that is known, expected one of `response`, `deadline_ms`, `max_in_flight`, `limits`, `limiter`, `store`, `authenticator`",
        ),
        // Wrong types.
        ("deadline_ms = \"5000\"", "`deadline_ms`: expected a whole number from 1 to 600000"),
        ("deadline_ms = 5.0", "`deadline_ms`: expected a whole number from 1 to 600000"),
        ("deadline_ms = true", "`deadline_ms`: expected a whole number from 1 to 600000"),
        ("deadline_ms = [1]", "`deadline_ms`: expected a whole number from 1 to 600000"),
        ("deadline_ms = 1979-05-27", "`deadline_ms`: expected a whole number from 1 to 600000"),
        ("response = \"canary\"", "`response`: expected a table of keys"),
        ("response = []", "`response`: expected a table of keys"),
        ("response.key_case = 7", "`response.key_case`: expected `pascal` or `camel`"),
        ("response.realm = 5", "`response.realm`: expected a string"),
        (
            "response.rate_limit_fields = \"canary\"",
            "`response.rate_limit_fields`: expected a boolean",
        ),
        ("limits = []", "`limits`: expected a table of keys"),
        (
            "limits.source = true",
            "`limits.source`: expected a table of `per_minute` and `burst`, or `false`",
        ),
        (
            "limits.source = 60",
            "`limits.source`: expected a table of `per_minute` and `burst`, or `false`",
        ),
        (
            "limits.source = [60, 30]",
            "`limits.source`: expected a table of `per_minute` and `burst`, or `false`",
        ),
        (
            "limits.source = { per_minute = \"canary\", burst = 1 }",
            "`limits.source.per_minute`: expected a whole number from 1 to 4294967295",
        ),
        ("store = \"canary.db\"", "`store`: expected a table of keys"),
        ("store.path = 5", "`store.path`: expected a string"),
        ("authenticator.issuer = [\"canary\"]", "`authenticator.issuer`: expected a string"),
        // Words that are not known.
        ("response.key_case = \"canary\"", "`response.key_case`: expected `pascal` or `camel`"),
        ("response.key_case = \"Pascal\"", "`response.key_case`: expected `pascal` or `camel`"),
        (
            "response.refresh_token = \"canary\"",
            "`response.refresh_token`: expected `require` or `omit`",
        ),
        (
            "limits.outage = \"canary, expected canary\"",
            "`limits.outage`: expected `degrade`, `refuse` or `admit`",
        ),
        ("limiter.kind = \"redis\"", "`limiter.kind`: expected `memory`"),
        ("store.kind = \"postgres\"\nstore.path = \"x\"", "`store.kind`: expected `sqlite`"),
        ("authenticator.kind = \"canary\"", "`authenticator.kind`: expected `issuer` or `host`"),
        // Figures out of bounds.
        ("deadline_ms = 0", "`deadline_ms`: expected a whole number from 1 to 600000"),
        ("deadline_ms = -1", "`deadline_ms`: expected a whole number from 1 to 600000"),
        ("deadline_ms = 600001", "`deadline_ms`: expected a whole number from 1 to 600000"),
        ("max_in_flight = 0", "`max_in_flight`: expected a whole number from 1 to 4294967295"),
        (
            "max_in_flight = 4294967296",
            "`max_in_flight`: expected a whole number from 1 to 4294967295",
        ),
        (
            "limits.failure_cost = 0",
            "`limits.failure_cost`: expected a whole number from 1 to 4294967295",
        ),
        ("limits.slots = 15", "`limits.slots`: expected a whole number from 16 to 268435456"),
        (
            "limits.slots = 268435457",
            "`limits.slots`: expected a whole number from 16 to 268435456",
        ),
        ("limits.marks = 0", "`limits.marks`: expected a whole number from 1 to 16777216"),
        ("limits.ipv6_prefix = 47", "`limits.ipv6_prefix`: expected a whole number from 48 to 64"),
        ("limits.ipv6_prefix = 65", "`limits.ipv6_prefix`: expected a whole number from 48 to 64"),
        ("limits.servers = 0", "`limits.servers`: expected a whole number from 1 to 4294967295"),
        (
            "limits.client = { per_minute = 0, burst = 1 }",
            "`limits.client.per_minute`: expected a whole number from 1 to 4294967295",
        ),
        (
            "limits.client = { per_minute = 1, burst = 0 }",
            "`limits.client.burst`: expected a whole number from 1 to 4294967295",
        ),
        (
            "authenticator.token_seconds = 59",
            "`authenticator.token_seconds`: expected a whole number from 60 to 86400",
        ),
        (
            "authenticator.token_seconds = 86401",
            "`authenticator.token_seconds`: expected a whole number from 60 to 86400",
        ),
        (
            "authenticator.max_token_seconds = 86401",
            "`authenticator.max_token_seconds`: expected a whole number from 60 to 86400",
        ),
        (
            "authenticator.algorithm = \"HS256\"",
            "`authenticator.algorithm`: expected `ES256`, `EdDSA` or `RS256`",
        ),
        (
            "authenticator.key_lead_seconds = 599",
            "`authenticator.key_lead_seconds`: expected a whole number from 600 to 2592000",
        ),
        (
            "authenticator.rotate_keys_every_days = 0",
            "`authenticator.rotate_keys_every_days`: expected a whole number from 1 to 365",
        ),
        (
            "authenticator.refresh_idle_seconds = 59",
            "`authenticator.refresh_idle_seconds`: expected a whole number from 60 to 31536000",
        ),
        (
            "authenticator.refresh_seconds = 31536001",
            "`authenticator.refresh_seconds`: expected a whole number from 60 to 31536000",
        ),
        (
            "authenticator.refresh_grace_seconds = 61",
            "`authenticator.refresh_grace_seconds`: expected a whole number from 0 to 60",
        ),
        (
            "authenticator.hashing_threads = 65",
            "`authenticator.hashing_threads`: expected a whole number from 1 to 64",
        ),
        (
            "authenticator.completion_grid_microseconds = 0",
            "`authenticator.completion_grid_microseconds`: expected a whole number from 1 to 1000000",
        ),
        // Keys that are missing.
        ("limits.client = {}", "`limits.client.per_minute`: missing"),
        ("limits.client = { burst = 1 }", "`limits.client.per_minute`: missing"),
        ("limits.client = { per_minute = 1 }", "`limits.client.burst`: missing"),
        ("store = {}", "`store.path`: missing"),
        // Quotas that cannot be counted.
        (
            "limits.source = { per_minute = 60000001, burst = 1 }",
            "`limits.source`: a quota of more than a million tokens a second",
        ),
        (
            "limits.global = { per_minute = 1, burst = 4294967295 }",
            "`limits.global`: a quota whose burst takes more than 146 years to refill",
        ),
    ];
    check(CASES, |text| error_of(ServiceConfig::from_toml(text), Authenticator));
}

#[test]
fn json_that_is_wrong() {
    const CASES: &[(&str, &str)] = &[
        ("", "not JSON at line 1, column 0: EOF while parsing a value"),
        ("{", "not JSON at line 1, column 1: EOF while parsing an object"),
        ("{\n  \"deadline_ms\": 5000,\n}", "not JSON at line 3, column 1: trailing comma"),
        ("{} canary", "not JSON at line 1, column 4: trailing characters"),
        ("[]", "the configuration: expected a table of keys"),
        ("null", "the configuration: expected a table of keys"),
        ("\"canary\"", "the configuration: expected a table of keys"),
        (r#"{"deadline_ms": null}"#, "`deadline_ms`: expected a whole number from 1 to 600000"),
        (r#"{"deadline_ms": 1, "deadline_ms": 2}"#, "`deadline_ms`: given twice"),
        (r#"{"deadline_ms": 1e3}"#, "`deadline_ms`: expected a whole number from 1 to 600000"),
        (
            r#"{"deadline_ms": 99999999999999999999}"#,
            "`deadline_ms`: expected a whole number from 1 to 600000",
        ),
        (r#"{"limits": null}"#, "`limits`: expected a table of keys"),
        (r#"{"limits": []}"#, "`limits`: expected a table of keys"),
        (
            r#"{"limits": {"source": null}}"#,
            "`limits.source`: expected a table of `per_minute` and `burst`, or `false`",
        ),
        (
            r#"{"limits": {"source": {"per_minute": 1, "burst": 1, "burst": 2}}}"#,
            "`limits.source.burst`: given twice",
        ),
        (
            r#"{"limits": {"source": {"per_minute": 1.5, "burst": 1}}}"#,
            "`limits.source.per_minute`: expected a whole number from 1 to 4294967295",
        ),
        (r#"{"response": {"realm": {"canary": "canary"}}}"#, "`response.realm`: expected a string"),
        (
            r#"{"authenticator": {"kind": ["canary"]}}"#,
            "`authenticator.kind`: expected `issuer` or `host`",
        ),
        (r#"{"authenticator": {"audience": null}}"#, "`authenticator.audience`: expected a string"),
        (
            r#"{"canaries": {"a": 1}}"#,
            "`canaries`: not a key that is known, expected one of `response`, `deadline_ms`, `max_in_flight`, `limits`, `limiter`, `store`, `authenticator`",
        ),
    ];
    check(CASES, |text| error_of(ServiceConfig::from_json(text), Authenticator));
}

#[test]
fn parts_that_do_not_fit_together() {
    let host = |text: &str| error_of(ServiceConfig::from_toml(text), Authenticator);
    const WITH_AUTHENTICATOR: &[(&str, &str)] = &[
        ("", "`authenticator.kind`: not `host`, and the host gave an authenticator of its own"),
        (
            "authenticator.kind = \"issuer\"",
            "`authenticator.kind`: not `host`, and the host gave an authenticator of its own",
        ),
        (
            "authenticator.kind = \"host\"\nstore.path = \"canary.db\"",
            "`store`: the issuer's, and `authenticator.kind` is `host`",
        ),
        (
            "authenticator = { kind = \"host\", issuer = \"canary\" }",
            "`authenticator.issuer`: a key of kind `issuer`, and the kind is `host`",
        ),
        (
            "authenticator = { kind = \"host\", token_seconds = 60 }",
            "`authenticator.token_seconds`: a key of kind `issuer`, and the kind is `host`",
        ),
        (
            "authenticator.kind = \"host\"\nlimits.servers = 2",
            "`limits.servers`: more than 1, and a limiter of kind `memory` is not shared",
        ),
        (
            "authenticator.kind = \"host\"\nresponse.scheme = \"canary scheme\"",
            "`response.scheme`: `scheme` is not a token of RFC 9110",
        ),
        (
            "authenticator.kind = \"host\"\nresponse.scheme = \"\"",
            "`response.scheme`: `scheme` is not a token of RFC 9110",
        ),
        (
            "authenticator.kind = \"host\"\nresponse.realm = \"canary\\n\"",
            "`response.realm`: `realm` holds something besides visible ASCII and spaces",
        ),
    ];
    check(WITH_AUTHENTICATOR, host);

    let alone = |text: &str| error_of(ServiceConfig::from_toml(text), Nothing);
    const ALONE: &[(&str, &str)] = &[
        ("", "`store.path`: missing, and the issuer needs a store"),
        (
            "authenticator.kind = \"host\"",
            "`authenticator.kind`: `host`, and the host gave no authenticator",
        ),
        ("store.path = \"/\"", "`store.path`: not the path of a file"),
        (
            "store.path = \"x/a.db\"\nauthenticator.root_key_file = \"\"",
            "`authenticator.root_key_file`: not the path of a file other than the store and its ledger",
        ),
        (
            "store.path = \"x/a.db\"\nauthenticator.root_key_file = \"a\"\nauthenticator.root_key_env = \"b\"",
            "`authenticator.root_key_env`: not absent where `root_key_file` is given",
        ),
        (
            "store.path = \"x/a.db\"\nauthenticator.peppers = [{ id = 2, file = \"a\" }, { id = 2, env = \"b\" }]",
            "`authenticator.peppers`: not at most 3, with different numbers from 2 on",
        ),
        (
            "store.path = \"x/a.db\"\nauthenticator.pepper_in_use = 2",
            "`authenticator.pepper_in_use`: not 1 or the number of a pepper",
        ),
        (
            "store.path = \"x/a.db\"\nauthenticator.refresh_key_in_use = 2",
            "`authenticator.refresh_key_in_use`: not 1 or the number of a refresh key",
        ),
        (
            "store.path = \"x/a.db\"\nauthenticator.refresh_keys = [{ id = 2 }]",
            "`authenticator.refresh_keys.0`: expected either `file` or `env`",
        ),
        (
            "store.path = \"x/a.db\"\nauthenticator.peppers = [{ id = 2, env = \"a\" }, { id = 3, env = \"a\", file = \"b\" }]",
            "`authenticator.peppers.1`: expected either `file` or `env`",
        ),
        (
            "authenticator.peppers = [{ id = 1, env = \"a\" }]",
            "`authenticator.peppers.0.id`: expected a whole number from 2 to 65535",
        ),
        (
            "store.path = \"x/a.db\"\nauthenticator.issuer = \"canary canary\"",
            "`authenticator.issuer`: not 1 to 512 visible ASCII characters",
        ),
        (
            "store.path = \"x/a.db\"\nauthenticator.audience = \"\"",
            "`authenticator.audience`: not 1 to 512 visible ASCII characters",
        ),
        (
            "limits.servers = 4294967295",
            "`limits.servers`: more than 1, and a limiter of kind `memory` is not shared",
        ),
    ];
    check(ALONE, alone);
}

fn check(cases: &[(&str, &str)], error_of: impl Fn(&str) -> ConfigError) {
    let mut wrong = String::new();
    for (text, message) in cases {
        let error = error_of(text).to_string();
        if error != *message {
            wrong.push_str(&format!("{text:?}\n  is     {error:?}\n  not    {message:?}\n"));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}
