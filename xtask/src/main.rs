//! The repository's own chores. `cargo xtask` lists them.

mod api;
mod bindings;
mod tidy;
mod tokens;
mod tree;
mod vectors;

use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask CHORE

  tidy           the rules of the house that no compiler checks
  vectors        tests/vectors against their schema and the contract
  vectors --transcript FILE  writes what comes of every call in Rust
  tokens FILE    writes access tokens by three keys of one JWK set, for JWT libraries to verify
  api [--check]  core/api.txt: writes it, or tells how it differs from the sources
  bindings [--check]    the bridges in bindings-uniffi: writes them, or tells how they differ
  bindings --testing    those of the build for tests, under Cargo's target folder";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["tidy"] => tree::Tree::read().map(|tree| tidy::run(&tree)),
        ["vectors"] => tree::root().map(|root| vectors::run(&root)),
        ["vectors", "--transcript", file] => {
            tree::root().and_then(|root| vectors::transcribe(&root, file))
        }
        ["tokens", file] => tokens::write(file),
        ["api"] => tree::root().and_then(|root| api::run(&root, false)),
        ["api", "--check"] => tree::root().and_then(|root| api::run(&root, true)),
        ["bindings"] => tree::root().and_then(|root| bindings::run(&root, false)),
        ["bindings", "--check"] => tree::root().and_then(|root| bindings::run(&root, true)),
        ["bindings", "--testing"] => tree::root().and_then(|root| bindings::run_testing(&root)),
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(text) => {
            eprintln!("{text}");
            ExitCode::FAILURE
        }
    }
}
