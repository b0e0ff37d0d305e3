//! Access tokens: JWTs of RFC 9068.

use std::fmt::Write as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokensmith::{AccessToken, UnixTime};

use crate::settings::IssuerSettings;
use crate::signing::{SigningError, SigningKey};

/// Makes access tokens with one key. All that does not change from token to token is written once.
pub(crate) struct AccessTokens {
    key: SigningKey,
    /// The header in base64url, with the dot after it.
    header: String,
    /// The claims up to the app's id.
    opening: String,
    life: Duration,
}

impl AccessTokens {
    /// The texts are written as JSON strings; settings keep them free of control characters.
    pub(crate) fn new(key: SigningKey, settings: &IssuerSettings) -> Self {
        let (issuer, audience) = (&settings.issuer, settings.audience());
        let life = settings.token_life;
        let (algorithm, kid) = (key.algorithm().as_str(), key.kid());
        let header = format!(r#"{{"typ":"at+jwt","alg":"{algorithm}","kid":"{kid}"}}"#);
        let header = URL_SAFE_NO_PAD.encode(header) + ".";
        let mut opening = String::from(r#"{"iss":""#);
        push_json_text(&mut opening, issuer);
        opening.push_str(r#"","aud":""#);
        push_json_text(&mut opening, audience);
        // The prefix keeps apps and users apart in `sub` (RFC 9068 section 5).
        opening.push_str(r#"","sub":"app:"#);
        Self { key, header, opening, life }
    }

    /// Makes the token of an app. `id` is random: it makes the token one of a kind.
    pub(crate) fn mint(
        &self,
        app: &str,
        now: UnixTime,
        id: &[[u8; 8]; 2],
    ) -> Result<AccessToken, SigningError> {
        let claims = self.claims(app, now, id).ok_or(SigningError::Sign)?;
        let signature_bytes = self.key.algorithm().signature_bytes();
        let encoded = |bytes| base64::encoded_len(bytes, false).ok_or(SigningError::Sign);
        let length = [self.header.len(), encoded(claims.len())?, 1, encoded(signature_bytes)?];
        // Of the exact length: a token that grew would leave a copy behind.
        let mut token = String::with_capacity(length.iter().sum());
        token.push_str(&self.header);
        URL_SAFE_NO_PAD.encode_string(claims, &mut token);
        let signature = self.key.sign(token.as_bytes())?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature.as_bytes(), &mut token);
        Ok(AccessToken::new(token))
    }

    /// The claims of RFC 9068 section 2.2; `None` when the clock is so far off that no time fits.
    fn claims(&self, app: &str, now: UnixTime, id: &[[u8; 8]; 2]) -> Option<String> {
        let issued_at = now.as_secs();
        let expires_at = issued_at.checked_add(self.life.as_secs())?;
        let mut claims = String::with_capacity(self.opening.len().saturating_add(512));
        claims.push_str(&self.opening);
        push_json_text(&mut claims, app);
        claims.push_str(r#"","client_id":""#);
        push_json_text(&mut claims, app);
        // INVARIANT: writing to a string never fails.
        let _ = write!(claims, r#"","iat":{issued_at},"exp":{expires_at},"jti":""#);
        URL_SAFE_NO_PAD.encode_string(id.as_flattened(), &mut claims);
        claims.push_str("\"}");
        Some(claims)
    }
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

    fn part(token: &AccessToken, index: usize) -> Value {
        let part = token.expose_secret().split('.').nth(index).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    }

    #[test]
    fn header_and_claims_are_those_of_rfc_9068() {
        let tokens = tokens();
        let token =
            tokens.mint("appcl-1", UnixTime::from_secs(1_700_000_000), &[[0xff; 8]; 2]).unwrap();
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
            let token = tokens.mint("a", UnixTime::from_secs(1), &[[0; 8]; 2]).unwrap();
            assert_eq!(part(&token, 0)["alg"], algorithm.as_str());
            assert_eq!(token.expose_secret().split('.').nth(2).unwrap().len(), signature);
        }
    }

    #[test]
    fn any_id_that_an_app_may_have_is_written_as_it_is() {
        for id in ["a\"b", "\\", "\"\"", "ünï 😀", "\",\"sub\":\"app:other", "\u{2028}", "\\u0041"]
        {
            let token = tokens().mint(id, UnixTime::from_secs(1), &[[0; 8]; 2]).unwrap();
            let claims = part(&token, 1);
            assert_eq!(claims["client_id"], id);
            assert_eq!(claims["sub"], format!("app:{id}"));
            assert_eq!(claims.as_object().unwrap().len(), 7);
        }
    }

    #[test]
    fn a_clock_at_the_end_of_time_mints_nothing() {
        assert!(tokens().mint("appcl-1", UnixTime::from_secs(u64::MAX), &[[0; 8]; 2]).is_err());
    }
}
