//! The papers that must be in the tree, the length that two of them keep to, and what each crate
//! says of itself.

use super::Finding;
use crate::tree::{Package, Tree};

const PAPERS: &[&str] = &[
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "THREAT-MODEL.md",
    "core/README.md",
    "deny.toml",
];
const LENGTHS: &[(&str, usize)] = &[("ARCHITECTURE.md", 150), ("CONTRIBUTING.md", 200)];
const LICENSE: &str = "MIT OR Apache-2.0";

pub fn check(tree: &Tree) -> Vec<Finding> {
    let missing =
        PAPERS.iter().filter(|path| tree.file(path).is_none_or(|file| file.text.is_empty()));
    let mut found: Vec<Finding> = missing.map(|path| Finding::at(path, 0, "is missing")).collect();
    for (path, most) in LENGTHS {
        let lines = tree.file(path).map_or(0, |file| file.text.lines().count());
        if lines > *most {
            found.push(Finding::at(path, 0, format!("has {lines} lines, at most {most} are read")));
        }
    }
    found.extend(tree.packages.iter().flat_map(package));
    found
}

fn package(package: &Package) -> Vec<Finding> {
    let wrong = [
        (package.license != LICENSE).then(|| format!("its license is not `{LICENSE}`")),
        (!package.described).then(|| "has no description".to_owned()),
    ];
    wrong.into_iter().flatten().map(|text| Finding::at(&package.manifest, 0, text)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::breaches;
    use super::*;

    fn whole() -> Tree {
        let mut tree = Tree::of(&PAPERS.iter().map(|path| (*path, "text")).collect::<Vec<_>>());
        tree.packages =
            vec![Package { license: LICENSE.into(), described: true, ..Package::default() }];
        tree
    }

    #[test]
    fn all_papers_are_right() {
        assert!(check(&whole()).is_empty());
    }

    #[test]
    fn a_missing_empty_or_long_paper_is_a_breach() {
        let mut tree = whole();
        tree.files.retain(|file| file.path != "LICENSE-MIT");
        assert_eq!(breaches(&check(&tree)), ["LICENSE-MIT:0"]);
        for (text, expected) in
            [(String::new(), "ARCHITECTURE.md:0"), ("x\n".repeat(151), "ARCHITECTURE.md:0")]
        {
            let mut tree = whole();
            tree.files.retain(|file| file.path != "ARCHITECTURE.md");
            tree.files.push(crate::tree::File { path: "ARCHITECTURE.md".into(), text });
            assert_eq!(breaches(&check(&tree)), [expected]);
        }
    }

    #[test]
    fn a_crate_without_licence_or_description_is_a_breach() {
        let mut tree = whole();
        tree.packages.push(Package { manifest: "core/Cargo.toml".into(), ..Package::default() });
        assert_eq!(breaches(&check(&tree)), ["core/Cargo.toml:0", "core/Cargo.toml:0"]);
    }
}
