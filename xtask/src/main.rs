//! The repository's own chores. `cargo xtask` lists them.

mod tidy;
mod tree;

use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask CHORE

  tidy      the rules of the house that no compiler checks";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["tidy"] => tree::Tree::read().map(|tree| tidy::run(&tree)),
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
