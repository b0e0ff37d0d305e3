//! The tokens that one key signs: access tokens by RFC 9068, and id tokens beside them.

use std::fmt::Write as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use thiserror::Error;
use tokensmith::{AccessToken, Context, IdToken, UnixTime};

use crate::settings::IssuerSettings;
use crate::signing::SigningError;
use crate::signing::signer::Key;
use crate::wording::Wording;

/// The longest token that is made, and read: as long as a server's headers may be.
pub(crate) const MAX_BYTES: usize = 8 * 1_024;

/// Makes tokens with one key. All that does not change from token to token is written once.
pub(crate) struct Minter {
    key: Key,
    /// Of each kind of token the header in base64url, with the dot after it.
    access_header: String,
    id_header: String,
    /// The first claim, `iss`.
    opening: String,
    /// The audience of apps without one of their own.
    audience: String,
    life: Duration,
    max_life: Duration,
}

/// Whose tokens they are, and what is random in them: it makes an access token one of a kind.
#[derive(Clone, Copy)]
pub(crate) struct About<'a> {
    pub(crate) app: &'a str,
    pub(crate) id: &'a [[u8; 8]; 2],
}

/// The tokens that were made, and how long they live.
pub(crate) struct Minted {
    pub(crate) access_token: AccessToken,
    pub(crate) id_token: Option<IdToken>,
    pub(crate) life: Duration,
}

/// Why no token is made.
#[derive(Debug, Error)]
pub(crate) enum MintError {
    #[error("the wall clock is out of bounds")]
    Clock,
    #[error("a token would be longer than 8 KiB")]
    TooLong,
    #[error(transparent)]
    Signing(#[from] SigningError),
}

/// The seconds between which a token is good.
#[derive(Clone, Copy)]
struct Span {
    issued_at: u64,
    expires_at: u64,
}

impl Minter {
    /// The texts are written as JSON strings; settings keep them free of control characters.
    pub(crate) fn new(key: Key, settings: &IssuerSettings) -> Self {
        let (algorithm, kid) = (key.algorithm().as_str(), key.kid());
        let header = |kind| {
            let header = format!(r#"{{"typ":"{kind}","alg":"{algorithm}","kid":"{kid}"}}"#);
            URL_SAFE_NO_PAD.encode(header) + "."
        };
        let (access_header, id_header) = (header("at+jwt"), header("JWT"));
        let opening = format!(r#"{{"iss":{}"#, json_text(&settings.issuer));
        let audience = json_text(settings.audience());
        let (life, max_life) = (settings.token_life, settings.max_token_life);
        Self { key, access_header, id_header, opening, audience, life, max_life }
    }

    /// Makes the tokens of an app.
    pub(crate) async fn mint(
        &self,
        cx: &Context,
        about: About<'_>,
        wording: &Wording,
    ) -> Result<Minted, MintError> {
        // The bound may have been set lower since the policy was.
        let life = wording.life.unwrap_or(self.life).min(self.max_life);
        let span = Span::of(cx.wall, life).ok_or(MintError::Clock)?;
        let claims = self.access_claims(about, wording, span);
        let access_token = AccessToken::new(self.signed(cx, &self.access_header, &claims).await?);
        let id_token = match &wording.id_members {
            None => None,
            Some(members) => {
                let claims = self.id_claims(about, members, span);
                Some(IdToken::new(self.signed(cx, &self.id_header, &claims).await?))
            }
        };
        Ok(Minted { access_token, id_token, life })
    }

    async fn signed(&self, cx: &Context, header: &str, claims: &str) -> Result<String, MintError> {
        let signature_bytes = self.key.algorithm().signature_bytes();
        let encoded = |bytes| base64::encoded_len(bytes, false).ok_or(MintError::TooLong);
        let length = [header.len(), encoded(claims.len())?, 1, encoded(signature_bytes)?];
        let length = length.iter().sum();
        if length > MAX_BYTES {
            return Err(MintError::TooLong);
        }
        // Of the exact length: a token that grew would leave a copy behind.
        let mut token = String::with_capacity(length);
        token.push_str(header);
        URL_SAFE_NO_PAD.encode_string(claims, &mut token);
        let signature = self.key.sign(cx, token.as_bytes()).await?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature.as_bytes(), &mut token);
        Ok(token)
    }

    /// The claims of RFC 9068 section 2.2.
    fn access_claims(&self, about: About<'_>, wording: &Wording, span: Span) -> String {
        let audience = wording.audience.as_ref().unwrap_or(&self.audience);
        let length = [self.opening.len(), audience.len(), wording.members.len(), 512];
        let mut claims = String::with_capacity(length.iter().sum());
        claims.push_str(&self.opening);
        claims.push_str(r#","aud":"#);
        claims.push_str(audience);
        push_app(&mut claims, r#","sub":"app:"#, about.app);
        push_app(&mut claims, r#","client_id":""#, about.app);
        span.push(&mut claims);
        claims.push_str(r#","jti":""#);
        URL_SAFE_NO_PAD.encode_string(about.id.as_flattened(), &mut claims);
        claims.push('"');
        claims.push_str(&wording.members);
        claims.push('}');
        claims
    }

    /// The claims of OpenID Connect Core section 2, as far as they mean anything for an app that acts
    /// for nobody but itself: the subject is the app, and so is the audience.
    fn id_claims(&self, about: About<'_>, members: &str, span: Span) -> String {
        let length = [self.opening.len(), members.len(), 512];
        let mut claims = String::with_capacity(length.iter().sum());
        claims.push_str(&self.opening);
        push_app(&mut claims, r#","aud":""#, about.app);
        push_app(&mut claims, r#","sub":"app:"#, about.app);
        span.push(&mut claims);
        claims.push_str(members);
        claims.push('}');
        claims
    }
}

impl Span {
    /// `None` when the clock is so far off that no time fits.
    fn of(now: UnixTime, life: Duration) -> Option<Self> {
        let issued_at = now.as_secs();
        Some(Self { issued_at, expires_at: issued_at.checked_add(life.as_secs())? })
    }

    fn push(self, claims: &mut String) {
        let Self { issued_at, expires_at } = self;
        // INVARIANT: writing to a string never fails.
        let _ = write!(claims, r#","iat":{issued_at},"exp":{expires_at}"#);
    }
}

/// Writes a claim that ends in an app's id. The prefix in `sub` keeps apps and users apart (RFC 9068
/// section 5).
fn push_app(claims: &mut String, name: &str, app: &str) {
    claims.push_str(name);
    push_json_text(claims, app);
    claims.push('"');
}

fn json_text(text: &str) -> String {
    let mut json = String::from("\"");
    push_json_text(&mut json, text);
    json.push('"');
    json
}

/// Writes the inside of a JSON string (RFC 8259 section 7). INVARIANT: the text holds no control
/// character; neither an `AppClientId` nor a checked setting does.
fn push_json_text(json: &mut String, text: &str) {
    let is_escaped = |byte: u8| matches!(byte, b'"' | b'\\');
    if !text.bytes().any(is_escaped) {
        return json.push_str(text);
    }
    for letter in text.chars() {
        if u8::try_from(letter).is_ok_and(is_escaped) {
            json.push('\\');
        }
        json.push(letter);
    }
}

#[cfg(test)]
mod tests {
    use futures_executor::block_on;
    use serde_json::{Value, json};
    use tokensmith::Tick;

    use super::*;
    use crate::derived::tests::keys;
    use crate::policy::AppPolicy;
    use crate::policy::audience::Audience;
    use crate::policy::claims::ExtraClaims;
    use crate::policy::scope::Scope;
    use crate::signing::SealedKey;
    use crate::signing::pair::Algorithm;

    fn minter() -> Minter {
        minter_by(Algorithm::Es256)
    }

    fn minter_by(algorithm: Algorithm) -> Minter {
        let key = SealedKey::generate(algorithm, &keys()).unwrap().open(&keys()).unwrap();
        let mut settings = IssuerSettings::new("a.db");
        settings.issuer = "https://issuer.example".to_owned();
        settings.audience = Some("https://api.example".to_owned());
        Minter::new(Key::Own(key), &settings)
    }

    fn mint(minter: &Minter, app: &str, wording: &Wording, now: u64) -> Result<Minted, MintError> {
        let cx = Context::new(UnixTime::from_secs(now), Tick::from_nanos(0));
        block_on(minter.mint(&cx, About { app, id: &[[0xff; 8]; 2] }, wording))
    }

    fn part(token: &AccessToken, index: usize) -> Value {
        part_of(token.expose_secret(), index)
    }

    fn part_of(token: &str, index: usize) -> Value {
        let part = token.split('.').nth(index).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    }

    #[test]
    fn header_and_claims_are_those_of_rfc_9068() {
        let minter = minter();
        let token =
            mint(&minter, "appcl-1", &Wording::default(), 1_700_000_000).unwrap().access_token;
        let kid = minter.key.kid();
        assert_eq!(part(&token, 0), json!({"typ": "at+jwt", "alg": "ES256", "kid": kid}));
        let claims = json!({
            "iss": "https://issuer.example", "aud": "https://api.example", "sub": "app:appcl-1",
            "client_id": "appcl-1", "iat": 1_700_000_000, "exp": 1_700_003_600,
            "jti": "_____________________w",
        });
        assert_eq!(part(&token, 1), claims);
    }

    #[test]
    fn a_token_is_of_the_length_that_was_reserved_for_it() {
        for (algorithm, signature) in
            [(Algorithm::Es256, 86), (Algorithm::EdDsa, 86), (Algorithm::Rs256, 342)]
        {
            let minter = minter_by(algorithm);
            let token = mint(&minter, "a", &Wording::default(), 1).unwrap().access_token;
            assert_eq!(part(&token, 0)["alg"], algorithm.as_str());
            assert_eq!(token.expose_secret().split('.').nth(2).unwrap().len(), signature);
        }
    }

    #[test]
    fn any_id_that_an_app_may_have_is_written_as_it_is() {
        for id in ["a\"b", "\\", "\"\"", "ünï 😀", "\",\"sub\":\"app:other", "\u{2028}", "\\u0041"]
        {
            let token = mint(&minter(), id, &Wording::default(), 1).unwrap().access_token;
            let claims = part(&token, 1);
            assert_eq!(claims["client_id"], id);
            assert_eq!(claims["sub"], format!("app:{id}"));
            assert_eq!(claims.as_object().unwrap().len(), 7);
        }
    }

    #[test]
    fn a_clock_at_the_end_of_time_mints_nothing() {
        let refused = mint(&minter(), "appcl-1", &Wording::default(), u64::MAX);
        assert!(matches!(refused, Err(MintError::Clock)));
    }

    #[test]
    fn a_policy_is_written_behind_the_claims_of_the_issuer() {
        let policy = AppPolicy {
            audience: Some(Audience::new(["https://a.example", "b\"\\"]).unwrap()),
            scope: Some(Scope::parse("read write").unwrap()),
            claims: ExtraClaims::parse(r#"{"tenant\"": {"id": 7}, "roles": ["x"]}"#).unwrap(),
            token_life: Some(Duration::from_mins(5)),
            id_token: None,
        };
        let minted = mint(&minter(), "appcl-1", &Wording::of(&policy).unwrap(), 1_000).unwrap();
        assert_eq!(minted.life, Duration::from_mins(5));
        let claims = json!({
            "iss": "https://issuer.example", "aud": ["https://a.example", "b\"\\"],
            "sub": "app:appcl-1", "client_id": "appcl-1", "iat": 1_000, "exp": 1_300,
            "jti": "_____________________w", "scope": "read write", "tenant\"": {"id": 7},
            "roles": ["x"],
        });
        assert_eq!(part(&minted.access_token, 1), claims);
        assert!(minted.id_token.is_none());
    }

    #[test]
    fn an_id_token_is_of_the_app_and_for_the_app() {
        let id_claims = ExtraClaims::parse(r#"{"name": "Billing"}"#).unwrap();
        let policy = AppPolicy { id_token: Some(id_claims), ..AppPolicy::default() };
        let minter = minter();
        let minted = mint(&minter, "appcl-1", &Wording::of(&policy).unwrap(), 1_000).unwrap();
        let id_token = minted.id_token.unwrap();
        let kid = minter.key.kid();
        let header = json!({"typ": "JWT", "alg": "ES256", "kid": kid});
        assert_eq!(part_of(id_token.expose_secret(), 0), header);
        let claims = json!({
            "iss": "https://issuer.example", "aud": "appcl-1", "sub": "app:appcl-1",
            "iat": 1_000, "exp": 4_600, "name": "Billing",
        });
        assert_eq!(part_of(id_token.expose_secret(), 1), claims);
        assert!(part(&minted.access_token, 1).get("name").is_none());
    }

    #[test]
    fn no_token_lives_longer_than_the_bound() {
        let key = SealedKey::generate(Algorithm::EdDsa, &keys()).unwrap().open(&keys()).unwrap();
        let mut settings = IssuerSettings::new("a.db");
        settings.max_token_life = settings.token_life;
        let policy =
            AppPolicy { token_life: Some(Duration::from_hours(2)), ..AppPolicy::default() };
        let wording = Wording::of(&policy).unwrap();
        let minted = mint(&Minter::new(Key::Own(key), &settings), "a", &wording, 0).unwrap();
        assert_eq!(minted.life, settings.token_life);
        assert_eq!(part(&minted.access_token, 1)["exp"], 3_600);
    }

    #[test]
    fn the_fullest_policy_fits_and_a_token_that_would_be_too_long_is_not_made() {
        let mut claims = String::from(r#"{"a":""#);
        claims.push_str(&"x".repeat(AppPolicy::MAX_BYTES - 8));
        claims.push_str("\"}");
        let claims = ExtraClaims::parse(&claims).unwrap();
        let policy = AppPolicy { claims, ..AppPolicy::default() };
        let wording = Wording::of(&policy).unwrap();
        let id = "\"".repeat(128);
        for (name, fits) in [("i".repeat(512), true), ("\\".repeat(512), false)] {
            let sealed = SealedKey::generate(Algorithm::Rs256, &keys()).unwrap();
            let mut settings = IssuerSettings::new("a.db");
            settings.issuer.clone_from(&name);
            settings.audience = Some(name);
            let minter = Minter::new(Key::Own(sealed.open(&keys()).unwrap()), &settings);
            match mint(&minter, &id, &wording, 1_700_000_000) {
                Ok(minted) => {
                    assert!(fits && minted.access_token.expose_secret().len() <= MAX_BYTES)
                }
                Err(error) => assert!(!fits && matches!(error, MintError::TooLong), "{error}"),
            }
        }
    }
}
