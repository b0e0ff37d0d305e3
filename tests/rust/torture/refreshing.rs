//! The refreshing of a real issuer's tokens, with each call of each port struck: whatever fails, the
//! token that was shown is good later, gives one successor that is good, and no other.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokensmith::{
    ManualClock, MemoryLimiter, NoObserver, Presented, Source, TokenRequest, TokenService, UnixTime,
};
use tokensmith_issuer::ledger::MemoryLedger;
use tokensmith_issuer::{CreatedApp, Issuer, IssuerSettings};
use tokensmith_testkit::{Call, ManualTimer, Recorder};

use crate::ports::{
    KINDS, Kind, Torture, TorturedClock, TorturedLedger, TorturedLimiter, TorturedObserver,
    TorturedTimer,
};

/// One issuer for all strikes; its services and its tokens are of one strike each.
struct House {
    _folder: tempfile::TempDir,
    torture: Arc<Torture>,
    timer: ManualTimer,
    issuer: Arc<Issuer>,
    app: CreatedApp,
}

/// A service with its tortured ports, and what is heard of it.
struct Struck<'a> {
    house: &'a House,
    recorder: Recorder,
    service: TokenService,
}

/// The status, and the refresh token of a 200; none if the call was dropped or hangs.
type Told = Option<(u16, Option<String>)>;

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let torture = Arc::new(Torture::default());
        let start = UnixTime::from_secs(1_700_000_000);
        let timer = ManualTimer::new(ManualClock::new(start));
        timer.advance(Duration::from_secs(10)); // so that time can go back
        let ledger = TorturedLedger(Arc::clone(&torture), timer.clone(), MemoryLedger::new(start));
        let settings = IssuerSettings::new(folder.path().join("tokensmith.db"));
        // Its own clock is read by threads of its own, whose calls nobody could count.
        let builder = Issuer::builder(settings).clock(timer.clock().clone()).observer(NoObserver);
        let issuer = Arc::new(builder.ledger(ledger).open().unwrap());
        let app = issuer.admin().create_app("one").unwrap();
        Self { _folder: folder, torture, timer, issuer, app }
    }

    fn service(&self) -> Struck<'_> {
        let (torture, timer) = (|| Arc::clone(&self.torture), &self.timer);
        let recorder = Recorder::default();
        let small = || MemoryLimiter::with_slots(1_024).unwrap();
        let service = TokenService::builder(Arc::clone(&self.issuer))
            .refresher(Arc::clone(&self.issuer))
            .clock(TorturedClock(torture(), timer.clock().clone()))
            .deadline(Duration::from_secs(5), TorturedTimer(torture(), timer.clone()))
            .observer(TorturedObserver(torture(), recorder.clone()))
            .limiter(TorturedLimiter(torture(), small()))
            .memory_limiter(small())
            .build();
        Struck { house: self, recorder, service: service.unwrap() }
    }

    /// The token that a struck redemption shows.
    fn issue(&self, struck: &Struck<'_>) -> String {
        let presented =
            Presented::new(self.app.id.as_str(), self.app.secret.expose_secret().into());
        let tokens = self.see_through(Call::new(struck.service.issue(presented, None)));
        let token = tokens.unwrap().unwrap().refresh_token.unwrap();
        token.expose_secret().to_owned()
    }

    /// Lets a call go on until it is answered, dropped where it is to be, or given up.
    fn see_through<T>(&self, mut call: Call<'_, T>) -> Option<T> {
        let mut patience = [10, 1_000, 10_000].into_iter();
        loop {
            if let Some(answer) = call.proceed() {
                return Some(answer);
            }
            let patience = patience.next().filter(|_| !self.torture.wants_drop());
            self.timer.advance(Duration::from_millis(patience?));
        }
    }
}

impl Struck<'_> {
    fn redeem(&self, token: &str) -> Told {
        let (id, secret) = (self.house.app.id.as_str(), self.house.app.secret.expose_secret());
        let body = serde_json::json!({
            "appClientId": id, "appSecret": secret, "refreshToken": token,
        });
        let body = body.to_string();
        let response =
            self.house.see_through(Call::new(self.service.handle_refresh(TokenRequest {
                body: body.as_bytes(),
                content_type: Some("application/json"),
                source: Some(Source::opaque("here").unwrap()),
                request_id: None,
            })))?;
        let told: Option<Value> = serde_json::from_slice(response.body()).ok();
        let successor = told.and_then(|told| Some(told.get("RefreshToken")?.as_str()?.to_owned()));
        Some((response.status().code(), successor))
    }

    /// Fills all buckets.
    fn rest(&self) {
        self.house.timer.advance(Duration::from_secs(3_600));
    }

    /// What a token that must be good gives.
    fn next(&self, token: &str, about: &dyn Fn() -> String) -> String {
        match self.redeem(token) {
            Some((200, Some(next))) => next,
            other => panic!("{other:?}; {}", about()),
        }
    }
}

/// Strikes a redemption as planned, of a first token or of the newest of a family; then all that is
/// promised must hold. The points that were passed, and whether all of the plan were struck.
fn strike(house: &House, is_first: bool, plan: &[(usize, Kind)]) -> (Vec<&'static str>, bool) {
    let service = house.service();
    let mut shown = house.issue(&service);
    if !is_first {
        shown = service.next(&shown, &|| "before".to_owned());
    }
    service.rest();
    service.recorder.take();
    house.torture.arm(plan);
    let told = service.redeem(&shown);
    let (passed, struck) = (house.torture.passed(), house.torture.struck());
    house.torture.disarm();
    let events = service.recorder.take();
    let about = || format!("{plan:?} of {passed:?}: {told:?}");
    assert_eq!(service.service.in_flight(), 0, "{}", about());
    let ends = events.iter().filter(|event| event.is_terminal).count();
    assert_eq!(ends, 1, "one end; {}", about());
    // A clock that is absurd has the token be past its time.
    let is_absurd = plan
        .iter()
        .any(|&(at, kind)| kind == Kind::Error && passed.get(at - 1) == Some(&"clock: wall"));
    let fits = match &told {
        None | Some((200 | 502, _)) => true,
        Some((401, _)) => is_absurd,
        Some((429, _)) => passed.iter().any(|point| point.starts_with("limiter")),
        Some(_) => false,
    };
    assert!(fits, "{}", about());

    // An hour later, and so after the grace: the answer that was lost costs nobody a token.
    service.rest();
    match &told {
        // The owner goes on with what it was given.
        Some((200, Some(given))) => drop(service.next(given, &about)),
        _ => {
            let next = service.next(&shown, &about);
            assert_eq!(service.redeem(&shown), Some((200, Some(next.clone()))), "{}", about());
            service.next(&next, &about);
        }
    }
    service.rest();
    assert_eq!(service.redeem(&shown), Some((401, None)), "used up; {}", about());
    (passed, struck == plan.len())
}

#[test]
fn every_call_of_a_refreshing_issuer_fails_in_every_way() {
    let house = House::new();
    for is_first in [true, false] {
        let (points, _) = strike(&house, is_first, &[]);
        let plans = (1..=points.len()).flat_map(|i| KINDS.map(|kind| [(i, kind)]));
        let struck = plans.filter(|plan| strike(&house, is_first, plan).1).count();
        println!("refreshing: n = {}, {struck} failures: {points:?}", points.len());
        for expected in ["ledger: before a step", "ledger: after a step", "limiter: after a take"] {
            assert!(points.contains(&expected), "{expected}: {points:?}");
        }
        assert!(points.len() >= 11 && struck >= 30, "{struck} of {points:?}");
    }
}

#[test]
fn every_pair_of_calls_of_a_refreshing_issuer_fails_in_every_way() {
    let house = House::new();
    let (points, _) = strike(&house, true, &[]);
    let mut total = 0;
    for first in 1..=points.len() {
        for second in first + 1..=points.len() + 4 {
            for (a, b) in KINDS.iter().flat_map(|a| KINDS.map(|b| (*a, b))) {
                total += usize::from(strike(&house, true, &[(first, a), (second, b)]).1);
            }
        }
    }
    println!("refreshing: {total} pairs of failures in all");
    assert!(total > 100, "{total}");
}
