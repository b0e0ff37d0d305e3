//! What the tokens of an app say, set while the server runs.

use std::time::Duration;

use serde_json::{Value, json};

use crate::running::{Home, becomes_so};
use crate::wire::ask_token;

/// Within which another process's change is in force.
const SECOND: Duration = Duration::from_secs(1);

fn told(home: &Home, arguments: &[&str]) -> String {
    let output = home.run(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What a token says, whoever signed it.
fn claims(token: &str) -> Value {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let part = token.split('.').nth(1).unwrap();
    let sixes = part.chars().map(|letter| alphabet.find(letter).unwrap());
    let bits: Vec<u8> =
        sixes.flat_map(|six| (0..6).rev().map(move |i| (six >> i) as u8 & 1)).collect();
    let bytes: Vec<u8> = bits
        .chunks_exact(8)
        .map(|eight| eight.iter().fold(0, |byte, bit| byte << 1 | bit))
        .collect();
    serde_json::from_slice(&bytes).unwrap()
}

#[test]
fn what_is_set_is_in_the_next_tokens_and_what_is_not_named_stays() {
    let home = Home::new();
    let app = home.create_app("billing");
    let server = home.start_unlimited(&[]);
    let tokens = || -> Value {
        serde_json::from_slice(&ask_token(server.address, &app.id, &app.secret).body).unwrap()
    };
    let token = || claims(tokens()["AccessToken"].as_str().unwrap());
    assert!(token().get("scope").is_none() && tokens().get("IdToken").is_none());

    let file = home.data().join("claims.json");
    std::fs::write(&file, r#"{"tenant": "acme"}"#).unwrap();
    let set = ["apps", "set", &app.id, "--json", "--scope", "read write", "--token-seconds", "300"];
    let more = ["--audience", "https://a.example", "--audience", "https://b.example"];
    let claims_file = ["--claims", file.to_str().unwrap(), "--id-claims", r#"{"name": "Billing"}"#];
    let printed = told(&home, &[&set[..], &more, &claims_file].concat());
    let policy = json!({
        "appClientId": app.id, "scope": "read write", "tokenSeconds": 300,
        "audience": ["https://a.example", "https://b.example"], "claims": {"tenant": "acme"},
        "idClaims": {"name": "Billing"},
    });
    assert_eq!(serde_json::from_str::<Value>(&printed).unwrap(), policy);
    assert!(becomes_so(SECOND, || token()["scope"] == "read write"));
    let (answer, said) = (tokens(), token());
    assert_eq!(answer["ExpiresIn"], 300);
    assert_eq!(said["exp"].as_u64().unwrap() - said["iat"].as_u64().unwrap(), 300);
    assert_eq!((&said["aud"], &said["tenant"]), (&policy["audience"], &json!("acme")));
    assert_eq!(claims(answer["IdToken"].as_str().unwrap())["name"], "Billing");

    told(&home, &["apps", "set", &app.id, "--clear", "audience", "--clear", "id-claims"]);
    assert!(becomes_so(SECOND, || token()["aud"].is_string()));
    assert!(tokens().get("IdToken").is_none());
    let shown: Value =
        serde_json::from_str(&told(&home, &["apps", "show", &app.id, "--json"])).unwrap();
    assert_eq!((&shown["name"], &shown["enabled"]), (&json!("billing"), &json!(true)));
    assert_eq!((&shown["audience"], &shown["idClaims"]), (&Value::Null, &Value::Null));
    assert_eq!((&shown["scope"], &shown["tokenSeconds"]), (&policy["scope"], &json!(300)));
}

#[test]
fn people_can_read_it_too() {
    let home = Home::new();
    let app = home.create_app("billing");
    let set =
        ["apps", "set", &app.id, "--scope", "read", "--audience", "a", "--claims", r#"{"b":1}"#];
    let printed = told(&home, &set);
    let policy = "  scope          read\n  audience       a\n  claims         {\"b\":1}\n";
    assert_eq!(printed, format!("{}\n{policy}", app.id));
    let shown = told(&home, &["apps", "show", &app.id]);
    let first = format!("{}  enabled  billing\n  created        ", app.id);
    assert!(shown.starts_with(&first) && shown.ends_with(policy), "{shown}");
}

#[test]
fn what_cannot_be_set_is_named_and_changes_nothing() {
    let home = Home::new();
    let app = home.create_app("billing");
    for (arguments, code, why) in [
        (
            &["--claims", r#"{"sub": "x"}"#][..],
            1,
            "`--claims`: the claim `sub` is the issuer's own",
        ),
        (&["--claims", "no-such-file"], 1, "cannot read the claims `no-such-file`: "),
        (&["--id-claims", "{"], 1, "`--id-claims`: the claims are not a JSON object"),
        (&["--audience", "a b"], 1, "`audience` must be one or more different names"),
        (&["--token-seconds", "59"], 1, "`token_life` must be 60 s to `max_token_life`"),
        (&["--scope", "a  b"], 2, "`scope` must be different words"),
        (&[], 2, "required"),
    ] {
        let output = home.run(&[&["apps", "set", &app.id][..], arguments].concat());
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(why), "{said}");
    }
    let shown: Value =
        serde_json::from_str(&told(&home, &["apps", "show", &app.id, "--json"])).unwrap();
    assert_eq!((&shown["claims"], &shown["scope"]), (&json!({}), &Value::Null));
    let nobody = home.run(&["apps", "show", "appcl-00000000000000000000"]);
    assert_eq!(
        String::from_utf8(nobody.stderr).unwrap(),
        "tokensmith-server: there is no such app\n"
    );
}
