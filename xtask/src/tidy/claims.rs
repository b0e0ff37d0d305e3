//! Where the threat model says that a test holds something, the test is there.

use std::collections::BTreeSet;

use super::Finding;
use crate::tree::{File, Tree};

const PAGE: &str = "THREAT-MODEL.md";

pub fn check(tree: &Tree) -> Vec<Finding> {
    let functions = tree.rust().flat_map(|file| functions(&file.text));
    let tests: BTreeSet<&str> = functions.chain(tree.files.iter().flat_map(tests_of)).collect();
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

/// What stands before the name of a test in a file of tests of that kind, and what ends the name. Of
/// Node and Kotlin those that are written out.
const LANGUAGES: &[(&str, &str, &[&str], char)] = &[
    ("bindings-node/", ".test.mjs", &["test('"], '\''),
    ("bindings-uniffi/kotlin/", "Test.kt", &["fun `"], '`'),
    ("bindings-uniffi/python/tests/", "_test.py", &["def ", "async def "], '('),
    ("bindings-uniffi/swift/", "Tests.swift", &["@Test func ", "func "], '('),
];

fn tests_of(file: &File) -> impl Iterator<Item = &str> {
    let is_of = |folder, end| file.path.starts_with(folder) && file.path.ends_with(end);
    let language = LANGUAGES.iter().find(|(folder, end, ..)| is_of(*folder, *end));
    let named = |line, begins: &[&str], end| {
        let line = str::trim_start(line);
        begins.iter().find_map(|begin| line.strip_prefix(begin))?.split(end).next()
    };
    let lines = language
        .into_iter()
        .flat_map(|language| file.text.lines().map(move |line| (line, language)));
    lines.filter_map(move |(line, (_, _, begins, end))| named(line, begins, *end))
}

/// What stands in backticks and is named as tests are: a sentence, of words, words_in_one or wordsInOne.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    let is_sentence = |name: &&str| {
        let letters =
            name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        let humps = name.chars().all(char::is_alphanumeric)
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.matches(|c: char| c.is_ascii_uppercase()).count() >= 3;
        humps || name.matches(' ').count() >= 3 || (letters && name.matches('_').count() >= 3)
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

    #[test]
    fn a_test_of_a_language_that_is_gone_is_a_breach() {
        for (path, text, there, gone) in [
            (
                "kotlin/src/test/ATest.kt",
                "    fun `a test that is there`() {",
                "a test that is there",
                "a test that is gone",
            ),
            (
                "python/tests/a_test.py",
                "    async def test_what_is_there(self):\n    def test_what_is_here(self):",
                "test_what_is_there` and `test_what_is_here",
                "test_what_is_gone",
            ),
            (
                "swift/Tests/ATests.swift",
                "    @Test func whatIsThereNow() async {\n    func whatIsHereNow() {",
                "whatIsThereNow` and `whatIsHereNow",
                "whatIsGoneNow",
            ),
        ] {
            let page = format!("| x | `{there}` |\n| x | `{gone}` |");
            let path = format!("bindings-uniffi/{path}");
            let tree = Tree::of(&[(PAGE, &page), (&path, text)]);
            assert_eq!(breaches(&check(&tree)), ["THREAT-MODEL.md:2"], "{path}");
        }
    }
}
