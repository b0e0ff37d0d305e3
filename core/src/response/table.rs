//! The table: what each outcome looks like on the wire.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use super::{Body, KeyCase, ResponseOptions, ResponseOptionsError, Status, TokenResponse};
use crate::limiter::Scope;
use crate::limiter::bucket::Quota;
use crate::outcome::{Limited, TokenError, retry_after_seconds};
use crate::token::{IdToken, RefreshToken, TokenSet};

/// What a response may tell of the source's bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum SourceBucket {
    /// Nothing: no bucket, or one that stands in for another.
    #[default]
    Untold,
    /// Only how large it is.
    Policy,
    /// So many whole tokens were left.
    Remaining(u32),
}

/// Renders outcomes. Made once, so that what is constant is formatted once.
#[derive(Debug)]
pub(crate) struct Table {
    key_case: KeyCase,
    challenge: Arc<str>,
    rate_limit_policy: Option<Arc<str>>,
}

impl Table {
    pub(crate) fn new(
        options: &ResponseOptions,
        source: Option<Quota>,
    ) -> Result<Self, ResponseOptionsError> {
        options.check()?;
        let realm = options.realm.replace('\\', "\\\\").replace('"', "\\\"");
        let policy = source.filter(|_| options.rate_limit_fields).map(|quota| {
            let window = retry_after_seconds(quota.time_to_full());
            format!("\"source\";q={};w={window}", quota.burst()).into()
        });
        Ok(Self {
            key_case: options.key_case,
            challenge: format!("{} realm=\"{realm}\"", options.scheme).into(),
            rate_limit_policy: policy,
        })
    }

    pub(crate) fn render(
        &self,
        outcome: &Result<TokenSet, TokenError>,
        bucket: SourceBucket,
    ) -> TokenResponse {
        let mut response = match outcome {
            Ok(tokens) => bare(Status::Ok, Body::Tokens(self.json(tokens))),
            Err(error) => self.refusal(error),
        };
        if let Some(policy) = &self.rate_limit_policy
            && bucket != SourceBucket::Untold
        {
            response.rate_limit_policy = Some(Arc::clone(policy));
            response.rate_limit = rate_limit(outcome, bucket);
        }
        response
    }

    fn refusal(&self, error: &TokenError) -> TokenResponse {
        let response = bare(Status::from(error), Body::Sentence(error.sentence()));
        let seconds = |wait: Duration| retry_after_seconds(wait).to_string().into_boxed_str();
        match *error {
            TokenError::Unauthorized => {
                TokenResponse { challenge: Some(Arc::clone(&self.challenge)), ..response }
            }
            TokenError::Invalid(_) => response,
            TokenError::RateLimited { retry_after, .. } => {
                TokenResponse { retry_after: Some(seconds(retry_after)), ..response }
            }
            TokenError::Downstream { retry_after } => {
                TokenResponse { retry_after: retry_after.map(seconds), ..response }
            }
        }
    }

    fn json(&self, tokens: &TokenSet) -> Zeroizing<Vec<u8>> {
        let [access, expires, token_type, refresh, id] = match self.key_case {
            KeyCase::Pascal => ["AccessToken", "ExpiresIn", "TokenType", "RefreshToken", "IdToken"],
            KeyCase::Camel => ["accessToken", "expiresIn", "tokenType", "refreshToken", "idToken"],
        };
        let access_token = tokens.access_token.expose_secret();
        let refresh_token = tokens.refresh_token.as_ref().map(RefreshToken::expose_secret);
        let id_token = tokens.id_token.as_ref().map(IdToken::expose_secret);
        // Room for every token and all that stands around them. It must not grow: that would leave
        // a copy that is not wiped.
        let given = [Some(access_token), refresh_token, id_token];
        let length =
            given.iter().flatten().fold(0_usize, |sum, text| sum.saturating_add(text.len()));
        let escape = given.into_iter().flatten().any(has_escapes);
        let room = length.saturating_mul(if escape { 2 } else { 1 }).saturating_add(AROUND);
        let mut json = Zeroizing::new(Vec::with_capacity(room));
        let append = if escape { append_escaped } else { Vec::extend_from_slice };
        member(&mut json, b'{', access, access_token, append);
        // Writing to a Vec cannot fail.
        let _ = write!(json, ",\"{expires}\":{}", tokens.expires_in.as_secs());
        member(&mut json, b',', token_type, tokens.token_type.as_str(), append);
        if let Some(token) = refresh_token {
            member(&mut json, b',', refresh, token, append);
        }
        if let Some(token) = id_token {
            member(&mut json, b',', id, token, append);
        }
        json.push(b'}');
        json
    }
}

fn bare(status: Status, body: Body) -> TokenResponse {
    TokenResponse {
        status,
        body,
        challenge: None,
        retry_after: None,
        rate_limit_policy: None,
        rate_limit: None,
    }
}

/// The `RateLimit` field: what was left of the source's bucket, or how long it stays empty.
fn rate_limit(outcome: &Result<TokenSet, TokenError>, bucket: SourceBucket) -> Option<Box<str>> {
    match (outcome, bucket) {
        (
            Err(TokenError::RateLimited { by: Limited::Scope(Scope::Source), retry_after }),
            SourceBucket::Policy,
        ) => Some(format!("\"source\";r=0;t={}", retry_after_seconds(*retry_after)).into()),
        (_, SourceBucket::Remaining(tokens)) => Some(format!("\"source\";r={tokens}").into()),
        _ => None,
    }
}

/// More than the names, the quotes, the figure and the type take.
const AROUND: usize = 128;

/// Writes a member whose value is visible ASCII.
fn member(
    json: &mut Vec<u8>,
    before: u8,
    name: &str,
    value: &str,
    append: impl Fn(&mut Vec<u8>, &[u8]),
) {
    json.extend_from_slice(&[before, b'"']);
    json.extend_from_slice(name.as_bytes());
    json.extend_from_slice(b"\":\"");
    append(json, value.as_bytes());
    json.push(b'"');
}

/// Of visible ASCII, JSON escapes two characters alone.
fn append_escaped(json: &mut Vec<u8>, value: &[u8]) {
    for &byte in value {
        if needs_escape(byte) {
            json.push(b'\\');
        }
        json.push(byte);
    }
}

/// Looks at every byte, which the compiler does 16 at a time. No token of ours has an escape.
fn has_escapes(value: &str) -> bool {
    value.bytes().fold(0, |any, byte| any | u8::from(needs_escape(byte))) != 0
}

const fn needs_escape(byte: u8) -> bool {
    byte == b'"' || byte == b'\\'
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invalid::{Invalid, Member};
    use crate::token::{AccessToken, TokenType};

    fn table(options: ResponseOptions) -> Table {
        let minute = Duration::from_secs(60);
        let quota = Quota::new(60.try_into().unwrap(), minute, 30.try_into().unwrap()).unwrap();
        Table::new(&options, Some(quota)).unwrap()
    }

    fn tokens(access_token: &str) -> TokenSet {
        TokenSet {
            access_token: AccessToken::new(access_token),
            expires_in: Duration::from_millis(3_599_999),
            token_type: TokenType::Bearer,
            refresh_token: Some(RefreshToken::new("r")),
            id_token: None,
        }
    }

    fn limited(by: Limited, millis: u64) -> Result<TokenSet, TokenError> {
        Err(TokenError::RateLimited { by, retry_after: Duration::from_millis(millis) })
    }

    fn header<'a>(response: &'a TokenResponse, name: &str) -> Option<&'a str> {
        response.headers().find(|(found, _)| *found == name).map(|(_, value)| value)
    }

    #[test]
    fn a_token_is_spelled_as_the_contract_says() {
        let camel = ResponseOptions { key_case: KeyCase::Camel, ..ResponseOptions::default() };
        let with_id = TokenSet { id_token: Some(IdToken::new("i")), ..tokens("a") };
        for (options, tokens, body) in [
            (
                ResponseOptions::default(),
                tokens("a"),
                r#"{"AccessToken":"a","ExpiresIn":3599,"TokenType":"Bearer","RefreshToken":"r"}"#,
            ),
            (
                camel,
                with_id,
                r#"{"accessToken":"a","expiresIn":3599,"tokenType":"Bearer","refreshToken":"r","idToken":"i"}"#,
            ),
        ] {
            let response = table(options).render(&Ok(tokens), SourceBucket::Remaining(3));
            assert_eq!(std::str::from_utf8(response.body()).unwrap(), body);
            assert_eq!(header(&response, "content-type"), Some("application/json"));
            assert_eq!(header(&response, "ratelimit"), None, "an option, off by default");
            assert_eq!(response.into_body(), body.as_bytes());
        }
    }

    #[test]
    fn every_visible_character_survives_and_the_buffer_never_grows() {
        let every: String = ('!'..='~').cycle().take(4_000).collect();
        let table = table(ResponseOptions::default());
        let json = table.json(&tokens(&every));
        assert_eq!(json.capacity(), 2 * (every.len() + 1) + AROUND);
        let read: serde_json::Value = serde_json::from_slice(&json).unwrap();
        assert_eq!(read["AccessToken"], every);
    }

    #[test]
    fn a_wait_is_rounded_up_and_never_zero() {
        for (millis, seconds) in
            [(0, "1"), (1, "1"), (999, "1"), (1_000, "1"), (1_001, "2"), (1_200, "2")]
        {
            let outcome = limited(Limited::Capacity, millis);
            let response = table(ResponseOptions::default()).render(&outcome, SourceBucket::Untold);
            assert_eq!(header(&response, "retry-after"), Some(seconds), "{millis}");
        }
    }

    #[test]
    fn the_source_alone_is_told_of() {
        let told = ResponseOptions { rate_limit_fields: true, ..ResponseOptions::default() };
        let policy = Some("\"source\";q=30;w=30");
        let by = Limited::Scope;
        for (outcome, bucket, fields) in [
            (Ok(tokens("a")), SourceBucket::Remaining(29), (policy, Some("\"source\";r=29"))),
            (
                limited(by(Scope::Source), 1_500),
                SourceBucket::Policy,
                (policy, Some("\"source\";r=0;t=2")),
            ),
            (limited(by(Scope::Client), 1_500), SourceBucket::Policy, (policy, None)),
            (limited(by(Scope::Source), 1_500), SourceBucket::Untold, (None, None)),
        ] {
            let response = table(told.clone()).render(&outcome, bucket);
            let found = (header(&response, "ratelimit-policy"), header(&response, "ratelimit"));
            assert_eq!(found, fields);
        }
    }

    #[test]
    fn a_refusal_is_a_sentence_in_plain_text() {
        let table = table(ResponseOptions::default());
        let missing = TokenError::Invalid(Invalid::Missing(Member::AppSecret));
        for (error, status, body) in [
            (TokenError::Unauthorized, 401, "the app id or the secret is not valid"),
            (missing, 422, "`appSecret` is missing"),
            (
                TokenError::Downstream { retry_after: None },
                502,
                "the authentication service failed",
            ),
        ] {
            let response = table.render(&Err(error), SourceBucket::Untold);
            assert_eq!(response.status().code(), status);
            assert_eq!(response.body(), body.as_bytes());
            assert_eq!(header(&response, "content-type"), Some("text/plain; charset=utf-8"));
            let challenge = (status == 401).then_some("AppSecret realm=\"token\"");
            assert_eq!(header(&response, "www-authenticate"), challenge);
            assert_eq!(header(&response, "retry-after"), None);
        }
    }

    #[test]
    fn a_challenge_cannot_break_its_header() {
        let with = |scheme: &str, realm: &str| {
            let options = ResponseOptions {
                scheme: scheme.into(),
                realm: realm.into(),
                ..ResponseOptions::default()
            };
            Table::new(&options, None).map(|table| table.challenge.to_string())
        };
        assert_eq!(with("App", r#"a "b" \c"#).unwrap(), r#"App realm="a \"b\" \\c""#);
        assert_eq!(with("App Secret", "token"), Err(ResponseOptionsError::Scheme));
        assert_eq!(with("", "token"), Err(ResponseOptionsError::Scheme));
        assert_eq!(with("App", "a\r\nSet-Cookie: b"), Err(ResponseOptionsError::Realm));
        assert_eq!(with("App", "ü"), Err(ResponseOptionsError::Realm));
    }
}
