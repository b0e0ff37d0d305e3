//! When it is told what became of credentials: at the moments of a grid, whatever it was.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::path::Path;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context as Polling, Poll, Waker};
use std::time::Duration;

use futures_channel::oneshot;
use tokensmith::{
    AppCredentials, Authenticator as _, Clock as _, Context, ManualClock, RefreshToken,
    Refresher as _, Sleep, SystemClock, Timer, UnixTime,
};
use tokensmith_issuer::{ImportedApp, Issuer, IssuerSettings};

mod support;
use support::{ask, credentials, settings, shown, within_a_second};

const SECRET: &str = "correct horse battery staple";
const BCRYPT: &str = "$2a$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG";

/// Keeps what it is asked for until it is told to let go.
#[derive(Clone, Debug, Default)]
struct Held(Arc<Mutex<Vec<Wait>>>);

type Wait = (Duration, oneshot::Sender<()>);

impl Timer for Held {
    fn sleep(&self, duration: Duration) -> Sleep {
        let (sender, receiver) = oneshot::channel();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((duration, sender));
        Sleep::new(async {
            receiver.await.unwrap();
        })
    }
}

impl Held {
    /// Polls a call until it waits for the timer, which then lets go: how long it was to wait. `None`
    /// if it did not wait.
    fn wait_of<F: Future>(&self, call: F) -> Option<Duration> {
        let mut call = pin!(call);
        let mut poll = || call.as_mut().poll(&mut Polling::from_waker(Waker::noop())).is_ready();
        let mut is_done = false;
        let polled = within_a_second_mut(|| {
            is_done = poll();
            is_done || !self.0.lock().unwrap().is_empty()
        });
        assert!(polled);
        let (duration, sender) = self.0.lock().unwrap().pop()?;
        assert!(!is_done, "it did not wait");
        sender.send(()).unwrap();
        assert!(poll(), "it waits for something else");
        Some(duration)
    }
}

fn within_a_second_mut(mut done: impl FnMut() -> bool) -> bool {
    let cell = std::cell::RefCell::new(&mut done);
    within_a_second(|| (cell.borrow_mut())())
}

struct Scene {
    _folder: tempfile::TempDir,
    issuer: Issuer,
    timer: Held,
    cx: Context,
    fast: AppCredentials,
}

fn opened(folder: &Path, clock: &ManualClock, timer: &Held, step: Option<Duration>) -> Issuer {
    let mut settings: IssuerSettings = settings(folder);
    settings.completion_grid = step;
    settings.verify_legacy_hashes = true;
    let (clock, timer) = (clock.clone(), timer.clone());
    Issuer::builder(settings).clock(clock).timer(timer).open().unwrap()
}

impl Scene {
    fn new(step: Option<Duration>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = ManualClock::new(UnixTime::from_secs(1_700_000_000));
        let timer = Held::default();
        let issuer = opened(folder.path(), &clock, &timer, step);
        let fast = credentials(&issuer.admin().create_app("fast").unwrap());
        let cx = Context::new(clock.wall(), clock.tick());
        Self { _folder: folder, issuer, timer, cx, fast }
    }

    fn import(&self, app: &str, hash: &str) {
        self.issuer.admin().import_app(ImportedApp::with_secret_hash(app, hash)).unwrap();
    }

    fn wait_of(&self, app: &str, secret: &str) -> Option<Duration> {
        let shown = shown(app, secret);
        self.timer.wait_of(self.issuer.authenticate(&self.cx, &shown))
    }
}

#[test]
fn a_slow_verdict_waits_by_itself_whatever_it_is_and_a_fast_one_does_not() {
    let scene = Scene::new(None);
    let fast = scene.fast.secret.expose_secret();
    assert_eq!(scene.wait_of("slow", SECRET), None, "no imported secret yet");
    scene.import("slow", BCRYPT);
    let step = Some(Duration::from_millis(50));
    for (app, secret) in [
        ("slow", SECRET),
        ("slow", "wrong"),
        ("slow", &SECRET.repeat(4)),
        ("nobody", SECRET),
        (scene.fast.id.as_str(), SECRET),
    ] {
        assert_eq!(scene.wait_of(app, secret), step, "{app}: {secret}");
    }
    for app in [scene.fast.id.as_str(), "slow", "nobody"] {
        assert_eq!(scene.wait_of(app, fast), None, "{app}");
    }
    // A refresh shows credentials too.
    let (wrong, token) = (shown("slow", "wrong"), RefreshToken::new("none"));
    assert_eq!(scene.timer.wait_of(scene.issuer.redeem(&scene.cx, &wrong, &token)), step);
    // Above what the slowest record takes.
    scene.import("slower", &BCRYPT.replace("$04", "$10"));
    assert_eq!(scene.wait_of("nobody", SECRET), Some(Duration::from_millis(200)));
}

#[test]
fn a_grid_that_is_set_holds_for_all_that_is_fast() {
    let step = Duration::from_millis(2);
    let scene = Scene::new(Some(step));
    let fast = scene.fast.secret.expose_secret();
    for (app, secret) in
        [(scene.fast.id.as_str(), fast), (scene.fast.id.as_str(), SECRET), ("nobody", fast)]
    {
        assert_eq!(scene.wait_of(app, secret), Some(step), "{app}");
    }
    scene.import("slow", BCRYPT);
    assert_eq!(scene.wait_of("nobody", fast), Some(step));
    assert_eq!(scene.wait_of("nobody", SECRET), Some(Duration::from_millis(50)));
}

#[test]
fn without_a_timer_of_the_host_it_is_waited_for_too_and_a_short_step_spins() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = settings(folder.path());
    settings.completion_grid = Some(Duration::from_micros(500));
    let issuer = Issuer::builder(settings).open().unwrap();
    let fast = credentials(&issuer.admin().create_app("fast").unwrap());
    issuer.admin().import_app(ImportedApp::with_secret("slow", SECRET)).unwrap();
    let clock = SystemClock::new();
    let took = |shown: &AppCredentials| {
        let begun = clock.tick();
        let _ = ask(&issuer, shown);
        clock.tick().since(begun)
    };
    for secret in [SECRET, "wrong"] {
        assert!(took(&shown("slow", secret)) >= Duration::from_millis(50));
    }
    for app in [fast.id.as_str(), "nobody"] {
        let took = took(&shown(app, fast.secret.expose_secret()));
        assert!(took >= Duration::from_micros(500), "{took:?}");
    }
    // It is polled once: there is nothing that would wake it.
    let cx = support::now();
    let mut call: Pin<Box<_>> = issuer.authenticate(&cx, &fast);
    let polled = call.as_mut().poll(&mut Polling::from_waker(Waker::noop()));
    assert!(matches!(polled, Poll::Ready(Ok(_))));
}
