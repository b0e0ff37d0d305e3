//! What each crate may depend on, besides dev-dependencies. `deny.toml` bans what none may.

use super::Finding;
use crate::tree::{Package, Tree};

struct May {
    name: &'static str,
    ours: &'static [&'static str],
    others: &'static [&'static str],
}

/// A further crate is a line here and in `docs/dependencies.md`.
const TABLE: &[May] = &[
    May {
        name: "tokensmith",
        ours: &[],
        others: &[
            "async-trait",
            "secrecy",
            "serde",
            "serde_json",
            "thiserror",
            "tokio",
            "tracing",
            "zeroize",
        ],
    },
    May {
        name: "tokensmith-issuer",
        ours: &["tokensmith"],
        others: &[
            "argon2",
            "async-trait",
            "aws-lc-rs",
            "base64",
            "bcrypt",
            "crc32fast",
            "futures-channel",
            "rusqlite",
            "secrecy",
            "serde",
            "serde_json",
            "subtle",
            "thiserror",
            "zeroize",
        ],
    },
    May {
        name: "tokensmith-assembly",
        ours: &["tokensmith", "tokensmith-issuer"],
        others: &["serde", "serde_json", "serde_path_to_error", "thiserror", "toml"],
    },
    May {
        name: "tokensmith-node",
        // The testkit behind the feature `testing`, which no package is built with.
        ours: &["tokensmith", "tokensmith-assembly", "tokensmith-testkit"],
        others: &["async-trait", "napi", "napi-build", "napi-derive", "tokio", "zeroize"],
    },
    May {
        name: "tokensmith-uniffi",
        // The testkit as above.
        ours: &["tokensmith", "tokensmith-assembly", "tokensmith-testkit"],
        others: &["async-trait", "thiserror", "tokio", "uniffi", "zeroize"],
    },
];

/// Not published but for the testkit, or examples: they take what they need.
const FREE: &[&str] = &["tokensmith-testkit", "tokensmith-server", "uniffi-bindgen", "xtask"];

pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.packages.iter().flat_map(package).collect()
}

fn package(package: &Package) -> Vec<Finding> {
    let at = |text: String| Finding::at(&package.manifest, 0, text);
    if FREE.contains(&package.name.as_str()) {
        return Vec::new();
    }
    let Some(may) = TABLE.iter().find(|may| may.name == package.name) else {
        return vec![at(format!(
            "`{}` is not in the table of xtask/src/tidy/crates.rs",
            package.name
        ))];
    };
    let used = package.dependencies.iter().filter(|dependency| !dependency.dev);
    let breach = used.filter(|dependency| {
        let allowed = if dependency.ours { may.ours } else { may.others };
        !allowed.contains(&dependency.name.as_str())
    });
    breach
        .map(|dependency| at(format!("`{}` may not depend on `{}`", may.name, dependency.name)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::breaches;
    use super::*;
    use crate::tree::Dependency;

    fn found(name: &str, dependency: &str, ours: bool, dev: bool) -> usize {
        let dependencies = vec![Dependency { name: dependency.into(), ours, dev }];
        let package = Package { name: name.into(), dependencies, ..Package::default() };
        breaches(&check(&Tree { packages: vec![package], ..Tree::default() })).len()
    }

    #[test]
    fn what_the_table_names_may_be_used() {
        assert_eq!(found("tokensmith", "serde", false, false), 0);
        assert_eq!(found("tokensmith-issuer", "tokensmith", true, false), 0);
        assert_eq!(found("tokensmith", "governor", false, true), 0);
        assert_eq!(found("xtask", "syn", false, false), 0);
    }

    #[test]
    fn anything_else_is_a_breach() {
        assert_eq!(found("tokensmith", "reqwest", false, false), 1);
        assert_eq!(found("tokensmith", "tokensmith-issuer", true, false), 1);
        assert_eq!(found("tokensmith-issuer", "tokio", false, false), 1);
        assert_eq!(found("tokensmith-extra", "serde", false, false), 1);
    }
}
