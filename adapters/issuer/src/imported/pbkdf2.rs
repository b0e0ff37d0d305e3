//! PBKDF2 (RFC 8018 section 5.2), as others left it behind. It is verified, and never made.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use aws_lc_rs::pbkdf2::{
    self, Algorithm, PBKDF2_HMAC_SHA1, PBKDF2_HMAC_SHA256, PBKDF2_HMAC_SHA512,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::hash::{InvalidHash, number};

/// The hash beneath.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inner {
    Sha1,
    Sha256,
    Sha512,
}

/// As many iterations, of a tag of one block; of a longer one, in all blocks together.
const MOST_WORK: u64 = 2_000_000;

/// A PBKDF2 hash.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Pbkdf2 {
    inner: Inner,
    iterations: NonZeroU32,
    salt: Vec<u8>,
    tag: Vec<u8>,
}

impl Pbkdf2 {
    /// Reads a PHC string as Hydra writes it, `$pbkdf2-sha256$i=…,l=…$<salt>$<tag>`; passlib's as
    /// Zitadel does, `$pbkdf2-sha256$<iterations>$<salt>$<tag>`; and Django's,
    /// `pbkdf2_sha256$<iterations>$<salt>$<tag>`. `None` for another scheme.
    pub(crate) fn read(text: &str) -> Option<Result<Self, InvalidHash>> {
        if let Some(rest) = text.strip_prefix("pbkdf2_") {
            return Some(Self::read_django(rest).unwrap_or(Err(InvalidHash::Form)));
        }
        let rest = text.strip_prefix("$pbkdf2")?;
        Some(Self::read_modular(rest).unwrap_or(Err(InvalidHash::Form)))
    }

    /// Reads what Spring's encoder of that id writes: salt and tag as one, in hex or in base64.
    pub(crate) fn read_spring(encoder: &str, text: &str) -> Result<Self, InvalidHash> {
        // What neither the text nor the id says is the encoder's default of that release.
        let (inner, iterations, salt_bytes) = match encoder {
            "pbkdf2" => (Inner::Sha1, 185_000, 8),
            "pbkdf2@SpringSecurity_v5_8" => (Inner::Sha256, 310_000, 16),
            _ => return Err(InvalidHash::Form),
        };
        let bytes = match hex(text) {
            Some(bytes) => bytes,
            None => STANDARD.decode(text).map_err(|_| InvalidHash::Form)?,
        };
        let (salt, tag) = bytes.split_at_checked(salt_bytes).ok_or(InvalidHash::Form)?;
        if tag.len() != 32 {
            return Err(InvalidHash::Form);
        }
        Self::new(inner, iterations, salt.to_vec(), tag.to_vec())
    }

    fn read_modular(text: &str) -> Option<Result<Self, InvalidHash>> {
        let mut parts = text.split('$');
        let inner = match parts.next()? {
            "" | "-sha1" => Inner::Sha1,
            "-sha256" => Inner::Sha256,
            "-sha512" => Inner::Sha512,
            // Of 224 and 384 bits some mean SHA-2 by them, and some SHA-3.
            _ => return None,
        };
        let (cost, salt, tag) = (parts.next()?, parts.next()?, parts.next()?);
        let (iterations, length) = match cost.strip_prefix("i=") {
            Some(rest) => rest.split_once(",l=").map(|(i, l)| (i, Some(l)))?,
            None => (cost, None),
        };
        let (salt, tag) = (bytes(salt)?, bytes(tag)?);
        let is_whole = match length {
            Some(length) => usize::try_from(number(length)?).ok()? == tag.len(),
            None => true,
        };
        let is_end = parts.next().is_none() && is_whole;
        let iterations = number(iterations).filter(|_| is_end)?;
        Some(Self::new(inner, iterations, salt, tag))
    }

    fn read_django(text: &str) -> Option<Result<Self, InvalidHash>> {
        let mut parts = text.split('$');
        let inner = match parts.next()? {
            "sha1" => Inner::Sha1,
            "sha256" => Inner::Sha256,
            _ => return None,
        };
        let iterations = number(parts.next()?)?;
        let (salt, tag) = (parts.next()?.as_bytes().to_vec(), parts.next()?);
        let tag = STANDARD.decode(tag).ok().filter(|_| parts.next().is_none())?;
        Some(Self::new(inner, iterations, salt, tag))
    }

    /// Checked before any work: another's file shall not take the time of this process.
    fn new(
        inner: Inner,
        iterations: u32,
        salt: Vec<u8>,
        tag: Vec<u8>,
    ) -> Result<Self, InvalidHash> {
        if !(8..=64).contains(&salt.len()) || !(16..=64).contains(&tag.len()) {
            return Err(InvalidHash::Length);
        }
        let bounded = Some(iterations).filter(|count| *count >= 1_000).and_then(NonZeroU32::new);
        let iterations = bounded.ok_or(InvalidHash::Pbkdf2Cost)?;
        let hash = Self { inner, iterations, salt, tag };
        let work = u64::from(iterations.get()).saturating_mul(hash.blocks());
        if work > MOST_WORK { Err(InvalidHash::Pbkdf2Cost) } else { Ok(hash) }
    }

    /// 1 us for each iteration and block, where 0.2 to 0.6 were measured.
    pub(super) fn time(&self) -> Duration {
        Duration::from_micros(u64::from(self.iterations.get()).saturating_mul(self.blocks()))
    }

    /// For so many blocks all the work is done anew.
    fn blocks(&self) -> u64 {
        let blocks = self.tag.len().div_ceil(self.inner.bytes());
        u64::try_from(blocks).unwrap_or(u64::MAX)
    }

    /// Whether it is of that secret; the work is the same if not.
    pub(crate) fn verify(&self, secret: &[u8]) -> bool {
        let mut made = Zeroizing::new(vec![0; self.tag.len()]);
        pbkdf2::derive(self.inner.algorithm(), self.iterations, &self.salt, secret, &mut made);
        made.ct_eq(&self.tag).into()
    }
}

impl Inner {
    fn algorithm(self) -> Algorithm {
        match self {
            Self::Sha1 => PBKDF2_HMAC_SHA1,
            Self::Sha256 => PBKDF2_HMAC_SHA256,
            Self::Sha512 => PBKDF2_HMAC_SHA512,
        }
    }

    fn bytes(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }
}

/// The PHC string, whichever form it was read from.
impl fmt::Display for Pbkdf2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |bytes: &[u8]| STANDARD_NO_PAD.encode(bytes);
        let (name, iterations, length) = (self.inner.name(), self.iterations, self.tag.len());
        let (salt, tag) = (text(&self.salt), text(&self.tag));
        write!(f, "$pbkdf2-{name}$i={iterations},l={length}${salt}${tag}")
    }
}

/// Base64 without padding, where passlib and Zitadel write `.` for `+`.
fn bytes(text: &str) -> Option<Vec<u8>> {
    STANDARD_NO_PAD.decode(text.replace('.', "+")).ok()
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<_>> = text.chars().map(|letter| letter.to_digit(16)).collect();
    let (pairs, []) = digits.as_deref()?.as_chunks::<2>() else { return None };
    pairs.iter().map(|[high, low]| u8::try_from((high << 4) | low).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"correct horse battery staple";
    const HYDRA: &str = "$pbkdf2-sha256$i=25000,l=32$AAECAwQFBgcICQoLDA0ODw$q3p6hzSDqJqvjFfDTJ4Rg5BSX89AyJuR1xytmLoV8tY";

    // Made by Python's hashlib.pbkdf2_hmac: in the forms that Hydra (ory/x), Zitadel (passwap), Django
    // and Spring write, with bytes(range(16)) or bytes(range(8)) as salt; those with the salt 0xfb and
    // Django's by passlib 1.7.4.
    const FOREIGN: &[&str] = &[
        HYDRA,
        "$pbkdf2-sha1$i=25000,l=32$AAECAwQFBgcICQoLDA0ODw$ef5/y4fyhZjkEGzJ6I90RdM+CQqsv1s/maKCP/F4S8w",
        "$pbkdf2-sha512$i=25000,l=32$AAECAwQFBgcICQoLDA0ODw$SD45rjg2efG3ODIHQeklcrq1rgpKrbMw16UwshxvBWI",
        "$pbkdf2$29000$AAECAwQFBgcICQoLDA0ODw$YokJdoLrZohRGWNPjuCTayKaf8g",
        "$pbkdf2-sha256$29000$AAECAwQFBgcICQoLDA0ODw$m/kLywdyNwK9GV2kWntRGvZzmeiVsuqehNWlLst2eWY",
        "$pbkdf2-sha512$29000$AAECAwQFBgcICQoLDA0ODw$kWPS2HLS3ZO63NIyHcS/k20MHZfKlN.dWk9IutbgXkeOp/copy4mRAvghrrQl9b2wghoxF2NKhgHaWKWJiLkZw",
        "$pbkdf2-sha256$29000$./v7./v7./v7./v7./v7.w$Vx0sxN12ZLm23dD5UXzllk/qCxUFyStjrM.GGLRmcXU",
        "pbkdf2_sha256$20000$seasalt12345$SfSllFuTwYYHC0h1Fa1CXJAGq2bdwFWMt8CSXdxAd+M=",
        "pbkdf2_sha1$20000$seasalt12345$3hvW6qmFplwOZyIuYPrR3zWYi4w=",
    ];
    const SPRING: &[(&str, &str)] = &[
        (
            "pbkdf2",
            "0001020304050607ba3cc1ee20153cf68cf4fbbc84706c51c9be80a9f09a53fee72fafb5d3db35e5",
        ),
        ("pbkdf2", "AAECAwQFBge6PMHuIBU89oz0+7yEcGxRyb6AqfCaU/7nL6+109s15Q=="),
        (
            "pbkdf2@SpringSecurity_v5_8",
            "000102030405060708090a0b0c0d0e0f7b8ad24392905caa0cc9ebb5b45a445371cca3ab69958986ede276f3458f73fa",
        ),
        (
            "pbkdf2@SpringSecurity_v5_8",
            "AAECAwQFBgcICQoLDA0OD3uK0kOSkFyqDMnrtbRaRFNxzKOraZWJhu3idvNFj3P6",
        ),
    ];

    fn read(text: &str) -> Result<Pbkdf2, InvalidHash> {
        Pbkdf2::read(text).unwrap()
    }

    #[test]
    fn what_other_implementations_made_is_verified_and_kept_in_one_form() {
        let foreign = FOREIGN.iter().map(|text| read(text).unwrap());
        let spring = SPRING.iter().map(|(id, text)| Pbkdf2::read_spring(id, text).unwrap());
        for hash in foreign.chain(spring) {
            let kept = hash.to_string();
            assert!(hash.verify(SECRET), "{kept}");
            assert!(!hash.verify(b"correct horse battery stapld"));
            assert!(!hash.verify(b""));
            assert!(read(&kept).unwrap() == hash, "{kept}");
        }
        assert_eq!(read(HYDRA).unwrap().to_string(), HYDRA);
    }

    #[test]
    fn the_bounds_of_the_iterations_are_exact() {
        for (count, good) in [
            ("999", false),
            ("1000", true),
            ("2000000", true),
            ("2000001", false),
            ("0", false),
            ("4294967295", false),
        ] {
            let expected = if good { None } else { Some(InvalidHash::Pbkdf2Cost) };
            assert_eq!(read(&HYDRA.replace("25000", count)).err(), expected, "{count}");
            let django = format!("pbkdf2_sha1${count}$seasalt12345$3hvW6qmFplwOZyIuYPrR3zWYi4w=");
            assert_eq!(read(&django).err(), expected, "{count}");
        }
        // 32 bytes are two blocks of SHA-1.
        let two = HYDRA.replace("sha256", "sha1");
        assert!(read(&two.replace("25000", "1000000")).is_ok());
        assert_eq!(read(&two.replace("25000", "1000001")).err(), Some(InvalidHash::Pbkdf2Cost));
    }

    #[test]
    fn what_is_written_otherwise_is_refused() {
        for bad in [
            HYDRA.replace("l=32", "l=31"),
            HYDRA.replace(",l=32", ""),
            HYDRA.replace("i=", "i=0"),
            HYDRA.replace("sha256", "sha384"),
            HYDRA.replace("sha256", "sha224"),
            format!("{HYDRA}$"),
            format!("{HYDRA}="),
            HYDRA.replace("AAEC", "@@@@"),
            "$pbkdf2".to_owned(),
            "$pbkdf2-sha256$i=25000,l=32$".to_owned(),
            "pbkdf2_sha256$20000$salt".to_owned(),
            "pbkdf2_sha512$20000$seasalt12345$3hvW6qmFplwOZyIuYPrR3zWYi4w=".to_owned(),
            "pbkdf2_sha1$20000$seasalt12345$3hvW6qmFplwOZyIuYPrR3zWYi4w=$".to_owned(),
        ] {
            assert_eq!(read(&bad).err(), Some(InvalidHash::Form), "{bad}");
        }
        let short = "pbkdf2_sha1$20000$salt$3hvW6qmFplwOZyIuYPrR3zWYi4w=";
        assert_eq!(read(short).err(), Some(InvalidHash::Length));
        let [(id, text), ..] = SPRING else { panic!("no vectors") };
        for (id, text) in [
            ("noop", *text),
            ("pbkdf2@SpringSecurity_v5_8", *text),
            (*id, text.trim_start_matches('0')),
            (*id, text.trim_end_matches("e5")),
            (*id, ""),
        ] {
            assert_eq!(Pbkdf2::read_spring(id, text).err(), Some(InvalidHash::Form), "{text}");
        }
    }
}
