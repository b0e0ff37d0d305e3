//! The signing key: made once, kept wrapped, and a pair that fits or none at all.

use std::fmt;

use aws_lc_rs::aead::{Aad, NONCE_LEN, Nonce};
use aws_lc_rs::digest::{self, SHA256};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
    UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::derived::DerivedKeys;

/// The algorithm's name in a JWT's header (RFC 7518 section 3.1).
pub(crate) const ALGORITHM: &str = "ES256";

/// A public key as P-256 points are written (SEC 1 section 2.3.3): 04, x, y.
const POINT_BYTES: usize = 65;

/// What the store holds of a signing key. The private part is sealed under the wrap key.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SealedKey {
    /// The key's thumbprint (RFC 7638), by which a verifier finds it.
    pub(crate) kid: String,
    pub(crate) public: Vec<u8>,
    /// Nonce, PKCS#8 document and tag of AES-256-GCM.
    pub(crate) sealed: Vec<u8>,
}

/// A signing key, parsed once.
pub(crate) struct SigningKey {
    pair: EcdsaKeyPair,
    kid: String,
}

/// A signing key that cannot be made, opened or trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum SigningError {
    #[error("no signing key could be made")]
    Make,
    #[error("the private part of the signing key cannot be unwrapped")]
    Unwrap,
    #[error("the private part of the signing key does not fit its public part")]
    Mismatch,
    #[error("the signing key failed to sign")]
    Sign,
}

impl SealedKey {
    /// Makes a key.
    pub(crate) fn generate(keys: &DerivedKeys) -> Result<Self, SigningError> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
            .map_err(|_| SigningError::Make)?;
        let public = pair.public_key().as_ref().to_vec();
        let kid = thumbprint(&public).ok_or(SigningError::Make)?;
        let document = pair.to_pkcs8v1().map_err(|_| SigningError::Make)?;
        let mut content = Zeroizing::new(document.as_ref().to_vec());
        let (nonce, tag) = keys
            .wrap
            .seal_in_place_separate_tag(associated(&kid), &mut content)
            .map_err(|_| SigningError::Make)?;
        let sealed = [nonce.as_ref().as_slice(), &content, tag.as_ref()].concat();
        Ok(Self { kid, public, sealed })
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
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document)
            .map_err(|_| SigningError::Unwrap)?;
        if thumbprint(&self.public).as_ref() != Some(&self.kid) {
            return Err(SigningError::Mismatch);
        }
        let key = SigningKey { pair, kid: self.kid.clone() };
        // What counts is that verifiers, who have the public part alone, accept the signatures.
        let probe = b"tokensmith/probe/v1";
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &self.public)
            .verify(probe, &key.sign(probe)?)
            .map_err(|_| SigningError::Mismatch)?;
        Ok(key)
    }
}

impl SigningKey {
    pub(crate) fn kid(&self) -> &str {
        &self.kid
    }

    /// The signature as RFC 7518 section 3.4 writes it: r and s, 32 bytes each.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<[u8; 64], SigningError> {
        let signature =
            self.pair.sign(&SystemRandom::new(), message).map_err(|_| SigningError::Sign)?;
        signature.as_ref().try_into().map_err(|_| SigningError::Sign)
    }

    /// The set of public keys (RFC 7517 section 5). Its members are written one by one, so that no
    /// private one can be among them.
    pub(crate) fn jwks(&self) -> String {
        let (x, y) = coordinates(self.pair.public_key().as_ref()).unwrap_or_default();
        let kid = &self.kid;
        format!(
            r#"{{"keys":[{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}","kid":"{kid}","use":"sig","alg":"{ALGORITHM}"}}]}}"#
        )
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

/// The coordinates of a public key in base64url.
fn coordinates(public: &[u8]) -> Option<(String, String)> {
    let point: &[u8; POINT_BYTES] = public.try_into().ok()?;
    let [4, coordinates @ ..] = point else { return None };
    let (x, y) = coordinates.split_at_checked(32)?;
    Some((URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y)))
}

/// RFC 7638 section 3: the hash of the required members in lexical order.
fn thumbprint(public: &[u8]) -> Option<String> {
    let (x, y) = coordinates(public)?;
    let members = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    Some(URL_SAFE_NO_PAD.encode(digest::digest(&SHA256, members.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::derived::tests::keys;

    #[test]
    fn a_sealed_key_opens_and_signs_what_its_public_part_verifies() {
        let sealed = SealedKey::generate(&keys()).unwrap();
        let key = sealed.open(&keys()).unwrap();
        let signature = key.sign(b"message").unwrap();
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &sealed.public);
        public.verify(b"message", &signature).unwrap();
        public.verify(b"massage", &signature).unwrap_err();
        assert_eq!(key.kid(), sealed.kid);
        assert_eq!(sealed.kid.len(), 43);
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let sealed = SealedKey::generate(&keys()).unwrap();
        for bit in 0..sealed.sealed.len() * 8 {
            let mut flipped = sealed.clone();
            flipped.sealed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(flipped.open(&keys()).err(), Some(SigningError::Unwrap), "bit {bit}");
        }
        for bit in 0..sealed.public.len() * 8 {
            let mut flipped = sealed.clone();
            flipped.public[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(flipped.open(&keys()).err(), Some(SigningError::Mismatch), "bit {bit}");
        }
    }

    /// A key pair, sealed under a kid that may be another's.
    fn sealed_as(kid: &str, key: &SigningKey) -> Vec<u8> {
        let mut content = key.pair.to_pkcs8v1().unwrap().as_ref().to_vec();
        let sealed = keys().wrap.seal_in_place_separate_tag(associated(kid), &mut content);
        let (nonce, tag) = sealed.unwrap();
        [nonce.as_ref().as_slice(), &content, tag.as_ref()].concat()
    }

    #[test]
    fn halves_of_two_keys_are_no_key() {
        let (one, two) =
            (SealedKey::generate(&keys()).unwrap(), SealedKey::generate(&keys()).unwrap());
        // Both halves are intact, and still do not fit.
        let sealed = sealed_as(&two.kid, &one.open(&keys()).unwrap());
        let halves = SealedKey { sealed, ..two };
        assert_eq!(halves.open(&keys()).err(), Some(SigningError::Mismatch));
    }

    #[test]
    fn a_kid_is_the_thumbprint_or_the_key_is_refused() {
        let sealed = SealedKey::generate(&keys()).unwrap();
        let renamed = sealed_as("another", &sealed.open(&keys()).unwrap());
        let renamed = SealedKey { kid: "another".to_owned(), sealed: renamed, ..sealed };
        assert_eq!(renamed.open(&keys()).err(), Some(SigningError::Mismatch));
    }

    #[test]
    fn nothing_private_is_printed() {
        let sealed = SealedKey::generate(&keys()).unwrap();
        let shown = format!("{sealed:?} {:?}", sealed.open(&keys()).unwrap());
        assert!(shown.contains(&sealed.kid) && !shown.contains("sealed:"), "{shown}");
    }

    // The example key of RFC 7515 appendix A.3; the thumbprint by Python's hashlib.
    #[test]
    fn a_thumbprint_is_that_of_rfc_7638() {
        let x = URL_SAFE_NO_PAD.decode("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU").unwrap();
        let y = URL_SAFE_NO_PAD.decode("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0").unwrap();
        let public = [&[4], &x[..], &y].concat();
        assert_eq!(thumbprint(&public).unwrap(), "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U");
        assert_eq!(thumbprint(&public[..64]), None);
    }
}
