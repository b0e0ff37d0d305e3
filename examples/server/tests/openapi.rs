//! The published document keeps what the contract demands, and says what the service answers.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by it")]

use std::time::Duration;

use serde_json::{Value, json};
use tokensmith::{Invalid, Limited, Member, Scope, TokenError, TokenRequest};

fn document() -> Value {
    serde_json::from_str(include_str!("../openapi.json")).unwrap()
}

/// What a reference within the document points to.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
        None => value,
    }
}

/// The schema of a request or of a response.
fn schema<'a>(document: &'a Value, pointer: &str, content_type: &str) -> &'a Value {
    let content = document.pointer(pointer).unwrap()["content"].as_object().unwrap();
    assert_eq!(content.keys().collect::<Vec<_>>(), [content_type], "{pointer}");
    resolved(document, &content[content_type]["schema"])
}

fn response(status: &str) -> String {
    format!("/paths/~1token/post/responses/{status}")
}

#[test]
fn the_route_is_the_contracts() {
    let document = document();
    let paths = document["paths"].as_object().unwrap();
    assert_eq!(paths.keys().collect::<Vec<_>>(), ["/token"]);
    let methods = document["paths"]["/token"].as_object().unwrap();
    assert_eq!(methods.keys().collect::<Vec<_>>(), ["post"]);
    let statuses = methods["post"]["responses"].as_object().unwrap();
    assert_eq!(statuses.keys().collect::<Vec<_>>(), ["200", "401", "422", "429", "502"]);
}

#[test]
fn the_request_is_the_contracts() {
    let document = document();
    let body = schema(&document, "/paths/~1token/post/requestBody", "application/json");
    assert_eq!(body["type"], "object");
    assert_eq!(body["required"], json!(["appClientId", "appSecret"]));
    let members = body["properties"].as_object().unwrap();
    assert_eq!(members.keys().collect::<Vec<_>>(), ["appClientId", "appSecret"]);
    for (name, member) in members {
        // A bound here would make a 422 of what is a 401.
        let keywords: Vec<_> = member.as_object().unwrap().keys().collect();
        assert_eq!(keywords, ["description", "type"], "{name}");
        assert_eq!(member["type"], "string", "{name}");
    }
    assert!(body.get("additionalProperties").is_none());

    let operation = &document["paths"]["/token"]["post"];
    assert_eq!(operation["requestBody"]["required"], true);
    let example = &operation["requestBody"]["content"]["application/json"]["example"];
    let example = serde_json::to_vec(example).unwrap();
    let conforms = TokenRequest {
        body: &example,
        content_type: Some("application/json"),
        source: None,
        request_id: None,
    };
    assert!(conforms.parse().is_ok());
}

#[test]
fn the_answer_is_the_contracts_and_its_example_fits() {
    let document = document();
    let answer = schema(&document, &response("200"), "application/json");
    let required = ["AccessToken", "ExpiresIn", "TokenType", "RefreshToken"];
    assert_eq!(answer["type"], "object");
    assert_eq!(answer["required"], json!(required));
    let members = answer["properties"].as_object().unwrap();
    let mut names = required.to_vec();
    names.push("IdToken");
    assert_eq!(members.len(), names.len());
    for name in names {
        let expected = if name == "ExpiresIn" { "integer" } else { "string" };
        assert_eq!(members[name]["type"], expected, "{name}");
    }

    let content = &document.pointer(&response("200")).unwrap()["content"]["application/json"];
    let example = content["example"].as_object().unwrap();
    for name in required {
        let value = &example[name];
        assert_eq!(value.is_u64(), name == "ExpiresIn", "{name}");
        assert_eq!(value.is_string(), name != "ExpiresIn", "{name}");
    }
    assert_eq!(example["TokenType"], members["TokenType"]["const"]);
    assert!(example.keys().all(|name| members.contains_key(name)));
}

#[test]
fn the_sentences_are_those_of_the_service() {
    let document = document();
    let limited = TokenError::RateLimited {
        by: Limited::Scope(Scope::Source),
        retry_after: Duration::from_secs(1),
    };
    for (status, error) in [
        ("401", TokenError::Unauthorized),
        ("429", limited),
        ("502", TokenError::Downstream { retry_after: None }),
    ] {
        let text = schema(&document, &response(status), "text/plain");
        assert_eq!(text, &json!({ "type": "string", "const": error.sentence() }), "{status}");
    }
    let members = [Member::AppClientId, Member::AppSecret];
    let phrases = [
        Invalid::ContentType,
        Invalid::TooLarge,
        Invalid::Encoding,
        Invalid::Syntax,
        Invalid::NotAnObject,
        Invalid::TooDeep,
        Invalid::Repeated,
    ]
    .into_iter()
    .chain(members.map(Invalid::Missing))
    .chain(members.map(Invalid::NotAString))
    .map(Invalid::phrase);
    let text = schema(&document, &response("422"), "text/plain");
    assert_eq!(text, &json!({ "type": "string", "enum": phrases.collect::<Vec<_>>() }));
}

#[test]
fn every_answer_names_its_headers() {
    let document = document();
    let fixed = ["Cache-Control", "Pragma", "X-Content-Type-Options"];
    for (status, own) in [
        ("200", None),
        ("401", Some(("WWW-Authenticate", true))),
        ("422", None),
        ("429", Some(("Retry-After", true))),
        ("502", Some(("Retry-After", false))),
    ] {
        let headers = document.pointer(&response(status)).unwrap()["headers"].as_object().unwrap();
        assert_eq!(headers.len(), fixed.len() + usize::from(own.is_some()), "{status}");
        for name in fixed {
            let header = resolved(&document, &headers[name]);
            assert_eq!(header["required"], true, "{status} {name}");
        }
        if let Some((name, always)) = own {
            assert_eq!(headers[name]["required"] == true, always, "{status} {name}");
        }
    }
}
