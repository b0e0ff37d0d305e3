//! The example configuration names every key, with the value that holds when it is left out.

use std::path::Path;

use serde_json::Value;
use tokensmith_assembly::{AuthenticatorConfig, ServiceConfig, StoreConfig};
use tokensmith_issuer::IssuerSettings;

const EXAMPLE: &str = include_str!("../../../examples/server/tokensmith.example.toml");

#[test]
fn the_example_holds_the_defaults() {
    let mut example = ServiceConfig::from_toml(EXAMPLE).unwrap();

    let Some(StoreConfig::Sqlite { path }) = example.store.take() else {
        panic!("{:?}", example.store);
    };
    let issuer = match std::mem::take(&mut example.authenticator) {
        AuthenticatorConfig::Issuer(issuer) => issuer,
        other => panic!("{other:?}"),
    };
    assert_eq!(format!("{example:?}"), format!("{:?}", ServiceConfig::default()));

    let settings = IssuerSettings::new(&path);
    assert_eq!(path, Path::new("tokensmith-data/tokensmith.db"));
    // Both are `None`: the key lies beside the store, the audience is the issuer.
    assert_eq!((settings.root_key_file, settings.audience), (None, None));
    assert_eq!(issuer.root_key_file, Some(path.with_file_name("root.key")));
    assert_eq!(issuer.audience.as_deref(), Some(&*settings.issuer));
    assert_eq!(issuer.issuer, Some(settings.issuer));
    assert_eq!(issuer.token_life, Some(settings.token_life));
}

/// Each key of the example can be changed, and nothing else changes with it: no key is read into
/// the place of another, none is forgotten.
#[test]
fn each_key_has_a_place_of_its_own() {
    let default = format!("{:?}", ServiceConfig::default());
    let mut seen = vec![default];
    for line in [
        "deadline_ms = 4999",
        "max_in_flight = 65",
        "response.key_case = \"camel\"",
        "response.scheme = \"Other\"",
        "response.realm = \"other\"",
        "response.rate_limit_fields = true",
        "response.refresh_token = \"omit\"",
        "limits.source = { per_minute = 61, burst = 30 }",
        "limits.source = { per_minute = 60, burst = 31 }",
        "limits.source = false",
        "limits.client_at_source = { per_minute = 60, burst = 30 }",
        "limits.client_at_source = false",
        "limits.client = { per_minute = 60, burst = 30 }",
        "limits.client = false",
        "limits.global = { per_minute = 60, burst = 30 }",
        "limits.failure_cost = 6",
        "limits.outage = \"refuse\"",
        "limits.outage = \"admit\"",
        "limits.slots = 16",
        "limits.marks = 16",
        "limits.ipv6_prefix = 48",
        "limits.servers = 2",
        "store.path = \"elsewhere.db\"",
        "authenticator.kind = \"host\"",
        "authenticator.root_key_file = \"other\"",
        "authenticator.root_key_env = \"OTHER\"",
        "authenticator.peppers = [{ id = 2, file = \"other\" }]",
        "authenticator.peppers = [{ id = 2, env = \"other\" }]",
        "authenticator.peppers = [{ id = 3, env = \"other\" }]",
        "authenticator.pepper_in_use = 1",
        "authenticator.refresh_keys = [{ id = 2, file = \"other\" }]",
        "authenticator.refresh_key_in_use = 1",
        "authenticator.issuer = \"other\"",
        "authenticator.audience = \"other\"",
        "authenticator.algorithm = \"EdDSA\"",
        "authenticator.algorithm = \"RS256\"",
        "authenticator.key_lead_seconds = 600",
        "authenticator.rotate_keys_every_days = 91",
        "authenticator.token_seconds = 60",
        "authenticator.max_token_seconds = 3600",
        "authenticator.refresh_idle_seconds = 60",
        "authenticator.refresh_seconds = 604800",
        "authenticator.refresh_grace_seconds = 0",
        "authenticator.verify_legacy_hashes = true",
        "authenticator.hashing_threads = 1",
        "authenticator.completion_grid_microseconds = 5",
    ] {
        let config = format!("{:?}", ServiceConfig::from_toml(line).unwrap());
        assert!(!seen.contains(&config), "{line} changes nothing");
        seen.push(config);
    }
}

#[test]
fn toml_and_json_say_the_same() {
    let json: Value = toml::from_str(EXAMPLE).unwrap();
    let from_json = ServiceConfig::from_json(&json.to_string()).unwrap();
    let from_toml = ServiceConfig::from_toml(EXAMPLE).unwrap();
    assert_eq!(format!("{from_json:?}"), format!("{from_toml:?}"));
    for nothing in [ServiceConfig::from_toml("").unwrap(), ServiceConfig::from_json("{}").unwrap()]
    {
        assert_eq!(format!("{nothing:?}"), format!("{:?}", ServiceConfig::default()));
    }
}
