//! Where the threat model says that a test holds something, the test is there.

use std::collections::BTreeSet;

use super::Finding;
use crate::tree::{File, Tree};

const PAGE: &str = "THREAT-MODEL.md";

pub fn check(tree: &Tree) -> Vec<Finding> {
    let functions = tree.rust().flat_map(|file| functions(&file.text));
    let tests: BTreeSet<&str> = functions.chain(tree.files.iter().flat_map(node_tests)).collect();
    let page = tree.file(PAGE).map_or("", |file| file.text.as_str());
    let mut found = Vec::new();
    for (number, line) in page.lines().enumerate() {
        for name in quoted(line).filter(|name| !tests.contains(name)) {
            found.push(Finding::at(PAGE, number + 1, format!("there is no test `{name}`")));
        }
    }
    found
}

fn functions(text: &str) -> impl Iterator<Item = &str> {
    let named = |line| str::trim_start(line).strip_prefix("fn ")?.split(['(', '<']).next();
    text.lines().filter_map(named)
}

/// The tests of Node whose names are written out.
fn node_tests(file: &File) -> impl Iterator<Item = &str> {
    let is_test = file.path.starts_with("bindings-node/") && file.path.ends_with(".test.mjs");
    let named = |line| str::trim_start(line).strip_prefix("test('")?.split('\'').next();
    file.text.lines().filter(move |_| is_test).filter_map(named)
}

/// What stands in backticks and is named as tests are: a sentence, of words or of words_in_one.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    let is_sentence = |name: &&str| {
        let letters =
            name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        name.matches(' ').count() >= 3 || (letters && name.matches('_').count() >= 3)
    };
    line.split('`').skip(1).step_by(2).filter(is_sentence)
}

#[cfg(test)]
mod tests {
    use super::super::breaches;
    use super::*;

    #[test]
    fn a_test_that_is_gone_is_a_breach() {
        let page = "`expose_secret` stays\n| flood | `a_test_that_is_there` |\n| x | `a_test_that_is_gone` |";
        let code = "mod tests {\n    #[test]\n    fn a_test_that_is_there() {}\n}";
        let tree = Tree::of(&[(PAGE, page), ("core/src/a.rs", code)]);
        assert_eq!(breaches(&check(&tree)), ["THREAT-MODEL.md:3"]);
    }

    #[test]
    fn a_test_of_node_that_is_gone_is_a_breach() {
        let page = "| flood | `a test that is there` |\n| x | `a test that is gone` |";
        let code = "test('a test that is there', () => {});\ntest(`a test that ${is} gone`, f);";
        let tree = Tree::of(&[(PAGE, page), ("bindings-node/test/a.test.mjs", code)]);
        assert_eq!(breaches(&check(&tree)), ["THREAT-MODEL.md:2"]);
    }
}
