//! What must be nowhere, and the search for it in whatever spelling. The server's tests use it too.
#![allow(dead_code, reason = "each test uses a part of it")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use rusqlite::Connection;

/// The fewest bytes that are searched for: by chance they are nowhere.
const LEAST: usize = 16;
/// A spelling is told by so many of its bytes first.
const HEAD: usize = 8;

/// What must be nowhere, each with a name for it.
#[derive(Default)]
pub(crate) struct Needles(pub(crate) Vec<(String, Vec<u8>)>);

/// Where it must not be, each with a name.
pub(crate) type Places = Vec<(String, Vec<u8>)>;

impl Needles {
    pub(crate) fn add(&mut self, name: impl Into<String>, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        assert!(bytes.len() >= LEAST, "too short to be searched for");
        self.0.push((name.into(), bytes.to_vec()));
    }

    /// A secret, and the part of it that is random.
    pub(crate) fn add_secret(&mut self, name: &str, secret: &str) {
        self.add(name, secret);
        self.add(format!("{name}, its random part"), secret.rsplit('_').next().unwrap());
    }

    /// A token, and what of it is authentication: its signature, or its tag.
    pub(crate) fn add_token(&mut self, name: &str, token: &str) {
        self.add(name, token);
        match token.rsplit_once('.') {
            Some((_, signature)) => self.add(format!("{name}, its signature"), signature),
            None => {
                let bytes = URL_SAFE_NO_PAD.decode(token.strip_prefix("tsrt_").unwrap()).unwrap();
                self.add(format!("{name}, its tag"), &bytes[55..]);
            }
        }
    }

    /// The root key of a folder, all that is derived from it, and the private half of each key that
    /// signs, in parts: whoever has 23 bytes of one together has a whole part.
    pub(crate) fn add_keys(&mut self, folder: &Path) {
        let root = fs::read(folder.join("root.key")).unwrap();
        self.add("the root key", &root);
        for half in root.chunks(LEAST) {
            self.add("half of the root key", half);
        }
        for label in ["pepper", "refresh", "rows", "wrap"] {
            self.add(format!("the {label} key"), derived(&root, label));
        }
        let wrap = RandomizedNonceKey::new(&AES_256_GCM, &derived(&root, "wrap")).unwrap();
        let connection = Connection::open(folder.join("tokensmith.db")).unwrap();
        let sql = "SELECT kid, algorithm, public, sealed FROM signing_keys";
        let mut statement = connection.prepare(sql).unwrap();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let (kid, algorithm): (String, String) = (row.get(0).unwrap(), row.get(1).unwrap());
            let (public, sealed): (Vec<u8>, Vec<u8>) = (row.get(2).unwrap(), row.get(3).unwrap());
            let (nonce, content) = sealed.split_first_chunk::<NONCE_LEN>().unwrap();
            let mut content = content.to_vec();
            let associated = [b"tokensmith/signing-key/v1\0", kid.as_bytes()].concat();
            let nonce = Nonce::assume_unique_for_key(*nonce);
            let private = wrap.open_in_place(nonce, Aad::from(associated), &mut content).unwrap();
            let parts = (0..=private.len() - LEAST).step_by(8).map(|at| &private[at..at + LEAST]);
            let before = self.0.len();
            // Base64 tells of a part without two bytes at either end: it must not be all public.
            for part in parts.filter(|part| !holds(&public, &part[2..LEAST - 2])) {
                self.add(format!("a part of the private key, {algorithm}"), part);
            }
            assert!(self.0.len() > before + 2, "{algorithm}");
        }
    }

    /// Where one of them is, in whatever spelling.
    pub(crate) fn found_in(&self, places: &Places) -> Option<String> {
        let mut spelled: HashMap<Vec<u8>, Vec<(&str, Vec<u8>)>> = HashMap::new();
        for (name, bytes) in &self.0 {
            for spelling in spellings(bytes) {
                spelled.entry(spelling[..HEAD].to_vec()).or_default().push((name, spelling));
            }
        }
        for (place, bytes) in places {
            for (at, head) in bytes.windows(HEAD).enumerate() {
                let these = spelled.get(head).into_iter().flatten();
                let found =
                    these.into_iter().find(|(_, spelling)| bytes[at..].starts_with(spelling));
                if let Some((name, _)) = found {
                    return Some(format!("{name} is in {place}, at byte {at}"));
                }
            }
        }
        None
    }
}

/// HKDF-SHA-256 of the root, under the label of that key.
fn derived(root: &[u8], label: &str) -> [u8; 32] {
    let mut key = [0; 32];
    let info = format!("tokensmith/{label}/1");
    let info = [info.as_bytes()];
    let expanded = Salt::none(HKDF_SHA256).extract(root);
    expanded.expand(&info, HKDF_SHA256).unwrap().fill(&mut key).unwrap();
    key
}

/// The ways in which bytes may stand in a file or a line: as they are, in hexadecimal digits, in
/// base64 of both alphabets at each of the three places that they may have in a longer text, as a
/// list, escaped as JSON may, and in UTF-16 of both orders.
pub(crate) fn spellings(bytes: &[u8]) -> Vec<Vec<u8>> {
    let join = |one: fn(&u8) -> String, between: &str| {
        bytes.iter().map(one).collect::<Vec<_>>().join(between).into_bytes()
    };
    let mut spellings = vec![
        bytes.to_vec(),
        join(|byte| format!("{byte:02x}"), ""),
        join(|byte| format!("{byte:02X}"), ""),
        join(|byte| format!("{byte:02x}"), ":"),
        join(u8::to_string, ", "),
        join(u8::to_string, ","),
        join(|byte| format!("\\u{byte:04x}"), ""),
        join(|byte| format!("%{byte:02X}"), ""),
        bytes.iter().flat_map(|byte| [*byte, 0]).collect(),
        bytes.iter().flat_map(|byte| [0, *byte]).collect(),
        serde_json::to_vec(&String::from_utf8_lossy(bytes))
            .map(|text| text[1..text.len() - 1].to_vec())
            .unwrap(),
        format!("{}", bytes.escape_ascii()).into_bytes(),
    ];
    for skipped in 0..3 {
        let aligned = &bytes[skipped..bytes.len() - (bytes.len() - skipped) % 3];
        spellings.push(STANDARD_NO_PAD.encode(aligned).into_bytes());
        spellings.push(URL_SAFE_NO_PAD.encode(aligned).into_bytes());
    }
    spellings
}

pub(crate) fn holds(place: &[u8], needle: &[u8]) -> bool {
    place.windows(needle.len()).any(|window| window == needle)
}

/// All files of a folder but the root key: the store, the ledger, and what lies beside them.
pub(crate) fn files(folder: &Path) -> Places {
    let mut places = Places::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() && path.file_name().unwrap() != "root.key" {
            places.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
    for kind in
        ["tokensmith.db", "tokensmith.db-wal", "tokensmith.ledger.db", "tokensmith.ledger.db-wal"]
    {
        assert!(places.iter().any(|(name, _)| name.ends_with(kind)), "{kind} is not there");
    }
    places
}

/// What is planted is found: each needle, in each spelling, in the midst of something else.
pub(crate) fn assert_finds_what_is_planted(needles: &Needles) {
    for (name, bytes) in &needles.0 {
        for spelling in spellings(bytes) {
            let place = [b"noise \xff\0", &spelling[..], b" noise"].concat();
            let places = vec![("a planted place".to_owned(), place)];
            assert!(needles.found_in(&places).is_some(), "{name}: {spelling:?}");
        }
    }
}
