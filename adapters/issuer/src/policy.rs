//! What the tokens of one app say besides what all tokens of the issuer say, and how long they live.

use std::time::Duration;

pub(crate) mod audience;
pub(crate) mod claims;
pub(crate) mod scope;

use crate::settings::{IssuerSettings, LEAST_TOKEN_LIFE};
use audience::Audience;
use claims::ExtraClaims;
use scope::Scope;

/// What the tokens of one app say, and how long they live. The default adds nothing.
///
/// It is read whenever a token is made, at a refresh too: no token carries it on.
///
/// ```
/// use std::time::Duration;
/// use tokensmith_issuer::{AppPolicy, Audience, ExtraClaims, Scope};
///
/// let mut policy = AppPolicy::default();
/// policy.audience = Some(Audience::new(["https://billing.example"])?);
/// policy.scope = Some(Scope::parse("invoices:read invoices:write")?);
/// policy.claims = ExtraClaims::parse(r#"{"tenant": "acme"}"#)?;
/// policy.token_life = Some(Duration::from_mins(10));
///
/// let sub = ExtraClaims::parse(r#"{"sub": "somebody"}"#).unwrap_err();
/// assert_eq!(sub.to_string(), "the claim `sub` is the issuer's own");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AppPolicy {
    /// Whom access tokens are for: `aud`. The issuer's own setting if `None`.
    pub audience: Option<Audience>,
    /// What access tokens allow: `scope`. They have none if `None`.
    pub scope: Option<Scope>,
    /// Claims of access tokens besides.
    pub claims: ExtraClaims,
    /// How long access tokens are good for, in whole seconds: 60 s to
    /// [`max_token_life`](IssuerSettings::max_token_life). The issuer's own setting if `None`.
    pub token_life: Option<Duration>,
    /// The claims of an id token besides (OpenID Connect Core section 2), which comes with each answer
    /// and says to the app who it is: `sub` as in access tokens, `aud` the app's id, the same time.
    /// There is none if `None`.
    pub id_token: Option<ExtraClaims>,
}

impl AppPolicy {
    /// How much a policy may add to a token, in bytes of JSON: 4 KiB. With it a token fits into the
    /// headers that servers take.
    pub const MAX_BYTES: usize = 4 * 1_024;

    /// Why it cannot be set: which of its fields must be what.
    pub(crate) fn fault(&self, settings: &IssuerSettings) -> Option<(&'static str, &'static str)> {
        let lives = LEAST_TOKEN_LIFE..=settings.max_token_life;
        let is_life = |life: Duration| life.subsec_nanos() == 0 && lives.contains(&life);
        if !self.token_life.is_none_or(is_life) {
            return Some(("token_life", "60 s to `max_token_life` in whole seconds"));
        }
        if self.written_bytes() > Self::MAX_BYTES {
            return Some(("policy", "at most 4 KiB of JSON in all"));
        }
        None
    }

    fn written_bytes(&self) -> usize {
        let audience = self.audience.as_ref().map_or(0, |audience| audience.to_json().len());
        let scope = self.scope.as_ref().map_or(0, |scope| scope.as_str().len());
        [audience, scope, self.claims.written_bytes()].iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_are_exact() {
        let mut settings = IssuerSettings::new("a.db");
        settings.max_token_life = Duration::from_hours(2);
        let fault = |policy: &AppPolicy| policy.fault(&settings).map(|(name, _)| name);
        assert_eq!(fault(&AppPolicy::default()), None);
        for (life, good) in [
            (Duration::from_secs(59), false),
            (Duration::from_secs(60), true),
            (Duration::from_millis(60_500), false),
            (Duration::from_hours(2), true),
            (Duration::from_secs(7_201), false),
        ] {
            let policy = AppPolicy { token_life: Some(life), ..AppPolicy::default() };
            assert_eq!(fault(&policy).is_none(), good, "{life:?}");
        }
        // `,"a":"…"` and a scope of 90.
        let with = |length: usize| AppPolicy {
            scope: Some(Scope::parse(&"s".repeat(90)).unwrap()),
            claims: ExtraClaims::parse(&format!(r#"{{"a":"{}"}}"#, "x".repeat(length))).unwrap(),
            ..AppPolicy::default()
        };
        assert_eq!(fault(&with(AppPolicy::MAX_BYTES - 90 - 7)), None);
        assert_eq!(fault(&with(AppPolicy::MAX_BYTES - 90 - 6)), Some("policy"));
    }
}
