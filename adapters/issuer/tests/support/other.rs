//! Another process, which the tests start, hear and kill.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::env;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

/// Another process on the same store: `processes/other.rs`.
pub(crate) struct Other {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Other {
    pub(crate) fn start(folder: &Path, order: &str) -> Self {
        let mut child = Command::new(other_process())
            .arg(folder)
            .arg(order)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        let mut other = Self { child, lines };
        assert_eq!(other.says().unwrap(), "ready");
        other
    }

    /// The next line that it says; `None` when it has ended.
    pub(crate) fn says(&mut self) -> Option<String> {
        self.lines.by_ref().lines().next().map(Result::unwrap)
    }

    /// As `kill -9` does, wherever it is; then all that it had said.
    pub(crate) fn kill(mut self) -> Vec<String> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::iter::from_fn(|| self.says()).collect()
    }

    pub(crate) fn end(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
    }
}

/// The example of the crate that is the other process: `cargo test` builds it, beside `deps/`,
/// where this test is.
pub(crate) fn other_process() -> PathBuf {
    let here = env::current_exe().unwrap();
    let built = here.ancestors().nth(2).unwrap();
    let path = built.join("examples/other_process").with_extension(env::consts::EXE_EXTENSION);
    let wanted = "cargo build -p tokensmith-issuer --example other_process";
    assert!(path.exists(), "run `{wanted}` first, or all tests of the crate");
    path
}
