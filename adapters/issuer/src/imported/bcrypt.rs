//! bcrypt, as others left it behind. It is verified, and never made.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::alphabet::BCRYPT;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::NO_PAD;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::hash::{InvalidHash, number};

/// How much of a secret bcrypt looks at.
const KEY_BYTES: usize = 72;
/// What lies beyond the 16 bytes of a salt is read by nobody, and some wrote something there.
const BASE64: GeneralPurpose =
    GeneralPurpose::new(&BCRYPT, NO_PAD.with_decode_allow_trailing_bits(true));

/// A bcrypt hash.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Bcrypt {
    cost: u32,
    salt: [u8; 16],
    tag: [u8; 23],
}

impl Bcrypt {
    /// Reads `$2b$<cost>$<salt><tag>`; `$2a` and `$2y` are the same for secrets in UTF-8 of at most
    /// 72 bytes. `None` for another scheme, and for `$2x`, which stands for a flaw in one library.
    pub(crate) fn read(text: &str) -> Option<Result<Self, InvalidHash>> {
        let rest = ["$2a$", "$2b$", "$2y$"].iter().find_map(|scheme| text.strip_prefix(scheme))?;
        Some(Self::read_own(rest))
    }

    fn read_own(text: &str) -> Result<Self, InvalidHash> {
        let (cost, rest) = text.split_once('$').ok_or(InvalidHash::Form)?;
        let cost = cost.strip_prefix('0').filter(|_| cost.len() == 2).unwrap_or(cost);
        let cost = number(cost).ok_or(InvalidHash::Form)?;
        // 2^14 rounds take about a second.
        if !(4..=14).contains(&cost) {
            return Err(InvalidHash::BcryptCost);
        }
        let (salt, tag) = rest.split_at_checked(22).ok_or(InvalidHash::Form)?;
        let bytes = |text: &str| BASE64.decode(text).map_err(|_| InvalidHash::Form);
        let salt = bytes(salt)?.try_into().map_err(|_| InvalidHash::Form)?;
        let tag = bytes(tag)?.try_into().map_err(|_| InvalidHash::Form)?;
        Ok(Self { cost, salt, tag })
    }

    /// 150 us for each round, where 50 to 85 were measured.
    pub(super) fn time(&self) -> Duration {
        let rounds = 1_u64.checked_shl(self.cost).unwrap_or(u64::MAX);
        Duration::from_micros(rounds.saturating_mul(150))
    }

    /// Whether it is of that secret. One over 72 bytes never matches, since bcrypt would not look at
    /// the rest, and costs the same.
    pub(crate) fn verify(&self, secret: &[u8]) -> bool {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        // A NUL ends a shorter one. Core lets none into a secret.
        let length = secret.len().saturating_add(1).min(KEY_BYTES);
        key.iter_mut().zip(secret).for_each(|(mine, theirs)| *mine = *theirs);
        let made = ::bcrypt::bcrypt(self.cost, self.salt, key.get(..length).unwrap_or(&[0]));
        let is_equal = made.get(..self.tag.len()).unwrap_or(&[]).ct_eq(&self.tag);
        bool::from(is_equal) & (secret.len() <= KEY_BYTES)
    }
}

/// As it is read.
impl fmt::Display for Bcrypt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "$2b${:02}${}{}", self.cost, BASE64.encode(self.salt), BASE64.encode(self.tag))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REST: &str = "abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG";

    fn read(text: &str) -> Result<Bcrypt, InvalidHash> {
        Bcrypt::read(text).unwrap()
    }

    // Made by Python's bcrypt 5.0 (OpenBSD's): hashpw(secret, b"$2b$04$abcdefghijklmnopqrstuu").
    #[test]
    fn what_another_implementation_made_is_verified_and_written_again() {
        let secret = b"correct horse battery staple";
        for version in ["2a", "2b", "2y"] {
            let hash = read(&format!("${version}$04${REST}")).unwrap();
            assert_eq!(hash.to_string(), format!("$2b$04${REST}"));
            assert!(hash.verify(secret), "{version}");
            assert!(!hash.verify(b"correct horse battery stapld"));
            assert!(!hash.verify(b""));
        }
        let hash = read("$2b$10$abcdefghijklmnopqrstuunYspUDVwxKwnshT7FzjzjwI57RV2KKa").unwrap();
        assert!(hash.verify("pässwörd".as_bytes()));
        assert!(!hash.verify("pässwörd\0".as_bytes()));
    }

    #[test]
    fn a_secret_over_72_bytes_never_matches() {
        for (length, text) in [
            (71, "$2b$04$abcdefghijklmnopqrstuuMCu.k1vM/ywQwiONaEn3oEMlZoCVBd6"),
            (72, "$2b$04$abcdefghijklmnopqrstuuBzzIgyKkz7xMWYSzkIjUSnxEQFQ0WNe"),
        ] {
            let hash = read(text).unwrap();
            assert!(hash.verify(&vec![b'a'; length]), "{length}");
            for other in (1..=1_024).filter(|other| *other != length).step_by(61).chain([73, 255]) {
                assert!(!hash.verify(&vec![b'a'; other]), "{length} {other}");
            }
        }
    }

    #[test]
    fn the_bounds_of_the_cost_are_exact() {
        for (cost, good) in
            [("03", false), ("04", true), ("14", true), ("15", false), ("31", false), ("99", false)]
        {
            let expected = if good { None } else { Some(InvalidHash::BcryptCost) };
            assert_eq!(read(&format!("$2b${cost}${REST}")).err(), expected, "{cost}");
        }
    }

    #[test]
    fn what_is_written_otherwise_is_refused() {
        for bad in [
            String::new(),
            "10".to_owned(),
            format!("+4${REST}"),
            format!("4294967300${REST}"),
            format!("04${REST}a"),
            "04$abcdefghijklmnopqrstuu".to_owned(),
            format!("04${}", REST.replace('a', "-")),
            format!("04${}", REST.replace('a', "ä")),
        ] {
            assert_eq!(read(&format!("$2b${bad}")).err(), Some(InvalidHash::Form), "{bad}");
        }
        for other in ["$2x$04$", "$2$04$", "$1$", ""] {
            assert!(Bcrypt::read(&format!("{other}{REST}")).is_none(), "{other}");
        }
    }
}
