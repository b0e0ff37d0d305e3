//! The rows of the table, one after the other.

use tokensmith::{RejectReason, UnixTime};
use tokensmith_issuer::ledger::{Outcome, RefreshLedger};

use super::Workbench;
use super::scene::{GRACE, START, Scene, Told, made, refused, taken};

/// R3: of what was issued before it was made a ledger knows nothing, and refuses it.
pub fn what_was_issued_before_the_ledger_is_refused<W: Workbench>(bench: &W) {
    let law = "what was issued before the ledger was made is refused";
    let scene = Scene::new(bench);
    let first = scene.issue();
    scene.next(&first, law);
    let step = scene.last_step();
    let [later, same] = [START + 1, START].map(|second| bench.ledger(UnixTime::from_secs(second)));
    let refused = Outcome::Expired { time: START + 1 };
    assert_eq!(taken(later.as_ref(), &step), refused, "{law}");
    assert_eq!(taken(later.as_ref(), &step), refused, "{law}, each time");
    assert!(granted(same.as_ref(), &step), "what was issued in the same second is not");
}

/// R4 and R7: a first token has a successor, and so has the newest.
pub fn a_token_gives_its_successor<W: Workbench>(bench: &W) {
    let law = "the newest token gives its successor";
    let scene = Scene::new(bench);
    let mut token = scene.issue();
    for _ in 0..5 {
        let next = scene.next(&token, law);
        assert_ne!(next, token, "{law}");
        token = next;
    }
}

/// R8: inside the grace a retry gives the same successor, which stays good.
pub fn a_retry_gives_the_same_successor<W: Workbench>(bench: &W) {
    let law = "a retry inside the grace gives the same successor";
    let scene = Scene::new(bench);
    let first = scene.issue();
    let second = scene.next(&first, law);
    for seconds in [0, 1, GRACE] {
        scene.at(seconds);
        assert_eq!(scene.told(&first), Told::Next(second.clone()), "{law}");
    }
    scene.next(&second, law);
}

/// R9: after the grace, or by a clock that went back, a retry gives another successor; and that one
/// is given again.
pub fn a_late_retry_gives_another_successor<W: Workbench>(bench: &W) {
    let law = "a retry after the grace gives another successor";
    let scene = Scene::new(bench);
    scene.at(100);
    let first = scene.issue();
    let second = scene.next(&first, law);
    scene.at(100 + GRACE + 1);
    let third = scene.next(&first, law);
    assert_ne!(third, second, "{law}");
    scene.at(100 + 2 * GRACE);
    assert_eq!(scene.told(&first), Told::Next(third.clone()), "a retried retry gives the same");
    scene.at(100);
    let fourth = scene.next(&first, law);
    assert_ne!(fourth, third, "{law}: a clock that went back closes it");
    scene.next(&fourth, law);
}

/// R10 and R11: a successor that was replaced ends its family, the newest or one behind it; R6:
/// nothing of a family that has ended is good.
pub fn a_dead_successor_ends_its_family<W: Workbench>(bench: &W) {
    let law = "a successor that was replaced ends its family";
    for is_behind in [false, true] {
        let scene = Scene::new(bench);
        let first = scene.issue();
        let dead = scene.next(&first, law);
        scene.at(GRACE + 1);
        let mut newest = scene.next(&first, law);
        if is_behind {
            newest = scene.next(&newest, law);
        }
        scene.refuses(&dead, RejectReason::RefreshReused, law);
        for token in [&first, &dead, &newest] {
            scene.refuses(token, RejectReason::RefreshRevoked, law);
        }
    }
}

/// R12: a token whose successor was used ends its family.
pub fn a_used_token_ends_its_family<W: Workbench>(bench: &W) {
    let law = "a token whose successor was used ends its family";
    let scene = Scene::new(bench);
    let first = scene.issue();
    let second = scene.next(&first, law);
    let third = scene.next(&second, law);
    scene.refuses(&first, RejectReason::RefreshReused, law);
    for token in [&first, &second, &third] {
        scene.refuses(token, RejectReason::RefreshRevoked, law);
    }
}

/// R5 and R13: a token that the ledger cannot have given ends its family, known to it or not.
pub fn who_is_ahead_of_the_ledger_ends_the_family<W: Workbench>(bench: &W) {
    let law = "a token that is ahead of the ledger ends its family";
    let scene = Scene::new(bench);
    let mut token = scene.issue();
    let steps = [(); 3].map(|()| {
        token = scene.next(&token, law);
        scene.last_step()
    });
    let [first, second, third] = &steps;
    let [behind, revoked] = [RejectReason::LedgerBehind, RejectReason::RefreshRevoked];

    let empty = bench.ledger(UnixTime::from_secs(START));
    assert_eq!(taken(empty.as_ref(), second), Outcome::Rejected(behind), "{law}: R5");
    for step in &steps {
        assert_eq!(taken(empty.as_ref(), step), Outcome::Rejected(revoked), "{law}: R5");
    }
    let older = bench.ledger(UnixTime::from_secs(START));
    assert!(granted(older.as_ref(), first), "its first token is good");
    assert_eq!(taken(older.as_ref(), third), Outcome::Rejected(behind), "{law}: R13");
    for step in &steps {
        assert_eq!(taken(older.as_ref(), step), Outcome::Rejected(revoked), "{law}: R13");
    }
}

/// What befalls one family is nothing to the others.
pub fn families_are_kept_apart<W: Workbench>(bench: &W) {
    let law = "what befalls one family is nothing to another";
    let scene = Scene::new(bench);
    let mut tokens: Vec<_> = (0..8).map(|_| scene.issue()).collect();
    for _ in 0..3 {
        for token in &mut tokens {
            *token = scene.next(token, law);
        }
    }
    let theirs = scene.issue_to(&scene.other);
    assert!(scene.revoke(&tokens.remove(3)), "{law}");
    for token in &tokens {
        scene.next(token, law);
    }
    assert_eq!(scene.told(&theirs), refused(RejectReason::RefreshUnknown), "it is another's");
    let next = scene.told_to(&scene.other, &theirs);
    assert!(matches!(next, Told::Next(_)), "{law}: {next:?}");
}

/// A step that is weighed comes to what it would come to if it was taken, and changes nothing.
pub fn to_be_weighed_changes_nothing<W: Workbench>(bench: &W) {
    let law = "a token is active if and only if it would be redeemed";
    let scene = Scene::new(bench);
    let first = scene.issue();
    for _ in 0..2 {
        assert!(scene.is_active(&first), "{law}: R4");
    }
    let second = scene.next(&first, law);
    assert!(scene.is_active(&first) && scene.is_active(&second), "{law}: R7, R8");
    scene.at(GRACE + 1);
    assert!(scene.is_active(&first), "{law}: R9");
    scene.at(GRACE);
    assert_eq!(scene.told(&first), Told::Next(second.clone()), "to be weighed changes nothing");
    let third = scene.next(&second, law);
    // R12, which would end the family if it was taken.
    assert!(!scene.is_active(&first), "{law}: R12");
    assert!(scene.is_active(&third), "to be weighed changes nothing");
    let fourth = scene.next(&third, law);
    assert!(scene.revoke(&fourth), "{law}");
    for token in [&first, &second, &third, &fourth] {
        assert!(!scene.is_active(token), "{law}: R6");
    }
    let later = scene.issue();
    made(futures_executor::block_on(scene.issuer.admin().revoke_all_refresh_tokens()));
    assert!(!scene.is_active(&later), "{law}: R3");
}

fn granted(ledger: &dyn RefreshLedger, step: &tokensmith_issuer::ledger::Step) -> bool {
    let outcome = made(futures_executor::block_on(ledger.take(step)));
    matches!(outcome, Outcome::Granted(_))
}
