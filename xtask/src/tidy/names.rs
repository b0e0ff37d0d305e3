//! A thing lives with its noun: no file or folder is called after no noun at all.

use super::Finding;
use crate::tree::Tree;

const FORBIDDEN: &[&str] =
    &["util", "utils", "helper", "helpers", "common", "misc", "shared", "types", "errors"];

pub fn check(tree: &Tree) -> Vec<Finding> {
    let bad = |path: &&str| {
        let stem = |part: &str| part.split('.').next().unwrap_or_default().to_ascii_lowercase();
        path.split('/').any(|part| FORBIDDEN.contains(&stem(part).as_str()))
    };
    let paths = tree.files.iter().map(|file| file.path.as_str());
    paths.filter(bad).map(|path| Finding::at(path, 0, "say which noun it belongs to")).collect()
}

#[cfg(test)]
mod tests {
    use super::super::breaches;
    use super::*;

    #[test]
    fn a_file_or_folder_without_a_noun_is_a_breach() {
        let found = |path| breaches(&check(&Tree::of(&[(path, "")]))).len();
        assert_eq!(found("core/src/outcome.rs"), 0);
        assert_eq!(found("core/src/utils.rs"), 1);
        assert_eq!(found("core/tests/common/mod.rs"), 1);
        assert_eq!(found("bindings-node/errors.d.ts"), 1);
    }
}
