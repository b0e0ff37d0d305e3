//! Nothing in the repository knows the machine that it was written on.

use super::Finding;
use crate::tree::{File, Tree};

/// Each in two halves, so that this file is none of its own breaches.
const FORBIDDEN: &[(&str, &str)] =
    &[("/ho", "me/"), ("/Us", "ers/"), ("/ro", "ot/"), ("/wo", "rk/"), ("/m", "nt/"), ("C:", "\\")];

pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.files.iter().flat_map(file).collect()
}

fn file(file: &File) -> Vec<Finding> {
    let breach = |(number, line): (usize, &str)| {
        let path =
            FORBIDDEN.iter().map(|(a, b)| [*a, *b].concat()).find(|path| holds(line, path))?;
        Some(Finding::at(&file.path, number + 1, format!("`{path}` is on somebody's machine")))
    };
    file.text.lines().enumerate().filter_map(breach).collect()
}

/// Whether an absolute path begins so: `a/root/b` does not.
fn holds(line: &str, path: &str) -> bool {
    let begins = |(at, _)| {
        let before = str::get(line, ..at).and_then(|text| text.chars().next_back());
        !before.is_some_and(|c| c.is_alphanumeric() || "._-~}$)".contains(c))
    };
    line.match_indices(path).any(begins)
}

#[cfg(test)]
mod tests {
    use super::super::breaches;
    use super::*;

    #[test]
    fn an_absolute_path_of_a_machine_is_a_breach() {
        let path = ["/ho", "me/ada/token"].concat();
        let found = |text: &str| breaches(&check(&Tree::of(&[("docs/a.md", text)])));
        assert_eq!(found(&format!("see\n`{path}`")), ["docs/a.md:2"]);
        assert_eq!(found(&path), ["docs/a.md:1"]);
        assert!(found(&format!("$DIR{path} and a{path}")).is_empty());
        assert!(found("/etc/tokensmith, /tmp/x").is_empty());
    }
}
