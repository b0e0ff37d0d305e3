//! Access tokens: JWTs of RFC 9068.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use thiserror::Error;
use tokensmith::{AccessToken, UnixTime};

use crate::policy::AppPolicy;
use crate::settings::IssuerSettings;
use crate::signing::{SigningError, SigningKey};

/// The longest token that is made, and read: as long as a server's headers may be.
pub(crate) const MAX_BYTES: usize = 8 * 1_024;

/// Makes access tokens with one key. All that does not change from token to token is written once.
pub(crate) struct AccessTokens {
    key: SigningKey,
    /// The header in base64url, with the dot after it.
    header: String,
    /// The claims up to the audience.
    opening: String,
    /// The audience of apps without one of their own.
    audience: String,
    life: Duration,
    max_life: Duration,
}

/// What an app's policy adds to its tokens, written once.
#[derive(Debug, Default)]
pub(crate) struct Wording {
    audience: Option<String>,
    /// Members behind the others.
    members: String,
    life: Option<Duration>,
}

/// The wordings of the apps whose policy adds something.
#[derive(Default)]
pub(crate) struct Wordings(HashMap<String, Wording>);

/// An access token, and how long it lives.
pub(crate) struct Minted {
    pub(crate) token: AccessToken,
    pub(crate) life: Duration,
}

/// Why no access token is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum MintError {
    #[error("the wall clock is out of bounds")]
    Clock,
    #[error("the access token would be longer than 8 KiB")]
    TooLong,
    #[error(transparent)]
    Signing(#[from] SigningError),
}

impl AccessTokens {
    /// The texts are written as JSON strings; settings keep them free of control characters.
    pub(crate) fn new(key: SigningKey, settings: &IssuerSettings) -> Self {
        let (algorithm, kid) = (key.algorithm().as_str(), key.kid());
        let header = format!(r#"{{"typ":"at+jwt","alg":"{algorithm}","kid":"{kid}"}}"#);
        let header = URL_SAFE_NO_PAD.encode(header) + ".";
        let opening = format!(r#"{{"iss":{},"aud":"#, json_text(&settings.issuer));
        let audience = json_text(settings.audience());
        let (life, max_life) = (settings.token_life, settings.max_token_life);
        Self { key, header, opening, audience, life, max_life }
    }

    /// Makes the token of an app. `id` is random: it makes the token one of a kind.
    pub(crate) fn mint(
        &self,
        app: &str,
        wording: &Wording,
        now: UnixTime,
        id: &[[u8; 8]; 2],
    ) -> Result<Minted, MintError> {
        // The bound may have been set lower since the policy was.
        let life = wording.life.unwrap_or(self.life).min(self.max_life);
        let claims = self.claims(app, wording, now, life, id).ok_or(MintError::Clock)?;
        let signature_bytes = self.key.algorithm().signature_bytes();
        let encoded = |bytes| base64::encoded_len(bytes, false).ok_or(MintError::TooLong);
        let length = [self.header.len(), encoded(claims.len())?, 1, encoded(signature_bytes)?];
        let length = length.iter().sum();
        if length > MAX_BYTES {
            return Err(MintError::TooLong);
        }
        // Of the exact length: a token that grew would leave a copy behind.
        let mut token = String::with_capacity(length);
        token.push_str(&self.header);
        URL_SAFE_NO_PAD.encode_string(claims, &mut token);
        let signature = self.key.sign(token.as_bytes())?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature.as_bytes(), &mut token);
        Ok(Minted { token: AccessToken::new(token), life })
    }

    /// The claims of RFC 9068 section 2.2; `None` when the clock is so far off that no time fits.
    fn claims(
        &self,
        app: &str,
        wording: &Wording,
        now: UnixTime,
        life: Duration,
        id: &[[u8; 8]; 2],
    ) -> Option<String> {
        let issued_at = now.as_secs();
        let expires_at = issued_at.checked_add(life.as_secs())?;
        let audience = wording.audience.as_ref().unwrap_or(&self.audience);
        let length = [self.opening.len(), audience.len(), wording.members.len(), 512];
        let mut claims = String::with_capacity(length.iter().sum());
        claims.push_str(&self.opening);
        claims.push_str(audience);
        // The prefix keeps apps and users apart in `sub` (RFC 9068 section 5).
        claims.push_str(r#","sub":"app:"#);
        push_json_text(&mut claims, app);
        claims.push_str(r#"","client_id":""#);
        push_json_text(&mut claims, app);
        // INVARIANT: writing to a string never fails.
        let _ = write!(claims, r#"","iat":{issued_at},"exp":{expires_at},"jti":""#);
        URL_SAFE_NO_PAD.encode_string(id.as_flattened(), &mut claims);
        claims.push('"');
        claims.push_str(&wording.members);
        claims.push('}');
        Some(claims)
    }
}

impl Wording {
    /// `None` for a policy that adds nothing.
    fn of(policy: &AppPolicy) -> Option<Self> {
        if *policy == AppPolicy::default() {
            return None;
        }
        let mut members = String::new();
        if let Some(scope) = &policy.scope {
            // INVARIANT: a scope has nothing that JSON escapes.
            let _ = write!(members, r#","scope":"{scope}""#);
        }
        policy.claims.push_members(&mut members);
        let audience = policy.audience.as_ref().map(|audience| audience.to_json());
        Some(Self { audience, members, life: policy.token_life })
    }
}

impl Wordings {
    pub(crate) fn new<'a>(policies: impl Iterator<Item = (&'a String, &'a AppPolicy)>) -> Self {
        let worded = policies.filter_map(|(app, policy)| Some((app.clone(), Wording::of(policy)?)));
        Self(worded.collect())
    }

    /// What is found takes a time of its own: it is asked for apps whose secret is right alone.
    pub(crate) fn of(&self, app: &str) -> &Wording {
        static NONE: Wording = Wording { audience: None, members: String::new(), life: None };
        self.0.get(app).unwrap_or(&NONE)
    }
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
    use serde_json::{Value, json};

    use super::*;
    use crate::derived::tests::keys;
    use crate::policy::audience::Audience;
    use crate::policy::claims::ExtraClaims;
    use crate::policy::scope::Scope;
    use crate::signing::SealedKey;
    use crate::signing::pair::Algorithm;

    fn tokens() -> AccessTokens {
        tokens_by(Algorithm::Es256)
    }

    fn tokens_by(algorithm: Algorithm) -> AccessTokens {
        let key = SealedKey::generate(algorithm, &keys()).unwrap().open(&keys()).unwrap();
        let mut settings = IssuerSettings::new("a.db");
        settings.issuer = "https://issuer.example".to_owned();
        settings.audience = Some("https://api.example".to_owned());
        AccessTokens::new(key, &settings)
    }

    fn mint(
        tokens: &AccessTokens,
        app: &str,
        wording: &Wording,
        now: u64,
    ) -> Result<Minted, MintError> {
        tokens.mint(app, wording, UnixTime::from_secs(now), &[[0xff; 8]; 2])
    }

    fn part(token: &AccessToken, index: usize) -> Value {
        let part = token.expose_secret().split('.').nth(index).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    }

    #[test]
    fn header_and_claims_are_those_of_rfc_9068() {
        let tokens = tokens();
        let token = mint(&tokens, "appcl-1", &Wording::default(), 1_700_000_000).unwrap().token;
        let kid = tokens.key.kid();
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
            let tokens = tokens_by(algorithm);
            let token = mint(&tokens, "a", &Wording::default(), 1).unwrap().token;
            assert_eq!(part(&token, 0)["alg"], algorithm.as_str());
            assert_eq!(token.expose_secret().split('.').nth(2).unwrap().len(), signature);
        }
    }

    #[test]
    fn any_id_that_an_app_may_have_is_written_as_it_is() {
        for id in ["a\"b", "\\", "\"\"", "ünï 😀", "\",\"sub\":\"app:other", "\u{2028}", "\\u0041"]
        {
            let token = mint(&tokens(), id, &Wording::default(), 1).unwrap().token;
            let claims = part(&token, 1);
            assert_eq!(claims["client_id"], id);
            assert_eq!(claims["sub"], format!("app:{id}"));
            assert_eq!(claims.as_object().unwrap().len(), 7);
        }
    }

    #[test]
    fn a_clock_at_the_end_of_time_mints_nothing() {
        let refused = mint(&tokens(), "appcl-1", &Wording::default(), u64::MAX);
        assert_eq!(refused.err(), Some(MintError::Clock));
    }

    #[test]
    fn a_policy_is_written_behind_the_claims_of_the_issuer() {
        let policy = AppPolicy {
            audience: Some(Audience::new(["https://a.example", "b\"\\"]).unwrap()),
            scope: Some(Scope::parse("read write").unwrap()),
            claims: ExtraClaims::parse(r#"{"tenant\"": {"id": 7}, "roles": ["x"]}"#).unwrap(),
            token_life: Some(Duration::from_mins(5)),
        };
        let minted = mint(&tokens(), "appcl-1", &Wording::of(&policy).unwrap(), 1_000).unwrap();
        assert_eq!(minted.life, Duration::from_mins(5));
        let claims = json!({
            "iss": "https://issuer.example", "aud": ["https://a.example", "b\"\\"],
            "sub": "app:appcl-1", "client_id": "appcl-1", "iat": 1_000, "exp": 1_300,
            "jti": "_____________________w", "scope": "read write", "tenant\"": {"id": 7},
            "roles": ["x"],
        });
        assert_eq!(part(&minted.token, 1), claims);
        assert!(Wording::of(&AppPolicy::default()).is_none());
    }

    #[test]
    fn no_token_lives_longer_than_the_bound() {
        let key = SealedKey::generate(Algorithm::EdDsa, &keys()).unwrap().open(&keys()).unwrap();
        let mut settings = IssuerSettings::new("a.db");
        settings.max_token_life = settings.token_life;
        let policy =
            AppPolicy { token_life: Some(Duration::from_hours(2)), ..AppPolicy::default() };
        let wording = Wording::of(&policy).unwrap();
        let minted = mint(&AccessTokens::new(key, &settings), "a", &wording, 0).unwrap();
        assert_eq!(minted.life, settings.token_life);
        assert_eq!(part(&minted.token, 1)["exp"], 3_600);
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
            let tokens = AccessTokens::new(sealed.open(&keys()).unwrap(), &settings);
            match mint(&tokens, &id, &wording, 1_700_000_000) {
                Ok(minted) => assert!(fits && minted.token.expose_secret().len() <= MAX_BYTES),
                Err(error) => assert!(!fits && error == MintError::TooLong, "{error}"),
            }
        }
    }
}
