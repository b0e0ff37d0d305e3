//! What the policies of apps add to their tokens, written once.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

use crate::policy::AppPolicy;
use crate::policy::audience::Audience;
use crate::policy::claims::ExtraClaims;
use crate::policy::scope::Scope;

/// What an app's policy adds to its tokens.
#[derive(Debug, Default)]
pub(crate) struct Wording {
    pub(crate) audience: Option<String>,
    /// Members of an access token behind the issuer's own: the scope and the claims.
    pub(crate) members: String,
    /// Those of an id token; `None` where there is none.
    pub(crate) id_members: Option<String>,
    pub(crate) life: Option<Duration>,
    scope: Option<Scope>,
    claims: ExtraClaims,
}

/// The wordings of the apps whose policy adds something.
pub(crate) struct Wordings(HashMap<String, Wording>);

impl Wording {
    /// `None` for a policy that adds nothing.
    pub(crate) fn of(policy: &AppPolicy) -> Option<Self> {
        if *policy == AppPolicy::default() {
            return None;
        }
        Some(Self {
            audience: policy.audience.as_ref().map(Audience::to_json),
            members: written(policy.scope.as_ref(), &policy.claims),
            id_members: policy.id_token.as_ref().map(|claims| written(None, claims)),
            life: policy.token_life,
            scope: policy.scope.clone(),
            claims: policy.claims.clone(),
        })
    }

    /// The same with these claims, which come before those of the policy.
    pub(crate) fn with(&self, claims: ExtraClaims) -> Self {
        let claims = self.claims.clone().replaced_by(claims);
        Self {
            audience: self.audience.clone(),
            members: written(self.scope.as_ref(), &claims),
            id_members: self.id_members.clone(),
            life: self.life,
            scope: None,
            claims,
        }
    }
}

impl Wordings {
    pub(crate) fn new<'a>(policies: impl Iterator<Item = (&'a String, &'a AppPolicy)>) -> Self {
        let worded = policies.filter_map(|(app, policy)| Some((app.clone(), Wording::of(policy)?)));
        Self(worded.collect())
    }

    /// How long that takes tells whether an app has one: it is asked when its secret was right, and
    /// not before.
    pub(crate) fn of(&self, app: &str) -> &Wording {
        static NONE: Wording = Wording {
            audience: None,
            members: String::new(),
            id_members: None,
            life: None,
            scope: None,
            claims: ExtraClaims::NONE,
        };
        self.0.get(app).unwrap_or(&NONE)
    }
}

fn written(scope: Option<&Scope>, claims: &ExtraClaims) -> String {
    let mut members = String::new();
    if let Some(scope) = scope {
        // INVARIANT: a scope has nothing that JSON escapes, and writing to a string never fails.
        let _ = write!(members, r#","scope":"{scope}""#);
    }
    claims.push_members(&mut members);
    members
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_that_adds_nothing_takes_no_place() {
        let life = Some(Duration::from_mins(1));
        let policies = [
            ("a".to_owned(), AppPolicy::default()),
            ("b".to_owned(), AppPolicy { token_life: life, ..AppPolicy::default() }),
        ];
        let wordings = Wordings::new(policies.iter().map(|(app, policy)| (app, policy)));
        assert_eq!(wordings.0.len(), 1);
        assert_eq!(["a", "b", "c"].map(|app| wordings.of(app).life), [None, life, None]);
    }
}
