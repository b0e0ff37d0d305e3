//! Bodies that nearly conform: right ones, right ones with a blow, and texts of JSON at random.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// White space, mostly none.
fn white() -> impl Strategy<Value = String> {
    prop_oneof![3 => Just(String::new()), 1 => "[ \t\r\n]{1,3}"]
}

/// A piece of a string's inside, mostly fair.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => "[a-zA-Z0-9 _.-]{0,6}",
        2 => "[à-ÿ語😀\u{2028}\u{ffff}]{1,2}",
        2 => select(vec!["\\n", "\\\"", "\\\\", "\\/", "\\u0041", "\\u00e9", "\\t", "\\u0000", "\\uFFFF"])
            .prop_map(str::to_owned),
        2 => Just("\\ud83d\\ude00".to_owned()),
        1 => select(vec!["\\ud83d", "\\ude00", "\\uDBFF\\n", "\\ud800\\u0041", "\\x", "\\u12", "\\u+041"])
            .prop_map(str::to_owned).boxed(),
    ]
}

/// A string, quoted.
fn string() -> impl Strategy<Value = String> {
    prop_oneof![
        5 => "[a-zA-Z0-9_.-]{0,12}".prop_map(|text| format!("\"{text}\"")),
        2 => vec(piece(), 0..4).prop_map(|pieces| format!("\"{}\"", pieces.concat())),
    ]
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => any::<i64>().prop_map(|n| n.to_string()),
        2 => "-?(0|[1-9][0-9]{0,3})(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,8})?",
        1 => (1..600_usize).prop_map(|n| "7".repeat(n)),
        1 => select(vec!["1e400", "-0", "01", "+1", ".5", "1.", "1e", "NaN", "0x1", "-", "1e99999999999"])
            .prop_map(str::to_owned),
    ]
}

/// A member's name: one of few, so that names repeat, and the right ones in several spellings.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => select(vec!["\"x\"", "\"y\"", "\"\"", "\"\\u0078\"", "\"__proto__\"", "\"\\ud83d\\ude00\"", "\"😀\""])
            .prop_map(str::to_owned),
        2 => string(),
        1 => select(vec![
            "\"appClientId\"", "\"appSecret\"", "\"AppSecret\"", "\"app\\u0053ecret\"", "\"appClientId \"",
            "\"appsecret\"", "\"\\u0061ppClientId\"",
        ]).prop_map(str::to_owned),
    ]
}

/// A value of JSON, mostly.
fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        3 => string(), 2 => number(),
        2 => select(vec!["true", "false", "null", "{}", "[]"]).prop_map(str::to_owned),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            3 => (vec(inner.clone(), 0..4), white()).prop_map(|(items, w)| format!("[{w}{}{w}]", items.join(","))),
            3 => vec((name(), inner.clone(), white()), 0..4).prop_map(|members| object(&members)),
            1 => (inner.clone(), 1..9_usize).prop_map(|(inner, n)| "[".repeat(n) + &inner + &"]".repeat(n)),
            1 => (inner, 1..9_usize).prop_map(|(inner, n)| "{\"y\":".repeat(n) + &inner + &"}".repeat(n)),
        ]
    })
}

fn object(members: &[(String, String, String)]) -> String {
    let members = members.iter().map(|(name, value, w)| format!("{w}{name}{w}:{w}{value}"));
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

/// An object with both members, mostly strings, and some others.
fn near() -> impl Strategy<Value = String> {
    let member = |name: &'static str, other: &'static str| {
        let name = prop_oneof![9 => Just(name), 1 => Just(other)];
        let given = prop_oneof![12 => string(), 1 => value()];
        let there = prop_oneof![15 => Just(1_usize), 1 => Just(0), 1 => Just(2)];
        (name, given, white(), there)
            .prop_map(|(name, value, w, times)| vec![(format!("\"{name}\""), value, w); times])
    };
    let id = member("appClientId", "\\u0061ppClientId");
    let secret = member("appSecret", "app\\u0053ecret");
    let others = prop_oneof![2 => vec((name(), value(), white()), 0..1), 1 => vec((name(), value(), white()), 0..4)];
    (id, secret, others, any::<bool>(), white(), white()).prop_map(
        |(id, secret, others, turn, before, after)| {
            let mut members = [others, id, secret].concat();
            if turn {
                members.reverse();
            }
            format!("{before}{}{after}", object(&members))
        },
    )
}

/// A blow to a text's bytes.
#[derive(Clone, Debug)]
enum Blow {
    Cut(Index),
    Drop(Index),
    Set(Index, u8),
    Insert(Index, &'static [u8]),
    Double(Index, Index),
    Swap(Index, Index),
    Front(&'static [u8]),
    Pad(usize),
}

fn blow() -> impl Strategy<Value = Blow> {
    let bytes: Vec<&'static [u8]> = vec![
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"\"",
        b"\\",
        b"/",
        b"-",
        b"0",
        b"e",
        b" ",
        b"\0",
        b"\x1f",
        b"\x7f",
        b"\xff",
        b"\xc0\xaf",
        b"\xed\xa0\x80",
        b"\xe2\x82",
        b"\xef\xbb\xbf",
        b"null",
        b"\"x\":1,",
        b"/*",
        b"\\ud800",
    ];
    prop_oneof![
        any::<Index>().prop_map(Blow::Cut),
        any::<Index>().prop_map(Blow::Drop),
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Blow::Set(at, byte)),
        (any::<Index>(), select(bytes)).prop_map(|(at, bytes)| Blow::Insert(at, bytes)),
        (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Blow::Double(from, to)),
        (any::<Index>(), any::<Index>()).prop_map(|(a, b)| Blow::Swap(a, b)),
        select(vec![&b"\xef\xbb\xbf"[..], b"\xff\xfe", b"[", b" "]).prop_map(Blow::Front),
        (8_185..8_200_usize).prop_map(Blow::Pad),
    ]
}

fn struck(mut body: Vec<u8>, blow: &Blow) -> Vec<u8> {
    if body.is_empty() {
        return body;
    }
    let len = body.len();
    match blow {
        Blow::Cut(at) => body.truncate(at.index(len)),
        Blow::Drop(at) => drop(body.remove(at.index(len))),
        Blow::Set(at, byte) => body[at.index(len)] = *byte,
        Blow::Insert(at, bytes) => {
            drop(body.splice(at.index(len)..at.index(len), bytes.iter().copied()))
        }
        Blow::Double(a, b) => {
            let (from, to) = (a.index(len).min(b.index(len)), a.index(len).max(b.index(len)));
            let twice = body[from..to].to_vec();
            drop(body.splice(to..to, twice));
        }
        Blow::Swap(a, b) => body.swap(a.index(len), b.index(len)),
        Blow::Front(bytes) => drop(body.splice(0..0, bytes.iter().copied())),
        Blow::Pad(size) => body.resize((*size).max(len), b' '),
    }
    body
}

/// A body.
pub fn body() -> impl Strategy<Value = Vec<u8>> {
    let struck_once = (near(), blow()).prop_map(|(text, blow)| struck(text.into_bytes(), &blow));
    let struck_often = (near(), vec(blow(), 2..5))
        .prop_map(|(text, blows)| blows.iter().fold(text.into_bytes(), struck));
    prop_oneof![
        6 => near().prop_map(String::into_bytes),
        4 => struck_once,
        2 => struck_often,
        1 => value().prop_map(String::into_bytes),
        1 => vec(any::<u8>(), 0..64),
        1 => (near(), 0..20_usize).prop_map(|(text, n)| ("[".repeat(n) + &text + &"]".repeat(n)).into_bytes()),
    ]
}
