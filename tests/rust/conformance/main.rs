//! 422 if and only if the body does not conform: the library against a JSON Schema validator with
//! the contract's own schema, and a reader of JSON that shares nothing with it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a test ends by a panic, counts small numbers, and tells what it saw"
)]

mod bodies;
mod scan;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;

use futures_executor::block_on;
use jsonschema::Validator;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokensmith::{
    AuthenticateError, LimitPolicy, RejectReason, TokenRequest, TokenService, authenticator_fn,
};
use tokensmith_testkit::vectors::check;

/// The request's schema, from the contract.
fn schema() -> Validator {
    let text = fs::read(check::contract()).unwrap();
    let document: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let schema = "/paths/~1token/post/requestBody/content/application~1json/schema";
    jsonschema::draft202012::new(document.pointer(schema).unwrap()).unwrap()
}

/// A service without limits, for which no credentials are right.
fn service() -> TokenService {
    let nobody = authenticator_fn(|_, _| async {
        Err(AuthenticateError::Rejected(RejectReason::UnknownClient))
    });
    let off = LimitPolicy {
        source: None,
        client_at_source: None,
        client: None,
        global: None,
        ..LimitPolicy::default()
    };
    TokenService::builder(nobody).limit_policy(off).build().unwrap()
}

/// Of so many cases, or as many as `PROPTEST_CASES` says.
fn runner(cases: u32) -> TestRunner {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    let cases = asked.unwrap_or(cases);
    TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() })
}

fn request(body: &[u8]) -> TokenRequest<'_> {
    TokenRequest { body, content_type: Some("application/json"), source: None, request_id: None }
}

#[test]
fn a_body_is_refused_exactly_when_it_does_not_conform() {
    let (schema, service) = (schema(), service());
    let seen: RefCell<BTreeMap<String, u32>> = RefCell::default();
    let result = runner(20_000).run(&bodies::body(), |body| {
        let expected = scan::verdict(&body, |value| schema.is_valid(value));
        let found = request(&body).parse();
        prop_assert_eq!(
            found.as_ref().err().copied(),
            expected,
            "{}",
            String::from_utf8_lossy(&body)
        );
        let response = block_on(service.handle(request(&body)));
        let phrase = expected.map(|invalid| invalid.to_string());
        match &phrase {
            Some(phrase) => {
                prop_assert_eq!(response.status().code(), 422);
                prop_assert_eq!(response.body(), phrase.as_bytes());
            }
            None => prop_assert_eq!(response.status().code(), 401),
        }
        if let (Ok(presented), scan::Scanned::Json(json)) = (found, scan::scan(&body)) {
            prop_assert_eq!(Some(presented.charged_id()), json.value["appClientId"].as_str());
            if let Ok(credentials) = presented.credentials() {
                let secret = credentials.secret.expose_secret();
                prop_assert_eq!(Some(secret), json.value["appSecret"].as_str());
            }
        }
        *seen.borrow_mut().entry(phrase.unwrap_or("conforms".into())).or_default() += 1;
        Ok(())
    });
    let seen = seen.into_inner();
    println!("{seen:#?}");
    result.unwrap();
    // A generator that no longer reaches a phrase would prove nothing about it.
    assert_eq!(seen.len(), 11, "every phrase is reached, and none");
    assert!(seen.values().all(|&times| times >= 20), "{seen:?}");
}

#[test]
fn no_bytes_and_no_content_type_make_a_panic() {
    let service = service();
    let bytes = (prop::collection::vec(any::<u8>(), 0..256), any::<Option<String>>());
    let result = runner(5_000).run(&bytes, |(body, content_type)| {
        let content_type = content_type.as_deref();
        let request = TokenRequest { body: &body, content_type, source: None, request_id: None };
        let response = block_on(service.handle(request));
        prop_assert!(matches!(response.status().code(), 422 | 401), "{response:?}");
        Ok(())
    });
    result.unwrap();
}

/// A content type is one that conforms, with blows: never a panic, and the verdict is that of the
/// grammar written out as words.
#[test]
fn content_types_are_judged_as_the_grammar_says() {
    let word = "[a-zA-Z0-9!#$&.+^_`|~-]{1,6}";
    let charset =
        prop_oneof![3 => Just("utf-8"), 1 => Just("UTF-8"), 1 => Just("utf8"), 1 => Just("latin1")];
    let plain = (word, word).prop_map(|(name, value)| (format!("x{name}={value}"), true));
    let quoted =
        (word, "[a-z;= ,/]{0,6}").prop_map(|(name, value)| (format!("x{name}=\"{value}\""), true));
    let encoding = (charset, any::<bool>()).prop_map(|(charset, quoted)| {
        let text =
            if quoted { format!("charset=\"{charset}\"") } else { format!("Charset={charset}") };
        (text, charset.eq_ignore_ascii_case("utf-8"))
    });
    let broken = prop_oneof![
        Just("charset"),
        Just("=x"),
        Just("a b=c"),
        Just("a=b c"),
        Just("a=\"b"),
        Just("a=")
    ]
    .prop_map(|text| (text.to_owned(), false));
    let parameter = prop_oneof![4 => plain, 2 => quoted, 4 => encoding, 1 => broken];
    let media = prop_oneof![
        4 => Just(("application/json".to_owned(), true)),
        1 => Just(("Application/JSON".to_owned(), true)),
        2 => word.prop_map(|word| (format!("application/{word}+json"), true)),
        1 => word.prop_map(|word| (format!("text/{word}+json"), false)),
        1 => word.prop_map(|word| (format!("application/{word}+xml"), false)),
        1 => Just(("application".to_owned(), false)),
    ];
    let space = prop_oneof![Just(""), Just(" "), Just("\t"), Just("  ")];
    let all = (media, prop::collection::vec((space.clone(), space, parameter), 0..4));
    let body = br#"{"appClientId":"a","appSecret":"b"}"#;
    let result = runner(5_000).run(&all, |((media, media_conforms), parameters)| {
        let mut text = media;
        let mut conforms = media_conforms;
        for (before, after, (parameter, is_good)) in parameters {
            text.push_str(&format!("{before};{after}{parameter}"));
            conforms &= is_good;
        }
        let content_type = Some(text.as_str());
        let request = TokenRequest { body, content_type, source: None, request_id: None };
        prop_assert_eq!(request.parse().is_ok(), conforms, "{}", text);
        Ok(())
    });
    result.unwrap();
}
