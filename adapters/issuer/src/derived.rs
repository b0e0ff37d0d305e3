//! The symmetric keys: derived from the root under a label of their own, or given by the host.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, RandomizedNonceKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use crate::given_key::{KeyError, KeyName, KeyProblem, NumberedKey};
use crate::numbered::{NumberedKeys, hmac_key};
use crate::owner::Owner;
use crate::root::Root;
use crate::settings::IssuerSettings;

/// All keys. Two processes with the same root and the same settings hold the same ones.
pub(crate) struct DerivedKeys {
    /// Digest secrets; a stored secret names the number of its own.
    pub(crate) peppers: NumberedKeys,
    /// Tag refresh tokens; a token names the number of its own.
    pub(crate) refresh: NumberedKeys,
    /// Tags the rows of the store.
    pub(crate) rows: hmac::Key,
    /// Wraps private signing keys.
    pub(crate) wrap: RandomizedNonceKey,
}

impl DerivedKeys {
    /// The number of those that come from the root.
    pub(crate) const FROM_ROOT: u16 = 1;

    /// Those that come from the root.
    pub(crate) fn derive(root: &Root) -> Result<Self, Unspecified> {
        let key = |label| Ok::<_, Unspecified>(hmac_key(&*expand(root, label)?));
        Ok(Self {
            peppers: NumberedKeys::of_root(key("tokensmith/pepper/1")?),
            refresh: NumberedKeys::of_root(key("tokensmith/refresh/1")?),
            rows: key("tokensmith/rows/1")?,
            wrap: RandomizedNonceKey::new(&AES_256_GCM, &expand(root, "tokensmith/wrap/1")?[..])?,
        })
    }

    /// The same, with those that the host gives beside them. INVARIANT: the settings were checked.
    pub(crate) fn with(self, given: GivenKeys, settings: &IssuerSettings) -> Self {
        let GivenKeys { peppers, refresh } = given;
        Self {
            peppers: self.peppers.with(peppers, settings.pepper()),
            refresh: self.refresh.with(refresh, settings.refresh_key()),
            ..self
        }
    }
}

/// The keys that the host gives.
pub(crate) struct GivenKeys {
    peppers: Vec<(u16, hmac::Key)>,
    refresh: Vec<(u16, hmac::Key)>,
}

impl GivenKeys {
    /// Reads them. No two keys may have the same bytes, and none those of the root.
    pub(crate) fn read(
        settings: &IssuerSettings,
        owner: Owner,
        root: &Root,
    ) -> Result<Self, KeyError> {
        let mut seen = vec![(KeyName::Root, Zeroizing::new(*root.as_bytes()))];
        let mut read = |name: fn(u16) -> KeyName, keys: &[NumberedKey]| {
            let key = |key: &NumberedKey| {
                let name = name(key.id);
                let bytes = key.source.read(owner).map_err(|problem| problem.of(name))?;
                if let Some((other, _)) = seen.iter().find(|(_, seen)| *seen == bytes) {
                    return Err(KeyProblem::SameAs(*other).of(name));
                }
                let given = (key.id, hmac_key(&bytes));
                seen.push((name, bytes));
                Ok(given)
            };
            keys.iter().map(key).collect::<Result<Vec<_>, _>>()
        };
        let peppers = read(KeyName::Pepper, &settings.peppers)?;
        Ok(Self { peppers, refresh: read(KeyName::Refresh, &settings.refresh_keys)? })
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
        let of = |label| hmac_key(&expand(&root(), label).unwrap());
        let first = |keys: &NumberedKeys| tag(keys.find(1).unwrap());
        assert_eq!(first(&keys().peppers), tag(&of("tokensmith/pepper/1")));
        assert_eq!(first(&keys().refresh), tag(&of("tokensmith/refresh/1")));
        assert_eq!(tag(&keys().rows), tag(&of("tokensmith/rows/1")));
        assert_eq!(format!("{:?}", keys()), "[REDACTED]");
    }
}
