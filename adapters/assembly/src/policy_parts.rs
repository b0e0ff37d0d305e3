//! An app's policy as plain data, for hosts that have no types of the issuer's.

use std::time::Duration;

use tokensmith_issuer::{AdminError, AppPolicy, Audience, ClaimsError, ExtraClaims, Scope};

/// The parts of an [`AppPolicy`], as a host writes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "every language must say each of them")]
pub struct PolicyParts {
    /// The names of the audience; `None` for that of the issuer's settings.
    pub audience: Option<Vec<String>>,
    /// The words of the scope, with one space between two.
    pub scope: Option<String>,
    /// The claims besides, as a JSON object.
    pub claims: Option<String>,
    /// How long access tokens are good for; `None` for that of the issuer's settings.
    pub token_life: Option<Duration>,
    /// The claims of the id token besides, as a JSON object; `None` for no id token.
    pub id_claims: Option<String>,
}

impl PolicyParts {
    /// Those of a policy. Claims are there only if there are any.
    pub fn of(policy: &AppPolicy) -> Self {
        let claims = &policy.claims;
        Self {
            audience: policy.audience.as_ref().map(names),
            scope: policy.scope.as_ref().map(|scope| scope.as_str().to_owned()),
            claims: (!claims.is_empty()).then(|| claims.to_json()),
            token_life: policy.token_life,
            id_claims: policy.id_token.as_ref().map(ExtraClaims::to_json),
        }
    }

    /// The policy of these parts.
    ///
    /// # Errors
    /// [`AdminError::Invalid`] names the part that is none. Whether they are too much in all, and
    /// whether the life is within its bounds, is seen when the policy is set.
    pub fn policy(self) -> Result<AppPolicy, AdminError> {
        let invalid = |name, bounds| AdminError::Invalid { name, bounds };
        let mut policy = AppPolicy::default();
        policy.token_life = self.token_life;
        if let Some(names) = self.audience {
            let bounds = "one or more different names of 1 to 512 visible ASCII characters";
            policy.audience = Some(Audience::new(names).map_err(|_| invalid("audience", bounds))?);
        }
        if let Some(words) = self.scope {
            let bounds =
                "different words of visible ASCII without \" and \\, with one space between two";
            policy.scope = Some(Scope::parse(&words).map_err(|_| invalid("scope", bounds))?);
        }
        if let Some(json) = self.claims {
            let refused = |error| invalid("claims", bounds_of_claims(error));
            policy.claims = ExtraClaims::parse(&json).map_err(refused)?;
        }
        if let Some(json) = self.id_claims {
            let refused = |error| invalid("id_claims", bounds_of_claims(error));
            policy.id_token = Some(ExtraClaims::parse(&json).map_err(refused)?);
        }
        Ok(policy)
    }
}

fn names(audience: &Audience) -> Vec<String> {
    audience.names().map(str::to_owned).collect()
}

const fn bounds_of_claims(error: ClaimsError) -> &'static str {
    match error {
        ClaimsError::Repeated => "without a name twice in one object",
        ClaimsError::TooDeep => "at most 8 deep",
        ClaimsError::TooLong => "at most 4 KiB of JSON",
        ClaimsError::Name => "named by 1 to 128 bytes without control characters",
        ClaimsError::Number => "without an integer beyond 2^53, which must be written as a string",
        ClaimsError::Reserved(_) => {
            "others than `iss`, `aud`, `sub`, `client_id`, `iat`, `exp`, `nbf`, `jti` and `scope`"
        }
        _ => "a JSON object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_its_parts_and_comes_of_them() {
        let parts = PolicyParts {
            audience: Some(vec!["https://a.example".into(), "b".into()]),
            scope: Some("read write".into()),
            claims: Some(r#"{"tenant":"acme"}"#.into()),
            token_life: Some(Duration::from_mins(10)),
            id_claims: Some(r#"{"name":"Billing"}"#.into()),
        };
        assert_eq!(PolicyParts::of(&parts.clone().policy().unwrap()), parts);
        let bare = PolicyParts { id_claims: Some("{}".into()), ..Default::default() };
        assert_eq!(PolicyParts::of(&bare.clone().policy().unwrap()), bare, "an id token");
        let none = PolicyParts::default();
        assert_eq!(none.clone().policy().unwrap(), AppPolicy::default());
        assert_eq!(PolicyParts::of(&AppPolicy::default()), none);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let audience = |names: &[&str]| PolicyParts {
            audience: Some(names.iter().map(|name| (*name).to_owned()).collect()),
            ..PolicyParts::default()
        };
        let scope = |words: &str| PolicyParts { scope: Some(words.into()), ..Default::default() };
        let claims = |json: &str| PolicyParts { claims: Some(json.into()), ..Default::default() };
        let deep = format!("{{\"a\":{}7{}}}", "[".repeat(8), "]".repeat(8));
        for (parts, expected) in [
            (audience(&[]), "`audience` must be one or more"),
            (audience(&["a", "a"]), "`audience` must be one or more"),
            (scope(""), "`scope` must be different words"),
            (claims("[]"), "`claims` must be a JSON object"),
            (claims(r#"{"a":1,"a":2}"#), "`claims` must be without a name twice"),
            (claims(&deep), "`claims` must be at most 8 deep"),
            (
                claims(&format!("{{\"a\":\"{}\"}}", "x".repeat(4_096))),
                "`claims` must be at most 4 KiB",
            ),
            (claims(r#"{"":1}"#), "`claims` must be named by"),
            (claims(r#"{"a":9007199254740992}"#), "`claims` must be without an integer"),
            (claims(r#"{"sub":"a"}"#), "`claims` must be others than"),
            (
                PolicyParts { id_claims: Some("[]".into()), ..Default::default() },
                "`id_claims` must be a JSON object",
            ),
        ] {
            let error = parts.policy().unwrap_err();
            assert_eq!(error.code(), "ERR_ADMIN_INVALID");
            assert!(error.to_string().starts_with(expected), "{error}");
        }
    }
}
