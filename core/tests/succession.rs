//! A service that takes the place of another goes on with what that one knows of callers.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod scene;

use std::num::NonZeroU32;
use std::time::Duration;

use futures_executor::block_on;
use scene::{SECRET, Scene, keeper, poll_once, source};
use tokensmith::{
    LimitPolicy, MemoryLimiter, Presented, Quota, TokenError, TokenService, TokenServiceBuilder,
};

fn following(
    before: &TokenService,
    set: impl FnOnce(TokenServiceBuilder) -> TokenServiceBuilder,
) -> TokenService {
    set(TokenService::builder(keeper())).succeeding(before).build().unwrap()
}

fn wait(service: &TokenService, secret: &str) -> Option<Duration> {
    let presented = Presented::new("app", secret.into());
    match block_on(service.issue(presented, Some(source(1)))) {
        Err(TokenError::RateLimited { retry_after, .. }) => Some(retry_after),
        _ => None,
    }
}

#[test]
fn what_was_spent_stays_spent_until_its_time() {
    let scene = Scene::new(|builder| builder);
    assert_eq!(scene.wait("app", "wrong", 1), None);
    let before = scene.wait("app", SECRET, 1).unwrap();
    let after = following(&scene.service, |builder| builder);
    assert_eq!(wait(&after, SECRET), Some(before), "by the clock of the former too");
    scene.clock.advance(before);
    assert_eq!(wait(&after, SECRET), None);
    let spent = (0..9).find_map(|_| wait(&after, SECRET)).unwrap();
    assert_eq!(scene.wait("app", SECRET, 1), Some(spent), "they have one account");
}

#[test]
fn a_bucket_of_another_quota_keeps_the_time_until_it_is_full() {
    let scene = Scene::new(|builder| builder);
    while scene.wait("app", SECRET, 1).is_none() {}
    let one = NonZeroU32::MIN;
    let quota = Some(Quota::new(one, Duration::from_secs(100), one).unwrap());
    let policy = LimitPolicy { client_at_source: quota, ..LimitPolicy::default() };
    let after = following(&scene.service, |builder| builder.limit_policy(policy));
    assert_eq!(wait(&after, SECRET), Some(Duration::from_secs(30)), "it is full by then");
    scene.clock.advance(Duration::from_secs(30));
    assert_eq!(wait(&after, SECRET), None);
    assert_eq!(wait(&after, SECRET), Some(Duration::from_secs(100)), "and then as it is told");
}

#[test]
fn another_number_of_slots_begins_anew() {
    let scene = Scene::new(|builder| builder);
    while scene.wait("app", SECRET, 1).is_none() {}
    let memory = MemoryLimiter::with_slots(64).unwrap();
    let after = following(&scene.service, |builder| builder.memory_limiter(memory));
    assert_eq!(wait(&after, SECRET), None);
    let memory = MemoryLimiter::new();
    let after = following(&scene.service, |builder| builder.memory_limiter(memory).marks(8));
    assert!(wait(&after, SECRET).is_some(), "the same number goes on");
}

#[test]
fn calls_under_way_hold_their_places() {
    let scene = Scene::new(|builder| builder.max_in_flight(NonZeroU32::MIN));
    let presented = Presented::new("other", "hang".into());
    let mut hanging = Box::pin(scene.service.issue(presented, Some(source(2))));
    assert!(poll_once(hanging.as_mut()).is_pending());
    let one = NonZeroU32::MIN;
    let after = following(&scene.service, |builder| builder.max_in_flight(one));
    assert_eq!((after.in_flight(), wait(&after, SECRET)), (1, Some(Duration::from_secs(1))));
    drop(hanging);
    assert_eq!((after.in_flight(), wait(&after, SECRET)), (0, None));
}
