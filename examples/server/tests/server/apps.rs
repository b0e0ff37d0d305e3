//! The administration of apps while the server runs.

use std::time::Duration;

use serde_json::json;

use crate::running::{App, Home, becomes_so};
use crate::wire::ask_token;

/// Within which another process's change is in force.
const SECOND: Duration = Duration::from_secs(1);

#[test]
fn changes_are_in_force_within_a_second() {
    let home = Home::new();
    let server = home.start_unlimited(&[]);
    let app = home.create_app("new");
    let status = || ask_token(server.address, &app.id, &app.secret).status;
    assert!(becomes_so(SECOND, || status() == 200));

    let output = home.run(&["apps", "disable", &app.id]);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{} is disabled\n", app.id));
    assert!(becomes_so(SECOND, || status() == 401));
    let output = home.run(&["apps", "enable", &app.id]);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{} is enabled\n", app.id));
    assert!(becomes_so(SECOND, || status() == 200));
}

#[test]
fn json_is_all_that_is_printed() {
    let home = Home::new();
    let output = home.run(&["apps", "create", "--json", "--name", "Füllhorn \"1\""]);
    assert!(output.status.success());
    assert!(output.stderr.is_empty());
    let app = App::read(&output.stdout).unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(printed, format!("{}\n", json!({ "appClientId": app.id, "appSecret": app.secret })));
    assert!(home.run(&["apps", "disable", &app.id]).status.success());

    let apps = home.list_apps();
    assert_eq!(apps.len(), 1);
    assert_eq!(apps[0]["appClientId"], app.id.as_str());
    assert_eq!(apps[0]["name"], "Füllhorn \"1\"");
    assert_eq!(apps[0]["enabled"], false);
    assert!(apps[0]["createdAt"].as_u64().unwrap() > 1_700_000_000);
    assert!(!apps[0].to_string().contains(&app.secret));
}

#[test]
fn a_store_that_was_lost_is_told_of() {
    let home = Home::new();
    home.create_app("lost");
    std::fs::write(home.data().join("tokensmith.db"), []).unwrap();
    let output = home.run(&["apps", "list"]);
    assert!(output.status.success() && output.stdout.is_empty());
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("it is lost") && told.lines().count() == 1, "{told}");
    assert!(home.run(&["apps", "list"]).stderr.is_empty(), "once");
}

#[test]
fn people_can_read_it_too() {
    let home = Home::new();
    let created = home.run(&["apps", "create", "--name", "billing"]);
    let shown = String::from_utf8(created.stdout).unwrap();
    let app = App::demo(&shown).unwrap();
    assert_eq!(
        shown,
        format!(
            "The secret is shown this once:\n\n  appClientId  {}\n  appSecret    {}\n",
            app.id, app.secret
        )
    );
    let listed = String::from_utf8(home.run(&["apps", "list"]).stdout).unwrap();
    assert_eq!(listed, format!("{}  enabled   billing\n", app.id));

    // A store that has an app has had its first start.
    let server = home.start(&[]);
    assert!(!server.said.contains("appSecret"));
    assert_eq!(ask_token(server.address, &app.id, &app.secret).status, 200);
}
