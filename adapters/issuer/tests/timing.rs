//! Whether a refusal tells by its time what it does not tell by its words: the method of dudect (Reparaz,
//! Balasch, Verbauwhede, 2017). Two classes of requests are asked in random turns, and Welch's t says how
//! sure one may be that their times differ: over 4.5 is evidence. What is below it says only that so many
//! samples show none.
//!
//! A run counts if a class against itself stays below that, and if a leak that is planted is found. It runs
//! in release mode, since it measures: `tests/run timing`.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and this one reads the clock itself"
)]

use std::cell::RefCell;
use std::collections::HashSet;
use std::env;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_executor::block_on;
use tokensmith::{Authenticator as _, Context, LimitPolicy, Presented, TokenService};
use tokensmith_issuer::{CreatedApp, Issuer};

mod support;
use support::{now, settings};

/// How many requests a class has, from which each turn takes one: each of another app, so that all
/// classes have as many buckets of the directory in use.
const REQUESTS: usize = 500;
const APPS: usize = 3 * REQUESTS;
/// After how many samples each app and each request gets another place in memory.
const SAMPLES_A_LAYOUT: usize = 1_000;
const EVIDENCE: f64 = 4.5;
/// What a planted leak must show at the least.
const CERTAINTY: f64 = 100.0;
/// How often a machine that has other work may fail the control.
const TRIES: usize = 3;
/// Shares of the fastest samples that are kept: what is slow was interrupted.
const CROPS: [f64; 6] = [1.0, 0.999, 0.99, 0.95, 0.9, 0.75];
const GRID: Duration = Duration::from_micros(5);

struct Scene {
    folder: tempfile::TempDir,
    issuer: Issuer,
    apps: Vec<CreatedApp>,
}

impl Scene {
    /// A third of the apps is disabled, and a third has a secret that has ended.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let issuer = Issuer::builder(settings(folder.path())).open().unwrap();
        let admin = issuer.admin();
        let apps: Vec<_> = (0..APPS).map(|_| admin.create_app("app").unwrap()).collect();
        for app in &apps[REQUESTS..2 * REQUESTS] {
            admin.disable_app(&app.id).unwrap();
        }
        for app in &apps[2 * REQUESTS..] {
            admin.rotate_secret(&app.id, Duration::from_secs(1)).unwrap();
        }
        std::thread::park_timeout(Duration::from_secs(2));
        Self { folder, issuer, apps }
    }

    /// The same store, with the grid.
    fn with_grid(self) -> Self {
        let Self { folder, issuer, apps } = self;
        drop(issuer);
        let mut settings = settings(folder.path());
        settings.completion_grid = Some(GRID);
        Self { issuer: Issuer::builder(settings).open().unwrap(), folder, apps }
    }

    /// Any change has the directory laid out anew, with another salt, so that no id keeps the place that
    /// it has got by chance: what is particular to one place would count as often as it is asked.
    fn lay_out_anew(&self) {
        self.issuer.admin().enable_app(&self.apps[0].id).unwrap();
    }

    fn ask(&self, cx: &Context, request: &Presented) {
        let credentials = request.credentials().unwrap();
        let _ = black_box(block_on(self.issuer.authenticate(cx, black_box(credentials))));
    }
}

/// What is to be presented.
#[derive(Clone)]
struct Request {
    id: String,
    secret: String,
}

impl Request {
    fn new(id: &str, secret: &str) -> Self {
        Self { id: id.to_owned(), secret: secret.to_owned() }
    }

    fn right(app: &CreatedApp) -> Self {
        Self::new(app.id.as_str(), app.secret.expose_secret())
    }

    /// The same of an app that is not there, whose id is the letters of this one from behind.
    fn unknown(self) -> Self {
        let letters: String = self.id.chars().rev().take(20).collect();
        Self { id: format!("appcl-{letters}"), ..self }
    }

    fn presented(&self) -> Presented {
        Presented::new(&self.id, self.secret.as_str().into())
    }
}

/// The requests of a class.
struct Class(Vec<Request>);

impl Class {
    /// Made of the apps from that one on.
    fn of(scene: &Scene, from: usize, request: impl Fn(&CreatedApp) -> Request) -> Self {
        Self(scene.apps[from..from + REQUESTS].iter().map(request).collect())
    }
}

impl Class {
    /// Both classes at other places in memory, to the last byte, and by turns the one or the other first.
    fn copied(classes: [&Self; 2], first: usize) -> [Self; 2] {
        let copy = |class: usize| Self(classes[class].0.clone());
        let (one, other) = (copy(first), copy(1 - first));
        if first == 0 { [one, other] } else { [other, one] }
    }
}

/// A secret that is wrong in one of its random digits, and still of the shape of one: its checksum is
/// right.
fn wrong_in_digit(app: &CreatedApp, digit: usize) -> Request {
    let mut secret = app.secret.expose_secret().as_bytes().to_vec();
    // tsas_, twelve letters, _, then the digits.
    let place = 18 + digit;
    secret[place] = if secret[place] == b'1' { b'0' } else { b'1' };
    let (before, checksum) = secret.split_at_mut(61);
    let mut rest = crc32fast::hash(before);
    for place in checksum.iter_mut().rev() {
        const DIGITS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        *place = DIGITS[(rest % 62) as usize];
        rest /= 62;
    }
    Request::new(app.id.as_str(), std::str::from_utf8(&secret).unwrap())
}

/// SplitMix64: turns and choices, the same in every run.
struct Draws(u64);

impl Draws {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }
}

/// What is measured: asks, of whichever class, and what is done between samples.
struct Measured<'a> {
    ask: &'a dyn Fn(&Context, &Presented),
    between: &'a dyn Fn(),
}

impl Measured<'_> {
    /// One call, in nanoseconds. What it is to be asked is copied beforehand, so that it lies in the
    /// cache and at the same place, whichever it is.
    fn time(&self, cx: &Context, request: &Request) -> f64 {
        let request = request.presented();
        let start = Instant::now();
        (self.ask)(cx, &request);
        start.elapsed().as_nanos() as f64
    }

    /// Asks each once. What was laid out anew lies in the cache as it was written, and an app is
    /// written where an unknown one is not: a difference of the layout, once, and not of the answers.
    fn warm(&self, cx: &Context, classes: &[Class; 2]) {
        let [one, other] = classes;
        for (one, other) in one.0.iter().zip(&other.0) {
            (self.ask)(cx, &one.presented());
            (self.ask)(cx, &other.presented());
        }
    }

    /// The largest |t| of all crops.
    fn largest_t(&self, classes: [&Class; 2], samples: usize, seed: u64) -> f64 {
        let mut draws = Draws(seed);
        let mut taken = [Vec::with_capacity(samples), Vec::with_capacity(samples)];
        let (mut cx, mut copies) = (now(), Class::copied(classes, 0));
        for turn in 0..2 * samples {
            if turn.is_multiple_of(SAMPLES_A_LAYOUT) {
                (self.between)();
                copies = Class::copied(classes, draws.below(2));
                cx = now();
                self.warm(&cx, &copies);
            }
            let class = draws.below(2);
            let request = &copies[class].0[draws.below(REQUESTS)];
            taken[class].push(self.time(&cx, request));
        }
        let mut all: Vec<f64> = taken.concat();
        all.sort_unstable_by(f64::total_cmp);
        let t = |crop: f64| {
            let last = ((all.len() as f64 * crop) as usize).clamp(1, all.len()) - 1;
            welch(&taken[0], &taken[1], all[last]).abs()
        };
        CROPS.map(t).into_iter().fold(0.0, f64::max)
    }
}

/// Welch's t of what is not over the limit.
fn welch(one: &[f64], two: &[f64], limit: f64) -> f64 {
    let moments = |samples: &[f64]| {
        let kept: Vec<f64> = samples.iter().copied().filter(|taken| *taken <= limit).collect();
        let count = kept.len() as f64;
        let mean = kept.iter().sum::<f64>() / count;
        let variance = kept.iter().map(|taken| (taken - mean).powi(2)).sum::<f64>() / (count - 1.0);
        (mean, variance / count)
    };
    let ((mean_one, error_one), (mean_two, error_two)) = (moments(one), moments(two));
    let error = (error_one + error_two).sqrt();
    if error == 0.0 { 0.0 } else { (mean_one - mean_two) / error }
}

fn samples() -> usize {
    env::var("TOKENSMITH_SAMPLES").map_or(1_000_000, |samples| samples.parse().unwrap())
}

/// All classes that an attacker may tell apart.
struct Pair {
    name: &'static str,
    classes: [Class; 2],
}

fn pairs(scene: &Scene) -> Vec<Pair> {
    let class = |from, request: &dyn Fn(&CreatedApp) -> Request| Class::of(scene, from, request);
    let wrong = |app: &CreatedApp| wrong_in_digit(app, 20);
    let (disabled, expired) = (REQUESTS, 2 * REQUESTS);
    let pair = |name, one, two| Pair { name, classes: [one, two] };
    vec![
        pair(
            "unknown app / wrong secret",
            class(0, &|app| wrong(app).unknown()),
            class(0, &|app| wrong(app)),
        ),
        pair(
            "wrong in the first / in the last digit",
            class(0, &|app| wrong_in_digit(app, 0)),
            class(0, &|app| wrong_in_digit(app, 42)),
        ),
        pair(
            "unknown app / disabled",
            class(disabled, &|app| Request::right(app).unknown()),
            class(disabled, &Request::right),
        ),
        pair(
            "unknown app / expired secret",
            class(expired, &|app| Request::right(app).unknown()),
            class(expired, &Request::right),
        ),
    ]
}

/// Measures all pairs, after both controls; the largest |t|.
fn measure(scene: &Scene, samples: usize) -> f64 {
    let ask = |cx: &Context, request: &Presented| scene.ask(cx, request);
    let between = || scene.lay_out_anew();
    let measured = Measured { ask: &ask, between: &between };
    let pairs = pairs(scene);
    let [unknown, wrong] = [&pairs[0].classes[0], &pairs[0].classes[1]];
    let control = (0..TRIES as u64).map(|seed| measured.largest_t([wrong, wrong], samples, seed));
    let control = control.inspect(|t| println!("  a class against itself: |t| = {t:.2}"));
    assert!(
        control.into_iter().any(|t| t < EVIDENCE),
        "the control fails: the machine has other work"
    );
    // Somebody looks the app up first, and what is not there is told at once.
    let known: HashSet<&str> = scene.apps.iter().map(|app| app.id.as_str()).collect();
    let leaky = |cx: &Context, request: &Presented| {
        if known.contains(request.credentials().unwrap().id.as_str()) {
            scene.ask(cx, request);
        }
    };
    let leaky = Measured { ask: &leaky, between: &between };
    let found = leaky.largest_t([unknown, wrong], (samples / 10).max(2_000), 8);
    println!("  a planted leak, in a tenth of the samples: |t| = {found:.0}");
    assert!(found > CERTAINTY, "a planted leak is not found");
    let t = (10..).zip(&pairs).map(|(seed, Pair { name, classes: [one, two] })| {
        let t = measured.largest_t([one, two], samples, seed);
        println!("  {name}: |t| = {t:.2}");
        t
    });
    t.fold(0.0, f64::max)
}

/// What is too long to be a secret is refused by the core, before anybody is asked who knows the app.
#[test]
#[ignore = "it measures: in release mode, by `tests/run timing`"]
fn too_long_a_secret_tells_nothing_of_the_app() {
    let Scene { folder: _folder, issuer, apps } = Scene::new();
    let issuer = Arc::new(issuer);
    // Made anew, its tables give each id another place.
    let made = || {
        let unlimited = LimitPolicy {
            source: None,
            client_at_source: None,
            client: None,
            global: None,
            ..LimitPolicy::default()
        };
        let issuer = Arc::clone(&issuer);
        TokenService::builder(issuer).limit_policy(unlimited).build().unwrap()
    };
    let service = RefCell::new(made());
    let shown = |app: &CreatedApp| Request::new(app.id.as_str(), &"x".repeat(1_025));
    let known = Class(apps[..REQUESTS].iter().map(shown).collect());
    let strangers = Class(known.0.iter().cloned().map(Request::unknown).collect());
    let ask = |_: &Context, request: &Presented| {
        drop(black_box(block_on(service.borrow().issue(black_box(request.clone()), None))));
    };
    let measured = Measured { ask: &ask, between: &|| drop(service.replace(made())) };
    let t = measured.largest_t([&strangers, &known], samples(), 20);
    println!("  too long a secret, unknown app / known: |t| = {t:.2}");
    assert!(t < EVIDENCE, "a difference shows");
}

#[test]
#[ignore = "it measures: in release mode, by `tests/run timing`"]
fn no_refusal_tells_by_its_time_what_is_wrong() {
    let samples = samples();
    let scene = Scene::new();
    println!("{samples} samples a class");
    assert!(measure(&scene, samples) < EVIDENCE, "a difference shows");
    let scene = scene.with_grid();
    println!("{} samples a class, with a grid of {GRID:?}", 5 * samples);
    assert!(measure(&scene, 5 * samples) < EVIDENCE, "a difference shows through the grid");
}
