//! Time enters by one door: only the core's `clock.rs` reads a clock of the system. Clippy says so
//! too, but an `expect` quiets it; this does not listen to one.

use super::Finding;
use super::rust::words;
use crate::tree::{File, Tree};

const DOOR: &str = "core/src/clock.rs";
const CLOCKS: &[&str] = &["SystemTime", "Instant"];
const READ: &[&str] = &["now", "elapsed"];

pub fn check(tree: &Tree) -> Vec<Finding> {
    let inside = |path: &str| {
        let adapter = path.starts_with("adapters/") && path.contains("/src/");
        (path.starts_with("core/src/") || adapter) && path != DOOR
    };
    tree.rust().filter(|file| inside(&file.path)).flat_map(reads).collect()
}

fn reads(file: &File) -> Vec<Finding> {
    let words = words(file);
    let pairs = words.iter().zip(words.iter().skip(1));
    let read = pairs.filter(|(clock, verb)| {
        CLOCKS.contains(&clock.text.as_str()) && READ.contains(&verb.text.as_str())
    });
    read.map(|(clock, verb)| {
        Finding::at(
            &file.path,
            clock.line,
            format!("`{}::{}`: time is `Clock`'s", clock.text, verb.text),
        )
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::super::breaches;
    use super::*;

    #[test]
    fn only_the_door_reads_a_clock() {
        let text = "use std::time::Instant;\nfn f() { Instant::now() }";
        let found = |path| breaches(&check(&Tree::of(&[(path, text)])));
        assert!(found("core/src/clock.rs").is_empty());
        assert!(found("core/benches/limiter.rs").is_empty());
        assert_eq!(found("core/src/timer.rs"), ["core/src/timer.rs:2"]);
        assert_eq!(found("adapters/issuer/src/watch.rs"), ["adapters/issuer/src/watch.rs:2"]);
    }
}
