//! The optional route that redeems refresh tokens.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::json;

use crate::running::{App, Home};
use crate::wire::{Answer, ask, ask_token, post_to};

const PATH: &str = "/token/refresh";

fn body(app: &App, token: &str) -> Vec<u8> {
    json!({ "appClientId": app.id, "appSecret": app.secret, "refreshToken": token })
        .to_string()
        .into_bytes()
}

fn refresh_token(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["RefreshToken"].as_str().unwrap().to_owned()
}

#[test]
fn a_refresh_token_is_redeemed_for_new_tokens() {
    let home = Home::new();
    let (app, other) = (home.create_app("one"), home.create_app("other"));
    let server = home.start_unlimited(&["--refresh-route"]);
    let redeem = |app: &App, token: &str| post_to(server.address, PATH, &[], &body(app, token));
    let issued = ask_token(server.address, &app.id, &app.secret);
    let first = refresh_token(&issued);
    let answer = redeem(&app, &first);
    let second = refresh_token(&answer);
    assert_ne!(first, second);
    assert_ne!(issued.json()["AccessToken"], answer.json()["AccessToken"]);
    assert_eq!(answer.json()["ExpiresIn"], 3_600);
    assert_eq!(refresh_token(&redeem(&app, &first)), second, "a lost answer comes again");

    // A refusal is the same bytes as that of a wrong secret.
    let refused = ask_token(server.address, &app.id, "wrong").undated();
    assert_eq!(refused.status, 401);
    let wrong = App { secret: "wrong".to_owned(), id: app.id.clone() };
    for answer in [redeem(&other, &second), redeem(&app, "nothing"), redeem(&wrong, &second)] {
        assert_eq!(answer.undated(), refused);
    }
    let third = refresh_token(&redeem(&app, &second));
    assert_eq!(redeem(&app, &first).undated(), refused, "redeemed before, by another");
    assert_eq!(redeem(&app, &third).undated(), refused, "so its family has ended");
}

#[test]
fn its_bodies_are_judged_as_those_of_the_contract_and_may_be_longer() {
    let home = Home::new();
    let app = home.create_app("one");
    let server = home.start_unlimited(&["--refresh-route"]);
    let post = |body: &[u8]| post_to(server.address, PATH, &[], body);
    let without = json!({ "appClientId": app.id, "appSecret": app.secret }).to_string();
    let answer = post(without.as_bytes());
    assert_eq!((answer.status, answer.text()), (422, "`refreshToken` is missing"));
    let long = "t".repeat(16 * 1_024);
    assert_eq!(post(&body(&app, &long)).status, 401, "within 24 KiB");
    let longer = "t".repeat(24 * 1_024);
    let answer = post(&body(&app, &longer));
    assert_eq!((answer.status, answer.text()), (422, "the body is too large"));
    assert_eq!(ask(server.address, "GET", PATH, &[]).status, 405);
}

#[test]
fn refresh_tokens_are_revoked_while_the_server_runs() {
    let home = Home::new();
    let (app, other) = (home.create_app("one"), home.create_app("other"));
    let server = home.start_unlimited(&["--refresh-route"]);
    let issue = |app: &App| refresh_token(&ask_token(server.address, &app.id, &app.secret));
    let status =
        |app: &App, token: &str| post_to(server.address, PATH, &[], &body(app, token)).status;
    let [one, kept] = [issue(&app), issue(&app)];
    let mut revoke = home.command(&["tokens", "revoke", "--stdin", &app.id]);
    let mut revoke = revoke.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    revoke.stdin.take().unwrap().write_all(format!("{one}\n").as_bytes()).unwrap();
    let said = revoke.wait_with_output().unwrap().stdout;
    assert_eq!(said, b"that refresh token and its family are revoked\n");
    assert_eq!((status(&app, &one), status(&app, &kept)), (401, 200));

    let [mine, theirs] = [issue(&app), issue(&other)];
    let output = home.run(&["tokens", "revoke", &app.id]);
    assert_eq!(output.stdout, b"the app's refresh tokens are revoked\n");
    assert_eq!((status(&app, &mine), status(&other, &theirs)), (401, 200));
    let theirs = issue(&other);
    let output = home.run(&["tokens", "revoke", "--all", "--json"]);
    assert_eq!(output.stdout, b"{\"appClientId\":null}\n");
    assert_eq!(status(&other, &theirs), 401);
    let output = home.run(&["tokens", "revoke", "appcl-misspelt"]);
    assert_eq!(output.stderr, b"tokensmith-server: there is no such app\n");
    assert_eq!(home.run(&["tokens", "revoke"]).status.code(), Some(2), "whose?");
}

#[test]
fn without_being_asked_for_it_is_not_there() {
    let home = Home::new();
    let app = home.create_app("one");
    let server = home.start_unlimited(&[]);
    let answer = post_to(server.address, PATH, &[], &body(&app, "token"));
    assert_eq!(answer.status, 404);
}
