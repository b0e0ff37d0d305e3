//! What is kept of an imported secret: one of three kinds of slow hash.

use std::fmt;
use std::time::Duration;

use thiserror::Error;

use super::argon2id::Argon2id;
use super::bcrypt::Bcrypt;
use super::pbkdf2::Pbkdf2;
use crate::secret::SecretKind;

/// A hash of a secret. What it displays is what the store keeps, and what it is read from again.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Hash {
    Argon2id(Argon2id),
    Bcrypt(Bcrypt),
    Pbkdf2(Pbkdf2),
}

/// Why a text is no hash that can be kept. Nothing of the text is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidHash {
    /// It is of no form that is known, or not exactly of one.
    #[error("is of no form that is known")]
    Form,
    /// The salt has not 8 to 64 bytes, or the tag not 16 to 64.
    #[error("has a salt or a tag that is too short or too long")]
    Length,
    /// Argon2id: m has to be 4,096 to 262,144 KiB, t 1 to 10, p 1 to 4.
    #[error("asks for a cost out of bounds: m is 4096 to 262144, t 1 to 10, p 1 to 4")]
    Argon2idCost,
    /// bcrypt: its cost has to be 4 to 14.
    #[error("asks for a cost out of bounds: bcrypt's is 4 to 14")]
    BcryptCost,
    /// PBKDF2: it has to have 1,000 to 2,000,000 iterations, in all blocks of its tag together.
    #[error("asks for a cost out of bounds: PBKDF2 has 1000 to 2000000 iterations")]
    Pbkdf2Cost,
}

/// There is too little memory to hash in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("there is too little memory for the hash of a secret")]
pub(crate) struct NoMemory;

impl Hash {
    /// Reads what this wrote, and what others write: PHC strings, bcrypt's, Django's and passlib's,
    /// and those with Spring's `{id}` before them. All that it will cost is bounded then.
    pub(crate) fn read(text: &str) -> Result<Self, InvalidHash> {
        // A longer one is none of these, and shall not be copied about.
        if text.len() > 512 {
            return Err(InvalidHash::Form);
        }
        let rest = match text.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            Some(("bcrypt" | "argon2" | "argon2@SpringSecurity_v5_8", rest)) => rest,
            Some((encoder, rest)) => return Pbkdf2::read_spring(encoder, rest).map(Self::Pbkdf2),
            None => text,
        };
        None.or_else(|| Argon2id::read(rest).map(|read| read.map(Self::Argon2id)))
            .or_else(|| Bcrypt::read(rest).map(|read| read.map(Self::Bcrypt)))
            .or_else(|| Pbkdf2::read(rest).map(|read| read.map(Self::Pbkdf2)))
            .unwrap_or(Err(InvalidHash::Form))
    }

    /// Whether it is of that secret. The work is the same if not; it takes from milliseconds to
    /// seconds, and up to 256 MiB.
    pub(crate) fn verify(&self, secret: &[u8]) -> Result<bool, NoMemory> {
        match self {
            Self::Argon2id(hash) => hash.verify(secret),
            Self::Bcrypt(hash) => Ok(hash.verify(secret)),
            Self::Pbkdf2(hash) => Ok(hash.verify(secret)),
        }
    }

    /// How long it takes to verify on a busy machine.
    pub(crate) fn time(&self) -> Duration {
        match self {
            Self::Argon2id(hash) => hash.time(),
            Self::Bcrypt(hash) => hash.time(),
            Self::Pbkdf2(hash) => hash.time(),
        }
    }

    /// Whether it is of a kind that is verified by an explicit option alone.
    pub(crate) fn is_legacy(&self) -> bool {
        !matches!(self, Self::Argon2id(_))
    }

    /// How it was made.
    pub(crate) fn kind(&self) -> SecretKind {
        match self {
            Self::Argon2id(_) => SecretKind::Argon2id,
            Self::Bcrypt(_) => SecretKind::Bcrypt,
            Self::Pbkdf2(_) => SecretKind::Pbkdf2,
        }
    }

    /// Whether it shall give way to one that is made today, once the secret is shown.
    pub(crate) fn is_weak(&self) -> bool {
        match self {
            Self::Argon2id(hash) => hash.is_weak(),
            Self::Bcrypt(_) | Self::Pbkdf2(_) => true,
        }
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argon2id(hash) => hash.fmt(f),
            Self::Bcrypt(hash) => hash.fmt(f),
            Self::Pbkdf2(hash) => hash.fmt(f),
        }
    }
}

/// Who has it may guess the secret.
impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}

/// A decimal number as it is written by these: no sign, no zero in front.
pub(super) fn number(text: &str) -> Option<u32> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|_| is_plain || text == "0")
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const BCRYPT: &str = "$2a$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG";
    const ARGON2ID: &str = "$argon2id$v=19$m=4096,t=3,p=1$AAECAwQFBgcICQoLDA0ODw$VTsSHiMxkq48zEo8LUSymjr7JjaRSgsxGX2Z8HQE9Cw";

    #[test]
    fn what_spring_writes_before_a_hash_is_understood() {
        let secret = b"correct horse battery staple";
        for text in [
            BCRYPT.to_owned(),
            format!("{{bcrypt}}{BCRYPT}"),
            ARGON2ID.to_owned(),
            format!("{{argon2}}{ARGON2ID}"),
            format!("{{argon2@SpringSecurity_v5_8}}{ARGON2ID}"),
        ] {
            let hash = Hash::read(&text).unwrap();
            assert!(hash.verify(secret).unwrap(), "{text}");
            assert!(hash.is_weak());
            assert_eq!(hash.is_legacy(), text.contains("$2a$"));
            assert!(Hash::read(&hash.to_string()).unwrap() == hash);
        }
    }

    #[test]
    fn what_is_no_hash_is_refused_and_plain_text_above_all() {
        for bad in [
            "",
            "a plain secret",
            "{noop}a plain secret",
            "{MD5}5f4dcc3b5aa765d61d8327deb882cf99",
            "{bcrypt}",
            "{bcrypt",
            "{{bcrypt}}",
            "{scrypt}$e0801$AAAA$AAAA",
            "$1$abc$def",
            "$6$rounds=5000$abc$def",
            "5f4dcc3b5aa765d61d8327deb882cf99",
            "$tokensmith-hmac-sha256$v=1$k=1$AAAAAAAAAAAA$KU2RQHSajVYoVcw6YtkPTO0IHbXlxGz0cbcpEsiD9kc",
        ] {
            assert_eq!(Hash::read(bad).err(), Some(InvalidHash::Form), "{bad}");
        }
        let long = format!("{BCRYPT}{}", "a".repeat(512));
        assert_eq!(Hash::read(&long).err(), Some(InvalidHash::Form));
    }

    const FORMS: &[&str] = &[
        BCRYPT,
        ARGON2ID,
        "{bcrypt}$2b$10$abcdefghijklmnopqrstuunYspUDVwxKwnshT7FzjzjwI57RV2KKa",
        "$pbkdf2-sha256$i=25000,l=32$AAECAwQFBgcICQoLDA0ODw$q3p6hzSDqJqvjFfDTJ4Rg5BSX89AyJuR1xytmLoV8tY",
        "$pbkdf2-sha512$29000$AAECAwQFBgcICQoLDA0ODw$kWPS2HLS3ZO63NIyHcS/k20MHZfKlN.dWk9IutbgXkeOp/copy4mRAvghrrQl9b2wghoxF2NKhgHaWKWJiLkZw",
        "pbkdf2_sha1$20000$seasalt12345$3hvW6qmFplwOZyIuYPrR3zWYi4w=",
        "{pbkdf2}0001020304050607ba3cc1ee20153cf68cf4fbbc84706c51c9be80a9f09a53fee72fafb5d3db35e5",
    ];

    proptest! {
        #[test]
        fn whatever_is_read_has_a_bounded_cost_and_is_read_again(
            form in 0..FORMS.len(),
            changes in vec((0..130_usize, 0..2_usize, "[0-9]{1,12}|[$=,.{}@/+a-z]|\\PC"), 0..4),
        ) {
            let mut text: Vec<char> = FORMS[form].chars().collect();
            for (place, removed, added) in changes {
                let place = place.min(text.len());
                let end = place.saturating_add(removed).min(text.len());
                text.splice(place..end, added.chars());
            }
            if let Ok(hash) = Hash::read(&text.into_iter().collect::<String>()) {
                prop_assert!(hash.time() < Duration::from_secs(3));
                prop_assert!(Hash::read(&hash.to_string()) == Ok(hash));
            }
        }
    }

    #[test]
    fn a_hash_is_not_printed() {
        assert_eq!(format!("{:?}", Hash::read(BCRYPT).unwrap()), "[REDACTED]");
    }

    #[test]
    fn numbers_are_plain() {
        assert_eq!(["0", "7", "4294967295"].map(number), [Some(0), Some(7), Some(u32::MAX)]);
        assert_eq!(["", "-1", "+1", "01", "1e3", " 1", "4294967296"].map(number), [None; 7]);
    }
}
