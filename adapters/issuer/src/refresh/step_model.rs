//! The step against a model that knows tokens by their identity alone, and neither generations nor
//! branches.

#![allow(clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

use proptest::prelude::*;
use tokensmith::{AppClientId, RejectReason, UnixTime};

use super::family::Family;
use super::step::{LedgerState, Outcome, Proposal, Step, StepKind};
use super::token::{FamilyId, Fields};

const START: u64 = 1_700_000_000;
const IDLE: u64 = 1_000;
const ABSOLUTE: u64 = 5_000;

/// One family, in the ledger and in the model.
struct Game {
    ledger: LedgerState,
    row: Option<Family>,
    grace_ms: u64,
    /// The keys that are there, that in use first.
    keys: Vec<u16>,
    /// Every token that was ever handed out, the first one first.
    handed_out: Vec<Fields>,
    newest: usize,
    previous: Option<usize>,
    rotated_at_ms: u64,
    is_revoked: bool,
    drawn: u64,
}

impl Game {
    fn new(grace_ms: u64) -> Self {
        let first = Fields {
            key_id: 1,
            family: FamilyId([1; 16]),
            generation: 0,
            branch: [0; 8],
            issued_at: START,
            expires_at: START + IDLE,
            family_expires_at: START + ABSOLUTE,
        };
        Self {
            ledger: LedgerState::new(UnixTime::from_secs(START)),
            row: None,
            grace_ms,
            keys: vec![1],
            handed_out: vec![first],
            newest: 0,
            previous: None,
            rotated_at_ms: 0,
            is_revoked: false,
            drawn: 0,
        }
    }

    fn step(
        &mut self,
        shown: Fields,
        now_ms: u64,
        kind: impl FnOnce([u8; 8]) -> StepKind,
    ) -> Outcome {
        self.drawn += 1;
        let step = Step {
            app: AppClientId::new("app").unwrap(),
            shown,
            now: UnixTime::since_epoch(std::time::Duration::from_millis(now_ms)),
            kind: kind(self.drawn.to_be_bytes()),
        };
        let judged = step.judge(&self.ledger, self.row.as_ref());
        if let Some(written) = judged.write {
            if let Some(before) = &self.row {
                assert!(written.head.generation >= before.head.generation, "H never falls");
                assert!(!before.is_revoked || written.is_revoked, "revoked is final");
            }
            self.row = Some(written);
            self.ledger.high_water = self.ledger.high_water.max(step.time());
        }
        judged.outcome
    }

    fn redeem(&mut self, index: usize, now_ms: u64) -> Outcome {
        let grace_ms = self.grace_ms;
        let shown = self.handed_out[index];
        let keys = self.keys.clone().into();
        self.step(shown, now_ms, |branch| {
            StepKind::Redeem(Proposal { branch, keys, idle: IDLE, grace_ms })
        })
    }

    /// What the model expects, and then does.
    fn expect(&mut self, index: usize, now_ms: u64, time: u64, outcome: Outcome) {
        let shown = self.handed_out[index];
        let rejected = |reason| Outcome::Rejected(reason);
        if time >= shown.expires_at {
            assert!(matches!(outcome, Outcome::Expired { .. }), "{outcome:?}");
        } else if self.is_revoked {
            assert_eq!(outcome, rejected(RejectReason::RefreshRevoked));
        } else if index == self.newest {
            self.take_successor(index, now_ms, outcome);
        } else if Some(index) == self.previous {
            let is_in_grace =
                now_ms >= self.rotated_at_ms && now_ms - self.rotated_at_ms <= self.grace_ms;
            let is_key_there = self.keys.contains(&self.handed_out[self.newest].key_id);
            if is_in_grace && is_key_there {
                let Outcome::Granted(successor) = outcome else { panic!("{outcome:?}") };
                assert_eq!(successor.0, self.handed_out[self.newest], "the same bytes");
            } else {
                self.take_successor(index, now_ms, outcome);
            }
        } else {
            assert_eq!(outcome, rejected(RejectReason::RefreshReused));
            self.is_revoked = true;
        }
        let row = self.row.as_ref();
        assert_eq!(row.is_some_and(|row| row.is_revoked), self.is_revoked);
    }

    fn take_successor(&mut self, index: usize, now_ms: u64, outcome: Outcome) {
        let Outcome::Granted(successor) = outcome else { panic!("{outcome:?}") };
        let token = successor.0;
        assert!(!self.handed_out.contains(&token), "a new one");
        assert_eq!(token.key_id, self.keys[0], "by the key in use");
        assert!(token.expires_at <= token.family_expires_at);
        assert_eq!(token.family_expires_at, START + ABSOLUTE, "carried over unchanged");
        assert!(token.issued_at >= self.handed_out[index].issued_at);
        self.handed_out.push(token);
        self.newest = self.handed_out.len() - 1;
        self.previous = Some(index);
        self.rotated_at_ms = now_ms;
    }
}

#[derive(Clone, Debug)]
enum Move {
    /// Which of the tokens, and how the clock goes before it.
    Redeem(prop::sample::Index, i64),
    /// The newest or the one before it, as an honest client does.
    RedeemLate {
        back: usize,
        wait_ms: i64,
    },
    Revoke,
    /// The host opens the issuer with other keys.
    Keys(Vec<u16>),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let wait = prop_oneof![
        8 => 0..15_000_i64,
        2 => 0..1_200_000_i64,
        1 => -100_000..0_i64,
    ];
    let one = prop_oneof![
        2 => (any::<prop::sample::Index>(), wait.clone()).prop_map(|(which, ms)| Move::Redeem(which, ms)),
        8 => (0..2_usize, wait).prop_map(|(back, wait_ms)| Move::RedeemLate { back, wait_ms }),
        1 => Just(Move::Revoke),
        1 => Just(vec![1_u16, 2, 3]).prop_shuffle().prop_flat_map(|keys| {
            (1..=3_usize).prop_map(move |count| Move::Keys(keys[..count].to_vec()))
        }),
    ];
    prop::collection::vec(one, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn the_step_does_what_the_model_does(moves in moves(), grace in prop_oneof![Just(0), Just(10_000_u64)]) {
        let mut game = Game::new(grace);
        let mut now_ms = START * 1_000;
        for one in moves {
            let (index, wait) = match one {
                Move::Redeem(which, wait) => (which.index(game.handed_out.len()), wait),
                Move::RedeemLate { back: 0, wait_ms } => (game.newest, wait_ms),
                Move::RedeemLate { wait_ms, .. } => (game.previous.unwrap_or(game.newest), wait_ms),
                Move::Revoke => {
                    let shown = game.handed_out[0];
                    assert_eq!(game.step(shown, now_ms, |_| StepKind::Revoke), Outcome::Revoked);
                    game.is_revoked = true;
                    continue;
                }
                Move::Keys(keys) => {
                    game.keys = keys;
                    continue;
                }
            };
            if !game.keys.contains(&game.handed_out[index].key_id) {
                // It is not read, and so no step is taken.
                continue;
            }
            now_ms = now_ms.saturating_add_signed(wait).max(START * 1_000 - 50_000);
            let time = game.ledger.high_water.max(now_ms / 1_000);
            let outcome = game.redeem(index, now_ms);
            game.expect(index, now_ms, time, outcome);
        }
    }
}

fn rejected(game: &mut Game, index: usize, now: u64) -> RejectReason {
    match game.redeem(index, now * 1_000) {
        Outcome::Rejected(reason) => reason,
        Outcome::Expired { .. } => RejectReason::RefreshExpired,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_ledger_that_has_lost_a_family_revokes_what_it_meets_of_it() {
    let mut game = Game::new(0);
    for index in 0..3 {
        let outcome = game.redeem(index, START * 1_000);
        game.take_successor(index, START * 1_000, outcome);
    }
    // Empty, or from a backup.
    let backup = game.row.clone();
    game.row = None;
    assert_eq!(rejected(&mut game, 3, START), RejectReason::LedgerBehind);
    assert_eq!(rejected(&mut game, 3, START), RejectReason::RefreshRevoked);
    assert_eq!(rejected(&mut game, 0, START), RejectReason::RefreshRevoked);
    game.row = backup;
    game.row.as_mut().unwrap().head = game.handed_out[2];
    assert_eq!(rejected(&mut game, 3, START), RejectReason::LedgerBehind);
    assert_eq!(rejected(&mut game, 2, START), RejectReason::RefreshRevoked);
}

#[test]
fn every_level_of_not_before_holds() {
    for level in 0..3 {
        for (before, is_good) in [(START, true), (START + 1, false)] {
            let mut game = Game::new(0);
            match level {
                0 => game.ledger.created_at = before,
                1 => game.ledger.not_before = before,
                _ => game.ledger = game.ledger.of_app(before),
            }
            let outcome = game.redeem(0, START * 1_000);
            assert_eq!(matches!(outcome, Outcome::Granted(_)), is_good, "{level} {before}");
            assert_eq!(game.row.is_some(), is_good, "an early one is not written down");
        }
    }
}

#[test]
fn what_was_past_its_time_once_stays_so() {
    let mut game = Game::new(0);
    let outcome = game.redeem(0, START * 1_000);
    game.take_successor(0, START * 1_000, outcome);
    game.ledger.high_water = START + IDLE;
    assert_eq!(rejected(&mut game, 1, START), RejectReason::RefreshExpired);
    game.ledger.high_water = START + IDLE - 1;
    assert!(matches!(game.redeem(1, START * 1_000), Outcome::Granted(_)));
}

#[test]
fn no_token_outlives_its_family() {
    let mut game = Game::new(0);
    for index in 0..6 {
        let now_ms = (START + 900 * index as u64) * 1_000;
        let outcome = game.redeem(index, now_ms);
        game.take_successor(index, now_ms, outcome);
    }
    assert_eq!(game.handed_out[5].expires_at, START + 3_600 + IDLE);
    assert_eq!(game.handed_out[6].expires_at, START + ABSOLUTE, "which comes before the idle life");
    assert_eq!(rejected(&mut game, 6, START + ABSOLUTE), RejectReason::RefreshExpired);
}

#[test]
fn the_longest_family_ends_in_a_refusal_and_not_in_an_overflow() {
    let mut game = Game::new(0);
    let outcome = game.redeem(0, START * 1_000);
    game.take_successor(0, START * 1_000, outcome);
    game.row.as_mut().unwrap().head.generation = u32::MAX;
    game.handed_out[1].generation = u32::MAX;
    assert_eq!(rejected(&mut game, 1, START), RejectReason::RefreshExpired);
}
