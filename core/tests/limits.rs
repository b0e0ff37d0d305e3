//! What the gate promises of limits, through the public API.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod scene;

use std::num::NonZeroU32;
use std::time::Duration;

use scene::{SECRET, Scene};
use tokensmith::{LimitPolicy, Limited, Quota, Scope, TokenError};

fn a_minute(n: u32, burst: u32) -> Option<Quota> {
    let (n, burst) = (NonZeroU32::new(n).unwrap(), NonZeroU32::new(burst).unwrap());
    Some(Quota::new(n, Duration::from_secs(60), burst).unwrap())
}

#[test]
fn the_sixth_quick_request_waits_exactly_as_long_as_it_is_told() {
    let scene = Scene::new(|builder| builder);
    for _ in 0..5 {
        assert_eq!(scene.ask("app", SECRET, 1), Ok(()));
    }
    let wait = scene.wait("app", SECRET, 1).unwrap();
    assert_eq!(wait, Duration::from_secs(6));
    scene.clock.advance(wait - Duration::from_nanos(1));
    assert_eq!(scene.wait("app", SECRET, 1), Some(Duration::from_nanos(1)));
    scene.clock.advance(Duration::from_nanos(1));
    assert_eq!(scene.ask("app", SECRET, 1), Ok(()));
}

#[test]
fn a_failure_costs_five_times_a_success() {
    let scene = Scene::new(|builder| builder);
    assert_eq!(scene.ask("app", "wrong", 1), Err(TokenError::Unauthorized));
    assert_eq!(scene.wait("app", SECRET, 1), Some(Duration::from_secs(6)));
    assert_eq!(scene.ask("app", SECRET, 2), Ok(()), "another place has its own bucket");
}

#[test]
fn impossible_credentials_are_charged_as_a_failure() {
    let scene = Scene::new(|builder| builder);
    assert_eq!(scene.ask("app", "", 1), Err(TokenError::Unauthorized));
    assert_eq!(scene.wait("app", SECRET, 1), Some(Duration::from_secs(6)));
}

#[test]
fn strangers_cannot_lock_an_owner_out_of_a_place_where_it_has_succeeded() {
    let scene = Scene::new(|builder| {
        builder.limit_policy(LimitPolicy { client: a_minute(4, 4), ..LimitPolicy::default() })
    });
    assert_eq!(scene.ask("app", SECRET, 1), Ok(()));
    for stranger in 2..50 {
        let _ = scene.ask("app", "guess", stranger);
    }
    let refused = TokenError::RateLimited {
        by: Limited::Scope(Scope::Client),
        retry_after: Duration::from_secs(15),
    };
    assert_eq!(scene.ask("app", SECRET, 50), Err(refused), "a stranger, though it is the owner");
    assert_eq!(scene.ask("app", SECRET, 1), Ok(()), "the owner where it is known");
}

#[test]
fn parallel_guesses_cannot_outrun_their_cost() {
    let scene = Scene::new(|builder| {
        builder.limit_policy(LimitPolicy { source: None, client: None, ..LimitPolicy::default() })
    });
    let admitted: u32 = std::thread::scope(|scope| {
        let guess = || (0..200).filter(|_| scene.wait("app", "guess", 1).is_none()).count() as u32;
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(guess)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    // B = 5: each guess that ran has paid one token before it, and the rest goes into debt.
    assert!((1..=5).contains(&admitted), "{admitted}");
    let debt = scene.wait("app", SECRET, 1).unwrap();
    assert_eq!(debt, Duration::from_secs(6 * (u64::from(admitted) * 5 - 4)), "all of it is paid");
}

#[test]
fn a_scope_that_is_off_limits_nothing() {
    let scene = Scene::new(|builder| {
        builder.limit_policy(LimitPolicy {
            source: None,
            client: None,
            client_at_source: None,
            ..LimitPolicy::default()
        })
    });
    for _ in 0..1_000 {
        assert_eq!(scene.ask("app", "wrong", 1), Err(TokenError::Unauthorized));
    }
}
