//! A step is taken whole or not at all, whoever else takes one.

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::thread;

use futures_executor::block_on;
use tokensmith::{RefreshToken, Refresher as _, RejectReason};

use super::Workbench;
use super::scene::{Scene, Told, refused};
use crate::call::Call;

/// How many show one token at once.
const CALLERS: usize = 64;

/// R14: whatever fails leaves all as it was, and is good later.
pub fn a_failure_changes_nothing<W: Workbench>(bench: &W) {
    let law = "what fails changes nothing";
    let scene = Scene::new(bench);
    let first = scene.issue();
    let second = scene.next(&first, law);
    let unused = scene.issue();
    if !bench.fail(true) {
        return;
    }
    let admin = scene.issuer.admin();
    assert_eq!(scene.told(&second), Told::Failed, "{law}, and says so");
    assert_eq!(scene.told(&unused), Told::Failed, "{law}, and says so");
    assert!(!scene.revoke(&second), "a revocation that failed is no success");
    let levels = [
        block_on(admin.revoke_refresh_tokens_of(&scene.app.id)).is_ok(),
        block_on(admin.revoke_all_refresh_tokens()).is_ok(),
        block_on(admin.reset_refresh_clock()).is_ok(),
    ];
    assert_eq!(levels, [false; 3], "a level that could not be set is no success");
    bench.fail(false);
    assert_eq!(scene.told(&first), Told::Next(second.clone()), "{law}: R8 as before");
    let third = scene.next(&second, law);
    scene.next(&third, law);
    scene.next(&unused, law);
}

/// A step whose future is dropped at any point is taken whole or not at all: its token has one
/// successor, and that is good.
pub fn a_step_that_is_dropped_is_taken_whole_or_not_at_all<W: Workbench>(bench: &W) {
    let law = "a step that is dropped is taken whole or not at all";
    let scene = Scene::new(bench);
    for polls in 0..=8 {
        let first = scene.issue();
        let token = RefreshToken::new(first.as_str());
        let cx = scene.cx();
        let mut call = Call::new(scene.issuer.redeem(&cx, &scene.app, &token));
        let _ = (0..polls).any(|_| call.step().is_some());
        drop(call);
        let second = scene.next(&first, law);
        assert_eq!(scene.told(&first), Told::Next(second.clone()), "{law}");
        scene.next(&second, law);
    }
}

/// However many show a token at once, first or newest: one rotation, and the same successor for all.
pub fn callers_at_once_get_one_successor<W: Workbench>(bench: &W) {
    let law = "callers at once get one successor";
    let scene = Scene::new(bench);
    for _ in 0..bench.rounds() {
        let first = scene.issue();
        let second = one_successor(&scene, &first, law);
        let third = one_successor(&scene, &second, law);
        scene.next(&third, law);
    }
}

/// Whatever redemptions go on, a family that was revoked is revoked when the call returns.
pub fn a_revocation_is_not_lost_among_redemptions<W: Workbench>(bench: &W) {
    let law = "a revocation is not lost among redemptions";
    let scene = Scene::new(bench);
    for _ in 0..bench.rounds() {
        let token = scene.issue();
        let start = Barrier::new(CALLERS);
        let told: Vec<Told> = at_once(|caller| {
            start.wait();
            if caller == CALLERS / 2 {
                assert!(scene.revoke(&token), "{law}");
                return scene.told(&token);
            }
            scene.told(&token)
        });
        let revoked = refused(RejectReason::RefreshRevoked);
        for answer in told {
            match answer {
                Told::Next(next) => assert_eq!(scene.told(&next), revoked, "{law}"),
                other => assert_eq!(other, revoked, "{law}"),
            }
        }
        assert_eq!(scene.told(&token), revoked, "{law}");
    }
}

fn one_successor(scene: &Scene, token: &str, law: &str) -> String {
    let start = Barrier::new(CALLERS);
    let told = at_once(|_| {
        start.wait();
        scene.told(token)
    });
    let mut successors: BTreeSet<Told> = told.into_iter().collect();
    assert_eq!(successors.len(), 1, "{law}: {successors:?}");
    match successors.pop_first() {
        Some(Told::Next(next)) => next,
        other => super::scene::broken(law, &other),
    }
}

/// What each of the callers comes to.
fn at_once<T: Send>(call: impl Fn(usize) -> T + Sync) -> Vec<T> {
    thread::scope(|scope| {
        let call = &call;
        let callers: Vec<_> =
            (0..CALLERS).map(|caller| scope.spawn(move || call(caller))).collect();
        let told = callers.into_iter().map(|caller| caller.join());
        told.map(|told| told.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}
