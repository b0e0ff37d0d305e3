//! Every call of every port fails once, in every way, and so does every pair of calls: each time the
//! answer is one of the contract's, the host hears of one end, nothing is held, and the next call
//! is answered as if nothing had been.

#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::print_stdout,
    clippy::exhaustive_enums,
    clippy::exhaustive_structs,
    unreachable_pub,
    reason = "a test ends by a panic, counts small numbers, and tells what it saw"
)]

mod ports;
mod refreshing;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use ports::{
    ACCESS, KINDS, Kind, REFRESH, SECRET, Torture, TorturedAuthenticator, TorturedClock,
    TorturedLimiter, TorturedObserver, TorturedRefresher, TorturedTimer,
};
use tokensmith::{
    LimitPolicy, LimiterOutage, ManualClock, MemoryLimiter, Presented, ResponseOptions,
    SecretString, Source, TokenRequest, TokenResponse, TokenService, UnixTime,
};
use tokensmith_testkit::{Call, ManualTimer, Recorder};

/// What is asked, and of what service.
#[derive(Clone, Copy)]
struct Scenario {
    name: &'static str,
    /// What the call ends with when nothing fails.
    status: u16,
    /// As many points as this were seen; fewer would mean that some are no longer struck.
    points: usize,
    id: &'static str,
    secret: &'static str,
    is_malformed: bool,
    has_source: bool,
    shared: Option<LimiterOutage>,
    /// So many calls come first, unharmed.
    primed: u32,
    /// One call is under way meanwhile, and there is room for one.
    is_crowded: bool,
    by_issue: bool,
    /// The refresh token that is redeemed.
    refresh: Option<&'static str>,
}

impl Scenario {
    /// Whether only the timer ends the call.
    fn waits_for_the_deadline(&self) -> bool {
        self.id == "slow" || self.refresh == Some("slow")
    }
}

const fn scenario(name: &'static str, status: u16, points: usize) -> Scenario {
    Scenario {
        name,
        status,
        points,
        id: "appcl-1234",
        secret: SECRET,
        is_malformed: false,
        has_source: true,
        shared: Some(LimiterOutage::Degrade),
        primed: 0,
        is_crowded: false,
        by_issue: false,
        refresh: None,
    }
}

const ADMIT: Option<LimiterOutage> = Some(LimiterOutage::Admit);
const REFUSE: Option<LimiterOutage> = Some(LimiterOutage::Refuse);

const SCENARIOS: [Scenario; 26] = [
    scenario("right credentials", 200, 11),
    Scenario { shared: REFUSE, ..scenario("right credentials, outage refuses", 200, 11) },
    Scenario { shared: ADMIT, ..scenario("right credentials, outage admits", 200, 11) },
    Scenario { shared: None, ..scenario("right credentials, limiter in memory", 200, 8) },
    Scenario { by_issue: true, ..scenario("right credentials, without HTTP", 200, 11) },
    Scenario { has_source: false, ..scenario("no source", 200, 12) },
    Scenario { primed: 1, ..scenario("a known caller", 200, 11) },
    Scenario { secret: "wrong", ..scenario("wrong secret", 401, 13) },
    Scenario {
        secret: "wrong",
        shared: None,
        ..scenario("wrong secret, limiter in memory", 401, 8)
    },
    Scenario { secret: "", ..scenario("impossible secret", 401, 8) },
    Scenario { is_malformed: true, ..scenario("malformed body", 422, 6) },
    Scenario { primed: 5, ..scenario("too many requests", 429, 6) },
    Scenario { is_crowded: true, ..scenario("a full house", 429, 6) },
    Scenario { id: "throttled", ..scenario("upstream throttles", 429, 11) },
    Scenario { id: "broken", ..scenario("upstream fails", 502, 11) },
    Scenario { id: "dead-tokens", ..scenario("tokens that cannot be answered", 502, 11) },
    Scenario { id: "slow", ..scenario("past the deadline", 502, 11) },
    Scenario { ..redeeming("a refresh token", 200, 11) },
    Scenario { shared: None, ..redeeming("a refresh token, limiter in memory", 200, 8) },
    Scenario { shared: REFUSE, ..redeeming("a refresh token, outage refuses", 200, 11) },
    Scenario { refresh: Some("used up"), ..redeeming("a refresh token that is used up", 401, 13) },
    Scenario { refresh: Some(""), ..redeeming("an impossible refresh token", 401, 8) },
    Scenario { secret: "wrong", ..redeeming("a refresh token, wrong secret", 401, 13) },
    Scenario { primed: 5, ..redeeming("a refresh token, too many requests", 429, 6) },
    Scenario { refresh: Some("broken"), ..redeeming("a refresher that fails", 502, 11) },
    Scenario { refresh: Some("slow"), ..redeeming("a refresher past the deadline", 502, 11) },
];

const fn redeeming(name: &'static str, status: u16, points: usize) -> Scenario {
    Scenario { refresh: Some(REFRESH), ..scenario(name, status, points) }
}

/// What came of a call: none if it was dropped.
#[derive(Clone, Debug, PartialEq)]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl From<TokenResponse> for Answer {
    fn from(response: TokenResponse) -> Self {
        let headers = response.headers().map(|(name, value)| (name.into(), value.into()));
        Self {
            status: response.status().code(),
            headers: headers.collect(),
            body: response.body().into(),
        }
    }
}

/// A service with its tortured ports.
struct Rack {
    scenario: Scenario,
    torture: Arc<Torture>,
    timer: ManualTimer,
    recorder: Recorder,
    service: TokenService,
}

impl Rack {
    fn new(scenario: Scenario) -> Self {
        let torture = Arc::new(Torture::default());
        let timer = ManualTimer::new(ManualClock::new(UnixTime::from_secs(1_700_000_000)));
        timer.advance(Duration::from_secs(10)); // so that time can go back
        let recorder = Recorder::default();
        let small = || MemoryLimiter::with_slots(1_024).unwrap();
        let authenticator = TorturedAuthenticator(Arc::clone(&torture), timer.clone());
        let refresher = TorturedRefresher(Arc::clone(&torture), timer.clone());
        let outage = scenario.shared.unwrap_or_default();
        let max_in_flight =
            if scenario.is_crowded { NonZeroU32::MIN } else { NonZeroU32::new(64).unwrap() };
        let mut builder = TokenService::builder(authenticator)
            .refresher(refresher)
            .clock(TorturedClock(Arc::clone(&torture), timer.clock().clone()))
            .deadline(Duration::from_secs(5), TorturedTimer(Arc::clone(&torture), timer.clone()))
            .observer(TorturedObserver(Arc::clone(&torture), recorder.clone()))
            .limit_policy(LimitPolicy { outage, ..LimitPolicy::default() })
            .memory_limiter(small())
            .marks(64)
            .max_in_flight(max_in_flight)
            .response(ResponseOptions { rate_limit_fields: true, ..ResponseOptions::default() });
        if scenario.shared.is_some() {
            builder = builder.limiter(TorturedLimiter(Arc::clone(&torture), small()));
        }
        Self { scenario, torture, timer, recorder, service: builder.build().unwrap() }
    }

    /// The scenario's call.
    async fn ask(&self) -> Answer {
        let Scenario { id, secret, is_malformed, .. } = self.scenario;
        let source = self.scenario.has_source.then(|| Source::opaque("here").unwrap());
        if self.scenario.by_issue {
            let presented = Presented::new(id, SecretString::from(secret));
            let status = match self.service.issue(presented, source).await {
                Ok(tokens) => {
                    return Answer {
                        status: 200,
                        headers: vec![],
                        body: tokens.access_token.expose_secret().into(),
                    };
                }
                Err(error) => tokensmith::Status::from(&error),
            };
            return Answer { status: status.code(), headers: vec![], body: vec![] };
        }
        let refresh = self.scenario.refresh;
        let more =
            refresh.map_or_else(String::new, |token| format!(r#","refreshToken":"{token}""#));
        let body = format!(r#"{{"appClientId":"{id}","appSecret":"{secret}"{more}}}"#);
        let body = if is_malformed { "{" } else { &body }.as_bytes();
        let content_type = Some("application/json");
        let request = TokenRequest { body, content_type, source, request_id: None };
        if refresh.is_some() {
            return self.service.handle_refresh(request).await.into();
        }
        self.service.handle(request).await.into()
    }

    /// Lets a call go on until it is answered, dropped where it is to be, or given up after an hour.
    fn see_through(&self, mut call: Call<'_, Answer>) -> Option<Answer> {
        let mut patience = [10, 1_000, 10_000, 3_600_000].into_iter();
        loop {
            if let Some(answer) = call.proceed() {
                return Some(answer);
            }
            let patience = patience.next().filter(|_| !self.torture.wants_drop());
            self.timer.advance(Duration::from_millis(patience?));
        }
    }

    /// The whole scenario: what comes first, then the call, struck as planned. An hour before it
    /// has filled all buckets.
    fn perform(&self, plan: &[(usize, Kind)]) -> Option<Answer> {
        self.timer.advance(Duration::from_secs(3_600));
        for _ in 0..self.scenario.primed {
            self.see_through(Call::new(self.ask())).unwrap();
        }
        let mut crowd = Call::new(async {
            let body = br#"{"appClientId":"crowd","appSecret":"x"}"#;
            let content_type = Some("application/json");
            self.service
                .handle(TokenRequest { body, content_type, source: None, request_id: None })
                .await
        });
        if self.scenario.is_crowded {
            assert!(crowd.proceed().is_none());
        }
        self.recorder.take();
        self.torture.arm(plan);
        let answer = self.see_through(Call::new(self.ask()));
        self.torture.disarm();
        let events = self.recorder.take();
        drop(crowd);
        self.check(answer.as_ref(), &events, plan);
        self.recorder.take();
        answer
    }

    fn check(
        &self,
        answer: Option<&Answer>,
        events: &[tokensmith_testkit::Heard],
        plan: &[(usize, Kind)],
    ) {
        let about = || {
            format!(
                "{}: {plan:?} of {:?}: {answer:?}, {events:?}",
                self.scenario.name,
                self.torture.passed()
            )
        };
        assert_eq!(self.service.in_flight(), 0, "nothing is held; {}", about());
        let terminal: Vec<_> = events.iter().filter(|event| event.is_terminal).collect();
        assert_eq!(terminal.len(), 1, "one end; {}", about());
        let told = format!("{events:?}");
        assert!(
            [SECRET, ACCESS, REFRESH].iter().all(|canary| !told.contains(canary)),
            "{}",
            about()
        );
        let Some(answer) = answer else {
            assert_eq!(terminal.first().unwrap().event, "cancelled", "{}", about());
            return;
        };
        let (status, event) = (answer.status, terminal.first().unwrap().event.as_str());
        let fits = match event {
            "issued" => status == 200,
            "invalid" => status == 422,
            "rejected" => status == 401,
            "rate_limited" => status == 429,
            "downstream_failed" | "timed_out" => status == 502,
            _ => false,
        };
        assert!(fits, "the end that the host hears is the answer; {}", about());
        let body = String::from_utf8_lossy(&answer.body);
        let text = format!("{body} {:?}", answer.headers);
        assert!(!text.contains(SECRET), "no secret; {}", about());
        let holds_a_token = text.contains(ACCESS) || text.contains(REFRESH);
        assert_eq!(holds_a_token, status == 200, "tokens in a 200 alone; {}", about());
        // No fault of a port makes right what is not. A limit alone may be waived, where the host said so.
        let is_waived = self.scenario.status == 429 && self.scenario.shared == ADMIT;
        let is_right = self.scenario.status == 200 || is_waived;
        assert!(status != 200 || is_right, "a fault gave tokens away; {}", about());
    }
}

/// Strikes as planned, then asks again: whether any point was struck.
fn strike(scenario: Scenario, plan: &[(usize, Kind)], unharmed: &Answer) -> bool {
    let rack = Rack::new(scenario);
    let answer = rack.perform(plan);
    let struck = rack.torture.struck();
    let has_gone = plan.iter().any(|&(_, kind)| kind == Kind::Drop);
    // Where two wait for ever, the authenticator and the timer, so does the caller.
    let hangs = plan.iter().filter(|&&(_, kind)| kind == Kind::Hang).count();
    let may_wait = has_gone || hangs + usize::from(scenario.waits_for_the_deadline()) > 1;
    assert!(answer.is_some() || may_wait, "{}: {plan:?}: no answer", scenario.name);
    if struck == plan.len() {
        let next = rack.perform(&[]);
        assert_eq!(next.as_ref(), Some(unharmed), "{}: {plan:?}: the next call", scenario.name);
    }
    struck == plan.len()
}

/// What comes of a scenario in which nothing fails, and its points.
fn unharmed(scenario: Scenario) -> (Answer, Vec<&'static str>) {
    let rack = Rack::new(scenario);
    let answer = rack.perform(&[]).unwrap();
    assert_eq!(answer.status, scenario.status, "{}", scenario.name);
    (answer, rack.torture.passed())
}

#[test]
fn every_call_of_every_port_fails_in_every_way() {
    let mut total = 0;
    for scenario in SCENARIOS {
        let (answer, points) = unharmed(scenario);
        let plans = (1..=points.len()).flat_map(|i| KINDS.map(|kind| [(i, kind)]));
        let struck = plans.filter(|plan| strike(scenario, plan, &answer)).count();
        println!("{}: n = {}, {struck} failures: {points:?}", scenario.name, points.len());
        assert!(points.len() >= scenario.points, "{} has lost points: {points:?}", scenario.name);
        total += struck;
    }
    println!("{total} failures in all");
}

#[test]
fn every_pair_of_calls_fails_in_every_way() {
    let mut total = 0;
    for scenario in SCENARIOS {
        let (answer, points) = unharmed(scenario);
        // A fault may add points, of its own event for one.
        let last = points.len() + 4;
        for first in 1..=points.len() {
            for second in first + 1..=last {
                for (a, b) in KINDS.iter().flat_map(|a| KINDS.map(|b| (*a, b))) {
                    total += usize::from(strike(scenario, &[(first, a), (second, b)], &answer));
                }
            }
        }
    }
    println!("{total} pairs of failures in all");
    assert!(total > 1_000, "{total}");
}
