//! The codes that stand for an error in every language are said once, in the `code` functions of
//! Rust. No other place of the Rust sources spells one, each language that exists spells them all,
//! and no language or document spells another.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::{self, Visit};

use super::Finding;
use super::rust::words;
use crate::tree::{File, Tree};

/// A language: its name, its folder, how its sources end.
const LANGUAGES: &[(&str, &str, &[&str])] = &[
    ("JavaScript", "bindings-node/", &[".js", ".cjs", ".mjs", ".ts", ".cts", ".mts"]),
    ("Kotlin", "bindings-uniffi/", &[".kt"]),
    ("Swift", "bindings-uniffi/", &[".swift"]),
    ("Python", "bindings-uniffi/", &[".py"]),
];
const FAMILIES: &[&str] = &["ERR_TOKEN_", "ERR_ADMIN_", "ERR_ACCESS_"];

pub fn check(tree: &Tree) -> Vec<Finding> {
    let (table, mut found) = table(tree);
    for (language, folder, ends) in LANGUAGES {
        let of_language = |file: &&File| {
            let is_source = ends.iter().any(|end| file.path.ends_with(end));
            // What is generated is no package yet.
            file.path.starts_with(folder) && is_source && !file.is_generated()
        };
        let files: Vec<&File> = tree.files.iter().filter(of_language).collect();
        if files.is_empty() {
            continue;
        }
        let spelt: BTreeSet<String> =
            files.iter().flat_map(|f| spelt(f)).map(|(_, code)| code).collect();
        for code in table.iter().filter(|code| !spelt.contains(*code)) {
            found.push(Finding::at(folder, 0, format!("{language} does not know `{code}`")));
        }
    }
    let rust = |path: &str| path.ends_with(".rs") && !path.starts_with("bindings-");
    for file in tree.files.iter().filter(|file| !rust(&file.path)) {
        for (line, code) in spelt(file).into_iter().filter(|(_, code)| !table.contains(code)) {
            found.push(Finding::at(
                &file.path,
                line,
                format!("`{code}` is no code of the Rust tables"),
            ));
        }
    }
    found
}

/// The codes of the `code` functions, and what else spells one in the Rust sources.
fn table(tree: &Tree) -> (BTreeSet<String>, Vec<Finding>) {
    let mut table = BTreeMap::new();
    let mut found = Vec::new();
    let sources = |path: &str| {
        path.starts_with("core/src/") || path.starts_with("adapters/") && path.contains("/src/")
    };
    for file in tree.rust().filter(|file| sources(&file.path)) {
        let mut tables = Tables::default();
        if let Ok(parsed) = syn::parse_file(&file.text) {
            tables.visit_file(&parsed);
        }
        for word in words(file) {
            for code in codes(&word.text) {
                if !tables.spans.iter().any(|(first, last)| (*first..=*last).contains(&word.line)) {
                    let text = format!("`{code}` outside a `code` function: a second table");
                    found.push(Finding::at(&file.path, word.line, text));
                } else if let Some(other) = table.insert(code.clone(), &file.path)
                    && *other != file.path
                {
                    found.push(Finding::at(
                        &file.path,
                        word.line,
                        format!("`{code}` is {other}'s already"),
                    ));
                }
            }
        }
    }
    (table.into_keys().collect(), found)
}

/// The first and last lines of the functions named `code`.
#[derive(Default)]
struct Tables {
    spans: Vec<(usize, usize)>,
}

impl<'ast> Visit<'ast> for Tables {
    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if item.sig.ident == "code" {
            let brace = item.block.brace_token.span;
            self.spans.push((brace.open().start().line, brace.close().end().line));
        }
        visit::visit_impl_item_fn(self, item);
    }
}

fn spelt(file: &File) -> Vec<(usize, String)> {
    let line = |(number, line)| codes(line).into_iter().map(move |code| (number + 1, code));
    file.text.lines().enumerate().flat_map(line).collect()
}

/// The codes in a text. A family's bare prefix, as in `ERR_TOKEN_*`, is none.
fn codes(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let code = |word: &&str| {
        FAMILIES.iter().any(|family| word.strip_prefix(family).is_some_and(|rest| !rest.is_empty()))
    };
    words.filter(code).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::super::breaches;
    use super::*;

    const TABLE: (&str, &str) = (
        "core/src/outcome.rs",
        "/// `ERR_TOKEN_C`\nimpl E { fn code(&self) -> &str { match self { A => \"ERR_TOKEN_A\", B => \"ERR_TOKEN_B\" } } }\n\
         #[cfg(test)] mod tests { const X: &str = \"ERR_TOKEN_A\"; }",
    );

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        breaches(&check(&Tree::of(&[&[TABLE], files].concat())))
    }

    #[test]
    fn one_table_and_whole_languages_are_right() {
        let node =
            ("bindings-node/lib/token_error.cjs", "type Code = 'ERR_TOKEN_A' | 'ERR_TOKEN_B'");
        let page = ("README.md", "`ERR_TOKEN_A`, one of `ERR_TOKEN_*`");
        assert!(
            found(&[node, page, ("core/tests/a.rs", "const X: &str = \"ERR_TOKEN_A\";")])
                .is_empty()
        );
    }

    #[test]
    fn a_second_table_in_rust_is_a_breach() {
        let second = ("adapters/assembly/src/lib.rs", "\nconst X: &str = \"ERR_TOKEN_A\";");
        assert_eq!(found(&[second]), ["adapters/assembly/src/lib.rs:2"]);
        let again = (
            "adapters/issuer/src/admin.rs",
            "impl F { fn code(&self) -> &str { \"ERR_TOKEN_B\" } }",
        );
        assert_eq!(found(&[again]), ["adapters/issuer/src/admin.rs:1"]);
    }

    #[test]
    fn a_language_that_lacks_or_invents_a_code_is_a_breach() {
        assert_eq!(
            found(&[("bindings-uniffi/kotlin/E.kt", "\"ERR_TOKEN_A\"")]),
            ["bindings-uniffi/:0"]
        );
        let more =
            ("bindings-uniffi/swift/E.swift", "\"ERR_TOKEN_A\" \"ERR_TOKEN_B\"\n\"ERR_TOKEN_X\"");
        assert_eq!(found(&[more]), ["bindings-uniffi/swift/E.swift:2"]);
        assert_eq!(found(&[("docs/errors-page.md", "`ERR_ADMIN_X`")]), ["docs/errors-page.md:1"]);
    }
}
