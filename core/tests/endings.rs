//! How a call can end: each way has its answer, one event, and a service that goes on.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod scene;

use std::future::pending;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_executor::block_on;
use scene::{SECRET, Scene, poll_once, source, tokens};
use tokensmith::{
    AuthenticateError, Authenticator, Clock, Context, Event, ManualClock, Observer, Presence,
    Presented, ResponseOptions, Sleep, Tick, Timer, TokenError, TokenRequest, TokenService,
    TokenSet, UnixTime, UpstreamKind, authenticator_fn,
};

const DOWNSTREAM: Result<(), TokenError> = Err(TokenError::Downstream { retry_after: None });

fn presented(secret: &str) -> Presented {
    Presented::new("app", secret.into())
}

/// A wait that is over as soon as `over` says so.
#[derive(Clone, Debug, Default)]
struct Bell {
    over: Arc<AtomicBool>,
}

impl Timer for Bell {
    fn sleep(&self, _: Duration) -> Sleep {
        let over = Arc::clone(&self.over);
        Sleep::new(async move {
            if !over.load(Ordering::SeqCst) {
                pending::<()>().await;
            }
        })
    }
}

#[test]
fn a_call_past_its_deadline_is_a_502() {
    let bell = Bell::default();
    let scene = Scene::new(|builder| builder.deadline(Duration::from_secs(5), bell.clone()));
    bell.over.store(true, Ordering::SeqCst);
    assert_eq!(scene.ask("app", "hang", 1), DOWNSTREAM);
    assert_eq!(scene.names.take(), ["timed_out"]);
    assert_eq!(scene.service.in_flight(), 0);
    assert_eq!(scene.ask("app", SECRET, 1), Ok(()), "who never waits needs no timer");
}

/// What a host answers that has let go of its service is what a service answers that failed.
#[test]
fn the_answer_of_a_service_that_is_no_more_is_the_constant_502() {
    let failing = authenticator_fn(|_, _| async {
        Err(AuthenticateError::upstream(UpstreamKind::Store, "the store is out"))
    });
    let service = TokenService::builder(failing).build().unwrap();
    let request = TokenRequest {
        body: br#"{"appClientId":"app","appSecret":"secret"}"#,
        content_type: Some("application/json"),
        source: None,
        request_id: None,
    };
    let failed = block_on(service.handle(request));
    let closed = service.unavailable();
    assert_eq!(closed.status().code(), 502);
    assert_eq!(closed.status(), failed.status());
    assert_eq!(closed.body(), failed.body());
    assert!(closed.headers().eq(failed.headers()));
}

#[test]
fn a_dropped_call_gives_back_what_it_holds() {
    let scene = Scene::new(|builder| builder.max_in_flight(NonZeroU32::MIN));
    {
        let call = scene.service.issue(presented("hang"), Some(source(1)));
        assert!(poll_once(call).is_pending());
    }
    assert_eq!(scene.names.take(), ["cancelled"]);
    assert_eq!(scene.service.in_flight(), 0);
    assert_eq!(scene.ask("app", SECRET, 1), Ok(()));
}

#[test]
fn a_call_over_capacity_is_a_429_at_once() {
    let scene = Scene::new(|builder| builder.max_in_flight(NonZeroU32::MIN));
    let mut hanging = std::pin::pin!(scene.service.issue(presented("hang"), Some(source(1))));
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(hanging.as_mut().poll(&mut cx).is_pending());
    assert_eq!(scene.wait("app", SECRET, 1), Some(Duration::from_secs(1)));
    assert_eq!(scene.names.take(), ["rate_limited"]);
}

#[test]
fn a_panic_is_a_502_and_its_text_is_not_kept() {
    let scene = Scene::new(|builder| builder);
    assert_eq!(scene.ask("app", "panic", 1), DOWNSTREAM);
    assert_eq!(scene.names.take(), ["downstream_failed panic"]);
    assert_eq!(scene.service.in_flight(), 0);
    assert_eq!(scene.ask("app", SECRET, 1), Ok(()));
}

#[test]
fn a_clock_that_panics_is_a_502() {
    #[derive(Debug)]
    struct Broken(AtomicBool, ManualClock);

    impl Clock for Broken {
        fn wall(&self) -> UnixTime {
            self.1.wall()
        }

        fn tick(&self) -> Tick {
            assert!(!self.0.swap(false, Ordering::SeqCst), "a clock's own text");
            self.1.tick()
        }
    }

    let clock = Broken(AtomicBool::new(true), ManualClock::new(UnixTime::from_secs(1)));
    let scene = Scene::new(|builder| builder.clock(clock));
    assert_eq!(scene.ask("app", SECRET, 1), DOWNSTREAM);
    assert_eq!(scene.names.take(), ["downstream_failed panic"]);
    assert_eq!(scene.ask("app", SECRET, 1), Ok(()));
}

#[test]
fn an_observer_that_panics_costs_nobody_an_answer() {
    struct Broken;

    impl Observer for Broken {
        fn on_event(&self, _: &Context, _: &Event<'_>) {
            panic!("an observer's own text");
        }
    }

    let scene = Scene::new(|builder| builder.observer(Broken));
    assert_eq!(scene.ask("app", SECRET, 1), Ok(()));
    let call = scene.service.issue(presented("hang"), None);
    assert!(poll_once(call).is_pending(), "and dropping it does not abort");
}

#[test]
fn tokens_that_cannot_be_answered_are_a_502() {
    let unfit = |tokens: TokenSet| {
        let giver = authenticator_fn(move |_, _| {
            let tokens = tokens.clone();
            async move { Ok(tokens) }
        });
        status(giver, Presence::Require)
    };
    assert_eq!(unfit(tokens()), 200);
    assert_eq!(unfit(TokenSet { refresh_token: None, ..tokens() }), 502);
    assert_eq!(unfit(TokenSet { expires_in: Duration::from_millis(999), ..tokens() }), 502);
}

#[test]
fn a_host_may_leave_the_refresh_token_out() {
    let giver = authenticator_fn(|_, _| async { Ok(tokens()) });
    let options = ResponseOptions { refresh_token: Presence::Omit, ..ResponseOptions::default() };
    let service = TokenService::builder(giver).response(options).build().unwrap();
    let given = block_on(service.issue(presented(SECRET), None)).unwrap();
    assert!(given.refresh_token.is_none());
}

fn status(authenticator: impl Authenticator + 'static, refresh_token: Presence) -> u16 {
    let options = ResponseOptions { refresh_token, ..ResponseOptions::default() };
    let service = TokenService::builder(authenticator).response(options).build().unwrap();
    let request = TokenRequest {
        body: br#"{"appClientId":"app","appSecret":"right"}"#,
        content_type: Some("application/json"),
        source: None,
        request_id: None,
    };
    block_on(service.handle(request)).status().code()
}

#[test]
fn an_answer_past_the_deadline_is_a_502_though_nothing_waited() {
    let clock = ManualClock::new(UnixTime::from_secs(1));
    let moved = clock.clone();
    let slow = authenticator_fn(move |_, credentials| {
        moved.advance(Duration::from_millis(credentials.id.as_str().parse().unwrap()));
        async { Ok(tokens()) }
    });
    let service = TokenService::builder(slow)
        .clock(clock)
        .deadline(Duration::from_secs(5), Bell::default())
        .build()
        .unwrap();
    let ask = |millis| block_on(service.issue(Presented::new(millis, "s".into()), None)).map(drop);
    assert_eq!(ask("5000"), Ok(()));
    assert_eq!(ask("5001"), DOWNSTREAM);
}
