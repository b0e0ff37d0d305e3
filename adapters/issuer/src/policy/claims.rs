//! Claims that a host adds to tokens: none that says what the issuer alone may say, and none that two
//! readers could understand in two ways.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use thiserror::Error;

/// What only the issuer says of a token (RFC 9068 section 2.2), and what a policy says in a field of its
/// own.
const RESERVED: [&str; 9] = ["iss", "aud", "sub", "client_id", "iat", "exp", "nbf", "jti", "scope"];
/// An object in the claims counts as one deeper than they.
const MOST_DEPTH: usize = 8;
const MOST_NAME_BYTES: usize = 128;
/// Beyond it a reader that takes numbers for doubles takes one for another (RFC 7493 section 2.2).
const MOST_INTEGER: u64 = (1 << 53) - 1;

/// Claims that are added to a token: a JSON object of at most 4 KiB, up to 8 deep, in which no name
/// stands twice. The issuer's own, `iss`, `aud`, `sub`, `client_id`, `iat`, `exp`, `nbf` and `jti`, are
/// not among them, nor is `scope`, which has a field of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExtraClaims(BTreeMap<String, Value>);

/// Why claims cannot be added to a token. It quotes nothing of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ClaimsError {
    /// They are not an object of JSON.
    #[error("the claims are not a JSON object")]
    NotAnObject,
    /// A name stands twice in one object.
    #[error("the claims have a name twice in one object")]
    Repeated,
    /// They are more than 8 deep.
    #[error("the claims are more than 8 deep")]
    TooDeep,
    /// They are longer than 4 KiB, written without spaces.
    #[error("the claims are longer than 4 KiB")]
    TooLong,
    /// A claim's name is empty, longer than 128 bytes, or holds a control character.
    #[error("a claim's name is not 1 to 128 bytes without control characters")]
    Name,
    /// An integer is beyond 2^53, where readers take one number for another: write it as a string.
    #[error("the claims hold an integer beyond 2^53; write it as a string")]
    Number,
    /// It is a claim that the issuer writes itself, or that a policy has a field for.
    #[error("the claim `{0}` is the issuer's own")]
    Reserved(&'static str),
}

impl ExtraClaims {
    /// How long they may be, in bytes of JSON.
    pub const MAX_BYTES: usize = 4 * 1_024;

    pub(crate) const NONE: Self = Self(BTreeMap::new());

    /// Reads claims.
    ///
    /// # Errors
    /// [`ClaimsError`] says what is wrong, and names the claim if it is the issuer's own.
    pub fn parse(json: &str) -> Result<Self, ClaimsError> {
        match serde_json::from_str(json) {
            Ok(Node::Object(members)) => Self::of(members),
            _ => Err(ClaimsError::NotAnObject),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names of the claims.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The value of that claim, as JSON.
    pub fn json_of(&self, name: &str) -> Option<String> {
        self.0.get(name).map(Value::to_string)
    }

    /// All of them, as a JSON object.
    pub fn to_json(&self) -> String {
        let mut json = String::from("{");
        self.push_members(&mut json);
        // Each member begins with a comma.
        if !self.is_empty() {
            json.remove(1);
        }
        json.push('}');
        json
    }

    /// Writes them behind other members of an object.
    pub(crate) fn push_members(&self, json: &mut String) {
        for (name, value) in &self.0 {
            json.push(',');
            json.push_str(&Value::from(name.as_str()).to_string());
            json.push(':');
            json.push_str(&value.to_string());
        }
    }

    pub(crate) fn written_bytes(&self) -> usize {
        let mut json = String::new();
        self.push_members(&mut json);
        json.len()
    }

    /// The same with these, which take the place of those of the same name.
    pub(crate) fn replaced_by(mut self, claims: Self) -> Self {
        self.0.extend(claims.0);
        self
    }

    /// Those of a token, which were judged when it was made.
    pub(crate) fn of_token(members: BTreeMap<String, Value>) -> Result<Self, ClaimsError> {
        members.keys().try_for_each(|name| refuse_reserved(name))?;
        Ok(Self(members))
    }

    fn of(members: Vec<(String, Node)>) -> Result<Self, ClaimsError> {
        for (name, _) in &members {
            refuse_reserved(name)?;
            let is_short = (1..=MOST_NAME_BYTES).contains(&name.len());
            if !is_short || name.chars().any(char::is_control) {
                return Err(ClaimsError::Name);
            }
        }
        let claims = Self(object(members, 1)?.into_iter().collect());
        if claims.to_json().len() > Self::MAX_BYTES {
            return Err(ClaimsError::TooLong);
        }
        Ok(claims)
    }
}

fn refuse_reserved(name: &str) -> Result<(), ClaimsError> {
    let reserved = RESERVED.into_iter().find(|reserved| *reserved == name);
    reserved.map_or(Ok(()), |reserved| Err(ClaimsError::Reserved(reserved)))
}

/// A value as it was written: serde_json's own keeps only the last of two members of one name.
enum Node {
    Leaf(Value),
    Array(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Node {
    fn judged(self, depth: usize) -> Result<Value, ClaimsError> {
        match self {
            Self::Leaf(Value::Number(number)) if is_beyond(&number) => Err(ClaimsError::Number),
            Self::Leaf(value) => Ok(value),
            Self::Array(_) | Self::Object(_) if depth > MOST_DEPTH => Err(ClaimsError::TooDeep),
            Self::Array(items) => {
                let deeper = depth.saturating_add(1);
                items.into_iter().map(|item| item.judged(deeper)).collect()
            }
            Self::Object(members) => Ok(Value::Object(object(members, depth)?)),
        }
    }
}

fn object(members: Vec<(String, Node)>, depth: usize) -> Result<Map<String, Value>, ClaimsError> {
    let mut object = Map::new();
    for (name, value) in members {
        let value = value.judged(depth.saturating_add(1))?;
        if object.insert(name, value).is_some() {
            return Err(ClaimsError::Repeated);
        }
    }
    Ok(object)
}

/// An integer that serde_json could not hold is a fraction to it, of the same size.
fn is_beyond(number: &Number) -> bool {
    match (number.as_u64(), number.as_i64(), number.as_f64()) {
        (Some(number), ..) => number > MOST_INTEGER,
        (_, Some(number), _) => number.unsigned_abs() > MOST_INTEGER,
        (.., number) => number.is_none_or(|number| number.abs() > 9_007_199_254_740_991.0),
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Leaf(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Leaf(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Leaf(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Leaf(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Leaf(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Leaf(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = from.next_element()? {
            items.push(item);
        }
        Ok(Node::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Node, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = from.next_entry()? {
            members.push(member);
        }
        Ok(Node::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn claims_are_written_as_they_were_meant() {
        let text =
            r#" {"b": [1, -2, 0.5, true, null], "a": {"x\"": "ü\n\u0000"}, "roles": ["admin"]} "#;
        let claims = ExtraClaims::parse(text).unwrap();
        let meant: Value = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&claims.to_json()).unwrap(), meant);
        assert_eq!(ExtraClaims::parse(&claims.to_json()).unwrap(), claims);
        assert_eq!(claims.json_of("roles").unwrap(), r#"["admin"]"#);
        assert_eq!(claims.names().collect::<Vec<_>>(), ["a", "b", "roles"]);
        // Which a reader that is in a hurry takes for its neighbour.
        let fraction = r#"{"a":-1.0684777285068921e-51}"#;
        assert_eq!(ExtraClaims::parse(fraction).unwrap().to_json(), fraction);
        let none = ExtraClaims::parse("{}").unwrap();
        assert!(none.is_empty() && none.to_json() == "{}" && none.written_bytes() == 0);
    }

    #[test]
    fn each_reserved_claim_is_named() {
        for name in RESERVED {
            let refused = ExtraClaims::parse(&format!(r#"{{"ok": 1, "{name}": 1}}"#)).unwrap_err();
            assert_eq!(refused, ClaimsError::Reserved(name));
            assert_eq!(refused.to_string(), format!("the claim `{name}` is the issuer's own"));
        }
        // However it is spelt; and only as a claim, not within one.
        let escaped = ExtraClaims::parse(r#"{"\u0073ub": 1}"#);
        assert_eq!(escaped, Err(ClaimsError::Reserved("sub")));
        assert!(ExtraClaims::parse(r#"{"act": {"sub": "a"}, "Sub": 1, "sub ": 2}"#).is_ok());
    }

    #[test]
    fn what_two_readers_may_understand_in_two_ways_is_refused() {
        let deep =
            |levels: usize| format!(r#"{{"a":{}1{}}}"#, "[".repeat(levels), "]".repeat(levels));
        let long = |bytes: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(bytes));
        let name = |bytes: usize| format!(r#"{{"{}":1}}"#, "n".repeat(bytes));
        for (json, fault) in [
            ("", Some(ClaimsError::NotAnObject)),
            ("[]", Some(ClaimsError::NotAnObject)),
            ("{} {}", Some(ClaimsError::NotAnObject)),
            (r#"{"a":"\ud800"}"#, Some(ClaimsError::NotAnObject)),
            (r#"{"a":1e400}"#, Some(ClaimsError::NotAnObject)),
            (r#"{"a":1,"a":1}"#, Some(ClaimsError::Repeated)),
            (r#"{"a":1,"\u0061":2}"#, Some(ClaimsError::Repeated)),
            (r#"{"a":[{"b":1,"b":1}]}"#, Some(ClaimsError::Repeated)),
            (r#"{"":1}"#, Some(ClaimsError::Name)),
            (r#"{"a\n":1}"#, Some(ClaimsError::Name)),
            (r#"{"a\u0085":1}"#, Some(ClaimsError::Name)),
            (&name(128), None),
            (&name(129), Some(ClaimsError::Name)),
            (r#"{"a":9007199254740991}"#, None),
            (r#"{"a":9007199254740992}"#, Some(ClaimsError::Number)),
            (r#"{"a":-9007199254740992}"#, Some(ClaimsError::Number)),
            (r#"{"a":[98765432109876543210]}"#, Some(ClaimsError::Number)),
            (r#"{"a":1e300}"#, Some(ClaimsError::Number)),
            (&deep(7), None),
            (&deep(8), Some(ClaimsError::TooDeep)),
            (&deep(100_000), Some(ClaimsError::NotAnObject)),
            (&long(ExtraClaims::MAX_BYTES - 8), None),
            (&long(ExtraClaims::MAX_BYTES - 7), Some(ClaimsError::TooLong)),
        ] {
            assert_eq!(ExtraClaims::parse(json).err(), fault, "{json:.40}");
        }
    }

    fn name() -> impl Strategy<Value = String> {
        let reserved = prop::sample::select(RESERVED.to_vec());
        let escaped = |name: &str| name.replace('u', "\\u0075").replace('s', "\\u0073");
        prop_oneof![
            "[a-z]{1,3}",
            reserved.clone().prop_map(str::to_owned),
            reserved.prop_map(escaped),
            Just("\\ud83d\\ude00".to_owned()),
        ]
    }

    /// JSON, and what is close to it.
    fn value() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null".to_owned()),
            any::<i64>().prop_map(|number| number.to_string()),
            any::<f64>().prop_map(|number| number.to_string()),
            "\"[a-z\\\\\"]{0,4}\"",
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            let list = prop::collection::vec(inner.clone(), 0..4);
            prop_oneof![
                list.prop_map(|items| format!("[{}]", items.join(","))),
                members(inner).prop_map(|members| format!("{{{members}}}")),
            ]
        })
    }

    fn members(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
        let member = (name(), value).prop_map(|(name, value)| format!("\"{name}\":{value}"));
        prop::collection::vec(member, 0..4).prop_map(|members| members.join(","))
    }

    proptest! {
        /// Read by a reader that takes the first of two members of one name, and by one that takes the
        /// last, a token says what the issuer says.
        #[test]
        fn no_claims_say_what_only_the_issuer_says(text in members(value())) {
            let Ok(claims) = ExtraClaims::parse(&format!("{{{text}}}")) else { return Ok(()) };
            prop_assert_eq!(&ExtraClaims::parse(&claims.to_json()).unwrap(), &claims);
            let mut token = String::from("{\"sub\":\"the app\"");
            claims.push_members(&mut token);
            token.push('}');
            let Ok(Node::Object(read)) = serde_json::from_str(&token) else {
                return Err(TestCaseError::fail(token));
            };
            let reserved = read.iter().filter(|(name, _)| RESERVED.contains(&name.as_str()));
            prop_assert_eq!(reserved.count(), 1);
            let names: BTreeSet<_> = read.iter().map(|(name, _)| name).collect();
            prop_assert_eq!(names.len(), read.len());
        }
    }
}
