//! The bridges that uniffi writes for Kotlin, Swift and Python, as they stand in the tree: so that a
//! change of the border is seen as a diff, and no package needs the generator.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A language, what the generator writes for it, and where that stands from the root.
const WRITTEN: &[(&str, &str, &str)] = &[
    (
        "kotlin",
        "dev/tokensmith/bridge/_bridge.kt",
        "bindings-uniffi/kotlin/src/main/kotlin/dev/tokensmith/bridge/_bridge.kt",
    ),
    ("python", "_bridge.py", "bindings-uniffi/python/generated/_bridge.py"),
    (
        "swift",
        "TokensmithBridge.swift",
        "bindings-uniffi/swift/Sources/TokensmithBridge/TokensmithBridge.swift",
    ),
    ("swift", "TokensmithFFI.h", "bindings-uniffi/swift/Sources/TokensmithFFI/TokensmithFFI.h"),
    // As SwiftPM wants it named.
    (
        "swift",
        "TokensmithFFI.modulemap",
        "bindings-uniffi/swift/Sources/TokensmithFFI/module.modulemap",
    ),
];

/// Writes the bridges, or compares them with the crate; true if all is well.
pub fn run(root: &Path, check: bool) -> Result<bool, String> {
    let written = generate(root, &[], "bindings")?;
    let mut all_well = true;
    for (language, name, place) in WRITTEN {
        let made = read(&written.join(language).join(name))?;
        let place_in_tree = root.join(place);
        if !check {
            write(&place_in_tree, &made)?;
        } else if let Some(line) = difference(&read(&place_in_tree).unwrap_or_default(), &made) {
            println!("{place}:{line}: not what the crate gives: run `cargo xtask bindings`");
            all_well = false;
        }
    }
    Ok(all_well)
}

/// Writes the bridges of the build with the feature `testing` under Cargo's target folder, and no
/// place of the tree: `bindings-testing/<language>/…`, beside the library in `bindings-testing/lib/`.
pub fn run_testing(root: &Path) -> Result<bool, String> {
    generate(root, &["--features", "testing"], "bindings-testing").map(|folder| {
        println!("{}", folder.display());
        true
    })
}

/// Builds the library and has its bridges written to a folder under Cargo's, which it gives.
fn generate(root: &Path, features: &[&str], folder: &str) -> Result<PathBuf, String> {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let folder = target.join(folder);
    let library = library(root, features, &target, &folder)?;
    for language in ["kotlin", "python", "swift"] {
        let out = folder.join(language);
        let arguments =
            ["run", "--locked", "--quiet", "--package", "uniffi-bindgen", "--", "generate"];
        let mut generator = Command::new("cargo");
        generator.args(arguments).arg(&library).args(["--no-format", "--language", language]);
        succeed(generator.arg("--out-dir").arg(&out).current_dir(root))?;
    }
    Ok(folder)
}

/// The library, copied beside what is made of it: the next build may be another.
fn library(
    root: &Path,
    features: &[&str],
    target: &Path,
    folder: &Path,
) -> Result<PathBuf, String> {
    let arguments = ["build", "--release", "--locked", "--quiet", "--package", "tokensmith-uniffi"];
    succeed(Command::new("cargo").args(arguments).args(features).current_dir(root))?;
    let (prefix, suffix) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let name = format!("{prefix}tokensmith_uniffi{suffix}");
    let copy = folder.join("lib").join(&name);
    write(&copy, &read(&target.join("release").join(&name))?)?;
    Ok(copy)
}

fn succeed(command: &mut Command) -> Result<(), String> {
    let shown = format!("{command:?}");
    let status = command.status().map_err(|e| format!("{shown} does not start: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("{shown} fails")) }
}

/// The first line in which they differ.
fn difference(old: &[u8], new: &[u8]) -> Option<usize> {
    if old == new {
        return None;
    }
    let same = old.split(|b| *b == b'\n').zip(new.split(|b| *b == b'\n'));
    Some(same.take_while(|(old, new)| old == new).count().saturating_add(1))
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|e| format!("`{}` cannot be read: {e}", path.display()))
}

/// Into a file of its own: a program may be running on the library that stands there.
fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let folder = path.parent().unwrap_or(path);
    let made = path.with_added_extension("new");
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&made, bytes))
        .and_then(|()| std::fs::rename(&made, path))
        .map_err(|e| format!("`{}` cannot be written: {e}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn the_first_line_that_differs_is_named() {
        assert_eq!(difference(b"a\nb\n", b"a\nb\n"), None);
        assert_eq!(difference(b"a\nb\n", b"a\nc\n"), Some(2));
        assert_eq!(difference(b"", b"a\n"), Some(1));
        assert_eq!(difference(b"a\n", b"a\nb\n"), Some(2));
    }
}
