//! Key pairs of the three algorithms: made, kept as PKCS#8, and signed with.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use zeroize::Zeroizing;

use super::SigningError;
use super::public_key::PublicKey;

/// What signs access tokens (RFC 7518 section 3.1, RFC 8037 section 3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// ECDSA on P-256: `ES256`.
    #[default]
    Es256,
    /// Ed25519: `EdDSA`. The fastest; some verifiers do not know it.
    EdDsa,
    /// RSA of 2,048 bits, PKCS #1 v1.5: `RS256`. For verifiers that know nothing else: it takes many
    /// times as long, and its signatures are four times as large.
    Rs256,
}

impl Algorithm {
    /// Its name in a JWT's header.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
            Self::Rs256 => "RS256",
        }
    }

    /// The algorithm of that name; `None` for one that is not known.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Es256, Self::EdDsa, Self::Rs256].into_iter().find(|one| one.as_str() == name)
    }

    /// How long a signature of it is.
    pub(crate) const fn signature_bytes(self) -> usize {
        match self {
            Self::Es256 | Self::EdDsa => 64,
            Self::Rs256 => MOST_SIGNATURE_BYTES,
        }
    }
}

/// How long the longest signature is.
const MOST_SIGNATURE_BYTES: usize = 256;

/// A signature, and how much of it is one.
pub(crate) struct Signature {
    bytes: [u8; MOST_SIGNATURE_BYTES],
    length: usize,
}

impl Signature {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    pub(super) fn copied(from: &[u8]) -> Option<Self> {
        let mut bytes = [0; MOST_SIGNATURE_BYTES];
        bytes.get_mut(..from.len())?.copy_from_slice(from);
        Some(Self { bytes, length: from.len() })
    }
}

/// Both halves of a key.
pub(super) enum Pair {
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
    Rs256(RsaKeyPair),
}

impl Pair {
    pub(super) fn generate(algorithm: Algorithm) -> Option<Self> {
        match algorithm {
            Algorithm::Es256 => {
                EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).ok().map(Self::Es256)
            }
            Algorithm::EdDsa => Ed25519KeyPair::generate().ok().map(Self::EdDsa),
            Algorithm::Rs256 => RsaKeyPair::generate(KeySize::Rsa2048).ok().map(Self::Rs256),
        }
    }

    /// The private half, as PKCS#8 (RFC 5958).
    pub(super) fn document(&self) -> Option<Zeroizing<Vec<u8>>> {
        let bytes = match self {
            Self::Es256(pair) => pair.to_pkcs8v1().ok()?.as_ref().to_vec(),
            Self::EdDsa(pair) => pair.to_pkcs8v1().ok()?.as_ref().to_vec(),
            Self::Rs256(pair) => pair.as_der().ok()?.as_ref().to_vec(),
        };
        Some(Zeroizing::new(bytes))
    }

    pub(super) fn read(algorithm: Algorithm, document: &[u8]) -> Option<Self> {
        match algorithm {
            Algorithm::Es256 => {
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document)
                    .ok()
                    .map(Self::Es256)
            }
            Algorithm::EdDsa => Ed25519KeyPair::from_pkcs8(document).ok().map(Self::EdDsa),
            Algorithm::Rs256 => RsaKeyPair::from_pkcs8(document).ok().map(Self::Rs256),
        }
    }

    /// The public half, as [`PublicKey`] reads it.
    pub(super) fn public(&self) -> Vec<u8> {
        match self {
            Self::Es256(pair) => pair.public_key().as_ref().to_vec(),
            Self::EdDsa(pair) => pair.public_key().as_ref().to_vec(),
            Self::Rs256(pair) => {
                let public = pair.public_key();
                PublicKey::join_rsa(
                    public.modulus().big_endian_without_leading_zero(),
                    public.exponent().big_endian_without_leading_zero(),
                )
            }
        }
    }

    /// Signs, in the form that RFC 7518 section 3 and RFC 8037 section 3.1 give a signature.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Signature, SigningError> {
        let random = SystemRandom::new();
        // Looked at where it lies: what the library gives has room for the longest of all signatures.
        let signature = match self {
            Self::Es256(pair) => match &pair.sign(&random, message) {
                Ok(made) => Signature::copied(made.as_ref()),
                Err(_) => None,
            },
            Self::EdDsa(pair) => match &pair.try_sign(message) {
                Ok(made) => Signature::copied(made.as_ref()),
                Err(_) => None,
            },
            Self::Rs256(pair) => {
                let mut made = Signature {
                    bytes: [0; MOST_SIGNATURE_BYTES],
                    length: pair.public_modulus_len(),
                };
                let place = made.bytes.get_mut(..made.length);
                let signed = place
                    .and_then(|place| pair.sign(&RSA_PKCS1_SHA256, &random, message, place).ok());
                signed.map(|()| made)
            }
        };
        signature.ok_or(SigningError::Sign)
    }
}
