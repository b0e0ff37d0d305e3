//! The other process of the tests in `processes.rs`: opens the issuer in a folder, carries out an
//! order, says what came of it in lines, and has the store open until it is killed or its standard
//! input ends.
#![allow(
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "the test sees it fail by its end"
)]

use std::env;
use std::io::{Read as _, Write as _};
use std::path::Path;

use futures_executor::block_on;
use tokensmith::{AppClientId, AuthenticateError, RefreshToken, Refresher as _, UpstreamKind};
use tokensmith_issuer::{AppPolicy, Issuer, Scope};

#[path = "../support/mod.rs"]
mod support;
use support::{now, open, shown};

fn main() {
    let mut arguments = env::args_os().skip(1);
    let folder = arguments.next().unwrap();
    let order = arguments.next().unwrap().into_string().unwrap();
    // The first random number takes longer than all the rest of a start: a kill shall find the rest.
    aws_lc_rs::rand::fill(&mut [0]).unwrap();
    say("ready");
    let issuer = open(Path::new(&folder));
    let admin = issuer.admin();
    match order.split_once(' ') {
        None => say(&admin.jwks()),
        Some(("create", many)) => {
            for _ in 0..many.parse().unwrap() {
                let app = admin.create_app("made elsewhere").unwrap();
                say(&format!("{} {}", app.id, app.secret.expose_secret()));
            }
        }
        Some(("import", lines)) => say(&admin.import_json_lines(lines).unwrap().to_string()),
        Some(("redeem", rest)) => redeem(&issuer, rest),
        Some(("disable", id)) => admin.disable_app(&AppClientId::new(id).unwrap()).unwrap(),
        Some(("allow", rest)) => {
            let (id, scope) = rest.split_once(' ').unwrap();
            let mut policy = AppPolicy::default();
            policy.scope = Some(Scope::parse(scope).unwrap());
            admin.set_app_policy(&AppClientId::new(id).unwrap(), &policy).unwrap();
        }
        Some((order, _)) => panic!("{order}"),
    }
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

/// `MANY ID SECRET TOKEN`: redeems a token, then what comes of it, and so on, and says each. What the
/// store does not take is tried once more.
fn redeem(issuer: &Issuer, order: &str) {
    let words: Vec<&str> = order.split(' ').collect();
    let [many, id, secret, token] = words.as_slice() else { panic!("{order}") };
    let (app, mut token) = (shown(id, secret), RefreshToken::new(*token));
    for _ in 0..many.parse().unwrap() {
        let next =
            [(), ()].iter().find_map(|()| match block_on(issuer.redeem(&now(), &app, &token)) {
                Ok(tokens) => tokens.refresh_token,
                Err(AuthenticateError::Upstream { kind: UpstreamKind::Store, .. }) => {
                    say("failed");
                    None
                }
                Err(other) => panic!("{other:?}"),
            });
        token = next.unwrap();
        say(token.expose_secret());
    }
    say("done");
}

fn say(line: &str) {
    println!("{line}");
    std::io::stdout().flush().unwrap();
}
