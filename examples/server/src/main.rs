//! The reference server of Tokensmith: `POST /token` over HTTP with the embedded issuer behind it,
//! and the administration of its apps.

mod address;
mod administration;
mod apps;
mod arguments;
mod body;
mod connection;
mod errands;
mod first_start;
mod form;
mod keys;
mod live;
mod log;
mod metrics;
mod place;
mod policies;
#[cfg(unix)]
mod reload;
mod routes;
mod secrets;
mod serve;
mod tokens;

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};

/// Exit codes: 0 done, 1 failed with one line on stderr, 2 the arguments are not right.
fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.command {
        None => serve::run(&arguments.serve),
        Some(Command::Serve(serve)) => serve::run(&serve),
        Some(Command::Apps { apps }) => apps::run(&apps),
        Some(Command::Secrets { secrets }) => secrets::run(&secrets),
        Some(Command::Keys { keys }) => keys::run(&keys),
        Some(Command::Tokens { tokens }) => tokens::run(&tokens),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // There is nowhere left to tell of a stderr that cannot be written.
            let _ = writeln!(std::io::stderr(), "tokensmith-server: {}", line(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

/// An error and what is beneath it, on one line.
fn line(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut beneath = error.source();
    while let Some(error) = beneath {
        let text = error.to_string();
        // Some errors already say what is beneath them.
        if !line.ends_with(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        beneath = error.source();
    }
    line.replace(['\n', '\r'], " ")
}
