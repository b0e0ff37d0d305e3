//! Apps that are imported while the server runs.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::running::{Home, becomes_so};
use crate::wire::ask_token;

/// Within which another process's change is in force.
const SECOND: Duration = Duration::from_secs(1);
const SECRET: &str = "correct horse battery staple";
// Of that secret, by Python's bcrypt 5.0.
const BCRYPT: &str = "$2a$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG";
const CONFIG: &str = "limits = { source = false, client_at_source = false, client = false }
                      authenticator.verify_legacy_hashes = true";

#[test]
fn imported_apps_get_tokens_and_are_refused_as_others_are() {
    let home = Home::new();
    let made = home.create_app("made here");
    let server = home.start_with(CONFIG, &[]);
    let status = |id: &str, secret: &str| ask_token(server.address, id, secret).status;
    let lines = format!(
        r#"{{"appClientId":"billing","appSecret":"{SECRET}"}}
{{"appClientId":"payroll","secretHash":"{BCRYPT}","name":"Payroll, Berlin"}}
"#
    );
    fs::write(home.path("apps.jsonl"), lines).unwrap();
    let config = home.path("tokensmith.toml");
    let with = ["--config", config.to_str().unwrap()];
    let output = home.run(&[&["apps", "import", "apps.jsonl"][..], &with].concat());
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "2 apps are imported\n");
    for app in ["billing", "payroll"] {
        assert!(becomes_so(SECOND, || status(app, SECRET) == 200), "{app}");
    }
    assert_eq!(status(&made.id, &made.secret), 200);

    let unknown = ask_token(server.address, "nobody", SECRET);
    for (app, secret) in [
        ("billing", "correct horse battery stapld"),
        ("payroll", "correct horse battery stapld"),
        ("payroll", &SECRET.repeat(4)),
        ("billing", &made.secret),
        (&made.id, SECRET),
    ] {
        let refused = ask_token(server.address, app, secret);
        assert_eq!((refused.status, &refused.body), (401, &unknown.body), "{app}");
    }
    let kinds = |app: &str| {
        let output = home.run(&["secrets", "list", "--json", app]);
        let listed: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
        listed.iter().map(|secret| secret["kind"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        (kinds("billing"), kinds(&made.id)),
        (vec!["argon2id".into()], vec!["generated".into()])
    );
    assert!(becomes_so(SECOND, || kinds("payroll") == ["argon2id"]), "it was bcrypt");
    let output = home.run(&["secrets", "list", "payroll"]);
    let listed = String::from_utf8(output.stdout).unwrap();
    assert!(listed.ends_with("never used  argon2id\n"), "{listed}");
    let names: Vec<_> = home.list_apps().into_iter().map(|app| app["name"].clone()).collect();
    assert!(names.contains(&Value::from("Payroll, Berlin")), "{names:?}");
    let log = server.stopped().log;
    assert!(!log.contains("horse"), "{log}");
}

#[test]
fn a_line_that_is_wrong_is_named_and_nothing_is_imported() {
    let home = Home::new();
    let good = format!(r#"{{"appClientId":"one","appSecret":"{SECRET}"}}"#);
    let run = |lines: &str, arguments: &[&str]| {
        let mut command = home.command(&[&["apps", "import"], arguments].concat());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    for (second, told) in [
        (
            r#"{"appClientId":"two","appSecret":12345678}"#.to_owned(),
            "line 2: is not an object with `appClientId`, with either `appSecret` or `secretHash`, \
             perhaps with `name`, and with no other member; all of them texts",
        ),
        (good.clone(), "line 2: line 1 has the same `appClientId`"),
        (
            format!(r#"{{"appClientId":"two","secretHash":"{BCRYPT}"}}"#),
            "line 2: `secretHash` is bcrypt or PBKDF2, which the setting `verify_legacy_hashes` has \
             to allow",
        ),
    ] {
        let output = run(&format!("{good}\n{second}\n"), &["-"]);
        assert_eq!(output.status.code(), Some(1));
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(stderr, format!("tokensmith-server: {told}\n"));
        assert!(home.list_apps().is_empty());
    }
    let output = run(&good, &["--json", "-"]);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "{\"imported\":1}\n");
    let output = run("", &["missing.jsonl"]);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.starts_with("tokensmith-server: cannot read `missing.jsonl` as text: "),
        "{stderr}"
    );
}
