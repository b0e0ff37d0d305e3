//! The administration of what the tokens of an app say.

use tokensmith::AppClientId;

use super::{Admin, AdminError};
use crate::policy::AppPolicy;
use crate::store::StoreError;
use crate::store::records::FoundApp;

impl Admin {
    /// Sets what the tokens of an app say, and how long they live, in place of what was set before.
    /// Tokens that were issued stay as they are; those that are made from now on, at a refresh too,
    /// are by the new policy.
    ///
    /// # Errors
    /// [`AdminError::Invalid`] for a life out of its bounds, or a policy that adds more than 4 KiB to
    /// a token; [`AdminError::NotFound`] if there is no such app; [`AdminError::Store`] if its
    /// record is damaged or the policy cannot be stored.
    pub fn set_app_policy(&self, id: &AppClientId, policy: &AppPolicy) -> Result<(), AdminError> {
        if let Some((name, bounds)) = policy.fault(&self.state.settings) {
            return Err(AdminError::Invalid { name, bounds });
        }
        let set = self.state.change(|records| match records.app(id)? {
            Some(FoundApp::Whole(_)) => records.put_policy(id, policy),
            Some(FoundApp::Damaged { .. }) => Err(StoreError::DamagedApp),
            None => Err(StoreError::NoSuchApp),
        });
        Ok(set?)
    }

    /// What the tokens of an app say, and how long they live.
    ///
    /// # Errors
    /// [`AdminError::NotFound`] if there is no such app, [`AdminError::Store`] if its policy is damaged
    /// or the store failed. A policy that is damaged is mended by another that is set.
    pub fn app_policy(&self, id: &AppClientId) -> Result<AppPolicy, AdminError> {
        let read = self.state.look(|records| {
            records.app(id)?.ok_or(StoreError::NoSuchApp)?;
            records.policy(id)
        });
        Ok(read?)
    }
}
