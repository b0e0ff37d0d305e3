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

use tokensmith::AppClientId;

#[path = "../support/mod.rs"]
mod support;
use support::open;

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
        Some(("disable", id)) => admin.disable_app(&AppClientId::new(id).unwrap()).unwrap(),
        Some((order, _)) => panic!("{order}"),
    }
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

fn say(line: &str) {
    println!("{line}");
    std::io::stdout().flush().unwrap();
}
