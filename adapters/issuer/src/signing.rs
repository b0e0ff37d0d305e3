//! The signing key: made once, kept wrapped, and a pair that fits or none at all.

use std::fmt;

use aws_lc_rs::aead::{Aad, NONCE_LEN, Nonce};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::derived::DerivedKeys;

pub(crate) mod pair;
pub(crate) mod public_key;
pub(crate) mod signer;

use pair::{Algorithm, Pair, Signature};
use public_key::PublicKey;
use signer::SignerError;

/// What the store holds of a signing key. The private part is sealed under the wrap key.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SealedKey {
    /// The key's thumbprint (RFC 7638), by which a verifier finds it.
    pub(crate) kid: String,
    pub(crate) algorithm: Algorithm,
    pub(crate) public: Vec<u8>,
    /// Nonce, PKCS#8 document and tag of AES-256-GCM.
    pub(crate) sealed: Vec<u8>,
}

/// A signing key, parsed once.
pub(crate) struct SigningKey {
    pair: Pair,
    kid: String,
    algorithm: Algorithm,
}

/// A signing key that cannot be made, opened or trusted.
#[derive(Debug, Error)]
pub(crate) enum SigningError {
    #[error("no signing key could be made")]
    Make,
    #[error("the private part of the signing key cannot be unwrapped")]
    Unwrap,
    #[error("the private part of the signing key does not fit its public part")]
    Mismatch,
    #[error("the signing key failed to sign")]
    Sign,
    #[error(transparent)]
    Lent(SignerError),
    #[error("what the signer gave is no signature of its key")]
    Foreign,
}

impl SealedKey {
    /// Makes a key.
    pub(crate) fn generate(algorithm: Algorithm, keys: &DerivedKeys) -> Result<Self, SigningError> {
        let pair = Pair::generate(algorithm).ok_or(SigningError::Make)?;
        let public = pair.public();
        let kid = PublicKey { algorithm, bytes: &public }.thumbprint().ok_or(SigningError::Make)?;
        let mut content = pair.document().ok_or(SigningError::Make)?;
        let (nonce, tag) = keys
            .wrap
            .seal_in_place_separate_tag(associated(&kid), &mut content[..])
            .map_err(|_| SigningError::Make)?;
        let sealed = [nonce.as_ref().as_slice(), &content, tag.as_ref()].concat();
        Ok(Self { kid, algorithm, public, sealed })
    }

    /// The same, of which nothing private is left.
    pub(crate) fn wiped(self) -> Self {
        Self { sealed: Vec::new(), ..self }
    }

    pub(crate) fn is_wiped(&self) -> bool {
        self.sealed.is_empty()
    }

    pub(crate) fn public_key(&self) -> PublicKey<'_> {
        PublicKey { algorithm: self.algorithm, bytes: &self.public }
    }

    /// Opens a key and sees to it that its parts fit.
    pub(crate) fn open(&self, keys: &DerivedKeys) -> Result<SigningKey, SigningError> {
        let (nonce, content) =
            self.sealed.split_first_chunk::<NONCE_LEN>().ok_or(SigningError::Unwrap)?;
        let mut content = Zeroizing::new(content.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let document = keys
            .wrap
            .open_in_place(nonce, associated(&self.kid), &mut content)
            .map_err(|_| SigningError::Unwrap)?;
        let pair = Pair::read(self.algorithm, document).ok_or(SigningError::Unwrap)?;
        if self.public_key().thumbprint().as_ref() != Some(&self.kid) {
            return Err(SigningError::Mismatch);
        }
        let key = SigningKey { pair, kid: self.kid.clone(), algorithm: self.algorithm };
        // What counts is that verifiers, who have the public part alone, accept the signatures.
        let probe = b"tokensmith/probe/v1";
        let signature = key.sign(probe)?;
        if self.public_key().verifies(probe, signature.as_bytes()) {
            Ok(key)
        } else {
            Err(SigningError::Mismatch)
        }
    }
}

impl SigningKey {
    pub(crate) fn kid(&self) -> &str {
        &self.kid
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Result<Signature, SigningError> {
        self.pair.sign(message)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

impl fmt::Debug for SealedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// Ties a sealed private part to its kid.
fn associated(kid: &str) -> Aad<Vec<u8>> {
    Aad::from([b"tokensmith/signing-key/v1\0", kid.as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::derived::tests::keys;

    const ALL: [Algorithm; 3] = [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256];

    fn made(algorithm: Algorithm) -> SealedKey {
        SealedKey::generate(algorithm, &keys()).unwrap()
    }

    #[test]
    fn a_sealed_key_opens_and_signs_what_its_public_part_verifies() {
        for algorithm in ALL {
            let sealed = made(algorithm);
            let key = sealed.open(&keys()).unwrap();
            let signature = key.sign(b"message").unwrap();
            assert_eq!(signature.as_bytes().len(), algorithm.signature_bytes());
            let public = sealed.public_key();
            assert!(public.verifies(b"message", signature.as_bytes()), "{algorithm:?}");
            assert!(!public.verifies(b"massage", signature.as_bytes()), "{algorithm:?}");
            assert_eq!(key.kid(), sealed.kid);
            assert_eq!(sealed.kid.len(), 43);
            assert_eq!(Algorithm::parse(algorithm.as_str()), Some(algorithm));
        }
        assert_eq!(Algorithm::parse("none"), None);
    }

    #[test]
    fn a_key_of_another_algorithm_is_refused() {
        for algorithm in ALL {
            for other in ALL.into_iter().filter(|other| *other != algorithm) {
                let renamed = SealedKey { algorithm: other, ..made(algorithm) };
                assert!(renamed.open(&keys()).is_err(), "{algorithm:?} as {other:?}");
            }
        }
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let sealed = made(Algorithm::Es256);
        for bit in 0..sealed.sealed.len() * 8 {
            let mut flipped = sealed.clone();
            flipped.sealed[bit / 8] ^= 1 << (bit % 8);
            let refused = flipped.open(&keys());
            assert!(matches!(refused, Err(SigningError::Unwrap)), "bit {bit}");
        }
        for bit in 0..sealed.public.len() * 8 {
            let mut flipped = sealed.clone();
            flipped.public[bit / 8] ^= 1 << (bit % 8);
            let refused = flipped.open(&keys());
            assert!(matches!(refused, Err(SigningError::Mismatch)), "bit {bit}");
        }
    }

    /// A key pair, sealed under a kid that may be another's.
    fn sealed_as(kid: &str, key: &SigningKey) -> Vec<u8> {
        let mut content = key.pair.document().unwrap();
        let sealed = keys().wrap.seal_in_place_separate_tag(associated(kid), &mut content[..]);
        let (nonce, tag) = sealed.unwrap();
        [nonce.as_ref().as_slice(), &content, tag.as_ref()].concat()
    }

    #[test]
    fn halves_of_two_keys_are_no_key() {
        let (one, two) = (made(Algorithm::Es256), made(Algorithm::Es256));
        // Both halves are intact, and still do not fit.
        let sealed = sealed_as(&two.kid, &one.open(&keys()).unwrap());
        let halves = SealedKey { sealed, ..two };
        assert!(matches!(halves.open(&keys()), Err(SigningError::Mismatch)));
    }

    #[test]
    fn a_kid_is_the_thumbprint_or_the_key_is_refused() {
        let sealed = made(Algorithm::Es256);
        let renamed = sealed_as("another", &sealed.open(&keys()).unwrap());
        let renamed = SealedKey { kid: "another".to_owned(), sealed: renamed, ..sealed };
        assert!(matches!(renamed.open(&keys()), Err(SigningError::Mismatch)));
    }

    #[test]
    fn nothing_private_is_printed() {
        let sealed = made(Algorithm::Es256);
        let shown = format!("{sealed:?} {:?}", sealed.open(&keys()).unwrap());
        assert!(shown.contains(&sealed.kid) && !shown.contains("sealed:"), "{shown}");
    }
}
