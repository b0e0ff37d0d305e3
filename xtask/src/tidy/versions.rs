//! One version for all that is published, and one of the tool that writes the addon's loader: said
//! in several files, since each registry reads its own. The packages of the addons and what the
//! main one asks of them are made when it is packed, from `package.json` alone.

use serde_json::Value;

use super::Finding;
use crate::tree::{File, Tree};

const WORKSPACE: &str = "Cargo.toml";
const MANIFEST: &str = "bindings-node/package.json";
const LOCK: &str = "bindings-node/package-lock.json";
const LOADER: &str = "bindings-node/native.js";
const REASONS: &str = "docs/dependencies.md";
const CLI: &str = "@napi-rs/cli";
const WHEEL: &str = "bindings-uniffi/python/pyproject.toml";
const POM: &str = "bindings-uniffi/kotlin/pom.xml";

pub fn check(tree: &Tree) -> Vec<Finding> {
    let ours = section(tree, "[workspace.package]").find_map(|(_, line)| version(line));
    let Some(ours) = ours else { return vec![Finding::at(WORKSPACE, 0, "has no version")] };
    let members =
        section(tree, "[workspace.dependencies]").filter(|(_, line)| line.contains("path ="));
    let mut found: Vec<Finding> = members
        .filter(|(_, line)| version(line) != Some(ours))
        .map(|(number, _)| Finding::at(WORKSPACE, number, format!("is not of {ours}")))
        .collect();
    found.extend(tree.file(LOADER).into_iter().flat_map(|loader| loads_others(loader, ours)));
    found.extend(package(tree, ours));
    found.extend(tools(tree));
    found.extend(poms(tree, ours));
    found.extend(wheels(tree));
    found
}

/// What builds the wheel is of one exact version, which the reasons name: `maturin==…` wherever it is asked
/// for.
fn wheels(tree: &Tree) -> Vec<Finding> {
    let asked = |text: &str| {
        let rest = text.split("maturin==").skip(1);
        let told = rest.filter_map(|rest| numbers(rest).next().map(str::to_owned));
        told.collect::<Vec<_>>()
    };
    let wheel = tree.file(WHEEL).map(|file| asked(&file.text)).unwrap_or_default();
    let Some(ours) = wheel.first() else {
        return vec![Finding::at(WHEEL, 0, "asks for no `maturin` of one version")];
    };
    let files = tree.files.iter().filter(|file| !file.path.ends_with(".rs"));
    let mut found: Vec<Finding> = files
        .filter(|file| asked(&file.text).iter().any(|version| version != ours))
        .map(|file| Finding::at(&file.path, 0, format!("asks for another `maturin` than {ours}")))
        .collect();
    let reasons = tree.file(REASONS).map_or("", |file| file.text.as_str());
    if !reasons.contains(&format!("`maturin` {ours}:")) {
        found.push(Finding::at(REASONS, 0, format!("does not say `maturin` {ours}")));
    }
    found
}

/// The version of the Maven package, where it and the examples say it: in the line after its name.
fn poms(tree: &Tree, ours: &str) -> Vec<Finding> {
    let named = |file: &File| {
        let lines: Vec<&str> = file.text.lines().map(str::trim).collect();
        let told = lines.windows(2).filter_map(|pair| match pair {
            ["<artifactId>tokensmith</artifactId>", next] => Some((*next).to_owned()),
            _ => None,
        });
        told.collect::<Vec<_>>()
    };
    let right = format!("<version>{ours}</version>");
    let mut found = Vec::new();
    for file in tree.files.iter().filter(|file| file.path.ends_with("pom.xml")) {
        let told = named(file);
        if told.iter().any(|version| *version != right) || file.path == POM && told.is_empty() {
            found.push(Finding::at(&file.path, 0, format!("does not say {ours} of `tokensmith`")));
        }
    }
    found
}

/// The lines of a section of the workspace's manifest, with their numbers.
fn section<'t>(tree: &'t Tree, head: &'t str) -> impl Iterator<Item = (usize, &'t str)> {
    let text = tree.file(WORKSPACE).map_or("", |file| file.text.as_str());
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    lines
        .skip_while(move |(_, line)| *line != head)
        .skip(1)
        .take_while(|(_, line)| !line.starts_with('['))
}

/// What `version = "…"` says.
fn version(line: &str) -> Option<&str> {
    line.split_once("version = \"")?.1.split('"').next()
}

/// Lines of the loader that want an addon of another version, or that there are none.
fn loads_others(loader: &File, ours: &str) -> Vec<Finding> {
    let wanted = |line: &'_ str| {
        Some(line.split_once("bindingPackageVersion !== '")?.1.split('\'').next()? == ours)
    };
    let lines = loader.text.lines().enumerate();
    let wants: Vec<_> = lines.filter_map(|(i, line)| Some((i + 1, wanted(line)?))).collect();
    if wants.is_empty() {
        return vec![Finding::at(LOADER, 0, "says no version")];
    }
    let others = wants.iter().filter(|(_, same)| !same);
    others.map(|(number, _)| Finding::at(LOADER, *number, format!("is not of {ours}"))).collect()
}

/// The version of the npm package, where it and its lockfile say it.
fn package(tree: &Tree, ours: &str) -> Vec<Finding> {
    let places = [(MANIFEST, "/version"), (LOCK, "/version"), (LOCK, "/packages//version")];
    let other =
        places.iter().filter(|(path, place)| told(tree, path, place).as_deref() != Some(ours));
    other.map(|(path, place)| Finding::at(path, 0, format!("`{place}` is not {ours}"))).collect()
}

/// The tool is of one exact version, the one that the reasons name; so is the least `napi` there.
fn tools(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    let cli = told(tree, MANIFEST, "/devDependencies/@napi-rs~1cli").unwrap_or_default();
    if cli.is_empty() || !cli.chars().all(|c| c.is_ascii_digit() || c == '.') {
        found.push(Finding::at(MANIFEST, 0, format!("`{CLI}` is of no exact version")));
    }
    for place in [
        "/packages//devDependencies/@napi-rs~1cli",
        "/packages/node_modules~1@napi-rs~1cli/version",
    ] {
        if told(tree, LOCK, place).as_deref() != Some(cli.as_str()) {
            found.push(Finding::at(LOCK, 0, format!("`{place}` is not {cli}")));
        }
    }
    let crates =
        section(tree, "[workspace.dependencies]").find(|(_, line)| line.starts_with("napi = "));
    let least = crates.and_then(|(_, line)| version(line)).unwrap_or_default();
    for (name, version) in [(CLI, cli.as_str()), ("napi", least)] {
        let row = |line: &str| {
            line.contains(&format!("`{name}`")) && numbers(line).any(|number| number == version)
        };
        let reasons = tree.file(REASONS).map_or("", |file| file.text.as_str());
        if !reasons.lines().any(row) {
            found.push(Finding::at(REASONS, 0, format!("does not say `{name}` {version}")));
        }
    }
    found
}

fn numbers(line: &str) -> impl Iterator<Item = &str> {
    let words = line.split(|c: char| !c.is_ascii_digit() && c != '.');
    words.map(|word| word.trim_matches('.')).filter(|word| !word.is_empty())
}

/// A text in a JSON file, by its pointer.
fn told(tree: &Tree, path: &str, place: &str) -> Option<String> {
    let read: Value = serde_json::from_str(&tree.file(path)?.text).ok()?;
    Some(read.pointer(place)?.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::breaches;
    use super::*;

    const LOADED: &str =
        "\nif (bindingPackageVersion !== '0.1.0' && x) {\nbindingPackageVersion !== '0.1.0'";
    const RIGHT: &[(&str, &str)] = &[
        (
            WORKSPACE,
            "[workspace.package]\nversion = \"0.1.0\"\n[workspace.dependencies]\na = { path = \"a\", version = \"0.1.0\" }\n\
             napi = { version = \"3.16.1\" }\n[profile.dev]\n",
        ),
        (MANIFEST, r#"{"version":"0.1.0","devDependencies":{"@napi-rs/cli":"3.10.12"}}"#),
        (
            LOCK,
            r#"{"version":"0.1.0","packages":{"":{"version":"0.1.0","devDependencies":{"@napi-rs/cli":"3.10.12"}},
            "node_modules/@napi-rs/cli":{"version":"3.10.12"}}}"#,
        ),
        (LOADER, LOADED),
        (
            POM,
            "<artifactId>tokensmith</artifactId>\n  <version>0.1.0</version>\n<version>9</version>",
        ),
        (WHEEL, "requires = [\"maturin==1.16.0\"]"),
        ("tests/requirements.txt", "maturin==1.16.0\nmypy==2.4.1\n"),
        (
            REASONS,
            "| `napi` | from 3.16.1 on |\n\n- `@napi-rs/cli` 3.10.12: builds\n- `maturin` 1.16.0: builds",
        ),
    ];

    fn found(path: &str, from: &str, to: &str) -> Vec<String> {
        let text = |file: &(&str, &str)| {
            if file.0 == path { file.1.replacen(from, to, 1) } else { file.1.into() }
        };
        let texts: Vec<(&str, String)> = RIGHT.iter().map(|file| (file.0, text(file))).collect();
        let files: Vec<(&str, &str)> =
            texts.iter().map(|(path, text)| (*path, text.as_str())).collect();
        breaches(&check(&Tree::of(&files)))
    }

    #[test]
    fn one_version_everywhere_is_right() {
        assert!(found("", "", "").is_empty());
    }

    #[test]
    fn each_place_with_another_version_is_a_breach() {
        assert_eq!(found(WORKSPACE, "package]\nversion", "package]\nx"), ["Cargo.toml:0"]);
        assert_eq!(
            found(WORKSPACE, "\"a\", version = \"0.1.0\"", "\"a\", version = \"0.0.9\""),
            ["Cargo.toml:4"]
        );
        assert_eq!(found(MANIFEST, "0.1.0", "0.1.1"), ["bindings-node/package.json:0"]);
        for place in [r#"{"version":"0.1.0","packages"#, r#"{"":{"version":"0.1.0""#] {
            let other = place.replace("0.1.0", "0.1.1");
            assert_eq!(found(LOCK, place, &other), ["bindings-node/package-lock.json:0"]);
        }
        assert_eq!(found(LOADER, "'0.1.0' &&", "'0.0.9' &&"), ["bindings-node/native.js:2"]);
        assert_eq!(found(LOADER, LOADED, ""), ["bindings-node/native.js:0"]);
        // The workspace's alone: all others are behind.
        assert_eq!(
            found(WORKSPACE, "package]\nversion = \"0.1.0\"", "package]\nversion = \"0.2.0\"")
                .len(),
            7
        );
    }

    #[test]
    fn a_maven_package_of_another_version_or_of_none_is_a_breach() {
        assert_eq!(found(POM, "0.1.0", "0.1.1"), ["bindings-uniffi/kotlin/pom.xml:0"]);
        assert_eq!(found(POM, ">tokensmith<", ">x<"), ["bindings-uniffi/kotlin/pom.xml:0"]);
        let example = "<artifactId>tokensmith</artifactId>\n<version>0.0.9</version>";
        let files = [RIGHT, &[("examples/x/pom.xml", example)]].concat();
        assert_eq!(breaches(&check(&Tree::of(&files))), ["examples/x/pom.xml:0"]);
    }

    #[test]
    fn another_builder_of_the_wheel_or_an_inexact_one_is_a_breach() {
        assert_eq!(found(WHEEL, "==1.16.0", ">=1"), [format!("{WHEEL}:0")]);
        assert_eq!(
            found("tests/requirements.txt", "1.16.0", "1.16.1"),
            ["tests/requirements.txt:0"]
        );
        assert_eq!(found(REASONS, "1.16.0", "1.16"), ["docs/dependencies.md:0"]);
    }

    #[test]
    fn another_or_an_inexact_tool_is_a_breach() {
        for other in ["3.10.13", "^3.10.12", ""] {
            assert!(!found(MANIFEST, "3.10.12", other).is_empty(), "{other}");
        }
        for place in [r#"cli":"3.10.12"#, r#"cli":{"version":"3.10.12"#] {
            let other = place.replace("3.10.12", "3.10.11");
            assert_eq!(found(LOCK, place, &other), ["bindings-node/package-lock.json:0"]);
        }
        assert_eq!(found(REASONS, "3.10.12", "3"), ["docs/dependencies.md:0"]);
        assert_eq!(found(REASONS, "3.16.1", "3.16"), ["docs/dependencies.md:0"]);
        for other in ["3.17.0", "3.16", ""] {
            assert_eq!(found(WORKSPACE, "3.16.1", other), ["docs/dependencies.md:0"], "{other}");
        }
        assert_eq!(found(WORKSPACE, "napi = ", "x = "), ["docs/dependencies.md:0"]);
    }
}
