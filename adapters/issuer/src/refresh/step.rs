//! What becomes of a family when a token of it is shown: one pure step, the same in every ledger.

use std::sync::Arc;

use tokensmith::{AppClientId, RejectReason, UnixTime};

use super::family::Family;
use super::token::{Branch, FamilyId, Fields};
use crate::numbered::NumberedKeys;
use crate::settings::IssuerSettings;

/// What a ledger knows besides its families.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LedgerState {
    /// The second in which the ledger was made: of what was issued before it knows nothing.
    pub created_at: u64,
    /// The latest second that a step was taken in.
    pub high_water: u64,
    /// What was issued before that second is refused, whosever it is.
    pub not_before: u64,
    /// What was issued to this app before that second is refused.
    pub app_not_before: u64,
}

impl LedgerState {
    /// What a ledger holds that was made in that second.
    pub fn new(created_at: UnixTime) -> Self {
        let created_at = created_at.as_secs();
        Self { created_at, high_water: created_at, ..Self::default() }
    }

    /// The same, of one app.
    #[must_use]
    pub fn of_app(self, not_before: u64) -> Self {
        Self { app_not_before: not_before, ..self }
    }

    /// The second before which all is refused that was issued up to now: after the present one, and
    /// after whatever the ledger has seen.
    pub fn not_before_of(&self, now: UnixTime) -> u64 {
        self.effective(now.as_secs()).saturating_add(1)
    }

    /// The same after [`reset`](super::ledger::RefreshLedger::reset).
    #[must_use]
    pub fn reset(self, now: UnixTime) -> Self {
        let high_water = now.as_secs();
        let not_before = high_water.saturating_add(1).max(self.not_before);
        Self { high_water, not_before, ..self }
    }

    /// Time never goes back: a token that was past its time once stays so by a clock set back.
    fn effective(&self, now: u64) -> u64 {
        self.high_water.max(now)
    }
}

/// What a step comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The token is good: this is its successor.
    Granted(Successor),
    /// It is not.
    Rejected(RejectReason),
    /// It is not, by its times: [`RefreshExpired`](RejectReason::RefreshExpired).
    Expired {
        /// The second that it was judged by: the step's, or what the ledger has seen.
        time: u64,
    },
    /// The family is revoked, as was asked.
    Revoked,
}

/// The token that comes after the one that was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Successor(pub(crate) Fields);

/// What a ledger is to do after a step.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "these two are the whole of it")]
pub struct Judged {
    /// What the caller is told, once the family is written.
    pub outcome: Outcome,
    /// The family as it is from now on; `None` if it stays as it was.
    pub write: Option<Family>,
}

/// A step that is to be taken on a family. A ledger reads the family, has the step judge it, and
/// writes what comes of that, all as one: nobody else's step may come between.
#[derive(Clone, Debug)]
pub struct Step {
    pub(crate) app: AppClientId,
    pub(crate) shown: Fields,
    pub(crate) now: UnixTime,
    pub(crate) kind: StepKind,
}

#[derive(Clone, Debug)]
pub(crate) enum StepKind {
    /// Redeems the token that was shown.
    Redeem(Proposal),
    /// Revokes its family.
    Revoke,
}

impl StepKind {
    /// A redemption that proposes that branch.
    pub(crate) fn redeem(branch: Branch, keys: &NumberedKeys, settings: &IssuerSettings) -> Self {
        let idle = settings.refresh_idle_life.as_secs();
        let grace_ms = u64::try_from(settings.refresh_grace.as_millis()).unwrap_or(0);
        Self::Redeem(Proposal { branch, keys: keys.ids(), idle, grace_ms })
    }
}

/// What a successor would be made with.
#[derive(Clone, Debug)]
pub(crate) struct Proposal {
    pub(crate) branch: Branch,
    /// The numbers of the keys that are there, that in use first.
    pub(crate) keys: Arc<[u16]>,
    /// How long the successor may lie unused, in seconds.
    pub(crate) idle: u64,
    pub(crate) grace_ms: u64,
}

impl Step {
    /// Whose family it is on.
    pub const fn app(&self) -> &AppClientId {
        &self.app
    }

    /// The family that it is on.
    pub const fn family(&self) -> FamilyId {
        self.shown.family
    }

    /// The time that the ledger's [`high_water`](LedgerState::high_water) is raised to when the step
    /// writes.
    pub fn time(&self) -> u64 {
        self.now.as_secs()
    }

    /// Judges the family as the ledger has it.
    pub fn judge(&self, ledger: &LedgerState, family: Option<&Family>) -> Judged {
        match &self.kind {
            StepKind::Redeem(proposal) => Redeem { step: self, ledger, proposal }.judge(family),
            StepKind::Revoke => {
                let known = family.filter(|family| family.is_revoked);
                let write = known.is_none().then(|| self.revoked(family));
                Judged { outcome: Outcome::Revoked, write }
            }
        }
    }

    fn revoked(&self, family: Option<&Family>) -> Family {
        let family = family.cloned().unwrap_or_else(|| Family {
            app: self.app.clone(),
            is_revoked: true,
            head: self.shown,
            prev_branch: self.shown.branch,
            rotated_at_ms: millis(self.now),
        });
        Family { is_revoked: true, ..family }
    }
}

struct Redeem<'a> {
    step: &'a Step,
    ledger: &'a LedgerState,
    proposal: &'a Proposal,
}

impl Redeem<'_> {
    fn judge(&self, family: Option<&Family>) -> Judged {
        let shown = &self.step.shown;
        let time = self.ledger.effective(self.step.now.as_secs());
        // INVARIANT: no token outlives its family.
        if time >= shown.expires_at || self.is_too_early() {
            return Judged { outcome: Outcome::Expired { time }, write: None };
        }
        let Some(family) = family else {
            // Its first token, which the ledger hears of now.
            return if shown.generation == 0 {
                self.rotated(1)
            } else {
                self.revoked(RejectReason::LedgerBehind, None)
            };
        };
        if family.is_revoked {
            return rejected(RejectReason::RefreshRevoked, None);
        }
        let head = &family.head;
        let is_previous = shown.generation.checked_add(1) == Some(head.generation);
        if shown.generation > head.generation {
            self.revoked(RejectReason::LedgerBehind, Some(family))
        } else if shown.generation == head.generation && shown.branch == head.branch {
            match head.generation.checked_add(1) {
                Some(next) => self.rotated(next),
                None => rejected(RejectReason::RefreshExpired, None),
            }
        } else if is_previous && shown.branch == family.prev_branch {
            // Its successor was not used yet: its owner may not have heard of it.
            if self.is_in_grace(family) && self.proposal.keys.contains(&head.key_id) {
                Judged { outcome: Outcome::Granted(Successor(*head)), write: None }
            } else {
                self.rotated(head.generation)
            }
        } else {
            self.revoked(RejectReason::RefreshReused, Some(family))
        }
    }

    /// Issued before a time that was set, or that the ledger knows nothing of.
    fn is_too_early(&self) -> bool {
        let LedgerState { created_at, not_before, app_not_before, .. } = *self.ledger;
        self.step.shown.issued_at < created_at.max(not_before).max(app_not_before)
    }

    /// A clock that went back closes the window, which leads to a new successor.
    fn is_in_grace(&self, family: &Family) -> bool {
        let since = millis(self.step.now).checked_sub(family.rotated_at_ms);
        since.is_some_and(|since| since <= self.proposal.grace_ms)
    }

    /// The token that was shown is the one before the newest, which is made now.
    fn rotated(&self, generation: u32) -> Judged {
        let Step { app, shown, now, .. } = self.step;
        let issued_at = self.ledger.effective(now.as_secs());
        let Proposal { branch, keys, idle, .. } = self.proposal;
        let expires_at = issued_at.saturating_add(*idle).min(shown.family_expires_at);
        // INVARIANT: there is always a key in use.
        let key_id = keys.first().copied().unwrap_or(shown.key_id);
        let head = Fields { key_id, generation, branch: *branch, issued_at, expires_at, ..*shown };
        let family = Family {
            app: app.clone(),
            is_revoked: false,
            head,
            prev_branch: shown.branch,
            rotated_at_ms: millis(*now),
        };
        Judged { outcome: Outcome::Granted(Successor(head)), write: Some(family) }
    }

    fn revoked(&self, reason: RejectReason, family: Option<&Family>) -> Judged {
        rejected(reason, Some(self.step.revoked(family)))
    }
}

fn rejected(reason: RejectReason, write: Option<Family>) -> Judged {
    Judged { outcome: Outcome::Rejected(reason), write }
}

fn millis(time: UnixTime) -> u64 {
    u64::try_from(time.as_duration().as_millis()).unwrap_or(u64::MAX)
}
