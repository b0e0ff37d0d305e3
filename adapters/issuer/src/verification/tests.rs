//! What is accepted, and all that is not.

use std::env;

use futures_executor::block_on;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

use tokensmith::{Context, Tick};

use super::*;
use crate::derived::tests::keys;
use crate::minter::{About, Minter};
use crate::policy::AppPolicy;
use crate::settings::IssuerSettings;
use crate::signing::pair::Algorithm;
use crate::signing::signer::Key;
use crate::signing::{SealedKey, SigningKey};
use crate::store::keys::KeyRow;
use crate::wording::Wording;

const NOW: u64 = 1_700_000_000;
const ALL: [Algorithm; 3] = [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256];

struct Scene {
    settings: IssuerSettings,
    ring: KeyRing,
    key: SigningKey,
    good: String,
    id_token: String,
}

impl Scene {
    fn new(algorithm: Algorithm) -> Self {
        let settings = IssuerSettings::new("a.db");
        let sealed = SealedKey::generate(algorithm, &keys()).unwrap();
        let key = sealed.open(&keys()).unwrap();
        let minter = Minter::new(Key::Own(sealed.open(&keys()).unwrap()), &settings);
        let cx = Context::new(UnixTime::from_secs(NOW), Tick::from_nanos(0));
        let about = About { app: "appcl-1", id: &[[7; 8]; 2] };
        let policy = AppPolicy { id_token: Some(ExtraClaims::default()), ..AppPolicy::default() };
        let good = block_on(minter.mint(&cx, about, &Wording::of(&policy).unwrap())).unwrap();
        let created_at = UnixTime::from_secs(NOW);
        let row = KeyRow { key: sealed, created_at, active_at: NOW };
        let ring = KeyRing::open(vec![row], &settings, &keys(), &[], None).unwrap();
        let id_token = good.id_token.unwrap().expose_secret().to_owned();
        let good = good.access_token.expose_secret().to_owned();
        Self { settings, ring, key, good, id_token }
    }

    fn verify(&self, token: &str) -> Result<AccessClaims, InvalidAccessToken> {
        self.verify_at(token, NOW)
    }

    fn verify_at(&self, token: &str, now: u64) -> Result<AccessClaims, InvalidAccessToken> {
        self.verify_for(self.settings.audience(), token, now)
    }

    fn verify_for(
        &self,
        audience: &str,
        token: &str,
        now: u64,
    ) -> Result<AccessClaims, InvalidAccessToken> {
        verify(token, Some(audience), &self.ring, &self.settings.issuer, now)
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
    let malformed = InvalidAccessToken::Malformed;
    for scope in [json!(null), json!(["a"]), json!(7), json!(""), json!("a  b")] {
        let token = scene.with_claims(|claims| claims["scope"] = scope.clone());
        assert_eq!(scene.verify(&token), Err(malformed), "{scope}");
    }
    // This issuer makes none, so whoever did meant what it does not judge.
    let token = scene.with_claims(|claims| claims["nbf"] = json!(NOW));
    assert_eq!(scene.verify(&token), Err(malformed));
    let twice = scene.with_claims(|_| {});
    let twice = URL_SAFE_NO_PAD.decode(twice.split('.').nth(1).unwrap()).unwrap();
    let twice = String::from_utf8(twice).unwrap().replace("\"sub\"", "\"jti\":\"y\",\"sub\"");
    let token = scene.signed(&scene.header().to_string(), &twice);
    assert_eq!(scene.verify(&token), Err(malformed), "a claim twice");
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
            let is_audience = name == "aud" && value == json!(["a"]);
            let fault = if is_audience { InvalidAccessToken::Issuer } else { malformed };
            assert_eq!(refused, fault, "{name} {value}");
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
fn a_token_is_for_each_of_its_audiences_and_says_what_it_allows() {
    let scene = Scene::new(Algorithm::EdDsa);
    let token = scene.with_claims(|claims| {
        claims["aud"] = json!(["https://a.example", "https://b.example"]);
        claims["scope"] = json!("read write");
        claims["tenant"] = json!({"id": 7});
    });
    for audience in ["https://a.example", "https://b.example"] {
        let claims = scene.verify_for(audience, &token, NOW).unwrap();
        assert!(claims.audience.includes(audience));
        assert!(claims.scope.unwrap().allows("write"));
        assert_eq!(claims.claims.to_json(), r#"{"tenant":{"id":7}}"#);
    }
    for other in ["https://c.example", "", "https://a.exampl", &scene.settings.issuer] {
        let refused = scene.verify_for(other, &token, NOW);
        assert_eq!(refused, Err(InvalidAccessToken::Issuer), "{other}");
    }
    let whomever = verify(&token, None, &scene.ring, &scene.settings.issuer, NOW);
    assert_eq!(whomever.unwrap().audience.names().count(), 2);
    let plain = scene.verify(&scene.good).unwrap();
    assert!(plain.scope.is_none() && plain.claims.is_empty());
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
            assert_eq!(by(header), Err(InvalidAccessToken::Malformed), "{algorithm:?} {other:?}");
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
fn an_id_token_is_no_access_token() {
    let scene = Scene::new(Algorithm::EdDsa);
    let refused = scene.verify_for("appcl-1", &scene.id_token, NOW);
    assert_eq!(refused, Err(InvalidAccessToken::Malformed));
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
    // Edits that come to nothing, one in some hundreds, are no mutation.
    let cases = cases.unwrap_or(4_000);
    let config = Config { cases, max_global_rejects: cases, ..Config::default() };
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
