//! The symmetric keys, each derived from the root under a label of its own.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, RandomizedNonceKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use aws_lc_rs::hmac::{self, HMAC_SHA256};
use zeroize::Zeroizing;

use crate::root::Root;

/// All keys that come from one root. Two processes with the same root hold the same ones.
pub(crate) struct DerivedKeys {
    /// Digests secrets; its number in stored secrets is [`DerivedKeys::PEPPER_ID`].
    pub(crate) pepper: hmac::Key,
    /// Tags refresh tokens; its number in them is [`DerivedKeys::REFRESH_ID`].
    pub(crate) refresh: hmac::Key,
    /// Tags the rows of the store.
    pub(crate) rows: hmac::Key,
    /// Wraps private signing keys.
    pub(crate) wrap: RandomizedNonceKey,
}

impl DerivedKeys {
    pub(crate) const PEPPER_ID: u32 = 1;
    pub(crate) const REFRESH_ID: u16 = 1;

    pub(crate) fn derive(root: &Root) -> Result<Self, Unspecified> {
        let hmac_key = |label| -> Result<hmac::Key, Unspecified> {
            Ok(hmac::Key::new(HMAC_SHA256, &expand(root, label)?[..]))
        };
        Ok(Self {
            pepper: hmac_key("tokensmith/pepper/1")?,
            refresh: hmac_key("tokensmith/refresh/1")?,
            rows: hmac_key("tokensmith/rows/1")?,
            wrap: RandomizedNonceKey::new(&AES_256_GCM, &expand(root, "tokensmith/wrap/1")?[..])?,
        })
    }
}

impl fmt::Debug for DerivedKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}

/// HKDF-SHA-256 with an empty salt (RFC 5869); the label is the info.
fn expand(root: &Root, label: &str) -> Result<Zeroizing<[u8; 32]>, Unspecified> {
    let info = [label.as_bytes()];
    let mut key = Zeroizing::new([0; 32]);
    Salt::none(HKDF_SHA256)
        .extract(root.as_bytes())
        .expand(&info, HKDF_SHA256)?
        .fill(&mut key[..])?;
    Ok(key)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The keys of the root 00 01 … 1f.
    pub(crate) fn keys() -> DerivedKeys {
        DerivedKeys::derive(&root()).unwrap()
    }

    fn root() -> Root {
        Root::from_bytes(std::array::from_fn(|i| u8::try_from(i).unwrap()))
    }

    // From an independent implementation of RFC 5869 (Python's hmac): were a label to change, every
    // stored secret would be lost.
    #[test]
    fn the_labels_are_frozen() {
        for (label, hex) in [
            (
                "tokensmith/pepper/1",
                "cda21db0322d254d971394bbdc34cf6073bd042bfc2b48f68a09c787e9dc540f",
            ),
            (
                "tokensmith/refresh/1",
                "57bb8a7d03d2e080aa4483cc81b535f10454803872fb8c3a91a31297f033f1cc",
            ),
            (
                "tokensmith/rows/1",
                "adc815d4f0503b5830dc5dd60be4faea9f1f991091d1df2fd7d0d7bafccd9d17",
            ),
            (
                "tokensmith/wrap/1",
                "0a038a9f30ed9c63a380996cb82a64b5a5056067f6143fffb1930b715ea5cc36",
            ),
        ] {
            let key = expand(&root(), label).unwrap();
            let shown: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(shown, hex, "{label}");
        }
    }

    #[test]
    fn the_keys_are_those_of_their_labels() {
        let tag = |key: &hmac::Key| hmac::sign(key, b"x").as_ref().to_vec();
        let of = |label| hmac::Key::new(HMAC_SHA256, &expand(&root(), label).unwrap()[..]);
        assert_eq!(tag(&keys().pepper), tag(&of("tokensmith/pepper/1")));
        assert_eq!(tag(&keys().refresh), tag(&of("tokensmith/refresh/1")));
        assert_eq!(tag(&keys().rows), tag(&of("tokensmith/rows/1")));
        assert_eq!(format!("{:?}", keys()), "[REDACTED]");
    }
}
