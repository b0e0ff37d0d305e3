//! Where a secret is laid open: `expose_secret` and its kin stand only in the places below, and in
//! tests.

use super::Finding;
use super::rust::words;
use crate::tree::Tree;

const WORDS: &[&str] = &["expose_secret", "expose_secret_mut", "ExposeSecret", "ExposeSecretMut"];

/// Files and folders where it may be.
const PLACES: &[&str] = &[
    "adapters/",
    "bindings-",
    "core/benches/",
    "core/examples/",
    "core/src/credentials.rs", // where `AppSecret` is made
    "core/src/response.rs",    // where a token goes into the answer
    "core/src/response/",
    "core/src/token.rs", // where the tokens are made and judged
    "core/tests/",
    "examples/",
    "tests/",
];

pub fn check(tree: &Tree) -> Vec<Finding> {
    let closed =
        tree.rust().filter(|file| !PLACES.iter().any(|place| file.path.starts_with(place)));
    let breach = |file| {
        let open = words(file).into_iter().filter(|word| WORDS.contains(&word.text.as_str()));
        open.map(|word| {
            Finding::at(&file.path, word.line, format!("`{}` has no place here", word.text))
        })
        .collect::<Vec<_>>()
    };
    closed.flat_map(breach).collect()
}

#[cfg(test)]
mod tests {
    use super::super::breaches;
    use super::*;

    const TEXT: &str = "// expose_secret\nfn f(s: &S) { g(s.expose_secret()) }";

    #[test]
    fn its_places_may_lay_a_secret_open() {
        for path in
            ["core/src/response.rs", "adapters/issuer/src/secret.rs", "tests/src/vectors.rs"]
        {
            assert!(check(&Tree::of(&[(path, TEXT)])).is_empty());
        }
        let text = "#[cfg(test)]\nmod tests { fn f() { s.expose_secret() } }";
        assert!(check(&Tree::of(&[("core/src/request.rs", text)])).is_empty());
    }

    #[test]
    fn any_other_place_is_a_breach() {
        for path in ["core/src/request.rs", "core/src/service.rs", "core/src/observer/tracing.rs"] {
            assert_eq!(breaches(&check(&Tree::of(&[(path, TEXT)]))), [format!("{path}:2")]);
        }
    }
}
