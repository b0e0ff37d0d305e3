//! The public interface of the core as a text in the tree, so that a change of it is seen as a
//! diff; and the foreign crates whose types stand in it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use public_api::Builder;

/// From the root of the repository.
const SNAPSHOT: &str = "core/api.txt";
/// A release of any other crate must not be a release of ours.
const FOREIGN: &[&str] = &["alloc", "core", "secrecy", "std", "tokensmith"];

/// Writes the snapshot, or compares it with the sources; true if all is well.
pub fn run(root: &Path, check: bool) -> Result<bool, String> {
    let path = root.join(SNAPSHOT);
    let api = read(root)?;
    let foreign = foreign(&api);
    for name in &foreign {
        println!("{SNAPSHOT}: a type of `{name}` stands in the public interface");
    }
    if !check {
        std::fs::write(&path, &api).map_err(|e| format!("`{SNAPSHOT}` cannot be written: {e}"))?;
        return Ok(foreign.is_empty());
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let changes = changes(&written, &api);
    changes.iter().for_each(|change| println!("{change}"));
    if !changes.is_empty() {
        println!(
            "{SNAPSHOT} is not the public interface: run `cargo xtask api`, and look at its diff"
        );
    }
    Ok(foreign.is_empty() && changes.is_empty())
}

/// The interface, an item a line.
fn read(root: &Path) -> Result<String, String> {
    let json = rustdoc(root)?;
    let api = Builder::from_rustdoc_json(json)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .build()
        .map_err(|e| {
            format!("rustdoc's JSON cannot be read; it is that of Rust 1.95 that can: {e}")
        })?;
    Ok(api.to_string())
}

/// Where rustdoc wrote what it knows of the core. Its JSON is unstable, hence the bootstrap flag,
/// and a folder of its own: the flag would have everything built anew.
fn rustdoc(root: &Path) -> Result<PathBuf, String> {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let target = target.join("api");
    let status = Command::new("cargo")
        .args([
            "rustdoc",
            "--locked",
            "--quiet",
            "--package",
            "tokensmith",
            "--lib",
            "--all-features",
        ])
        .arg("--target-dir")
        .arg(&target)
        .args(["--", "-Z", "unstable-options", "--output-format", "json"])
        .env("RUSTC_BOOTSTRAP", "1")
        .current_dir(root)
        .status()
        .map_err(|e| format!("`cargo rustdoc` does not start: {e}"))?;
    if !status.success() {
        return Err("`cargo rustdoc` fails".into());
    }
    Ok(target.join("doc/tokensmith.json"))
}

fn changes(written: &str, api: &str) -> Vec<String> {
    let (old, new): (BTreeSet<&str>, BTreeSet<&str>) =
        (written.lines().collect(), api.lines().collect());
    let gone = old.difference(&new).map(|line| format!("- {line}"));
    gone.chain(new.difference(&old).map(|line| format!("+ {line}"))).collect()
}

/// The first segments of the paths in the interface that are not to be there.
fn foreign(api: &str) -> BTreeSet<&str> {
    let words = api.split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':');
    let roots = words.filter_map(|word| word.split_once("::").map(|(root, _)| root));
    roots
        .filter(|root| {
            root.starts_with(|c: char| c.is_ascii_lowercase()) && !FOREIGN.contains(root)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_came_or_went_is_a_change() {
        assert!(changes("a\nb\n", "a\nb\n").is_empty());
        assert_eq!(changes("a\nb\n", "a\nc\n"), ["- b", "+ c"]);
        assert_eq!(changes("", "a\n"), ["+ a"]);
    }

    #[test]
    fn a_foreign_type_is_seen() {
        let own =
            "pub fn tokensmith::A::f(&core::fmt::Debug, T::Item, secrecy::SecretString) -> Self::B";
        assert!(foreign(own).is_empty());
        let foreign =
            foreign("pub fn tokensmith::A::f(serde_json::Value) -> http::Request<bytes::Bytes>");
        assert_eq!(foreign.into_iter().collect::<Vec<_>>(), ["bytes", "http", "serde_json"]);
    }
}
