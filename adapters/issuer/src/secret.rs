//! Generated secrets: how one looks, and what of it is stored.

use std::fmt;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use tokensmith::{AppSecret, SecretString};
use zeroize::Zeroizing;

use crate::numbered::{MOST_KEYS, NumberedKeys};
use crate::random::{self, Random, RandomError};
use crate::rewrites::Rewrite;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ID_LETTERS: usize = 12;
const BODY_DIGITS: usize = 43;
const CHECKSUM_DIGITS: usize = 6;
/// 2^256 - 1.
const LAST_BODY: &str = "yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp1";
const SCHEME: &str = "$tokensmith-hmac-sha256$v=1$k=";

/// The digest of a secret under the pepper: as much of a secret as is kept.
pub(crate) type Digest = [u8; 32];

/// What is kept of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SecretKind {
    /// A digest under a pepper: of one that was generated, or has the shape of that.
    Generated,
    /// An Argon2id hash, of one that was imported.
    Argon2id,
    /// A bcrypt hash, which others made: it becomes Argon2id at the secret's next use.
    Bcrypt,
    /// A PBKDF2 hash, likewise.
    Pbkdf2,
}

impl SecretKind {
    /// The word that stands for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Generated => "generated",
            Self::Argon2id => "argon2id",
            Self::Bcrypt => "bcrypt",
            Self::Pbkdf2 => "pbkdf2",
        }
    }
}

/// A secret as it is made: its id, which is no secret, and its text, which is shown once.
pub(crate) struct GeneratedSecret {
    pub(crate) id: String,
    pub(crate) text: SecretString,
}

impl fmt::Debug for GeneratedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GeneratedSecret").field("id", &self.id).finish_non_exhaustive()
    }
}

impl GeneratedSecret {
    /// `<prefix>_<id><_><256 random bits><CRC-32 of all before>`, the numbers in base 62. The prefix
    /// lets secret scanners find a leak, the checksum keeps them from false alarms.
    pub(crate) fn generate(prefix: &str, random: &dyn Random) -> Result<Self, RandomError> {
        let id = new_id(random)?;
        let mut bits = Zeroizing::new([0_u8; 32]);
        random.fill(&mut bits[..])?;
        Ok(Self { text: assemble(prefix, &id, &bits), id })
    }
}

/// An id for a secret, which is no secret.
pub(crate) fn new_id(random: &dyn Random) -> Result<String, RandomError> {
    random::text(random, BASE62, ID_LETTERS)
}

fn assemble(prefix: &str, id: &str, bits: &[u8; 32]) -> SecretString {
    let length = prefix.len().saturating_add(2 + ID_LETTERS + BODY_DIGITS + CHECKSUM_DIGITS);
    // Of the exact length, so that no copy stays behind when it grows or shrinks.
    let mut text = String::with_capacity(length);
    for part in [prefix, "_", id, "_"] {
        text.push_str(part);
    }
    push_base62(&mut text, &mut *Zeroizing::new(*bits), BODY_DIGITS);
    let checksum = crc32fast::hash(text.as_bytes());
    push_base62(&mut text, &mut checksum.to_be_bytes(), CHECKSUM_DIGITS);
    SecretString::from(text)
}

/// Writes a big-endian number in base 62, zero-padded to so many digits. The number is used up.
fn push_base62(text: &mut String, number: &mut [u8], digits: usize) {
    let mut reversed = Zeroizing::new([0_u8; BODY_DIGITS]);
    let places = reversed.iter_mut().take(digits);
    for place in places {
        let mut rest = 0_u32;
        for byte in number.iter_mut() {
            // INVARIANT: the rest is below 62, so this is below 62 * 256 and the quotient a byte.
            let dividend = (rest << 8) | u32::from(*byte);
            *byte = u8::try_from(dividend / 62).unwrap_or(u8::MAX);
            rest = dividend % 62;
        }
        *place = BASE62.get(rest as usize).copied().unwrap_or(b'0');
    }
    text.extend(reversed.iter().take(digits).rev().map(|digit| char::from(*digit)));
}

/// Whether a text has the shape of a generated secret, under whichever prefix. What somebody made up
/// has it by chance once in 2^32 times, and then is no secret that was imported in another way.
pub(crate) fn is_generated(text: &str) -> bool {
    named(text).is_some()
}

/// The id in a text that has the shape of a generated secret.
pub(crate) fn named(text: &str) -> Option<&str> {
    let (before, checksum) = text.split_at_checked(text.len().checked_sub(CHECKSUM_DIGITS)?)?;
    let (prefix, rest) = before.split_once('_')?;
    let (id, body) = rest.split_once('_')?;
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let is_shape = (2..=8).contains(&prefix.len())
        && prefix.bytes().all(|byte| byte.is_ascii_lowercase())
        && id.len() == ID_LETTERS
        && are_digits(id)
        && body.len() == BODY_DIGITS
        && are_digits(body)
        // The digits are in the order of their codes, so numbers of one length compare as texts.
        && body <= LAST_BODY;
    let mut made = String::with_capacity(CHECKSUM_DIGITS);
    push_base62(&mut made, &mut crc32fast::hash(before.as_bytes()).to_be_bytes(), CHECKSUM_DIGITS);
    (is_shape && made == checksum).then_some(id)
}

/// The digest of an app's secret. The lengths keep the boundary between id and secret fixed: no
/// other pair of them makes the same input.
pub(crate) fn digest(pepper: &hmac::Key, app: &str, secret: &str) -> Digest {
    let mut mac = hmac::Context::with_key(pepper);
    mac.update(b"tokensmith/secret/v1\0");
    for part in [app, secret] {
        // INVARIANT: core's bounds are 128 and 1,024 bytes, so no length is cut off.
        let length = u16::try_from(part.len()).unwrap_or(u16::MAX);
        mac.update(&length.to_be_bytes());
        mac.update(part.as_bytes());
    }
    let mut digest = [0; 32];
    digest.copy_from_slice(mac.sign().as_ref());
    digest
}

/// The digests of a secret that was shown, one for each pepper, that in use first.
pub(crate) struct ShownDigests {
    digests: [Digest; MOST_KEYS],
    count: usize,
}

impl ShownDigests {
    pub(crate) fn of(peppers: &NumberedKeys, app: &str, secret: &str) -> Self {
        let mut shown = Self { digests: Default::default(), count: 0 };
        for (place, (_, pepper)) in shown.digests.iter_mut().zip(peppers.iter()) {
            *place = digest(pepper, app, secret);
            shown.count = shown.count.saturating_add(1);
        }
        shown
    }

    pub(crate) fn as_slice(&self) -> &[Digest] {
        self.digests.get(..self.count).unwrap_or(&self.digests)
    }

    /// How the secret with that id is to be stored, which was found by the digest at a place: `None` if
    /// it is by the pepper in use, or by a later one. Numbers only rise, so that two processes that use
    /// different ones do not undo each other's work.
    pub(crate) fn rewrite(
        &self,
        peppers: &NumberedKeys,
        id: &str,
        place: usize,
    ) -> Option<Rewrite> {
        let (number, _) = peppers.iter().nth(place)?;
        let (in_use, _) = peppers.in_use();
        if number >= in_use {
            return None;
        }
        let from = stored(id, *number, self.digests.get(place)?);
        Some(Rewrite { from, to: stored(id, *in_use, self.digests.first()?) })
    }
}

/// What the store is to keep of an app's new secret with that id.
pub(crate) fn stored_now(
    peppers: &NumberedKeys,
    app: &str,
    id: &str,
    secret: &AppSecret,
) -> String {
    let (number, pepper) = peppers.in_use();
    stored(id, *number, &digest(pepper, app, secret.expose_secret()))
}

/// What the store keeps of a secret: a PHC string that says how the digest was made.
pub(crate) fn stored(id: &str, pepper: u16, digest: &Digest) -> String {
    let digest = STANDARD_NO_PAD.encode(digest);
    format!("{SCHEME}{pepper}${id}${digest}")
}

/// Reads the digest out of a stored secret; `None` for another scheme or secret id, and for a pepper
/// that is not there.
pub(crate) fn read_stored(stored: &str, id: &str, peppers: &NumberedKeys) -> Option<Digest> {
    let (pepper, rest) = stored.strip_prefix(SCHEME)?.split_once('$')?;
    let (named, digest) = rest.split_once('$')?;
    let is_known = peppers.iter().any(|(number, _)| number.to_string() == pepper);
    if !is_known || named != id {
        return None;
    }
    STANDARD_NO_PAD.decode(digest).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::hmac::HMAC_SHA256;
    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::random::OsRandom;

    fn text(id: &str, bits: &[u8; 32]) -> String {
        assemble("tsas", id, bits).expose_secret().to_owned()
    }

    // From an independent implementation (Python's int, zlib.crc32).
    #[test]
    fn the_format_is_exact() {
        assert_eq!(
            text("abcdefABCDEF", &[0; 32]),
            "tsas_abcdefABCDEF_00000000000000000000000000000000000000000003hEZ1h"
        );
        assert_eq!(
            text("000000000000", &[0xff; 32]),
            "tsas_000000000000_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp10MclmR"
        );
        let counting: [u8; 32] = std::array::from_fn(|i| u8::try_from(i).unwrap());
        assert_eq!(
            text("Zz09Zz09Zz09", &counting),
            "tsas_Zz09Zz09Zz09_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf4bdyDm"
        );
    }

    #[test]
    fn a_secret_is_67_characters_and_never_the_same() {
        let random = OsRandom::warm().unwrap();
        let one = GeneratedSecret::generate("tsas", &random).unwrap();
        let two = GeneratedSecret::generate("tsas", &random).unwrap();
        assert_eq!(one.text.expose_secret().len(), 67);
        assert_ne!(one.text.expose_secret(), two.text.expose_secret());
        assert!(one.text.expose_secret().starts_with(&format!("tsas_{}_", one.id)));
        assert!(!format!("{one:?}").contains(one.text.expose_secret()));
    }

    #[test]
    fn only_what_was_generated_has_the_shape_of_it() {
        let checked = |before: &str| {
            let mut text = before.to_owned();
            let mut checksum = crc32fast::hash(before.as_bytes()).to_be_bytes();
            push_base62(&mut text, &mut checksum, CHECKSUM_DIGITS);
            text
        };
        let before = format!("tsas_abcdefABCDEF_{LAST_BODY}");
        assert!(is_generated(&checked(&before)));
        for bits in [[0; 32], [0xff; 32], [7; 32]] {
            for prefix in ["tsas", "ab", "abcdefgh"] {
                let good = assemble(prefix, "Zz09Zz09Zz09", &bits);
                let good = good.expose_secret();
                assert!(is_generated(good));
                for place in 0..good.len() {
                    let mut other = good.as_bytes().to_vec();
                    other[place] = if other[place] == b'x' { b'y' } else { b'x' };
                    assert!(!is_generated(std::str::from_utf8(&other).unwrap()), "{place}");
                }
            }
        }
        for bad in [
            // 2^256, with a checksum that is right.
            before.replace("Xp1", "Xp2"),
            before.replace("tsas", "t"),
            before.replace("tsas", "tsastsast"),
            before.replace("tsas", "tsaS"),
            before.replace("abc", "ab"),
            before.replace("abc", "ab-"),
            before.replace("yhj", "yh"),
            format!("{before}_"),
        ] {
            assert!(!is_generated(&checked(&bad)), "{bad}");
        }
        for bad in ["", "_", "tsas__", "a plain secret", "é", "ééééééééé"] {
            assert!(!is_generated(bad), "{bad}");
        }
    }

    #[test]
    fn the_digest_is_the_written_formula() {
        let pepper = hmac::Key::new(HMAC_SHA256, &[7; 32]);
        let digest = digest(&pepper, "appcl-1234", "a secret");
        assert_eq!(
            stored("AAAAAAAAAAAA", 1, &digest),
            "$tokensmith-hmac-sha256$v=1$k=1$AAAAAAAAAAAA$KU2RQHSajVYoVcw6YtkPTO0IHbXlxGz0cbcpEsiD9kc"
        );
    }

    #[test]
    fn a_shifted_boundary_is_another_digest() {
        let pepper = hmac::Key::new(HMAC_SHA256, &[7; 32]);
        assert_ne!(digest(&pepper, "ab", "c"), digest(&pepper, "a", "bc"));
        assert_ne!(digest(&pepper, "a\0\u{1}b", "c"), digest(&pepper, "a", "b\0\u{1}c"));
    }

    #[test]
    fn only_the_own_scheme_pepper_and_id_are_read() {
        let digest = [9; 32];
        let good = stored("AAAAAAAAAAAA", 1, &digest);
        let peppers = NumberedKeys::of_root(hmac::Key::new(HMAC_SHA256, &[7; 32]));
        let read = |stored: &str, id| read_stored(stored, id, &peppers);
        assert_eq!(read(&good, "AAAAAAAAAAAA"), Some(digest));
        assert_eq!(read(&good, "AAAAAAAAAAAB"), None);
        for bad in [
            good.replace("k=1", "k=2"),
            good.replace("k=1", "k=01"),
            good.replace("k=1", "k=+1"),
            good.replace("v=1", "v=2"),
            good.replace("hmac", "hmad"),
            good.chars().take(good.len() - 1).collect(),
            format!("{good}A"),
            "a plain secret".to_owned(),
            String::new(),
        ] {
            assert_eq!(read(&bad, "AAAAAAAAAAAA"), None, "{bad}");
        }
    }
}
