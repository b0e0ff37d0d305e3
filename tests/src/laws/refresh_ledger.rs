//! The laws of a [`RefreshLedger`]: one step at a time, whole or not at all, and nothing that was
//! refused for good is ever good again.
//!
//! Steps are an issuer's to make, so each law has one, in a folder of its own, on the ledger that is
//! tested. The rows R3 to R14 are those of the table that [`Step::judge`] keeps to.

mod levels;
mod scene;
mod table;
mod whole;

use std::sync::Arc;

use tokensmith::UnixTime;
use tokensmith_issuer::ledger::RefreshLedger;
#[cfg(doc)]
use tokensmith_issuer::ledger::Step;

pub use levels::{
    a_level_is_never_lowered, a_level_is_of_its_app_alone, a_revocation_is_for_good,
    a_token_is_revoked_before_it_was_redeemed, all_that_was_issued_is_refused,
    families_past_their_time_are_forgotten, the_clock_is_taken_up_again, time_never_goes_back,
};
pub use table::{
    a_dead_successor_ends_its_family, a_late_retry_gives_another_successor,
    a_retry_gives_the_same_successor, a_token_gives_its_successor, a_used_token_ends_its_family,
    families_are_kept_apart, to_be_weighed_changes_nothing,
    what_was_issued_before_the_ledger_is_refused, who_is_ahead_of_the_ledger_ends_the_family,
};
pub use whole::{
    a_failure_changes_nothing, a_revocation_is_not_lost_among_redemptions,
    a_step_that_is_dropped_is_taken_whole_or_not_at_all, callers_at_once_get_one_successor,
};

/// Where a ledger is put to the test.
pub trait Workbench: Sync {
    /// A ledger that is made at that second, and empty.
    fn ledger(&self, now: UnixTime) -> Arc<dyn RefreshLedger>;

    /// Has all ledgers that it gave fail at whatever they are to write, or no longer. False if it
    /// cannot, as a ledger in memory.
    fn fail(&self, _failing: bool) -> bool {
        false
    }

    /// How often callers race: a race that is lost once in a hundred is found by that many.
    fn rounds(&self) -> u32 {
        20
    }
}

/// A [`Workbench`] for ledgers that `make` makes, and that cannot be made to fail.
#[derive(Clone, Debug)]
pub struct Made<F>(pub F);

impl<L: RefreshLedger + 'static, F: Fn(UnixTime) -> L + Sync> Workbench for Made<F> {
    fn ledger(&self, now: UnixTime) -> Arc<dyn RefreshLedger> {
        Arc::new((self.0)(now))
    }
}

/// Every law, one after the other.
pub fn all<W: Workbench>(bench: &W) {
    what_was_issued_before_the_ledger_is_refused(bench);
    a_token_gives_its_successor(bench);
    a_retry_gives_the_same_successor(bench);
    a_late_retry_gives_another_successor(bench);
    a_dead_successor_ends_its_family(bench);
    a_used_token_ends_its_family(bench);
    who_is_ahead_of_the_ledger_ends_the_family(bench);
    families_are_kept_apart(bench);
    to_be_weighed_changes_nothing(bench);
    time_never_goes_back(bench);
    a_token_is_revoked_before_it_was_redeemed(bench);
    a_revocation_is_for_good(bench);
    all_that_was_issued_is_refused(bench);
    a_level_is_of_its_app_alone(bench);
    a_level_is_never_lowered(bench);
    the_clock_is_taken_up_again(bench);
    families_past_their_time_are_forgotten(bench);
    a_failure_changes_nothing(bench);
    a_step_that_is_dropped_is_taken_whole_or_not_at_all(bench);
    callers_at_once_get_one_successor(bench);
    a_revocation_is_not_lost_among_redemptions(bench);
}
