//! The administration of an app's secrets while the server runs.

use std::time::Duration;

use serde_json::{Value, json};

use crate::running::{App, Home, becomes_so};
use crate::wire::ask_token;

/// Within which another process's change is in force.
const SECOND: Duration = Duration::from_secs(1);

fn list(home: &Home, app: &App) -> Vec<Value> {
    let output = home.run(&["secrets", "list", "--json", &app.id]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_secret_is_rotated_and_the_former_revoked_while_the_server_runs() {
    let home = Home::new();
    let app = home.create_app("billing");
    let server = home.start_unlimited(&[]);
    let status = |secret: &str| ask_token(server.address, &app.id, secret).status;
    let output = home.run(&["secrets", "rotate", "--json", &app.id]);
    let made: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(made["appClientId"], app.id.as_str());
    let (id, secret) = (made["secretId"].as_str().unwrap(), made["appSecret"].as_str().unwrap());
    assert!(secret.contains(id));
    assert!(becomes_so(SECOND, || status(secret) == 200));
    assert_eq!(status(&app.secret), 200, "for a day more");

    let listed = list(&home, &app);
    assert_eq!(listed.len(), 2);
    let former = listed.iter().find(|secret| secret["secretId"] != id).unwrap();
    let end = former["expiresAt"].as_u64().unwrap();
    assert!(end > former["createdAt"].as_u64().unwrap() + 80_000);
    let latest = listed.iter().find(|secret| secret["secretId"] == id).unwrap();
    assert_eq!((&latest["expiresAt"], &latest["revoked"]), (&Value::Null, &json!(false)));
    assert!(!Value::from(listed.clone()).to_string().contains(secret));

    let third = home.run(&["secrets", "rotate", &app.id]);
    assert_eq!(third.status.code(), Some(1));
    let told = String::from_utf8(third.stderr).unwrap();
    let why = "the app has two live secrets; revoke one, or wait until one expires";
    assert_eq!(told, format!("tokensmith-server: {why}\n"));

    let former = former["secretId"].as_str().unwrap();
    let output = home.run(&["secrets", "revoke", former]);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{former} is revoked\n"));
    assert!(becomes_so(SECOND, || status(&app.secret) == 401));
    assert_eq!(status(secret), 200);
    // The server tells its uses as it ends.
    server.stopped();
    let listed = list(&home, &app);
    assert!(listed.iter().all(|secret| secret["lastUsedAt"].as_u64() > Some(1_700_000_000)));
}

#[test]
fn people_can_read_it_too() {
    let home = Home::new();
    let app = home.create_app("billing");
    let output = home.run(&["secrets", "rotate", "--overlap-seconds", "0", &app.id]);
    let shown = String::from_utf8(output.stdout).unwrap();
    let new = App::demo(&shown).unwrap();
    assert_ne!(new.secret, app.secret);
    assert!(shown.ends_with("\nThe former ones are revoked.\n"), "{shown}");
    let output = home.run(&["secrets", "list", &app.id]);
    let id = new.secret.split('_').nth(1).unwrap();
    let listed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(listed, format!("{id}  {:34}  never used\n", "no end"));
    let output = home.run(&["secrets", "rotate", "--overlap-seconds", "60", &app.id]);
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.ends_with("\nThe former one is good for 60 s more.\n"), "{shown}");
    let listed = String::from_utf8(home.run(&["secrets", "list", &app.id]).stdout).unwrap();
    let former = listed.lines().find(|line| line.starts_with(id)).unwrap();
    assert!(former.contains("  ends ") && former.ends_with(" GMT  never used"), "{former}");
    let none = home.run(&["secrets", "revoke", "AAAAAAAAAAAA"]);
    let told = String::from_utf8(none.stderr).unwrap();
    assert_eq!(told, "tokensmith-server: there is no such secret\n");
    let bad = home.run(&["secrets", "rotate", "--overlap-seconds", "7776001", &app.id]);
    let told = String::from_utf8(bad.stderr).unwrap();
    assert!(told.contains("`overlap` must be at most 90 days, in whole seconds"), "{told}");
}

#[test]
fn a_deleted_app_gets_no_tokens_within_a_second() {
    let home = Home::new();
    let (app, other) = (home.create_app("billing"), home.create_app("other"));
    let server = home.start_unlimited(&[]);
    let status = |app: &App| ask_token(server.address, &app.id, &app.secret).status;
    assert!(becomes_so(SECOND, || status(&app) == 200));
    let output = home.run(&["apps", "delete", "--json", &app.id]);
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(printed, format!("{}\n", json!({ "appClientId": app.id })));
    assert!(becomes_so(SECOND, || status(&app) == 401));
    assert_eq!(status(&other), 200);
    let again = home.run(&["apps", "delete", &app.id]);
    assert_eq!(again.status.code(), Some(1));
    let told = String::from_utf8(again.stderr).unwrap();
    assert_eq!(told, "tokensmith-server: there is no such app\n");
    let output = home.run(&["apps", "delete", &other.id]);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{} is deleted\n", other.id));
    assert!(home.list_apps().is_empty());
}
