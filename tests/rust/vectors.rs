//! The driver: every case of the corpus on the Rust library.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test ends by a panic, and tells what it saw"
)]

use std::collections::BTreeSet;
use std::fs;

use tokensmith_testkit::vectors::{self, check};

#[test]
fn every_case_comes_out_as_it_says() {
    let subjects = vectors::load_all(&vectors::folder()).unwrap();
    let mut mismatches = Vec::new();
    let mut names = BTreeSet::new();
    for subject in &subjects {
        for case in &subject.cases {
            assert!(names.insert(case.name.as_str()), "two cases are named {}", case.name);
            mismatches.extend(vectors::run(case, subject.clock_start_s).err());
        }
    }
    for mismatch in &mismatches {
        println!("{mismatch}");
    }
    println!("{} cases, {} mismatches", names.len(), mismatches.len());
    assert!(mismatches.is_empty(), "{} of {} cases", mismatches.len(), names.len());
    assert!(names.len() >= 150, "the corpus has shrunk to {} cases", names.len());
}

#[test]
fn the_corpus_keeps_to_its_schema_and_to_the_contract() {
    let checked = check::check_all(&vectors::folder(), &check::contract());
    let checked = checked.unwrap_or_else(|faults| {
        faults.iter().for_each(|fault| println!("{fault}"));
        panic!("{} faults", faults.len())
    });
    println!("{checked:?}");
    assert!(checked.cases >= 150);
}

/// The checks see what they are for: each planted fault is found.
#[test]
fn planted_faults_are_found() {
    let planted = [
        ("rejections.json", "\"status\": 401", "\"status\": 403", "there is no status 403"),
        ("rejections.json", "\"at_ms\": 0", "\"at_s\": 0", "at_s"),
        ("response.json", "RefreshToken", "refresh_token", "not a token"),
        (
            "response.json",
            "application/json\"}, \"body",
            "text/json\"}, \"body",
            "is not text/json",
        ),
        ("credentials.json", "appSecret", "appsecret", "the request does not conform"),
    ];
    for (file, from, to, told) in planted {
        let folder = tempfile::tempdir().unwrap();
        let schema = fs::read_to_string(vectors::folder().join("schema.json")).unwrap();
        fs::write(folder.path().join("schema.json"), schema).unwrap();
        let good = fs::read_to_string(vectors::folder().join(file)).unwrap();
        fs::write(folder.path().join(file), good.replacen(from, to, 1)).unwrap();
        let faults = check::check_all(folder.path(), &check::contract()).unwrap_err();
        let found = faults.iter().any(|fault| fault.to_string().contains(told));
        assert!(found, "{told}: {faults:?}");
    }
}

/// The runner sees what it is for: a changed expectation is a mismatch.
#[test]
fn changed_expectations_are_mismatches() {
    let changes = [
        ("the sixth quick request", "\"status\": 429", "\"status\": 200"),
        ("the sixth quick request", "\"retry-after\": \"6\"", "\"retry-after\": \"5\""),
        ("four members in order", "\\\"ExpiresIn\\\":3600", "\\\"ExpiresIn\\\":3601"),
        ("four members in order", "\"pragma\": \"no-cache\", ", ""),
        ("four members in order", "\"expires_in_s\": 3600", "\"expires_in_s\": 1"),
        ("just in time", "\"answer_at_ms\": 4999", "\"answer_at_ms\": 4998"),
        ("an authenticator that hangs", "\"answer_at_ms\": 5000", "\"answer_at_ms\": 5001"),
        ("a caller that goes away", "\"cancelled\"", "\"timed_out\""),
        (
            "byte for byte: spaces around the id",
            "\"app_client_id\": \" appcl",
            "\"app_client_id\": \"appcl",
        ),
    ];
    for (name, from, to) in changes {
        let text = case_text(name);
        assert!(text.contains(from), "{name} has {from}");
        let original: vectors::Case = serde_json::from_str(&text).unwrap();
        let changed: vectors::Case = serde_json::from_str(&text.replacen(from, to, 1)).unwrap();
        vectors::run(&original, 1_700_000_000).unwrap();
        vectors::run(&changed, 1_700_000_000).unwrap_err();
    }
}

/// A case as its file writes it.
fn case_text(name: &str) -> String {
    let name = format!("  \"name\": \"{name}\",\n");
    for path in vectors::files(&vectors::folder()).unwrap() {
        let text = fs::read_to_string(path).unwrap();
        if let Some(case) = text.split("\n {\n").find(|case| case.starts_with(&name)) {
            let end = case.find("\n }").unwrap();
            return format!("{{{}}}", &case[..end]);
        }
    }
    panic!("no case has {name}")
}
