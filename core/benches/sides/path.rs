//! The whole of `POST /token`, body to body: the service with its limiter and the embedded issuer,
//! and the same claims, secret check, limits and refresh token put together from jsonwebtoken,
//! governor and `serde_json`.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::{self, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use aws_lc_rs::{hmac, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_executor::block_on;
use governor::DefaultKeyedRateLimiter;
use jsonwebtoken::{EncodingKey, Header};
use serde::{Deserialize, Serialize};
use tokensmith::{
    LimitPolicy, NoObserver, Quota, Source, Status, SystemClock, TokenRequest, TokenResponse,
    TokenService,
};
use tokensmith_issuer::{Algorithm, Issuer, IssuerSettings};

const ISSUER: &str = "http://127.0.0.1:8080";
const CALLER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

pub(crate) struct Ours {
    service: TokenService,
    pub(crate) body: Vec<u8>,
    _store: tempfile::TempDir,
}

impl Ours {
    /// With limits that nobody reaches.
    pub(crate) fn new(algorithm: Algorithm) -> Self {
        let store = tempfile::tempdir().unwrap();
        let mut settings = IssuerSettings::new(store.path().join("tokensmith.db"));
        settings.algorithm = algorithm;
        let issuer =
            Issuer::open(settings, Arc::new(SystemClock::new()), Arc::new(NoObserver)).unwrap();
        let app = issuer.admin().create_app("bench").unwrap();
        let body = serde_json::json!({
            "appClientId": app.id.as_str(),
            "appSecret": app.secret.expose_secret(),
        });
        let wide = Quota::new(n(1), Duration::from_secs(1), n(1_000_000_000)).ok();
        let policy = LimitPolicy {
            source: wide,
            client_at_source: wide,
            client: wide,
            ..LimitPolicy::default()
        };
        let service = TokenService::builder(issuer).limit_policy(policy).build().unwrap();
        let ours = Self { service, body: body.to_string().into_bytes(), _store: store };
        assert_eq!(ours.answer(&ours.body).status(), Status::Ok);
        ours
    }

    /// With the default limits, until they refuse.
    pub(crate) fn refusing() -> Self {
        let mut ours = Self::new(Algorithm::Es256);
        let authenticator = tokensmith::authenticator_fn(|_cx, _credentials| async {
            Err(tokensmith::AuthenticateError::Rejected(tokensmith::RejectReason::UnknownClient))
        });
        ours.service = TokenService::builder(authenticator).build().unwrap();
        while ours.answer(&ours.body).status() != Status::TooManyRequests {}
        ours
    }

    pub(crate) fn answer(&self, body: &[u8]) -> TokenResponse {
        block_on(self.service.handle(TokenRequest {
            body,
            content_type: Some("application/json"),
            source: Some(Source::ip(CALLER)),
            request_id: None,
        }))
    }
}

pub(crate) struct Composition {
    sources: DefaultKeyedRateLimiter<IpAddr>,
    clients_at_source: DefaultKeyedRateLimiter<(String, IpAddr)>,
    pepper: hmac::Key,
    refresh: hmac::Key,
    digest: hmac::Tag,
    key: EncodingKey,
    header: Header,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    app_client_id: String,
    app_secret: String,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: String,
    client_id: &'a str,
    iat: u64,
    exp: u64,
    jti: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Answer<'a> {
    access_token: &'a str,
    expires_in: u64,
    token_type: &'a str,
    refresh_token: &'a str,
}

impl Composition {
    /// For the app whose credentials are in the body.
    pub(crate) fn new(body: &[u8], algorithm: Algorithm) -> Self {
        let app: Body = serde_json::from_slice(body).unwrap();
        let pepper = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
        let wide = || governor::Quota::per_second(n(1)).allow_burst(n(1_000_000_000));
        let header = Header {
            typ: Some("at+jwt".to_owned()),
            kid: Some("kid-of-the-same-length-as-ours-is-43-letters".to_owned()),
            ..Header::new(algorithm.as_str().parse().unwrap())
        };
        Self {
            sources: DefaultKeyedRateLimiter::keyed(wide()),
            clients_at_source: DefaultKeyedRateLimiter::keyed(wide()),
            refresh: hmac::Key::new(hmac::HMAC_SHA256, &[9; 32]),
            digest: secret_digest(&pepper, &app),
            pepper,
            key: signing_key(algorithm),
            header,
        }
    }

    /// The body of a 200; no body for any refusal.
    pub(crate) fn answer(&self, body: &[u8]) -> Option<Vec<u8>> {
        self.sources.check_key(&CALLER).ok()?;
        let app: Body = serde_json::from_slice(body).ok()?;
        self.clients_at_source.check_key(&(app.app_client_id.clone(), CALLER)).ok()?;
        let shown = secret_digest(&self.pepper, &app);
        aws_lc_rs::constant_time::verify_slices_are_equal(shown.as_ref(), self.digest.as_ref())
            .ok()?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
        let mut drawn = [0_u8; 40];
        rand::fill(&mut drawn).ok()?;
        let (id, family) = drawn.split_at(16);
        let claims = Claims {
            iss: ISSUER,
            aud: ISSUER,
            sub: format!("app:{}", app.app_client_id),
            client_id: &app.app_client_id,
            iat: now,
            exp: now + 3_600,
            jti: URL_SAFE_NO_PAD.encode(id),
        };
        let access_token = jsonwebtoken::encode(&self.header, &claims, &self.key).ok()?;
        let refresh_token = self.refresh_token(&app.app_client_id, family, now);
        serde_json::to_vec(&Answer {
            access_token: &access_token,
            expires_in: 3_600,
            token_type: "Bearer",
            refresh_token: &refresh_token,
        })
        .ok()
    }

    /// The layout of ours.
    fn refresh_token(&self, app: &str, family: &[u8], now: u64) -> String {
        let mut token = vec![1, 0, 1];
        token.extend_from_slice(family);
        token.extend_from_slice(&[0; 4]);
        for time in [now, now + 604_800, now + 2_592_000] {
            token.extend_from_slice(&time.to_be_bytes());
        }
        let mut mac = hmac::Context::with_key(&self.refresh);
        mac.update(ISSUER.as_bytes());
        mac.update(app.as_bytes());
        mac.update(&token);
        token.extend_from_slice(mac.sign().as_ref());
        format!("tsrt_{}", URL_SAFE_NO_PAD.encode(token))
    }
}

fn signing_key(algorithm: Algorithm) -> EncodingKey {
    let random = rand::SystemRandom::new();
    match algorithm {
        Algorithm::EdDsa => {
            EncodingKey::from_ed_der(Ed25519KeyPair::generate_pkcs8(&random).unwrap().as_ref())
        }
        Algorithm::Rs256 => {
            let pair = rsa::KeyPair::generate(KeySize::Rsa2048).unwrap();
            // jsonwebtoken wants what lies in the PKCS#8 document: the RSAPrivateKey of RFC 8017, after
            // 26 bytes that say that it is one.
            EncodingKey::from_rsa_der(pair.as_der().unwrap().as_ref().split_at(26).1)
        }
        _ => {
            let pair = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
            EncodingKey::from_ec_der(pair.unwrap().as_ref())
        }
    }
}

fn secret_digest(pepper: &hmac::Key, app: &Body) -> hmac::Tag {
    let mut mac = hmac::Context::with_key(pepper);
    mac.update(app.app_client_id.as_bytes());
    mac.update(&[0]);
    mac.update(app.app_secret.as_bytes());
    mac.sign()
}

fn n(tokens: u32) -> NonZeroU32 {
    NonZeroU32::new(tokens).unwrap()
}
