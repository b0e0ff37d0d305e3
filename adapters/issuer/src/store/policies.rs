//! The policies of the apps, as the store keeps them.

use std::collections::BTreeMap;
use std::time::Duration;

use rusqlite::types::Value;
use tokensmith::AppClientId;

use super::StoreError;
use super::records::{Records, number};
use super::row::{Table, TaggedRow};
use crate::policy::AppPolicy;
use crate::policy::claims::ExtraClaims;
use crate::policy::scope::Scope;

/// Every app has a row, so that one which is lost is noticed: without it a token would say less than it
/// should, and be good for another audience.
const POLICIES: Table = Table {
    name: "app_policies",
    columns: &["app", "audience", "scope", "claims", "token_seconds", "id_claims"],
};

/// The policies by app; `None` for a damaged one.
pub(crate) type FoundPolicies = BTreeMap<String, Option<AppPolicy>>;

impl Records<'_> {
    pub(crate) fn put_policy(
        &self,
        app: &AppClientId,
        policy: &AppPolicy,
    ) -> Result<(), StoreError> {
        let text = |text: Option<String>| text.map_or(Value::Null, Value::Text);
        let seconds = policy.token_life.map(|life| number(life.as_secs())).transpose()?;
        let fields = vec![
            Value::Text(app.as_str().to_owned()),
            text(policy.audience.as_ref().map(|audience| audience.to_json())),
            text(policy.scope.as_ref().map(|scope| scope.as_str().to_owned())),
            Value::Text(policy.claims.to_json()),
            seconds.unwrap_or(Value::Null),
            text(policy.id_token.as_ref().map(ExtraClaims::to_json)),
        ];
        Ok(POLICIES.put(self.connection, self.key, fields)?)
    }

    pub(crate) fn remove_policy(&self, app: &AppClientId) -> Result<(), StoreError> {
        Ok(POLICIES.remove(self.connection, app.as_str())?)
    }

    /// An error if it is damaged or lost.
    pub(crate) fn policy(&self, app: &AppClientId) -> Result<AppPolicy, StoreError> {
        let row = POLICIES.find(self.connection, self.key, app.as_str())?;
        row.as_ref().and_then(read).ok_or(StoreError::DamagedApp)
    }

    pub(crate) fn policies(&self) -> Result<FoundPolicies, StoreError> {
        let rows = POLICIES.all(self.connection, self.key)?;
        let named = rows.iter().filter_map(|row| Some((row.text(0)?.to_owned(), read(row))));
        Ok(named.collect())
    }

    /// Gives a policy that adds nothing to the apps of a store that knows of none.
    pub(super) fn add_policies(&self) -> Result<(), StoreError> {
        // Asked first, because it tells whether the keys are the store's.
        self.changes()?;
        let apps = self.apps()?;
        let ids = apps.iter().filter_map(|app| app.id());
        ids.into_iter().try_for_each(|id| self.put_policy(id, &AppPolicy::default()))
    }
}

/// `None` for a row that is not as it was written.
fn read(row: &TaggedRow) -> Option<AppPolicy> {
    let audience = row.text(1).map(serde_json::from_str).transpose().ok()?;
    let scope = row.text(2).map(Scope::parse).transpose().ok()?;
    let claims = ExtraClaims::parse(row.text(3)?).ok()?;
    let token_life = row.number(4).map(Duration::from_secs);
    let id_token = row.text(5).map(ExtraClaims::parse).transpose().ok()?;
    row.intact.then_some(AppPolicy { audience, scope, claims, token_life, id_token })
}
