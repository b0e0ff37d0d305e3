//! The port by which a key management service or a hardware module signs: a key whose private half this
//! process never sees.

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use thiserror::Error;
use tokensmith::Context;

use super::pair::{Algorithm, Signature};
use super::public_key::PublicKey;
use super::{SealedKey, SigningError, SigningKey};

/// Signs tokens with a key of the host's, which may be in a key management service or a hardware
/// module: the issuer publishes its public half, and never has the other.
///
/// The issuer [is opened with](crate::IssuerBuilder::signer) it. Each signature is checked by the public
/// half before a token goes out; whatever else is wrong is a 502 too, and spends no refresh token.
#[async_trait]
pub trait Signer: Send + Sync {
    /// The public half. It is asked once, when the issuer is opened.
    fn key(&self) -> VerifyingKey;

    /// Signs a message, which is to be hashed as the algorithm says: for ES256 and RS256 with SHA-256,
    /// for EdDSA not at all.
    ///
    /// The signature is in the form of RFC 7518 section 3 and RFC 8037 section 3.1: for ES256 r and s, of
    /// 32 bytes each. For that also DER is taken, which key services give (RFC 3279 section 2.2.3).
    ///
    /// # Errors
    /// [`SignerError`]: there is no token.
    async fn sign(&self, cx: &Context, message: &[u8]) -> Result<Vec<u8>, SignerError>;
}

#[async_trait]
impl<S: Signer + ?Sized> Signer for Arc<S> {
    fn key(&self) -> VerifyingKey {
        (**self).key()
    }

    async fn sign(&self, cx: &Context, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        (**self).sign(cx, message).await
    }
}

/// A [`Signer`] has not signed. The observer hears of it, the caller never does.
#[derive(Debug, Error)]
#[error("the signer failed")]
#[expect(clippy::exhaustive_structs, reason = "no caller can do anything about one but try again")]
pub struct SignerError(#[source] pub Box<dyn Error + Send + Sync>);

/// The public half of a signing key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyingKey {
    pub(super) algorithm: Algorithm,
    pub(super) bytes: Box<[u8]>,
    kid: String,
}

/// What is no public key that this issuer can publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not the public key of P-256, Ed25519 or RSA with 2,048 bits and the exponent 65,537")]
#[expect(clippy::exhaustive_structs, reason = "it says all there is to say")]
pub struct InvalidVerifyingKey;

/// What comes before a point of P-256 in its `SubjectPublicKeyInfo` (RFC 5480 section 2).
const P256: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
/// What comes before a key of Ed25519 (RFC 8410 section 4).
const ED25519: &[u8] = &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// What comes before a modulus of 2,048 bits (RFC 8017 appendix A.1.1), and after it.
const RSA_2048: &[u8] = &[
    0x30, 0x82, 0x01, 0x22, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01,
    0x01, 0x05, 0x00, 0x03, 0x82, 0x01, 0x0f, 0x00, 0x30, 0x82, 0x01, 0x0a, 0x02, 0x82, 0x01, 0x01,
    0x00,
];
const RSA_EXPONENT: &[u8] = &[0x02, 0x03, 0x01, 0x00, 0x01];

impl VerifyingKey {
    /// Reads a key's `SubjectPublicKeyInfo` in DER (RFC 5280 section 4.1.2.7), which key services
    /// give. Of what algorithm it is it says itself.
    ///
    /// # Errors
    /// [`InvalidVerifyingKey`] for any other bytes.
    pub fn from_spki(der: &[u8]) -> Result<Self, InvalidVerifyingKey> {
        let (algorithm, bytes) = if let Some(point) = der.strip_prefix(P256) {
            (Algorithm::Es256, point.to_vec())
        } else if let Some(bytes) = der.strip_prefix(ED25519) {
            (Algorithm::EdDsa, bytes.to_vec())
        } else {
            let modulus =
                der.strip_prefix(RSA_2048).and_then(|rest| rest.strip_suffix(RSA_EXPONENT));
            let exponent = &[1, 0, 1];
            (Algorithm::Rs256, PublicKey::join_rsa(modulus.unwrap_or_default(), exponent))
        };
        let public = PublicKey { algorithm, bytes: &bytes };
        let kid = public.thumbprint().filter(|_| public.is_on_its_curve());
        let kid = kid.ok_or(InvalidVerifyingKey)?;
        Ok(Self { algorithm, bytes: bytes.into(), kid })
    }

    /// What it verifies.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Its thumbprint (RFC 7638), by which verifiers find it.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    fn public(&self) -> PublicKey<'_> {
        PublicKey { algorithm: self.algorithm, bytes: &self.bytes }
    }
}

/// A signer, and its key as it was when the issuer was opened.
pub(crate) struct Lent {
    pub(crate) key: VerifyingKey,
    signer: Arc<dyn Signer>,
}

impl Lent {
    pub(crate) fn new(signer: Arc<dyn Signer>) -> Self {
        Self { key: signer.key(), signer }
    }

    async fn sign(&self, cx: &Context, message: &[u8]) -> Result<Signature, SigningError> {
        let made = self.signer.sign(cx, message).await.map_err(SigningError::Lent)?;
        let (algorithm, public) = (self.key.algorithm, self.key.public());
        let from_der = || if algorithm == Algorithm::Es256 { es256_from_der(&made) } else { None };
        let plain = made.len() == algorithm.signature_bytes();
        let signature = if plain { Signature::copied(&made) } else { from_der() };
        // To verify costs less than to ask another process.
        let right = signature.filter(|made| public.verifies(message, made.as_bytes()));
        right.ok_or(SigningError::Foreign)
    }
}

/// r and s of a signature in DER: a sequence of two integers without needless zeros.
fn es256_from_der(der: &[u8]) -> Option<Signature> {
    let [0x30, length, rest @ ..] = der else { return None };
    let (r, rest) = integer(Some(rest).filter(|rest| rest.len() == usize::from(*length))?)?;
    let (s, rest) = integer(rest)?;
    let mut made = [0; 64];
    let (left, right) = made.split_at_mut(32);
    for (half, number) in [(left, r), (right, s)] {
        let start = half.len().checked_sub(number.len())?;
        half.get_mut(start..)?.copy_from_slice(number);
    }
    if rest.is_empty() { Signature::copied(&made) } else { None }
}

/// A positive integer, without the zero before a first bit that is set; and what comes after it.
fn integer(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let [0x02, length, rest @ ..] = der else { return None };
    let (number, rest) = rest.split_at_checked(usize::from(*length))?;
    match number {
        [0, number @ ..] if number.first().is_some_and(|first| *first >= 0x80) => {
            Some((number, rest))
        }
        [1..=0x7f, ..] => Some((number, rest)),
        _ => None,
    }
}

/// What signs tokens.
pub(crate) enum Key {
    /// A key of the store's.
    Own(SigningKey),
    /// A key of the host's.
    Lent(Arc<Lent>),
}

impl Key {
    pub(crate) fn kid(&self) -> &str {
        match self {
            Self::Own(key) => key.kid(),
            Self::Lent(lent) => lent.key.kid(),
        }
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        match self {
            Self::Own(key) => key.algorithm(),
            Self::Lent(lent) => lent.key.algorithm(),
        }
    }

    pub(crate) async fn sign(
        &self,
        cx: &Context,
        message: &[u8],
    ) -> Result<Signature, SigningError> {
        match self {
            Self::Own(key) => key.sign(message),
            Self::Lent(lent) => lent.sign(cx, message).await,
        }
    }
}

impl SealedKey {
    /// What the store holds in place of a private half that a signer has.
    const LENT: &[u8] = b"lent";

    /// Of a signer's key the store holds the public half.
    pub(crate) fn lent(key: &VerifyingKey) -> Self {
        Self {
            kid: key.kid.clone(),
            algorithm: key.algorithm,
            public: key.bytes.to_vec(),
            sealed: Self::LENT.to_vec(),
        }
    }

    pub(crate) fn is_lent(&self) -> bool {
        self.sealed == Self::LENT
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
    };

    use super::*;
    use crate::derived::tests::keys;

    #[test]
    fn a_key_is_read_from_what_key_services_give() {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let spki = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).unwrap();
        let spki = spki.as_ref().to_vec();
        let key = VerifyingKey::from_spki(&spki).unwrap();
        assert_eq!((key.algorithm(), key.kid().len()), (Algorithm::Es256, 43));
        assert_eq!(&*key.bytes, pair.public_key().as_ref());
        let pair = Ed25519KeyPair::generate().unwrap();
        let ed25519 = [ED25519, pair.public_key().as_ref()].concat();
        assert_eq!(VerifyingKey::from_spki(&ed25519).unwrap().algorithm(), Algorithm::EdDsa);
        let rsa = SealedKey::generate(Algorithm::Rs256, &keys()).unwrap();
        let (modulus, _) = rsa.public.split_at(256);
        let rsa_spki = [RSA_2048, modulus, RSA_EXPONENT].concat();
        let key = VerifyingKey::from_spki(&rsa_spki).unwrap();
        assert_eq!((key.algorithm(), key.kid()), (Algorithm::Rs256, rsa.kid.as_str()));
        for whole in [spki, ed25519, rsa_spki] {
            for cut in 0..whole.len() {
                assert!(VerifyingKey::from_spki(&whole[..cut]).is_err(), "{cut}");
            }
            assert!(VerifyingKey::from_spki(&[&whole[..], &[0]].concat()).is_err());
        }
        let nowhere = [P256, &[4; 65]].concat();
        assert_eq!(VerifyingKey::from_spki(&nowhere), Err(InvalidVerifyingKey), "off the curve");
        let even = [RSA_2048, &[0x7f; 256], RSA_EXPONENT].concat();
        assert_eq!(VerifyingKey::from_spki(&even), Err(InvalidVerifyingKey), "of 2,047 bits");
    }

    #[test]
    fn der_of_a_signature_is_taken_whole_or_not_at_all() {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let bytes = pair.public_key().as_ref();
        let public = PublicKey { algorithm: Algorithm::Es256, bytes };
        // So many that short numbers and needed zeros are among them.
        for i in 0..1_000_u32 {
            let message = i.to_be_bytes();
            let der = pair.sign(&SystemRandom::new(), &message).unwrap();
            let der = der.as_ref();
            let made = es256_from_der(der).unwrap();
            assert!(public.verifies(&message, made.as_bytes()));
            assert!(es256_from_der(&der[..der.len() - 1]).is_none());
            assert!(es256_from_der(&[der, &[0]].concat()).is_none());
        }
        for bad in [
            &[][..],
            &[0x30, 0],
            &[0x30, 6, 2, 1, 0, 2, 1, 1],
            &[0x30, 6, 2, 1, 0x80, 2, 1, 1],
            &[0x30, 7, 2, 2, 0, 1, 2, 1, 1],
            &[0x30, 5, 2, 0, 2, 1, 1],
            &[0x30, 6, 2, 9, 1, 2, 1, 1],
            &[0x31, 6, 2, 1, 1, 2, 1, 1],
        ] {
            assert!(es256_from_der(bad).is_none(), "{bad:?}");
        }
        let long = [&[0x30, 38, 2, 33, 1][..], &[0; 32], &[2, 1, 1]].concat();
        assert!(es256_from_der(&long).is_none());
        assert!(es256_from_der(&[0x30, 6, 2, 1, 1, 2, 1, 1]).is_some());
    }
}
