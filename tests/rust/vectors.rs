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

use tokensmith_testkit::vectors::{self, bucket, check};

#[test]
fn every_case_comes_out_as_it_says() {
    let subjects = vectors::load_all(&vectors::folder()).unwrap();
    let mut mismatches = Vec::new();
    let mut names = BTreeSet::new();
    for subject in &subjects {
        for case in &subject.cases {
            assert!(names.insert(case.name.as_str()), "two cases are named {}", case.name);
            match vectors::run(case, subject.clock_start_s) {
                Ok(lines) => {
                    let steps: Vec<usize> = lines.iter().map(|line| line.step).collect();
                    assert_eq!(steps, Vec::from_iter(1..=case.steps.len()), "{}", case.name);
                }
                Err(mismatch) => mismatches.push(mismatch),
            }
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
        ("refresh.json", "refreshToken\\\"", "refresh_token\\\"", "there is no refresh token"),
        ("refresh.json", "/token/refresh", "/refresh", "/token/refresh"),
        (
            "refresh.json",
            "{\"kind\": \"issuer\"}",
            "{\"kind\": \"other\"}",
            "/cases/0/config/authenticator",
        ),
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
        ("refresh: one answer on both paths", "not valid", "not vaIid"),
        ("refresh: one answer on both paths", "unknown_client", "wrong_secret"),
        ("refresh: each path has its cap", "\"path\": \"/token/refresh\", ", ""),
        ("redemption: one after another", "<refresh-2>\\\"}\"}", "<refresh-1>\\\"}\"}"),
        ("redemption: one after another", "\"app\": \"<app>\"", "\"app\": \"<secret>\""),
        ("redemption: a lost answer, inside the grace", "\"at_ms\": 9000", "\"at_ms\": 11000"),
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

/// Every driver writes these lines: the bytes are part of what the drivers agree on.
#[test]
fn a_transcript_is_a_line_for_each_call() {
    let case = |name| serde_json::from_str::<vectors::Case>(&case_text(name)).unwrap();
    let cases = ["request id: any text", "a caller that goes away"].map(case);
    let mut subject = vectors::load(&vectors::folder().join("hosts.json")).unwrap();
    subject.cases = cases.to_vec();
    let mut buckets = bucket::load(&bucket::path(&vectors::folder())).unwrap();
    let wanted = ["bucket: a refund", "bucket: no period"];
    buckets.cases.retain(|case| wanted.contains(&case.name.as_str()));
    let text = vectors::transcript(&[subject], &buckets).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[0],
        concat!(
            r#"{"case":"request id: any text","step":1,"status":200,"headers":["#,
            r#"["content-type","application/json"],["cache-control","no-store"],"#,
            r#"["pragma","no-cache"],["x-content-type-options","nosniff"]],"#,
            r#""body":{"text":"{\"AccessToken\":\"eyJhY2Nlc3M\",\"ExpiresIn\":3600,"#,
            r#"\"TokenType\":\"Bearer\",\"RefreshToken\":\"eyJyZWZyZXNo\"}"},"#,
            r#""events":[{"event":"issued","request_id":"a b/ü\"😀","source":"192.0.2.1","#,
            r#""app":"appcl-1234","expires_in_s":3600}]}"#,
        )
    );
    assert!(lines[1].contains(r#""step":1,"status":null,"headers":[],"body":null,"events":["#));
    let calls = cases.iter().map(|case| case.steps.len()).sum::<usize>();
    assert_eq!(
        lines[calls..],
        [
            r#"{"case":"bucket: a refund","step":1,"granted":5,"retry_after_s":null}"#,
            r#"{"case":"bucket: a refund","step":3,"left":2}"#,
            r#"{"case":"bucket: a refund","step":4,"granted":2,"retry_after_s":3600}"#,
            r#"{"case":"bucket: no period","step":0,"refused":true}"#,
        ]
    );
}

/// A transcript of a case that does not come out as it says would agree with nobody.
#[test]
fn a_mismatch_has_no_transcript() {
    let mut buckets = bucket::load(&bucket::path(&vectors::folder())).unwrap();
    let mut subject = vectors::load(&vectors::folder().join("hosts.json")).unwrap();
    vectors::transcript(std::slice::from_ref(&subject), &buckets).unwrap();
    let status = &mut subject.cases[0].steps[0].expect.status;
    assert_eq!(status.replace(422), Some(200));
    vectors::transcript(&[subject], &buckets).unwrap_err();
    buckets.cases[0].refused = true;
    vectors::transcript(&[], &buckets).unwrap_err();
}

#[test]
fn bytes_are_a_text_where_they_can_be() {
    for (bytes, json) in
        [(&b"caf\xc3\xa9"[..], r#"{"text":"café"}"#), (b"caf\xe9", r#"{"base64":"Y2Fm6Q=="}"#)]
    {
        let written = vectors::Bytes::from_slice(bytes);
        assert_eq!(serde_json::to_string(&written).unwrap(), json);
        assert_eq!(written.to_vec(), bytes);
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
