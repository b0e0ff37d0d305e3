//! What a crate that a macro writes `unsafe` into must keep to: the workspace's lints but for that
//! one, no `unsafe` of its own, and no panic that leaves through an export.

use super::Finding;
use super::rust::words;
use crate::tree::{File, Tree};

const WORKSPACE: &str = "Cargo.toml";
const FOLDER: &str = "bindings-";
const UNSAFE: &[&str] = &["unsafe", "unsafe_code"];

pub fn check(tree: &Tree) -> Vec<Finding> {
    let ours = |file: &&File| file.path.starts_with(FOLDER);
    let mut found: Vec<Finding> = tree.rust().filter(ours).flat_map(unsafe_words).collect();
    found.extend(tree.rust().filter(ours).flat_map(uncaught));
    let manifests = tree.files.iter().filter(ours).filter(|file| file.path.ends_with("Cargo.toml"));
    let expected = tree.file(WORKSPACE).map(|file| lints(&file.text, "[workspace.lints."));
    found.extend(manifests.filter_map(|file| other_lints(file, expected.as_deref())));
    found
}

fn unsafe_words(file: &File) -> Vec<Finding> {
    let words = words(file).into_iter().filter(|word| UNSAFE.contains(&word.text.as_str()));
    words.map(|word| Finding::at(&file.path, word.line, "`unsafe` is the macros' alone")).collect()
}

/// Exports by napi that do not say `catch_unwind`: a panic in one ends the host's process.
fn uncaught(file: &File) -> Vec<Finding> {
    let lines: Vec<&str> = file.text.lines().map(str::trim).collect();
    let mut found = Vec::new();
    for (at, _) in lines.iter().enumerate().filter(|(_, line)| line.starts_with("#[napi")) {
        let item: Vec<&str> = lines.iter().skip(at).take_while(|l| !opens(l)).copied().collect();
        let head = lines.get(at + item.len()).copied().unwrap_or_default();
        let is_function = head.starts_with("pub fn") || head.starts_with("pub async fn");
        if is_function && !item.concat().contains("catch_unwind") {
            found.push(Finding::at(&file.path, at + 1, "an export without `catch_unwind`"));
        }
    }
    found
}

/// Where attributes and comments end and the item begins.
fn opens(line: &str) -> bool {
    ["pub ", "impl", "struct", "enum", "fn"].iter().any(|word| line.starts_with(word))
}

/// Tells of a manifest whose lints are not the workspace's, but for `unsafe_code`.
fn other_lints(file: &File, expected: Option<&[String]>) -> Option<Finding> {
    let own = lints(&file.text, "[lints.");
    let same = expected.is_some_and(|expected| expected == own);
    let denied = file.text.lines().any(|line| line.starts_with("unsafe_code = \"deny\""));
    (!same || !denied).then(|| {
        Finding::at(
            &file.path,
            0,
            "its lints are not the workspace's with `unsafe_code = \"deny\"`",
        )
    })
}

/// The lines of the lint tables, without comments and without `unsafe_code`.
fn lints(text: &str, head: &str) -> Vec<String> {
    let mut inside = false;
    let mut kept = Vec::new();
    for line in text.lines() {
        let line = line.split(" #").next().unwrap_or_default().trim();
        if let Some(table) = line.strip_prefix('[') {
            inside = line.starts_with(head);
            if inside {
                kept.extend(table.rsplit('.').next().map(str::to_owned));
            }
        } else if inside && !line.is_empty() && !line.starts_with(['#']) {
            kept.push(line.to_owned());
        }
    }
    kept.retain(|line| !line.starts_with("unsafe_code"));
    kept
}

#[cfg(test)]
mod tests {
    use super::super::breaches;
    use super::*;

    const LINTS: &str = "[workspace.lints.rust]\nunsafe_code = \"forbid\"\nmissing_docs = \"warn\"\n[profile.dev]\nx = 1";
    const OWN: &str =
        "[lints.rust]\nunsafe_code = \"deny\" # why\n# what\nmissing_docs = \"warn\"\n";

    fn found(path: &str, text: &str) -> Vec<String> {
        breaches(&check(&Tree::of(&[(WORKSPACE, LINTS), (path, text)])))
    }

    #[test]
    fn the_workspaces_lints_with_that_one_denied_are_right() {
        assert!(found("bindings-node/Cargo.toml", OWN).is_empty());
    }

    #[test]
    fn a_looser_table_is_a_breach() {
        for other in [
            OWN.replace("\"warn\"", "\"allow\""),
            OWN.replace("missing_docs = \"warn\"\n", ""),
            OWN.replace("\"deny\"", "\"allow\""),
            OWN.replace("[lints.rust]", "[lints.clippy]"),
            String::new(),
        ] {
            assert_eq!(found("bindings-node/Cargo.toml", &other), ["bindings-node/Cargo.toml:0"]);
        }
    }

    #[test]
    fn unsafe_of_our_own_is_a_breach() {
        let path = "bindings-node/src/a.rs";
        assert_eq!(found(path, "fn f() {\n unsafe { g() } }"), ["bindings-node/src/a.rs:2"]);
        assert_eq!(found(path, "#[allow(unsafe_code)]\nfn f() {}"), ["bindings-node/src/a.rs:1"]);
        assert!(found(path, "// unsafe\nfn f() {}").is_empty());
    }

    #[test]
    fn an_export_that_may_end_the_process_is_a_breach() {
        let path = "bindings-node/src/a.rs";
        let caught = "#[napi]\nimpl S {\n#[napi(catch_unwind)]\n/// Doc.\npub fn f() {}\n}";
        assert!(found(path, caught).is_empty());
        let spread = "#[napi(\n catch_unwind,\n ts_return_type = \"x\"\n)]\npub fn f() {}";
        assert!(found(path, spread).is_empty());
        let bare = "#[napi]\nimpl S {\n#[napi(constructor)]\n#[expect(x)]\npub fn f() {}\n}";
        assert_eq!(found(path, bare), ["bindings-node/src/a.rs:3"]);
        assert!(found(path, "#[napi]\npub struct S;\n#[napi]\npub const X: u32 = 1;").is_empty());
    }
}
