//! The verifying of the issuer's own access tokens, as a host of an API does that has the issuer in its
//! process (RFC 9068 section 4). It asks no network, and takes no word of a token for granted.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use thiserror::Error;
use tokensmith::{AppClientId, UnixTime};

use crate::access::MAX_BYTES;
use crate::key_ring::KeyRing;
use crate::settings::IssuerSettings;

/// How far two clocks may be apart.
const SKEW: u64 = 60;

/// What an access token says, once its signature was found right and its time come.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccessClaims {
    /// Whose token it is: `client_id` (RFC 8693 section 4.3).
    pub app: AppClientId,
    /// `sub`: `app:` and the app's id.
    pub subject: String,
    /// `jti`: the token's own id.
    pub token_id: String,
    /// `iat`: when it was issued.
    pub issued: UnixTime,
    /// `exp`: from when it is not good.
    pub expires: UnixTime,
}

/// Why an access token is not good. It says nothing of what the token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidAccessToken {
    /// It is no JWT of this issuer's making.
    #[error("the access token is not one of this issuer's")]
    Malformed,
    /// No key that is published now has signed it.
    #[error("the access token is signed by no key that is published")]
    UnknownKey,
    /// The signature is another's.
    #[error("the signature of the access token is wrong")]
    Signature,
    /// It is of another issuer, or for another audience.
    #[error("the access token is of another issuer or for another audience")]
    Issuer,
    /// Its time is past, or has not come.
    #[error("the access token's time is past, or has not come")]
    Expired,
}

impl InvalidAccessToken {
    /// The code that stands for the error in every language.
    pub const fn code(self) -> &'static str {
        "ERR_ACCESS_TOKEN_INVALID"
    }

    /// The word that stands for what is wrong with it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::UnknownKey => "unknown_key",
            Self::Signature => "signature",
            Self::Issuer => "issuer",
            Self::Expired => "expired",
        }
    }
}

/// The header has these members and no other: none by which a token could name a key of its own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    typ: String,
    alg: String,
    kid: String,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    client_id: String,
    iat: u64,
    exp: u64,
    jti: String,
}

/// Verifies a token at that second.
pub(crate) fn verify(
    token: &str,
    keys: &KeyRing,
    settings: &IssuerSettings,
    now: u64,
) -> Result<AccessClaims, InvalidAccessToken> {
    let malformed = InvalidAccessToken::Malformed;
    // Before anything is taken apart: a token may be long, and all dots.
    if token.len() > MAX_BYTES || token.bytes().filter(|byte| *byte == b'.').count() != 2 {
        return Err(malformed);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(malformed)?;
    let (header, claims) = signed.split_once('.').ok_or(malformed)?;
    let header: Header = read(header).ok_or(malformed)?;
    if header.typ != "at+jwt" {
        return Err(malformed);
    }
    // The algorithm is the key's; that of the token must be the same.
    let key = keys.find(&header.kid).ok_or(InvalidAccessToken::UnknownKey)?;
    if header.alg != key.algorithm.as_str() {
        return Err(malformed);
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| malformed)?;
    if !key.verifies(signed.as_bytes(), &signature) {
        return Err(InvalidAccessToken::Signature);
    }
    let claims: Claims = read(claims).ok_or(malformed)?;
    if claims.iss != settings.issuer || claims.aud != settings.audience() {
        return Err(InvalidAccessToken::Issuer);
    }
    if now >= claims.exp.saturating_add(SKEW) || claims.iat > now.saturating_add(SKEW) {
        return Err(InvalidAccessToken::Expired);
    }
    Ok(AccessClaims {
        app: AppClientId::new(&claims.client_id).map_err(|_| malformed)?,
        subject: claims.sub,
        token_id: claims.jti,
        issued: UnixTime::from_secs(claims.iat),
        expires: UnixTime::from_secs(claims.exp),
    })
}

fn read<T: for<'a> Deserialize<'a>>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use std::env;

    use proptest::prelude::*;
    use proptest::test_runner::{Config, TestRunner};
    use serde_json::{Value, json};

    use super::*;
    use crate::access::{AccessTokens, Wording};
    use crate::derived::tests::keys;
    use crate::signing::pair::Algorithm;
    use crate::signing::{SealedKey, SigningKey};
    use crate::store::keys::KeyRow;

    const NOW: u64 = 1_700_000_000;
    const ALL: [Algorithm; 3] = [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256];

    struct Scene {
        settings: IssuerSettings,
        ring: KeyRing,
        key: SigningKey,
        good: String,
    }

    impl Scene {
        fn new(algorithm: Algorithm) -> Self {
            let settings = IssuerSettings::new("a.db");
            let sealed = SealedKey::generate(algorithm, &keys()).unwrap();
            let key = sealed.open(&keys()).unwrap();
            let tokens = AccessTokens::new(sealed.open(&keys()).unwrap(), &settings);
            let now = UnixTime::from_secs(NOW);
            let good = tokens.mint("appcl-1", &Wording::default(), now, &[[7; 8]; 2]).unwrap();
            let created_at = UnixTime::from_secs(NOW);
            let row = KeyRow { key: sealed, created_at, active_at: NOW };
            let ring = KeyRing::open(vec![row], &settings, &keys(), None).unwrap();
            Self { settings, ring, key, good: good.token.expose_secret().to_owned() }
        }

        fn verify(&self, token: &str) -> Result<AccessClaims, InvalidAccessToken> {
            self.verify_at(token, NOW)
        }

        fn verify_at(&self, token: &str, now: u64) -> Result<AccessClaims, InvalidAccessToken> {
            verify(token, &self.ring, &self.settings, now)
        }

        fn header(&self) -> Value {
            json!({ "typ": "at+jwt", "alg": self.key.algorithm().as_str(), "kid": self.key.kid() })
        }

        /// Right in all but what the test changes, and signed by the right key.
        fn signed(&self, header: &str, claims: &str) -> String {
            let parts = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part));
            let signed = parts.join(".");
            let signature = self.key.sign(signed.as_bytes()).unwrap();
            format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_bytes()))
        }

        fn with_claims(&self, change: impl FnOnce(&mut Value)) -> String {
            let mut claims = json!({
                "iss": self.settings.issuer, "aud": self.settings.issuer, "sub": "app:a",
                "client_id": "a", "iat": NOW, "exp": NOW + 60, "jti": "x",
            });
            change(&mut claims);
            self.signed(&self.header().to_string(), &claims.to_string())
        }
    }

    #[test]
    fn what_was_minted_is_read_as_it_was_meant() {
        for algorithm in ALL {
            let scene = Scene::new(algorithm);
            let claims = scene.verify(&scene.good).unwrap();
            assert_eq!(claims.app.as_str(), "appcl-1");
            assert_eq!(claims.subject, "app:appcl-1");
            assert_eq!(claims.issued, UnixTime::from_secs(NOW));
            assert_eq!(claims.expires, UnixTime::from_secs(NOW + 3_600));
            assert_eq!(claims.token_id.len(), 22);
        }
    }

    #[test]
    fn each_claim_is_there_and_of_its_type() {
        let scene = Scene::new(Algorithm::EdDsa);
        assert!(scene.verify(&scene.with_claims(|_| {})).is_ok());
        assert!(scene.verify(&scene.with_claims(|claims| claims["more"] = json!(1))).is_ok());
        for name in ["iss", "aud", "sub", "client_id", "iat", "exp", "jti"] {
            let wrong = [
                json!(null),
                json!(true),
                json!(-1),
                json!(1.5),
                json!(1e300),
                json!([]),
                json!({}),
                json!(["a"]),
                if name == "iat" || name == "exp" { json!("1700000060") } else { json!(7) },
            ];
            for value in wrong {
                let token = scene.with_claims(|claims| claims[name] = value.clone());
                let refused = scene.verify(&token).unwrap_err();
                assert_eq!(refused, InvalidAccessToken::Malformed, "{name} {value}");
            }
            let token = scene.with_claims(|claims| {
                claims.as_object_mut().unwrap().remove(name);
            });
            assert_eq!(scene.verify(&token), Err(InvalidAccessToken::Malformed), "{name}");
        }
    }

    #[test]
    fn another_issuer_or_audience_is_refused() {
        let scene = Scene::new(Algorithm::EdDsa);
        for name in ["iss", "aud"] {
            let token = scene.with_claims(|claims| claims[name] = json!("https://other.example"));
            assert_eq!(scene.verify(&token), Err(InvalidAccessToken::Issuer), "{name}");
        }
    }

    #[test]
    fn its_time_is_exact_but_for_a_minute() {
        let scene = Scene::new(Algorithm::EdDsa);
        for (now, is_good) in [
            (NOW + 3_600 + SKEW - 1, true),
            (NOW + 3_600 + SKEW, false),
            (NOW - SKEW, true),
            (NOW - SKEW - 1, false),
            (u64::MAX, false),
        ] {
            assert_eq!(scene.verify_at(&scene.good, now).is_ok(), is_good, "{now}");
        }
    }

    #[test]
    fn a_header_says_these_three_things_and_no_other() {
        for algorithm in ALL {
            let scene = Scene::new(algorithm);
            let claims = scene.with_claims(|_| {});
            let claims = URL_SAFE_NO_PAD.decode(claims.split('.').nth(1).unwrap()).unwrap();
            let claims = String::from_utf8(claims).unwrap();
            let by = |header: Value| scene.verify(&scene.signed(&header.to_string(), &claims));
            assert!(by(scene.header()).is_ok());
            for (name, value) in [
                ("alg", json!("none")),
                ("alg", json!("HS256")),
                ("alg", json!("es256")),
                ("alg", json!(["ES256"])),
                ("typ", json!("JWT")),
                ("typ", json!("application/at+jwt")),
                ("kid", json!(7)),
                ("crit", json!(["exp"])),
                ("jku", json!("https://other.example/keys")),
                ("jwk", json!({})),
                ("x5u", json!("https://other.example")),
                ("zip", json!("DEF")),
                ("enc", json!("A256GCM")),
                ("cty", json!("JWT")),
            ] {
                let mut header = scene.header();
                header[name] = value.clone();
                assert!(by(header).is_err(), "{name} {value}");
            }
            for other in ALL.into_iter().filter(|other| *other != algorithm) {
                let mut header = scene.header();
                header["alg"] = json!(other.as_str());
                assert_eq!(
                    by(header),
                    Err(InvalidAccessToken::Malformed),
                    "{algorithm:?} {other:?}"
                );
            }
            let mut header = scene.header();
            header["kid"] = json!(Scene::new(algorithm).key.kid());
            assert_eq!(by(header), Err(InvalidAccessToken::UnknownKey));
            let kid = scene.key.kid();
            let alg = algorithm.as_str();
            let twice = format!(r#"{{"typ":"at+jwt","alg":"{alg}","kid":"{kid}","kid":"{kid}"}}"#);
            assert!(scene.verify(&scene.signed(&twice, &claims)).is_err());
        }
    }

    #[test]
    fn another_key_under_the_same_name_is_refused() {
        for algorithm in ALL {
            let (scene, other) = (Scene::new(algorithm), Scene::new(algorithm));
            let (signed, _) = scene.good.rsplit_once('.').unwrap();
            let signature = other.key.sign(signed.as_bytes()).unwrap();
            let forged = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_bytes()));
            assert_eq!(scene.verify(&forged), Err(InvalidAccessToken::Signature));
        }
    }

    #[test]
    fn what_is_no_token_is_malformed() {
        let scene = Scene::new(Algorithm::EdDsa);
        let good = &scene.good;
        for bad in [
            String::new(),
            "..".to_owned(),
            ".".repeat(1_000_000),
            format!("{good}.{good}"),
            format!("{good}="),
            format!(" {good}"),
            format!("{good}\n"),
            "a".repeat(MAX_BYTES + 1),
        ] {
            assert_eq!(scene.verify(&bad), Err(InvalidAccessToken::Malformed), "{bad:.20}");
        }
        let long = "j".repeat(MAX_BYTES);
        let token = scene.with_claims(|claims| claims["jti"] = json!(long));
        assert_eq!(scene.verify(&token), Err(InvalidAccessToken::Malformed), "too long");
    }

    /// However a token is mutated, it is not accepted unless it was minted. `PROPTEST_CASES` says how
    /// often; `tests/run long` a million times.
    #[test]
    fn no_mutation_of_a_token_is_accepted() {
        let cases = env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
        let config = Config { cases: cases.unwrap_or(4_000), ..Config::default() };
        let edit = (any::<prop::sample::Index>(), any::<u8>(), 0..4_u8);
        let edits = prop::collection::vec(edit, 1..4);
        let scenes = ALL.map(Scene::new);
        let mutations = (0..ALL.len(), edits);
        let checked = TestRunner::new(config).run(&mutations, |(which, edits)| {
            let scene = &scenes[which];
            let mut mutated = scene.good.clone().into_bytes();
            for (place, byte, edit) in edits {
                let place = place.index(mutated.len());
                let letter = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
                    [usize::from(byte) % 65];
                match edit {
                    0 => mutated[place] = letter,
                    1 => mutated.insert(place, letter),
                    2 => drop(mutated.remove(place)),
                    _ => {
                        let other = usize::from(byte) % mutated.len();
                        mutated.swap(place, other);
                    }
                }
            }
            let mutated = String::from_utf8(mutated).unwrap();
            prop_assume!(mutated != scene.good);
            prop_assert!(scene.verify(&mutated).is_err());
            Ok(())
        });
        checked.unwrap();
    }
}
