//! The rules of the house that no compiler checks, a file a rule. Each has a test in which it finds
//! a planted breach.

mod bindings;
mod claims;
mod clocks;
mod codes;
mod crates;
mod doors;
mod manifest;
mod names;
mod paths;
mod presence;
mod rust;
mod secrets;
mod sizes;
mod storeys;
mod versions;

use crate::tree::Tree;

/// Something a rule has to say.
#[derive(Debug)]
pub struct Finding {
    path: String,
    /// 0 for the file as a whole.
    line: usize,
    text: String,
    /// Worth a look, but no failure.
    note: bool,
}

impl Finding {
    fn at(path: &str, line: usize, text: impl Into<String>) -> Self {
        Self { path: path.into(), line, text: text.into(), note: false }
    }

    fn note(path: &str, line: usize, text: impl Into<String>) -> Self {
        Self { note: true, ..Self::at(path, line, text) }
    }
}

type Rule = (&'static str, fn(&Tree) -> Vec<Finding>);

const RULES: &[Rule] = &[
    ("storeys of the core", storeys::check),
    ("who depends on what", crates::check),
    ("every dependency has its reason", manifest::check),
    ("sizes of files and functions", sizes::check),
    ("places of `expose_secret`", secrets::check),
    ("doors: HTTP and JSON", doors::check),
    ("clocks", clocks::check),
    ("lints and exports of the bindings", bindings::check),
    ("error codes, one table", codes::check),
    ("names of files", names::check),
    ("no machine's paths", paths::check),
    ("licences and documents", presence::check),
    ("versions that must agree", versions::check),
    ("claims and their tests", claims::check),
];

/// Says all that the rules have to say; true if none is broken.
pub fn run(tree: &Tree) -> bool {
    let mut broken = 0_usize;
    for (name, rule) in RULES {
        let findings = rule(tree);
        let breaches = findings.iter().filter(|finding| !finding.note).count();
        broken += breaches;
        println!("{} {name}", if breaches == 0 { "ok    " } else { "BROKEN" });
        for Finding { path, line, text, note } in findings {
            let kind = if note { "note: " } else { "" };
            if line == 0 {
                println!("       {path}: {kind}{text}");
            } else {
                println!("       {path}:{line}: {kind}{text}");
            }
        }
    }
    println!("{} rules, {broken} breaches", RULES.len());
    broken == 0
}

#[cfg(test)]
fn breaches(findings: &[Finding]) -> Vec<String> {
    let told = findings.iter().filter(|finding| !finding.note);
    told.map(|f| format!("{}:{}", f.path, f.line)).collect()
}
