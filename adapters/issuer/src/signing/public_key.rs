//! The public half of a signing key: what verifiers get to see of it.

use aws_lc_rs::digest::{self, SHA256};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RsaPublicKeyComponents, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::pair::Algorithm;

/// A public key as P-256 points are written (SEC 1 section 2.3.3): 04, x, y.
const POINT_BYTES: usize = 65;
const ED25519_BYTES: usize = 32;
const MODULUS_BYTES: usize = 256;

/// A public key of an algorithm: for ES256 a point, for EdDSA its 32 bytes (RFC 8032 section 5.1.5), for
/// RS256 the modulus and behind it the exponent.
#[derive(Clone, Copy)]
pub(crate) struct PublicKey<'a> {
    pub(crate) algorithm: Algorithm,
    pub(crate) bytes: &'a [u8],
}

impl PublicKey<'_> {
    pub(super) fn join_rsa(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
        [modulus, exponent].concat()
    }

    /// The members of its JWK that its thumbprint is made of, in lexical order (RFC 7638 section
    /// 3.2, RFC 8037 section 2): `"name":"value"`, with commas between. They are written one by one,
    /// so that no private one can be among them.
    fn members(self) -> Option<String> {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self.algorithm {
            Algorithm::Es256 => {
                let point: &[u8; POINT_BYTES] = self.bytes.try_into().ok()?;
                let [4, coordinates @ ..] = point else { return None };
                let (x, y) = coordinates.split_at_checked(32)?;
                let (x, y) = (text(x), text(y));
                Some(format!(r#""crv":"P-256","kty":"EC","x":"{x}","y":"{y}""#))
            }
            Algorithm::EdDsa => {
                let x = Some(self.bytes).filter(|bytes| bytes.len() == ED25519_BYTES).map(text)?;
                Some(format!(r#""crv":"Ed25519","kty":"OKP","x":"{x}""#))
            }
            Algorithm::Rs256 => {
                let (n, e) = self.bytes.split_at_checked(MODULUS_BYTES)?;
                let (n, e) = (text(n), text(e));
                Some(format!(r#""e":"{e}","kty":"RSA","n":"{n}""#))
            }
        }
    }

    /// Its JWK (RFC 7517 section 4).
    pub(crate) fn jwk(self, kid: &str) -> Option<String> {
        let (members, algorithm) = (self.members()?, self.algorithm.as_str());
        Some(format!(r#"{{{members},"kid":"{kid}","use":"sig","alg":"{algorithm}"}}"#))
    }

    /// Its thumbprint (RFC 7638), by which a verifier finds it.
    pub(crate) fn thumbprint(self) -> Option<String> {
        let members = format!("{{{}}}", self.members()?);
        Some(URL_SAFE_NO_PAD.encode(digest::digest(&SHA256, members.as_bytes())))
    }

    /// Whether it is a key at all: a point on its curve, a modulus of its size.
    pub(super) fn is_on_its_curve(self) -> bool {
        match self.algorithm {
            Algorithm::Es256 => ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, self.bytes).is_ok(),
            Algorithm::EdDsa => ParsedPublicKey::new(&ED25519, self.bytes).is_ok(),
            Algorithm::Rs256 => self.bytes.first().is_some_and(|first| *first >= 0x80),
        }
    }

    /// Whether the key's other half made that signature.
    pub(crate) fn verifies(self, message: &[u8], signature: &[u8]) -> bool {
        let verified = match self.algorithm {
            Algorithm::Es256 => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, self.bytes)
                .verify(message, signature),
            Algorithm::EdDsa => {
                UnparsedPublicKey::new(&ED25519, self.bytes).verify(message, signature)
            }
            Algorithm::Rs256 => {
                let Some((n, e)) = self.bytes.split_at_checked(MODULUS_BYTES) else { return false };
                RsaPublicKeyComponents { n, e }.verify(
                    &RSA_PKCS1_2048_8192_SHA256,
                    message,
                    signature,
                )
            }
        };
        verified.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    // The example key of RFC 7515 appendix A.3; the thumbprint by Python's hashlib.
    #[test]
    fn a_thumbprint_is_that_of_rfc_7638() {
        let x = decoded("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
        let y = decoded("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
        let point = [&[4], &x[..], &y].concat();
        let key = |bytes| PublicKey { algorithm: Algorithm::Es256, bytes };
        let thumbprint = key(&point).thumbprint().unwrap();
        assert_eq!(thumbprint, "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U");
        assert_eq!(key(point.split_last().unwrap().1).thumbprint(), None);
    }

    // RFC 8037 appendix A.3.
    #[test]
    fn a_thumbprint_of_ed25519_is_that_of_rfc_8037() {
        let bytes = decoded("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        let key = PublicKey { algorithm: Algorithm::EdDsa, bytes: &bytes };
        let thumbprint = key.thumbprint().unwrap();
        assert_eq!(thumbprint, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        let short = PublicKey { bytes: bytes.split_last().unwrap().1, ..key };
        assert_eq!(short.thumbprint(), None);
    }

    // RFC 7638 section 3.1.
    #[test]
    fn a_thumbprint_of_rsa_is_that_of_rfc_7638() {
        let modulus = decoded(concat!(
            "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6",
            "tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5",
            "v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD0",
            "8qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU",
            "8awapJzKnqDKgw"
        ));
        let bytes = PublicKey::join_rsa(&modulus, &decoded("AQAB"));
        let key = PublicKey { algorithm: Algorithm::Rs256, bytes: &bytes };
        let thumbprint = key.thumbprint().unwrap();
        assert_eq!(thumbprint, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }
}
