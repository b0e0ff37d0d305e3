//! What the policies of apps add to their tokens, written once.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

use crate::policy::AppPolicy;
use crate::policy::claims::ExtraClaims;

/// What an app's policy adds to its tokens.
#[derive(Debug, Default)]
pub(crate) struct Wording {
    pub(crate) audience: Option<String>,
    /// Members of an access token behind the issuer's own.
    pub(crate) members: String,
    /// Those of an id token; `None` where there is none.
    pub(crate) id_members: Option<String>,
    pub(crate) life: Option<Duration>,
}

/// The wordings of the apps whose policy adds something.
pub(crate) struct Wordings(HashMap<String, Wording>);

impl Wording {
    /// `None` for a policy that adds nothing.
    pub(crate) fn of(policy: &AppPolicy) -> Option<Self> {
        if *policy == AppPolicy::default() {
            return None;
        }
        let mut members = String::new();
        if let Some(scope) = &policy.scope {
            // INVARIANT: a scope has nothing that JSON escapes, and writing to a string never fails.
            let _ = write!(members, r#","scope":"{scope}""#);
        }
        policy.claims.push_members(&mut members);
        let audience = policy.audience.as_ref().map(|audience| audience.to_json());
        let id_members = policy.id_token.as_ref().map(written);
        Some(Self { audience, members, id_members, life: policy.token_life })
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
        static NONE: Wording =
            Wording { audience: None, members: String::new(), id_members: None, life: None };
        self.0.get(app).unwrap_or(&NONE)
    }
}

fn written(claims: &ExtraClaims) -> String {
    let mut members = String::new();
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
