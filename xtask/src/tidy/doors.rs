//! In the core, only the rooms of `request.rs` and `response.rs` know JSON, and only that of
//! `response.rs` knows a status or a header of HTTP.

use super::Finding;
use super::rust::{Word, words};
use crate::tree::{File, Tree};

const REQUEST: &str = "core/src/request";
const RESPONSE: &str = "core/src/response";
/// What the answers, and those that the contract does without, are called by.
const STATUSES: &[&str] =
    &["200", "400", "401", "403", "413", "415", "422", "429", "500", "502", "503"];
const HEADERS: &[&str] = &[
    "cache-control",
    "content-type",
    "pragma",
    "ratelimit",
    "retry-after",
    "www-authenticate",
    "x-content-type",
];

pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.rust().filter(|file| file.path.starts_with("core/src/")).flat_map(file).collect()
}

fn file(file: &File) -> Vec<Finding> {
    let judge =
        |word: Word| judge(&file.path, &word).map(|text| Finding::at(&file.path, word.line, text));
    words(file).into_iter().filter_map(judge).collect()
}

fn judge(path: &str, word: &Word) -> Option<String> {
    if word.text == "serde_json" && !within(path, REQUEST) && !within(path, RESPONSE) {
        return Some("`serde_json` is the doors'".into());
    }
    if within(path, RESPONSE) {
        return None;
    }
    let lower = word.text.to_ascii_lowercase();
    let header =
        lower.strip_prefix('"').is_some_and(|text| HEADERS.iter().any(|h| text.starts_with(h)));
    let status = STATUSES.contains(&lower.trim_end_matches("_u16").trim_end_matches("u16"));
    (header || status).then(|| format!("{} is response.rs's to know", word.text))
}

/// Whether a file is a room's own or in its folder.
fn within(path: &str, room: &str) -> bool {
    path.strip_prefix(room).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::super::breaches;
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        breaches(&check(&Tree::of(&[(path, text)])))
    }

    #[test]
    fn the_doors_may() {
        assert!(found("core/src/request.rs", "use serde_json::Value;").is_empty());
        assert!(found("core/src/request/members.rs", "use serde_json::Value;").is_empty());
        assert!(
            found(
                "core/src/response.rs",
                "use serde_json::Value; const X: u16 = 401; const H: &str = \"Retry-After\";"
            )
            .is_empty()
        );
        assert!(
            found(
                "core/src/source.rs",
                "/// Answers 401.\n#[cfg(test)] mod tests { const X: u16 = 401; }"
            )
            .is_empty()
        );
        assert!(found("core/tests/service.rs", "const X: u16 = 401;").is_empty());
    }

    #[test]
    fn no_other_room_may() {
        assert_eq!(
            found("core/src/token.rs", "fn f() { serde_json::to_vec(x) }"),
            ["core/src/token.rs:1"]
        );
        assert_eq!(found("core/src/requests.rs", "use serde_json::X;"), ["core/src/requests.rs:1"]);
        assert_eq!(found("core/src/request.rs", "const X: u16 = 422;"), ["core/src/request.rs:1"]);
        assert_eq!(found("core/src/service.rs", "f(429u16)"), ["core/src/service.rs:1"]);
        assert_eq!(found("core/src/service.rs", "\nf(\"retry-after\")"), ["core/src/service.rs:2"]);
    }
}
