//! An errand walks the same path as the issuing of tokens: the limiter and the credentials come first.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod scene;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures_executor::block_on;
use scene::{SECRET, Scene, poll_once, source};
use tokensmith::{
    AppCredentials, AuthenticateError, Context, Errand, Invalid, Presented, RejectReason,
    TokenError, UpstreamKind,
};

/// Says a word to the app that shows the right secret, and counts how often it is asked.
#[derive(Clone)]
struct Say {
    word: &'static str,
    asked: Arc<AtomicU32>,
}

#[async_trait]
impl Errand for Say {
    type Done = &'static str;

    async fn run(
        &self,
        _: &Context,
        credentials: &AppCredentials,
    ) -> Result<&'static str, AuthenticateError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        match (credentials.secret.expose_secret(), self.word) {
            (SECRET, "panic") => panic!("an errand's own text"),
            (SECRET, "hang") => std::future::pending().await,
            (SECRET, "fault") => Err(AuthenticateError::upstream(UpstreamKind::Store, "full")),
            (SECRET, word) => Ok(word),
            _ => Err(AuthenticateError::Rejected(RejectReason::WrongSecret)),
        }
    }
}

struct Desk {
    scene: Scene,
    asked: Arc<AtomicU32>,
}

impl Desk {
    fn new() -> Self {
        let scene = Scene::new(|builder| builder.max_in_flight(NonZeroU32::MIN));
        Self { scene, asked: Arc::default() }
    }

    fn say(&self, word: &'static str) -> Say {
        Say { word, asked: Arc::clone(&self.asked) }
    }

    fn ask(&self, secret: &str, word: &'static str) -> Result<&'static str, TokenError> {
        let asked = Ok((Presented::new("app", secret.into()), self.say(word)));
        block_on(self.scene.service.errand(asked, Some(source(1)), None))
    }

    fn asked(&self) -> u32 {
        self.asked.load(Ordering::SeqCst)
    }
}

#[test]
fn an_errand_is_done_for_right_credentials_and_for_no_others() {
    let desk = Desk::new();
    assert_eq!(desk.ask(SECRET, "word"), Ok("word"));
    assert_eq!(desk.scene.names.take(), ["served"]);
    assert_eq!(desk.ask("wrong", "word"), Err(TokenError::Unauthorized));
    assert_eq!(desk.scene.names.take(), ["rejected"]);
    // The failure has cost as much as one of `issue`, and the next is not asked at all.
    assert!(matches!(desk.ask(SECRET, "word"), Err(TokenError::RateLimited { .. })));
    assert!(desk.scene.wait("app", SECRET, 1).is_some());
    assert_eq!(desk.asked(), 2);
}

#[test]
fn impossible_credentials_are_refused_without_a_question_and_cost_a_failure() {
    let desk = Desk::new();
    assert_eq!(desk.ask("", "word"), Err(TokenError::Unauthorized));
    assert_eq!(desk.scene.names.take(), ["rejected"]);
    assert!(matches!(desk.ask(SECRET, "word"), Err(TokenError::RateLimited { .. })));
    assert_eq!(desk.asked(), 0);
}

#[test]
fn errands_and_tokens_share_their_limits_and_their_places() {
    let desk = Desk::new();
    for _ in 0..5 {
        assert_eq!(desk.ask(SECRET, "word"), Ok("word"));
    }
    assert!(desk.scene.wait("app", SECRET, 1).is_some(), "five of five are spent");
    desk.scene.clock.advance(Duration::from_secs(600));
    desk.scene.names.take();

    let asked = Ok((Presented::new("app", SECRET.into()), desk.say("hang")));
    let mut hanging = Box::pin(desk.scene.service.errand(asked, Some(source(1)), None));
    assert!(poll_once(hanging.as_mut()).is_pending());
    assert_eq!(desk.scene.service.in_flight(), 1);
    assert!(desk.scene.wait("app", SECRET, 2).is_some(), "there is one place");
    drop(hanging);
    assert_eq!(desk.scene.service.in_flight(), 0);
    assert_eq!(desk.scene.names.take(), ["rate_limited", "cancelled"]);
}

#[test]
fn what_cannot_be_read_costs_its_source() {
    let desk = Desk::new();
    let unread =
        || block_on(desk.scene.service.errand::<Say>(Err(Invalid::Errand), Some(source(1)), None));
    let mut refused = 0;
    while unread() == Err(TokenError::Invalid(Invalid::Errand)) {
        assert_eq!(desk.scene.names.take(), ["invalid"]);
        refused += 1;
        assert!(refused < 1_000, "it costs nothing");
    }
    assert!(refused > 1, "{refused}");
    assert!(matches!(unread(), Err(TokenError::RateLimited { .. })));
    assert!(desk.scene.wait("app", SECRET, 1).is_some(), "and whoever else comes from there");
    assert_eq!(desk.asked(), 0);
}

#[test]
fn a_fault_or_a_panic_is_a_502_and_the_next_errand_works() {
    let desk = Desk::new();
    let failed = Err(TokenError::Downstream { retry_after: None });
    assert_eq!(desk.ask(SECRET, "fault"), failed);
    assert_eq!(desk.ask(SECRET, "panic"), failed);
    assert_eq!(desk.scene.names.take(), ["downstream_failed store", "downstream_failed panic"]);
    assert_eq!(desk.ask(SECRET, "word"), Ok("word"));
    let answer = desk.scene.service.refusal(TokenError::Downstream { retry_after: None });
    assert_eq!(answer.body(), desk.scene.service.unavailable().body());
    assert_eq!(answer.status().code(), 502);
}
