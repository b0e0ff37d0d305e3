//! Reading Rust: the words of a file and the paths it names, without what is only for tests.
//! By tokens, so that what stands in a macro's call is seen too. Comments are not read.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::tree::File;

/// An identifier or a literal, and its line.
#[derive(Debug, PartialEq, Eq)]
pub struct Word {
    pub text: String,
    pub line: usize,
}

/// A path that starts at `crate`, `self` or `super`, as the segments after `crate`.
#[derive(Debug, PartialEq, Eq)]
pub struct Named {
    pub segments: Vec<String>,
    pub line: usize,
}

/// The words of a file in order, outside `#[cfg(test)]`.
pub fn words(file: &File) -> Vec<Word> {
    let mut found = Vec::new();
    collect_words(tokens(file), &mut found);
    found
}

/// The paths into its own crate that a file names, outside `#[cfg(test)]`. `module` is the file's
/// own place.
pub fn own_paths(file: &File, module: &[String]) -> Vec<Named> {
    let mut found = Vec::new();
    collect_paths(tokens(file), module, &mut found);
    found
}

fn tokens(file: &File) -> Vec<TokenTree> {
    let stream: TokenStream = file.text.parse().unwrap_or_default();
    outside_tests(stream)
}

/// Leaves out documentation, and each item under `#[cfg(test)]`: up to its body's brace, or its
/// semicolon.
fn outside_tests(stream: TokenStream) -> Vec<TokenTree> {
    let mut kept: Vec<TokenTree> = Vec::new();
    let mut skipping = false;
    for tree in stream {
        if skipping {
            let brace = matches!(&tree, TokenTree::Group(g) if g.delimiter() == Delimiter::Brace);
            skipping = !brace && !is(&tree, ';');
        } else if kept.last().is_some_and(|hash| is(hash, '#')) && is_cfg_test(&tree) {
            kept.pop();
            skipping = true;
        } else if kept.last().is_some_and(|sign| is(sign, '#') || is(sign, '!')) && is_doc(&tree) {
            kept.pop();
        } else {
            kept.push(tree);
        }
    }
    kept
}

fn is(tree: &TokenTree, sign: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == sign)
}

fn is_cfg_test(tree: &TokenTree) -> bool {
    let TokenTree::Group(group) = tree else { return false };
    let text = group.stream().to_string().replace(' ', "");
    group.delimiter() == Delimiter::Bracket
        && (text == "cfg(test)" || text.starts_with("cfg(all(test,"))
}

/// Whether this is what a doc comment becomes: `[doc = "…"]`.
fn is_doc(tree: &TokenTree) -> bool {
    let TokenTree::Group(group) = tree else { return false };
    let first = group.stream().into_iter().next();
    group.delimiter() == Delimiter::Bracket && first.is_some_and(|word| word.to_string() == "doc")
}

fn collect_words(trees: Vec<TokenTree>, found: &mut Vec<Word>) {
    for tree in trees {
        let line = tree.span().start().line;
        match tree {
            TokenTree::Group(group) => collect_words(outside_tests(group.stream()), found),
            TokenTree::Ident(ident) => found.push(Word { text: ident.to_string(), line }),
            TokenTree::Literal(literal) => found.push(Word { text: literal.to_string(), line }),
            TokenTree::Punct(_) => {}
        }
    }
}

fn collect_paths(trees: Vec<TokenTree>, module: &[String], found: &mut Vec<Named>) {
    let mut rest = trees.as_slice();
    let mut before: Option<&TokenTree> = None;
    while let [tree, after @ ..] = rest {
        rest = after;
        match tree {
            // `mod inner { … }`: its `super` is this module.
            TokenTree::Ident(name) if before.is_some_and(|word| word.to_string() == "mod") => {
                if let [TokenTree::Group(body), after @ ..] = rest {
                    let inner = [module, &[name.to_string()]].concat();
                    collect_paths(outside_tests(body.stream()), &inner, found);
                    rest = after;
                }
            }
            TokenTree::Ident(root) if !before.is_some_and(|sign| is(sign, '$')) => {
                if let Some(base) = base_of(&root.to_string(), module) {
                    rest = follow(rest, base, root.span().start().line, found);
                }
            }
            TokenTree::Group(group) => collect_paths(outside_tests(group.stream()), module, found),
            _ => {}
        }
        before = Some(tree);
    }
}

fn base_of(root: &str, module: &[String]) -> Option<Vec<String>> {
    match root {
        "crate" => Some(Vec::new()),
        "self" => Some(module.to_vec()),
        "super" => Some(module.split_last().map(|(_, above)| above.to_vec()).unwrap_or_default()),
        _ => None,
    }
}

/// Goes along `::a::b::{…}` and notes each path at its end; gives back what comes after.
fn follow<'t>(
    mut rest: &'t [TokenTree],
    mut path: Vec<String>,
    line: usize,
    found: &mut Vec<Named>,
) -> &'t [TokenTree] {
    let mut moved = false;
    while let [one, two, next, after @ ..] = rest
        && is(one, ':')
        && is(two, ':')
    {
        match next {
            TokenTree::Ident(word) if word == "super" => drop(path.pop()),
            TokenTree::Ident(word) => path.push(word.to_string()),
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                let members: Vec<TokenTree> = group.stream().into_iter().collect();
                for member in members.split(|tree| is(tree, ',')) {
                    branch(member, &path, found);
                }
                return after;
            }
            _ => {}
        }
        moved = true;
        rest = after;
    }
    if moved {
        found.push(Named { segments: path, line });
    }
    rest
}

/// One member of `{…}` in a `use`.
fn branch(member: &[TokenTree], path: &[String], found: &mut Vec<Named>) {
    let [first, rest @ ..] = member else { return };
    let line = first.span().start().line;
    let mut path = path.to_vec();
    match first {
        TokenTree::Ident(word) if word == "self" => {}
        TokenTree::Ident(word) => path.push(word.to_string()),
        _ => {}
    }
    if rest.first().is_some_and(|tree| is(tree, ':')) {
        follow(rest, path, line, found);
    } else {
        found.push(Named { segments: path, line });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> File {
        File { path: "a.rs".into(), text: text.into() }
    }

    fn named(text: &str) -> Vec<String> {
        let module = ["limiter".to_owned(), "memory".to_owned()];
        own_paths(&file(text), &module).iter().map(|path| path.segments.join("/")).collect()
    }

    #[test]
    fn words_are_seen_in_macros_but_not_in_comments_or_tests() {
        let text = "//! hidden\n// hidden\n/// hidden\nfn f() { m!(seen, [deep]); }\n#[cfg(test)]\nmod tests { fn hidden() {} }\n\
                    #[cfg(test)] use hidden::it;\nfn last() {}";
        let words: Vec<String> = words(&file(text)).into_iter().map(|word| word.text).collect();
        assert_eq!(words, ["fn", "f", "m", "seen", "deep", "fn", "last"]);
    }

    #[test]
    fn a_word_tells_its_line() {
        let found = words(&file("\n\nuse\n it;"));
        assert_eq!(found.last(), Some(&Word { text: "it".into(), line: 4 }));
    }

    #[test]
    fn paths_are_found_in_uses_groups_types_and_macros() {
        assert_eq!(named("use crate::a::B;"), ["a/B"]);
        assert_eq!(named("use crate::{a::B, c::{D, e::*}, f};"), ["a/B", "c/D", "c/e", "f"]);
        assert_eq!(named("fn f(x: crate::a::B) { m!(crate::c::D) }"), ["a/B", "c/D"]);
        assert_eq!(
            named("use super::*; use super::super::x::Y; use self::z::W;"),
            ["limiter", "x/Y", "limiter/memory/z/W"]
        );
        assert_eq!(named("mod inner { use super::X; }"), ["limiter/memory/X"]);
    }

    #[test]
    fn what_only_looks_like_a_path_is_none() {
        assert!(
            named("pub(crate) fn f(&self) { self.x; $crate::y::z; other::crate_name::x }")
                .is_empty()
        );
        assert!(named("#[cfg(test)] mod tests { use super::*; }").is_empty());
    }
}
