//! `docs/dependencies.md` names every direct dependency of every crate, and no other, each with the
//! reason why it is there: a row is ``| `name` | reason |``, with any columns after.

use std::collections::BTreeSet;

use super::Finding;
use crate::tree::Tree;

const PAGE: &str = "docs/dependencies.md";

pub fn check(tree: &Tree) -> Vec<Finding> {
    let Some(page) = tree.file(PAGE) else { return vec![Finding::at(PAGE, 0, "is missing")] };
    let dependencies = tree.packages.iter().flat_map(|package| &package.dependencies);
    let used: BTreeSet<&str> = dependencies.filter(|d| !d.ours).map(|d| d.name.as_str()).collect();
    let mut told = BTreeSet::new();
    let mut found = Vec::new();
    for (line, name, reason) in rows(&page.text) {
        let at = |text: String| Finding::at(PAGE, line, text);
        if !told.insert(name) {
            found.push(at(format!("`{name}` is there twice")));
        }
        if !used.contains(name) {
            found.push(at(format!("`{name}` is used by no crate")));
        }
        if reason.split_whitespace().count() < 4 {
            found.push(at(format!("`{name}` has no reason")));
        }
    }
    for name in used.difference(&told) {
        found.push(Finding::at(PAGE, 0, format!("`{name}` is missing")));
    }
    found
}

fn rows(text: &str) -> impl Iterator<Item = (usize, &str, &str)> {
    let row = |(number, line)| {
        let mut cells = str::strip_prefix(line, "| `")?.split('|');
        let name = cells.next()?.trim().strip_suffix('`')?;
        Some((number + 1, name, cells.next().unwrap_or_default().trim()))
    };
    text.lines().enumerate().filter_map(row)
}

#[cfg(test)]
mod tests {
    use super::super::breaches;
    use super::*;
    use crate::tree::{Dependency, Package};

    fn found(page: &str) -> Vec<String> {
        let mut tree = Tree::of(&[(PAGE, page)]);
        let dependency = |name: &str, ours| Dependency { name: name.into(), ours, dev: false };
        let dependencies = vec![dependency("serde", false), dependency("tokensmith", true)];
        tree.packages = vec![Package { dependencies, ..Package::default() }];
        breaches(&check(&tree))
    }

    const RIGHT: &str = "| crate | why |\n|---|---|\n| `serde` | reads what must be read |\n";

    #[test]
    fn each_dependency_with_its_reason_is_right() {
        assert!(found(RIGHT).is_empty());
    }

    #[test]
    fn missing_unused_doubled_and_unreasoned_rows_are_breaches() {
        assert_eq!(found(""), ["docs/dependencies.md:0"]);
        assert_eq!(
            found(&format!("{RIGHT}| `left-pad` | pads on the left side |\n")),
            ["docs/dependencies.md:4"]
        );
        assert_eq!(
            found(&format!("{RIGHT}| `serde` | reads what must be read |\n")),
            ["docs/dependencies.md:4"]
        );
        assert_eq!(found("| `serde` | why not |\n"), ["docs/dependencies.md:1"]);
        assert_eq!(breaches(&check(&Tree::default())), ["docs/dependencies.md:0"]);
    }
}
