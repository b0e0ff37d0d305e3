//! What is refused by the time at which it was issued, by a revocation, or as past its time.

use futures_executor::block_on;
use tokensmith::{Clock as _, RejectReason, UnixTime};

use super::Workbench;
use super::scene::{IDLE, LIFE, START, Scene, Told, broken, made, refused};

/// `high_water` never falls: what was past its time once stays so by a clock set back, whatever the
/// ledger writes meanwhile.
pub fn time_never_goes_back<W: Workbench>(bench: &W) {
    let law = "what was past its time once stays so";
    let scene = Scene::new(bench);
    let [old, other] = [scene.issue(), scene.issue()];
    scene.at(IDLE - 1);
    let live = scene.issue();
    scene.at(IDLE);
    let live = scene.next(&live, law);
    scene.at(1);
    scene.refuses(&old, RejectReason::RefreshExpired, law);
    // A step, a revocation and a level by the earlier clock lower nothing.
    let live = scene.next(&live, law);
    scene.refuses(&old, RejectReason::RefreshExpired, law);
    assert!(scene.revoke(&live), "{law}");
    scene.refuses(&old, RejectReason::RefreshExpired, law);
    made(block_on(scene.issuer.admin().revoke_refresh_tokens_of(&scene.other.id)));
    made(block_on(scene.issuer.admin().purge_refresh_tokens()));
    scene.refuses(&other, RejectReason::RefreshExpired, law);
}

/// A token that was never redeemed is revoked as any other, twice too.
pub fn a_token_is_revoked_before_it_was_redeemed<W: Workbench>(bench: &W) {
    let law = "a token that was never redeemed can be revoked";
    let scene = Scene::new(bench);
    let [revoked, kept] = [scene.issue(), scene.issue()];
    for _ in 0..2 {
        assert!(scene.revoke(&revoked), "{law}");
        scene.refuses(&revoked, RejectReason::RefreshRevoked, law);
    }
    scene.next(&kept, law);
}

/// A family that is revoked stays so: its older tokens and its newest, later and after a purge.
pub fn a_revocation_is_for_good<W: Workbench>(bench: &W) {
    let law = "a revocation is for good";
    let scene = Scene::new(bench);
    let first = scene.issue();
    let second = scene.next(&first, law);
    assert!(scene.revoke(&first), "{law}");
    for seconds in [0, 60, IDLE - 1] {
        scene.at(seconds);
        made(block_on(scene.issuer.admin().purge_refresh_tokens()));
        for token in [&first, &second] {
            scene.refuses(token, RejectReason::RefreshRevoked, law);
        }
    }
}

/// R3: whatever was issued up to a level is refused, redeemed or not, and what comes after is not.
pub fn all_that_was_issued_is_refused<W: Workbench>(bench: &W) {
    let law = "what was issued up to the level is refused";
    for of_one in [true, false] {
        let scene = Scene::new(bench);
        let [used, unused] = [scene.issue(), scene.issue()];
        let newest = scene.next(&used, law);
        refuse(&scene, of_one);
        for token in [&used, &newest, &unused, &scene.issue()] {
            scene.refuses(token, RejectReason::RefreshExpired, law);
        }
        scene.at(1);
        scene.next(&scene.issue(), "what is issued in a later second is good");
    }
}

/// The level of one app is nothing to another.
pub fn a_level_is_of_its_app_alone<W: Workbench>(bench: &W) {
    let law = "the level of one app is nothing to another";
    let scene = Scene::new(bench);
    let theirs = scene.issue_to(&scene.other);
    refuse(&scene, true);
    let answer = scene.told_to(&scene.other, &theirs);
    let Told::Next(theirs) = answer else { broken(law, &answer) };
    refuse(&scene, false);
    let answer = scene.told_to(&scene.other, &theirs);
    assert_eq!(answer, refused(RejectReason::RefreshExpired), "the level of all is everyone's");
}

/// A later call by an earlier clock lowers no level.
pub fn a_level_is_never_lowered<W: Workbench>(bench: &W) {
    let law = "a level is never lowered";
    for of_one in [true, false] {
        let scene = Scene::new(bench);
        scene.at(50);
        let token = scene.issue();
        scene.at(100);
        refuse(&scene, of_one);
        scene.at(1);
        refuse(&scene, of_one);
        scene.at(60);
        scene.refuses(&token, RejectReason::RefreshExpired, law);
    }
}

/// After a reset the time is the present again, and nothing that was issued before it is good.
pub fn the_clock_is_taken_up_again<W: Workbench>(bench: &W) {
    let law = "after a reset the time is the present";
    let scene = Scene::new(bench);
    let before = scene.issue();
    scene.at(2 * IDLE);
    scene.next(&scene.issue(), law);
    scene.at(10);
    let reset = || made(block_on(scene.ledger.inner.reset(scene.clock.wall())));
    reset();
    scene.refuses(&before, RejectReason::RefreshExpired, law);
    scene.at(11);
    let after = scene.issue();
    scene.next(&after, law);
    // The levels that were set stay.
    scene.at(20);
    refuse(&scene, true);
    scene.at(12);
    reset();
    scene.at(15);
    scene.refuses(&scene.issue(), RejectReason::RefreshExpired, "a reset lowers no app's level");
}

/// A family is forgotten five minutes after its last token is past its time, by the later of the time
/// that is told and `high_water`, and not before.
pub fn families_past_their_time_are_forgotten<W: Workbench>(bench: &W) {
    let law = "families past their time are forgotten";
    let purged = |scene: &Scene| {
        let now = scene.clock.wall();
        made(block_on(scene.ledger.inner.purge(now)))
    };
    let scene = Scene::new(bench);
    for _ in 0..10 {
        scene.next(&scene.issue(), law);
    }
    scene.at(100);
    let later = scene.issue();
    scene.next(&later, law);
    scene.at(LIFE + 300);
    assert_eq!(purged(&scene), 0, "{law}, and none before");
    scene.at(LIFE + 301);
    assert_eq!(purged(&scene), 10, "{law}: so many as there were");
    assert_eq!(purged(&scene), 0, "{law}, once");
    // The last one is counted by what the ledger has seen, not by a clock that was set back.
    scene.at(LIFE + 401);
    scene.next(&scene.issue(), law);
    scene.at(0);
    let end = UnixTime::from_secs(START);
    let rest = made(block_on(scene.ledger.inner.purge(end)));
    // A ledger may have forgotten it by the way, in the step before.
    assert!(rest <= 1, "{law}");
    assert_eq!(purged(&scene), 0, "{law}");
}

fn refuse(scene: &Scene, of_one: bool) {
    let admin = scene.issuer.admin();
    made(block_on(async {
        if of_one {
            admin.revoke_refresh_tokens_of(&scene.app.id).await
        } else {
            admin.revoke_all_refresh_tokens().await
        }
    }));
}
