//! The administration of the signing keys while the server runs.

use std::time::Duration;

use serde_json::{Value, json};

use crate::running::{Home, becomes_so, published_kids};
use crate::wire::ask_token;

/// Within which another process's change is in force.
const SECOND: Duration = Duration::from_secs(1);

fn list(home: &Home) -> Vec<Value> {
    let output = home.run(&["keys", "list", "--json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn keys_are_rotated_and_revoked_while_the_server_runs() {
    let home = Home::new();
    let app = home.create_app("billing");
    let server = home.start_unlimited(&[]);
    let first = published_kids(&server);
    let output = home.run(&["keys", "rotate", "--algorithm", "EdDSA", "--json"]);
    let made: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&made["algorithm"], &made["state"]), (&json!("EdDSA"), &json!("pending")));
    let kid = made["kid"].as_str().unwrap().to_owned();
    assert!(becomes_so(SECOND, || published_kids(&server).contains(&kid)));
    let states: Vec<_> = list(&home).into_iter().map(|key| key["state"].clone()).collect();
    assert_eq!(states, ["active", "pending"]);

    let again = home.run(&["keys", "rotate"]);
    assert_eq!(again.status.code(), Some(1));
    let told = String::from_utf8(again.stderr).unwrap();
    let why = "a signing key is pending already; let it sign first, or revoke it";
    assert_eq!(told, format!("tokensmith-server: {why}\n"));

    let output = home.run(&["keys", "revoke", &first[0]]);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{} is revoked\n", first[0]));
    assert!(becomes_so(SECOND, || published_kids(&server) == [kid.clone()]));
    assert_eq!(ask_token(server.address, &app.id, &app.secret).status, 200);
}

#[test]
fn people_can_read_it_too() {
    let home = Home::new();
    home.create_app("billing");
    let listed = String::from_utf8(home.run(&["keys", "list"]).stdout).unwrap();
    let words: Vec<_> = listed.split_whitespace().collect();
    assert_eq!(words[1..4], ["ES256", "active", "from"], "{listed}");
    assert_eq!(words.last(), Some(&"GMT"), "{listed}");
    let shown = String::from_utf8(home.run(&["keys", "rotate"]).stdout).unwrap();
    assert!(shown.contains(" is published, and signs from "), "{shown}");
    let none = home.run(&["keys", "revoke", "nobody's"]);
    let told = String::from_utf8(none.stderr).unwrap();
    assert_eq!(told, "tokensmith-server: there is no such signing key\n");
    let bad = home.run(&["keys", "rotate", "--algorithm", "HS256"]);
    assert_eq!(bad.status.code(), Some(2));
    let told = String::from_utf8(bad.stderr).unwrap();
    assert!(told.contains("it must be ES256, EdDSA or RS256"), "{told}");
}
