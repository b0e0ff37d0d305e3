//! The members of a body, read strictly.
//!
//! serde_json reads the grammar. What it lets pass and the contract does not is judged here: a
//! repeated name, deep nesting, a lone surrogate in a value that is ignored. Its error texts may
//! quote the secret, so none of them is kept.

use std::borrow::Cow;
use std::fmt;

use secrecy::SecretString;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::TokenRequest;
use crate::credentials::Presented;
use crate::invalid::{Invalid, Member};
use crate::token::RefreshToken;

/// Reads the two members that the contract demands, and judges the others.
pub(super) fn read(body: &str) -> Result<Presented, Invalid> {
    let [id, secret] = strings(body, [Member::AppClientId, Member::AppSecret])?;
    Ok(Presented::new(&text(id)?, secret_text(secret)?))
}

/// Reads them with the refresh token that is to be redeemed.
pub(super) fn read_refresh(body: &str) -> Result<(Presented, RefreshToken), Invalid> {
    let members = [Member::AppClientId, Member::AppSecret, Member::RefreshToken];
    let [id, secret, token] = strings(body, members)?;
    let presented = Presented::new(&text(id)?, secret_text(secret)?);
    Ok((presented, RefreshToken::new(secret_text(token)?)))
}

/// The values of these members, still quoted and escaped, or the first fault of the body by rank.
fn strings<const N: usize>(body: &str, members: [Member; N]) -> Result<[&str; N], Invalid> {
    if has_broken_escape(body) {
        return Err(Invalid::Syntax);
    }
    let Ok(object) = serde_json::from_str::<Object<'_>>(body) else {
        return Err(not_an_object(body));
    };
    let mut first = object.fault(1);
    let values = members.map(|member| match object.string(member) {
        Ok(value) => value,
        Err(fault) => {
            first = Some(first.map_or(fault, |first| first.min(fault)));
            ""
        }
    });
    first.map_or(Ok(values), Err)
}

/// Why a body that did not read as an object did not.
fn not_an_object(body: &str) -> Invalid {
    match serde_json::from_str::<&RawValue>(body) {
        Ok(value) if !value.get().starts_with('{') => {
            fault(value.get(), 1).unwrap_or(Invalid::NotAnObject).min(Invalid::NotAnObject)
        }
        _ => Invalid::Syntax,
    }
}

/// An object's members in their order. Each value is valid JSON, but not yet judged.
struct Object<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Object<'a> {
    /// A member's value, still quoted and escaped.
    fn string(&self, member: Member) -> Result<&'a str, Invalid> {
        let found = self.0.iter().find(|(name, _)| name == member.name());
        let (_, value) = found.ok_or(Invalid::Missing(member))?;
        let value = value.get();
        if value.starts_with('"') { Ok(value) } else { Err(Invalid::NotAString(member)) }
    }

    /// The first fault, by rank, of the object at that depth and of what is in it.
    fn fault(&self, depth: usize) -> Option<Invalid> {
        let repeated = self.repeats_a_name().then_some(Invalid::Repeated);
        let inside = self.0.iter().map(|(_, value)| fault(value.get(), depth.saturating_add(1)));
        inside.chain([repeated]).flatten().min()
    }

    fn repeats_a_name(&self) -> bool {
        if let [(a, _), (b, _)] = self.0.as_slice() {
            return a == b;
        }
        // Sorted, not compared each with each: a body may have a thousand members.
        let mut names: Vec<&str> = self.0.iter().map(|(name, _)| name.as_ref()).collect();
        names.sort_unstable();
        names.array_windows().any(|[a, b]| a == b)
    }
}

/// The first fault, by rank, of a value that is valid JSON and would stand at that depth if it is
/// an object or an array.
fn fault(value: &str, depth: usize) -> Option<Invalid> {
    match value.as_bytes().first() {
        Some(b'{' | b'[') if depth > TokenRequest::MAX_DEPTH => Some(Invalid::TooDeep),
        Some(b'{') => match serde_json::from_str::<Object<'_>>(value) {
            Ok(object) => object.fault(depth),
            Err(_) => Some(Invalid::Syntax),
        },
        Some(b'[') => match serde_json::from_str::<Vec<&RawValue>>(value) {
            Ok(items) => {
                let depth = depth.saturating_add(1);
                items.iter().filter_map(|item| fault(item.get(), depth)).min()
            }
            Err(_) => Some(Invalid::Syntax),
        },
        // Strings were judged by their escapes. Numbers of any size conform (RFC 8259 section 6).
        _ => None,
    }
}

/// A JSON string's text.
fn text(quoted: &str) -> Result<Cow<'_, str>, Invalid> {
    serde_json::from_str::<Text<'_>>(quoted).map(|text| text.0).map_err(|_| Invalid::Syntax)
}

/// A JSON string's text, without a copy of it that is not wiped: serde_json would leave one.
fn secret_text(quoted: &str) -> Result<SecretString, Invalid> {
    let raw = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let raw = raw.ok_or(Invalid::Syntax)?;
    if !raw.as_bytes().contains(&b'\\') {
        return Ok(SecretString::from(raw));
    }
    let mut plain = Zeroizing::new(String::with_capacity(raw.len()));
    let mut rest = raw;
    while let Some((before, escaped)) = rest.split_once('\\') {
        plain.push_str(before);
        let (c, after) = unescape(escaped).ok_or(Invalid::Syntax)?;
        plain.push(c);
        rest = after;
    }
    plain.push_str(rest);
    Ok(SecretString::from(plain.as_str()))
}

/// Whether an escape anywhere in the body is none, a lone surrogate included. serde_json lets such
/// pass in a value that is ignored; looked for first, it is found however deep it lies.
fn has_broken_escape(mut body: &str) -> bool {
    while let Some((_, escaped)) = body.split_once('\\') {
        let Some((_, after)) = unescape(escaped) else { return true };
        body = after;
    }
    false
}

/// The character that an escape stands for, and what follows it (RFC 8259 section 7). `None` for a
/// lone surrogate.
fn unescape(escaped: &str) -> Option<(char, &str)> {
    let mut chars = escaped.chars();
    let c = match chars.next()? {
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => return unescape_code_unit(chars.as_str()),
        itself => itself,
    };
    Some((c, chars.as_str()))
}

fn unescape_code_unit(digits: &str) -> Option<(char, &str)> {
    let (unit, after) = code_unit(digits)?;
    if let Some(c) = char::from_u32(u32::from(unit)) {
        return Some((c, after));
    }
    let (low, after) = code_unit(after.strip_prefix("\\u")?)?;
    let c = char::decode_utf16([unit, low]).next()?.ok()?;
    Some((c, after))
}

fn code_unit(text: &str) -> Option<(u16, &str)> {
    let (digits, after) = text.split_at_checked(4)?;
    Some((u16::from_str_radix(digits, 16).ok()?, after))
}

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Object<'de>, M::Error> {
                let mut members = Vec::with_capacity(2);
                while let Some((name, value)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
                    members.push((name.0, value));
                }
                Ok(Object(members))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use secrecy::ExposeSecret;

    fn read_err(body: &str) -> Option<Invalid> {
        read(body).err()
    }

    fn with(member: &str) -> String {
        format!(r#"{{"appClientId":"a","appSecret":"s",{member}}}"#)
    }

    #[test]
    fn what_serde_json_lets_pass_is_refused() {
        assert_eq!(read_err(r#"["a","s"]"#), Some(Invalid::NotAnObject));
        assert_eq!(read_err(&with(r#""x":1,"x":2"#)), Some(Invalid::Repeated));
        assert_eq!(read_err(&with(r#""x":{"y":1,"\u0079":2}"#)), Some(Invalid::Repeated));
        assert_eq!(read_err(&with(r#""x":"\ud800""#)), Some(Invalid::Syntax));
        assert_eq!(read_err(&with(r#""x":[{"\udc00":1}]"#)), Some(Invalid::Syntax));
        assert_eq!(read_err(&with(r#""x":1e400,"y":-0.0E+99999"#)), None);
    }

    #[test]
    fn the_depth_is_exact() {
        let nested = |n: usize| with(&format!("\"x\":{}{}", "[".repeat(n), "]".repeat(n)));
        assert_eq!(read_err(&nested(7)), None);
        assert_eq!(read_err(&nested(8)), Some(Invalid::TooDeep));
        assert_eq!(read_err(&nested(3_000)), Some(Invalid::TooDeep));
    }

    #[test]
    fn of_several_faults_the_first_by_rank_is_told() {
        assert_eq!(read_err(r#"{"appSecret":1}"#), Some(Invalid::Missing(Member::AppClientId)));
        assert_eq!(
            read_err(r#"{"appSecret":null,"appClientId":{}}"#),
            Some(Invalid::NotAString(Member::AppClientId))
        );
        assert_eq!(read_err(r#"{"a":1,"a":1,"b":"\ud800"}"#), Some(Invalid::Syntax));
        assert_eq!(read_err("[[[[[[[[[[1]]]]]]]]]]"), Some(Invalid::NotAnObject));
        let deep = with(r#""x":[[[[[[[[[["\\\ud800"]]]]]]]]]]"#);
        assert_eq!(read_err(&deep), Some(Invalid::Syntax));
        assert_eq!(read_err("[1,"), Some(Invalid::Syntax));
        assert_eq!(read_err(""), Some(Invalid::Syntax));
        assert_eq!(read_err("{} x"), Some(Invalid::Syntax));
    }

    #[test]
    fn many_members_are_judged_in_little_time() {
        let members: Vec<String> = (0..900).map(|i| format!("\"{i}\":0")).collect();
        assert_eq!(read_err(&with(&members.join(","))), None);
    }

    proptest! {
        #[test]
        fn a_secret_is_unescaped_as_serde_json_does(plain in any::<String>()) {
            let quoted = serde_json::to_string(&plain).unwrap();
            let mut escaped = String::from("\"");
            for unit in plain.encode_utf16() {
                escaped.push_str(&format!("\\u{unit:04X}"));
            }
            escaped.push('"');
            for text in [quoted, escaped] {
                let ours = secret_text(&text).unwrap();
                prop_assert_eq!(ours.expose_secret(), plain.as_str());
            }
        }

        #[test]
        fn escapes_are_refused_as_serde_json_does(inner in r#"(\\u(d[89a-f]|00)[0-9a-f]{2}|\\[bfnrt/"]|x){0,6}"#) {
            let quoted = format!("\"{inner}\"");
            let theirs = serde_json::from_str::<String>(&quoted);
            let ours = secret_text(&quoted);
            prop_assert_eq!(ours.is_ok(), theirs.is_ok());
            if let (Ok(ours), Ok(theirs)) = (ours, theirs) {
                prop_assert_eq!(ours.expose_secret(), theirs.as_str());
            }
        }
    }
}
