//! The redeeming of refresh tokens by a real issuer, on each ledger.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::env;
use std::sync::Barrier;
use std::thread;

use futures_executor::block_on;
use tokensmith::{
    AppClientId, AppCredentials, AuthenticateError, Authenticator as _, RefreshToken,
    Refresher as _, RejectReason,
};
use tokensmith_issuer::ImportedApp;

mod support;
use support::redeeming::{BOTH, DAY, Kind, SECOND, Scene, text};
use support::{ask, now, open, shown};

#[test]
fn a_token_gives_its_successor_and_a_lost_answer_is_no_harm() {
    for kind in BOTH {
        let scene = Scene::new(kind);
        let first = scene.issue();
        let second = scene.redeem(&first).unwrap();
        assert_ne!(first, second);
        scene.at(10 * SECOND);
        assert_eq!(scene.redeem(&first), Ok(second.clone()), "{kind:?}: within the grace the same");
        scene.at(11 * SECOND);
        let third = scene.redeem(&first).unwrap();
        assert_ne!(third, second, "{kind:?}: after it another");
        assert_eq!(scene.redeem(&first), Ok(third.clone()), "and that one again");
        let fourth = scene.redeem(&third).unwrap();
        assert_ne!(fourth, third);
        assert_eq!(scene.redeem(&second), Err(RejectReason::RefreshReused), "{kind:?}");
        for dead in [first, second, third, fourth] {
            assert_eq!(scene.redeem(&dead), Err(RejectReason::RefreshRevoked), "{kind:?}");
        }
        assert!(scene.redeem(&scene.issue()).is_ok(), "another family is not touched");
    }
}

#[test]
fn nobody_but_the_app_with_its_secret_redeems_its_token() {
    for kind in BOTH {
        let scene = Scene::new(kind);
        let token = scene.issue();
        assert_eq!(scene.redeem_by(&scene.other, &token), Err(RejectReason::RefreshUnknown));
        let wrong = support::shown(scene.app.id.as_str(), "not its secret");
        assert_eq!(scene.redeem_by(&wrong, &token), Err(RejectReason::WrongSecret));
        scene.issuer.admin().disable_app(&scene.app.id).unwrap();
        assert_eq!(scene.redeem(&token), Err(RejectReason::Disabled));
        scene.issuer.admin().enable_app(&scene.app.id).unwrap();
        assert!(scene.redeem(&token).is_ok(), "{kind:?}: none of these has used it up");
    }
}

#[test]
fn a_token_ends_by_lying_unused_and_its_family_whatever_it_does() {
    for kind in BOTH {
        let scene = Scene::new(kind);
        let unused = scene.issue();
        scene.at(7 * DAY - SECOND);
        let used = scene.redeem(&unused).unwrap();
        scene.at(14 * DAY - SECOND);
        assert_eq!(scene.redeem(&used), Err(RejectReason::RefreshExpired), "{kind:?}");
        scene.at(14 * DAY - 2 * SECOND);
        assert!(scene.redeem(&used).is_ok(), "it was not told to the ledger");

        let scene = Scene::new(kind);
        let mut token = scene.issue();
        for day in 1..30 {
            scene.at(day * DAY);
            token = scene.redeem(&token).unwrap();
        }
        scene.at(30 * DAY);
        assert_eq!(scene.redeem(&token), Err(RejectReason::RefreshExpired), "{kind:?}");
    }
}

#[test]
fn a_clock_set_back_makes_nothing_good_again() {
    for kind in BOTH {
        let scene = Scene::new(kind);
        let [token, other] = [scene.issue(), scene.issue()];
        scene.at(6 * DAY);
        let live = scene.redeem(&scene.issue()).unwrap();
        scene.at(7 * DAY);
        // The ledger has seen this second by another's redemption.
        let live = scene.redeem(&live).unwrap();
        scene.at(SECOND);
        assert_eq!(scene.redeem(&token), Err(RejectReason::RefreshExpired), "{kind:?}");
        assert!(scene.redeem(&live).is_ok());
        block_on(scene.issuer.admin().reset_refresh_clock()).unwrap();
        assert_eq!(scene.redeem(&other), Err(RejectReason::RefreshExpired), "{kind:?}");
        scene.at(2 * SECOND);
        assert!(scene.redeem(&scene.issue()).is_ok(), "{kind:?}");
    }
}

#[test]
fn what_is_revoked_stays_so_redeemed_before_or_not() {
    for kind in BOTH {
        let scene = Scene::new(kind);
        let admin = scene.issuer.admin();
        let revoke = |app: &AppCredentials, token: &str| {
            block_on(admin.revoke_refresh_token(&app.id, &RefreshToken::new(token))).unwrap();
        };
        let [unused, used, kept] = [scene.issue(), scene.issue(), scene.issue()];
        let successor = scene.redeem(&used).unwrap();
        revoke(&scene.app, &unused);
        revoke(&scene.app, &used);
        revoke(&scene.app, &used);
        revoke(&scene.app, "not a token");
        revoke(&scene.other, &kept);
        for token in [&unused, &used, &successor] {
            assert_eq!(scene.redeem(token), Err(RejectReason::RefreshRevoked), "{kind:?}");
        }
        assert!(scene.redeem(&kept).is_ok(), "{kind:?}: shown by another app it is none");
        let nobody = AppClientId::new("appcl-nobody").unwrap();
        let one = block_on(admin.revoke_refresh_token(&nobody, &RefreshToken::new(kept)));
        for answer in [one, block_on(admin.revoke_refresh_tokens_of(&nobody))] {
            assert_eq!(answer.unwrap_err().code(), "ERR_ADMIN_NOT_FOUND");
        }
    }
}

#[test]
fn all_of_an_app_or_of_all_apps_are_revoked_at_once() {
    for kind in BOTH {
        let scene = Scene::new(kind);
        let admin = scene.issuer.admin();
        let issue_other = || {
            let tokens = block_on(scene.issuer.authenticate(&scene.cx(), &scene.other)).unwrap();
            text(&tokens)
        };
        let [used, unused] = [scene.issue(), scene.issue()];
        let successor = scene.redeem(&used).unwrap();
        let other = issue_other();
        block_on(admin.revoke_refresh_tokens_of(&scene.app.id)).unwrap();
        for token in [&used, &successor, &unused, &scene.issue()] {
            assert_eq!(scene.redeem(token), Err(RejectReason::RefreshExpired), "{kind:?}");
        }
        let other = scene.redeem_by(&scene.other, &other).unwrap();
        scene.at(SECOND);
        let later = scene.redeem(&scene.issue()).unwrap();
        block_on(admin.revoke_all_refresh_tokens()).unwrap();
        assert_eq!(scene.redeem(&later), Err(RejectReason::RefreshExpired), "{kind:?}");
        assert_eq!(scene.redeem_by(&scene.other, &other), Err(RejectReason::RefreshExpired));
        scene.at(2 * SECOND);
        assert!(scene.redeem(&scene.issue()).is_ok());
    }
}

#[test]
fn a_later_revocation_by_an_earlier_clock_lowers_nothing() {
    for kind in BOTH {
        for of_one in [true, false] {
            let scene = Scene::new(kind);
            let admin = scene.issuer.admin();
            let revoke = || {
                let id = &scene.app.id;
                block_on(async {
                    if of_one {
                        admin.revoke_refresh_tokens_of(id).await
                    } else {
                        admin.revoke_all_refresh_tokens().await
                    }
                })
                .unwrap();
            };
            scene.at(50 * SECOND);
            let token = scene.issue();
            scene.at(100 * SECOND);
            revoke();
            scene.at(SECOND);
            revoke();
            scene.at(60 * SECOND);
            let refused = Err(RejectReason::RefreshExpired);
            assert_eq!(scene.redeem(&token), refused, "{kind:?} {of_one}");
        }
    }
}

/// However many show it at once: one rotation, and the same bytes for all. `LEDGER_ROUNDS` says how
/// often; `tests/run long` a thousand times on each ledger.
#[test]
fn sixty_four_callers_with_one_token_get_one_successor() {
    let asked: Option<u32> = env::var("LEDGER_ROUNDS").ok().and_then(|rounds| rounds.parse().ok());
    for (kind, usual) in [(Kind::Memory, 200), (Kind::Sqlite, 20)] {
        let (scene, rounds) = (Scene::new(kind), asked.unwrap_or(usual));
        for round in 0..rounds {
            let first = scene.issue();
            let barrier = Barrier::new(64);
            let successors: BTreeSet<_> = thread::scope(|scope| {
                let callers: Vec<_> = (0..64)
                    .map(|_| {
                        scope.spawn(|| {
                            barrier.wait();
                            scene.redeem(&first).unwrap()
                        })
                    })
                    .collect();
                callers.into_iter().map(|caller| caller.join().unwrap()).collect()
            });
            assert_eq!(successors.len(), 1, "{kind:?}, round {round}");
            assert!(scene.redeem(&successors.into_iter().next().unwrap()).is_ok());
        }
    }
}

#[test]
fn families_past_their_time_are_forgotten() {
    for kind in BOTH {
        let scene = Scene::new(kind);
        let tokens: Vec<_> = (0..40).map(|_| scene.issue()).collect();
        for token in &tokens {
            scene.redeem(token).unwrap();
        }
        let purge = || block_on(scene.issuer.admin().purge_refresh_tokens()).unwrap();
        scene.at(30 * DAY + 300 * SECOND);
        assert_eq!(purge(), 0, "{kind:?}");
        scene.at(30 * DAY + 301 * SECOND);
        if kind == Kind::Sqlite {
            // By the way, with a redemption: sixteen.
            scene.redeem(&scene.issue()).unwrap();
            assert_eq!(purge(), 24);
        } else {
            assert_eq!(purge(), 40);
        }
        assert_eq!(purge(), 0);
        assert_eq!(scene.redeem(&tokens[0]), Err(RejectReason::RefreshExpired));
    }
}

#[test]
fn what_a_deleted_app_left_is_revoked_once_its_id_is_imported_again() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = open(folder.path());
    let admin = issuer.admin();
    let app = ImportedApp::with_secret("app", "a secret");
    let credentials = shown("app", "a secret");
    let redeem = |token| block_on(issuer.redeem(&now(), &credentials, token));
    admin.import_app(app.clone()).unwrap();
    let left = ask(&issuer, &credentials).unwrap().refresh_token.unwrap();
    admin.delete_app(&credentials.id).unwrap();
    assert!(redeem(&left).is_err());
    admin.import_app(app).unwrap();
    let next = redeem(&left).unwrap().refresh_token.unwrap();
    block_on(admin.revoke_refresh_tokens_of(&credentials.id)).unwrap();
    assert!(matches!(redeem(&next), Err(AuthenticateError::Rejected(_))));
}
