//! The core has six storeys; a module imports only from storeys strictly below its own. This is the
//! one table of who lives where.

use super::Finding;
use super::rust::{Named, own_paths};
use crate::tree::{File, Tree};

const TABLE: &str = "xtask/src/tidy/storeys.rs";

/// A module and its storey. What lies in a module's folder and has no line lives with it.
type Place = (&'static str, u8);

const PLACES: &[Place] = &[
    // 5: the hall
    ("service", 5),
    // 4: doors, the only rooms that know HTTP or JSON
    ("request", 4),
    ("response", 4),
    // 3: what became of it, and who is told
    ("outcome", 3),
    // A port too, but one that speaks of reasons as the authenticator does.
    ("refresher", 3),
    ("errand", 3),
    ("observer", 3),
    ("observer/tracing", 3),
    // 2: ports that may wait
    ("authenticator", 2),
    ("limiter", 2),
    ("limiter/bucket", 2),
    ("limiter/tag", 2),
    ("limiter/memory", 2),
    ("limiter/known", 2),
    ("limiter/policy", 2),
    // 1: what a call carries, what a runtime lends
    ("context", 1),
    ("timer", 1),
    // 0: values
    ("credentials", 0),
    ("token", 0),
    ("invalid", 0),
    ("source", 0),
    ("clock", 0),
];

/// Inside a storey: who may import from whom.
const STAIRS: &[(&str, &[&str])] = &[
    ("observer", &["outcome", "observer/tracing"]),
    ("observer/tracing", &["outcome", "observer"]),
    ("limiter", &["limiter/bucket"]),
    ("limiter/tag", &["limiter/bucket", "limiter"]),
    ("limiter/memory", &["limiter/bucket", "limiter", "limiter/tag"]),
    ("limiter/known", &["limiter/bucket", "limiter", "limiter/tag"]),
    ("limiter/policy", &["limiter/bucket", "limiter"]),
];

pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in tree.rust() {
        let Some(module) = module(&file.path) else { continue };
        match home(&module) {
            Some(place) => found.extend(imports(file, &module, place)),
            None => found.push(Finding::at(&file.path, 0, format!("has no storey in {TABLE}"))),
        }
    }
    let gone = |place: &&Place| tree.file(&format!("core/src/{}.rs", place.0)).is_none();
    for (name, _) in PLACES.iter().filter(gone) {
        found.push(Finding::at(TABLE, 0, format!("there is no module `{name}`")));
    }
    found
}

fn module(path: &str) -> Option<Vec<String>> {
    let name = path.strip_prefix("core/src/")?.strip_suffix(".rs")?;
    // The crate's root and the guide are words: they name everything, for their links.
    (name != "lib" && name != "guide").then(|| name.split('/').map(str::to_owned).collect())
}

fn imports(file: &File, module: &[String], from: Place) -> Vec<Finding> {
    let judge =
        |named: &Named| judge(named, from).map(|text| Finding::at(&file.path, named.line, text));
    own_paths(file, module).iter().filter_map(judge).collect()
}

/// What is wrong with a path, if anything.
fn judge(named: &Named, from: Place) -> Option<String> {
    let Some(to) = home(&named.segments) else {
        let path = named.segments.join("::");
        return Some(format!("`crate::{path}` hides where it lives: name its module"));
    };
    let stairs =
        STAIRS.iter().find(|(name, _)| *name == from.0).map_or([].as_slice(), |(_, to)| to);
    let right = to.0 == from.0 || to.1 < from.1 || stairs.contains(&to.0);
    (!right).then(|| {
        format!("`{}` (storey {}) may not import from `{}` (storey {})", from.0, from.1, to.0, to.1)
    })
}

/// The innermost module that a path goes into.
fn home(segments: &[String]) -> Option<Place> {
    let longest = (1..=segments.len()).rev();
    longest.filter_map(|n| segments.get(..n)).find_map(|part| {
        let name = part.join("/");
        PLACES.iter().copied().find(|(module, _)| *module == name)
    })
}

#[cfg(test)]
mod tests {
    use super::super::breaches;
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        let mut files: Vec<(String, &str)> =
            PLACES.iter().map(|place| (format!("core/src/{}.rs", place.0), "")).collect();
        files.retain(|(other, _)| other != path);
        files.push((path.to_owned(), text));
        let files: Vec<(&str, &str)> =
            files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        breaches(&check(&Tree::of(&files)))
    }

    #[test]
    fn downward_is_right() {
        let text =
            "use crate::context::Context;\nuse crate::limiter::bucket::Quota;\nuse super::Charge;";
        assert!(found("core/src/limiter/memory.rs", text).is_empty());
        assert!(found("core/src/limiter.rs", "mod bucket; use self::bucket::Quota;").is_empty());
        assert!(found("core/src/observer.rs", "#[cfg(test)] mod tests { use crate::limiter::memory::X; }\nuse crate::outcome::Limited;").is_empty());
    }

    #[test]
    fn upward_sideways_and_through_the_roof_are_breaches() {
        assert_eq!(
            found("core/src/clock.rs", "\nuse crate::context::Context;"),
            ["core/src/clock.rs:2"]
        );
        assert_eq!(found("core/src/token.rs", "use crate::clock::Tick;"), ["core/src/token.rs:1"]);
        assert_eq!(
            found("core/src/limiter/bucket.rs", "use super::Charge;"),
            ["core/src/limiter/bucket.rs:1"]
        );
        assert_eq!(
            found("core/src/limiter/known.rs", "use crate::limiter::memory::X;"),
            ["core/src/limiter/known.rs:1"]
        );
        assert_eq!(
            found("core/src/observer.rs", "fn f(_: crate::TokenSet) {}"),
            ["core/src/observer.rs:1"]
        );
    }

    #[test]
    fn the_table_is_whole_and_has_no_ghosts() {
        assert_eq!(found("core/src/attic.rs", ""), ["core/src/attic.rs:0"]);
        assert_eq!(breaches(&check(&Tree::of(&[]))).len(), PLACES.len());
    }

    #[test]
    fn what_lies_in_a_module_s_folder_lives_with_it() {
        let path = "core/src/limiter/memory/slot.rs";
        assert!(found(path, "use super::sync::Mutex; use crate::limiter::tag::Tag;").is_empty());
        assert_eq!(found(path, "use crate::limiter::known::Known;"), [format!("{path}:1")]);
        let upward = "use crate::limiter::memory::slot::Slot;";
        assert_eq!(found("core/src/limiter/tag.rs", upward), ["core/src/limiter/tag.rs:1"]);
    }
}
