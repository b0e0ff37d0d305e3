//! Performs a case: the driver of the vectors in Rust.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use thiserror::Error;
use tokensmith::{
    ManualClock, Source, SourceError, TokenRequest, TokenResponse, TokenService, UnixTime,
};
use tokensmith_assembly::{Assembled, Host, ServiceConfig};

use super::names::Names;
use super::{Asks, Bytes, Case, Line, Request, Step};
use crate::call::Call;
use crate::recorder::{Heard, Recorder};
use crate::scripted::ScriptedAuthenticator;
use crate::timer::ManualTimer;

/// So often a thread of the issuer's is given 100 us.
const PATIENCE: u32 = 100_000;

/// Something else came of a case than it says.
#[derive(Clone, Debug, Error)]
#[error("case `{case}`, step {step}: {what}")]
#[non_exhaustive]
pub struct Mismatch {
    /// The case's name.
    pub case: String,
    /// The step, from 1; 0 for the case as a whole.
    pub step: usize,
    /// What was expected, and what was found.
    pub what: String,
}

/// Performs the case on a service of its configuration, and compares all that comes of it. Gives what
/// came of each step.
///
/// # Errors
/// [`Mismatch`] is the first difference.
pub fn run(case: &Case, clock_start_s: u64) -> Result<Vec<Line>, Mismatch> {
    let timer = ManualTimer::new(ManualClock::new(UnixTime::from_secs(clock_start_s)));
    let authenticator = ScriptedAuthenticator::new(timer.clone());
    let recorder = Recorder::default();
    let outside = |what| Mismatch { case: case.name.clone(), step: 0, what };
    let stored = Stored::of(case).map_err(outside)?;
    let assembled = assemble(&stored, &timer, &authenticator, &recorder).map_err(outside)?;
    let names = names(case, &assembled).map_err(outside)?;
    let stage = Stage {
        case: &case.name,
        service: &assembled.service,
        is_patient: stored.folder.is_some(),
        names: RefCell::new(names),
        timer: &timer,
        authenticator: &authenticator,
        recorder,
    };
    let mut performance = Performance { stage, under_way: Vec::new(), lines: Vec::new() };
    let mismatch = |(step, what)| Mismatch { case: case.name.clone(), step, what };
    for (number, step) in (1..).zip(&case.steps) {
        performance.perform(number, step).map_err(mismatch)?;
    }
    performance.advance(Duration::MAX).map_err(mismatch)?;
    let Performance { stage: Stage { service, recorder, .. }, mut lines, .. } = performance;
    lines.sort_by_key(|line| line.step);
    let unexpected = recorder.take();
    if !unexpected.is_empty() {
        return Err(outside(format!("events of no step: {unexpected:?}")));
    }
    match service.in_flight() {
        0 => Ok(lines),
        n => Err(outside(format!("{n} authentications are still counted as under way"))),
    }
}

/// The configuration of a case. The issuer's store is in a folder that goes with it.
struct Stored {
    config: Value,
    folder: Option<TempDir>,
}

impl Stored {
    fn of(case: &Case) -> Result<Self, String> {
        let mut config = case.config.clone();
        if config.pointer("/authenticator/kind").is_none_or(|kind| kind != "issuer") {
            return Ok(Self { config, folder: None });
        }
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let store = json!({ "path": folder.path().join("store.db") });
        config.as_object_mut().and_then(|config| config.insert("store".to_owned(), store));
        Ok(Self { config, folder: Some(folder) })
    }
}

fn assemble(
    stored: &Stored,
    timer: &ManualTimer,
    authenticator: &ScriptedAuthenticator,
    recorder: &Recorder,
) -> Result<Assembled, String> {
    let config = ServiceConfig::from_json(&stored.config.to_string());
    let mut host = Host::new(timer.clone());
    if stored.folder.is_none() {
        host.authenticator = Some(Arc::new(authenticator.clone()));
    }
    host.observer = Arc::new(recorder.clone());
    host.clock = Arc::new(timer.clock().clone());
    let assembled = config.and_then(|config| tokensmith_assembly::build(config, host));
    assembled.map_err(|error| error.to_string())
}

/// Makes the app of the case, if it has one.
fn names(case: &Case, assembled: &Assembled) -> Result<Names, String> {
    let Some(name) = &case.app else { return Ok(Names::default()) };
    let admin = assembled.issuer.as_ref().ok_or("an app, and no issuer")?;
    admin.create_app(name).map(|app| Names::of(&app)).map_err(|error| error.to_string())
}

/// What a step is performed on.
struct Stage<'a> {
    case: &'a str,
    service: &'a TokenService,
    /// Whether threads of the issuer's are waited for.
    is_patient: bool,
    names: RefCell<Names>,
    timer: &'a ManualTimer,
    authenticator: &'a ScriptedAuthenticator,
    recorder: Recorder,
}

/// The calls under way, and what came of the others.
struct Performance<'a> {
    stage: Stage<'a>,
    under_way: Vec<UnderWay<'a>>,
    lines: Vec<Line>,
}

struct UnderWay<'a> {
    number: usize,
    step: &'a Step,
    call: Call<'a, TokenResponse>,
}

impl<'a> Performance<'a> {
    /// Begins a step at its time, and compares it at its end: at once, or as the clock passes it.
    fn perform(&mut self, number: usize, step: &'a Step) -> Result<(), (usize, String)> {
        let at = Duration::from_millis(step.at_ms);
        self.advance(at)?;
        let stage = &self.stage;
        if let Some(script) = &step.authenticator {
            let after = Duration::from_millis(script.after_ms);
            let receives = &script.receives;
            let (id, secret) = (&receives.app_client_id, &receives.app_secret);
            stage.authenticator.expect(id, secret, after, script.answer.clone());
        }
        let body = stage.body(&step.request.body);
        let mut call = Call::new(ask(stage.service, &step.request, body));
        let response = stage.first_answer(&mut call);
        if let Some(deviation) = stage.authenticator.deviation() {
            return Err((number, format!("the authenticator: {deviation:?}")));
        }
        match response {
            Some(response) if step.ends() == at => {
                let line = stage.compare(number, step, &response);
                self.lines.push(line.map_err(|what| (number, what))?);
                Ok(())
            }
            Some(response) => Err((number, format!("answered at once: {response:?}"))),
            None if step.ends() == at => Err((number, "not answered at once".to_owned())),
            None => {
                self.under_way.push(UnderWay { number, step, call });
                Ok(())
            }
        }
    }

    /// Moves the clock, and ends what ends on the way: one millisecond before its time it must
    /// still be under way.
    fn advance(&mut self, to: Duration) -> Result<(), (usize, String)> {
        let due = |under_way: &[UnderWay<'_>]| {
            let ends = under_way.iter().map(|call| call.step.ends());
            ends.filter(|ends| *ends <= to).min()
        };
        while let Some(end) = due(&self.under_way) {
            self.stage.timer.advance_to(end.saturating_sub(Duration::from_millis(1)));
            self.proceed(end)?;
            self.stage.timer.advance_to(end);
            self.proceed(end)?;
        }
        if to < Duration::MAX {
            self.stage.timer.advance_to(to);
            self.proceed(to)?;
        }
        Ok(())
    }

    /// Lets all calls go on as far as they can; the time is that of the end that is awaited.
    fn proceed(&mut self, end: Duration) -> Result<(), (usize, String)> {
        let now = self.stage.timer.elapsed();
        for mut under_way in std::mem::take(&mut self.under_way) {
            let UnderWay { number, step, .. } = under_way;
            let is_due = now == end && step.ends() == end;
            let line = match under_way.call.proceed() {
                Some(response) if is_due && step.drop_at_ms.is_none() => {
                    self.stage.compare(number, step, &response).map(Some)
                }
                Some(response) => Err(format!("answered at {now:?}: {response:?}")),
                None if is_due && step.drop_at_ms.is_some() => {
                    drop(under_way);
                    self.stage.compare_events(number, step, None).map(Some)
                }
                None if is_due => Err(format!("not answered at {now:?}")),
                None => {
                    self.under_way.push(under_way);
                    Ok(None)
                }
            };
            self.lines.extend(line.map_err(|what| (number, what))?);
        }
        Ok(())
    }
}

/// An address, its zone dropped, or else an opaque text.
fn source(text: &str) -> Result<Source, SourceError> {
    let address = text.split_once('%').map_or(text, |(address, _)| address);
    match address.parse::<IpAddr>() {
        Ok(address) => Ok(Source::ip(address)),
        Err(_) => Source::opaque(text),
    }
}

async fn ask(service: &TokenService, request: &Request, body: Vec<u8>) -> TokenResponse {
    let source = request.source.as_deref().map(source);
    let asked = TokenRequest {
        body: &body,
        content_type: request.content_type.as_deref(),
        source: source.and_then(Result::ok),
        request_id: request.request_id.as_deref(),
    };
    match request.path {
        Asks::Token => service.handle(asked).await,
        Asks::Refresh => service.handle_refresh(asked).await,
    }
}

impl Stage<'_> {
    /// What the call comes to, now that it begins.
    fn first_answer(&self, call: &mut Call<'_, TokenResponse>) -> Option<TokenResponse> {
        let turns = if self.is_patient { PATIENCE } else { 0 };
        let later = |call: &mut Call<'_, TokenResponse>| {
            std::thread::park_timeout(Duration::from_micros(100));
            call.proceed()
        };
        call.proceed().or_else(|| (0..turns).find_map(|_| later(call)))
    }

    /// What is sent: names of what is random are filled in.
    fn body(&self, body: &Bytes) -> Vec<u8> {
        match body {
            Bytes::Text(text) => self.names.borrow().filled(text).into_bytes(),
            Bytes::Base64(_) => body.to_vec(),
        }
    }

    /// What is compared: what is random by its names.
    fn named(&self, body: &[u8]) -> Vec<u8> {
        let text = std::str::from_utf8(body).ok();
        text.map_or(body.to_vec(), |text| self.names.borrow().named(text).into_bytes())
    }

    fn compare(
        &self,
        number: usize,
        step: &Step,
        response: &TokenResponse,
    ) -> Result<Line, String> {
        let expect = &step.expect;
        let status = response.status().code();
        if expect.status != Some(status) {
            return Err(format!("expected status {:?}, found {response:?}", expect.status));
        }
        let listed: Vec<(&str, &str)> = response.headers().collect();
        let found: BTreeMap<_, _> = listed.iter().copied().collect();
        let expected: BTreeMap<_, _> =
            expect.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        if found != expected || listed.len() != found.len() {
            return Err(format!("expected headers {expected:?}, found {listed:?}"));
        }
        let body = expect.body.as_ref().map(super::Bytes::to_vec).unwrap_or_default();
        self.names.borrow_mut().learn(number, response.body());
        let found = self.named(response.body());
        if body != found {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            return Err(format!("expected body {}, found {}", text(&body), text(&found)));
        }
        self.compare_events(number, step, Some(response))
    }

    fn compare_events(
        &self,
        number: usize,
        step: &Step,
        response: Option<&TokenResponse>,
    ) -> Result<Line, String> {
        let mut found = self.recorder.take_of(step.request.request_id.as_deref());
        let terminal = found.iter().filter(|event| event.is_terminal).count();
        if terminal != 1 || !found.last().is_some_and(|event| event.is_terminal) {
            return Err(format!("not one terminal event at the end: {found:?}"));
        }
        for event in &mut found {
            event.is_terminal = false;
            event.app = event.app.take().map(|app| self.names.borrow().named(&app));
        }
        if found == step.expect.events {
            let body = response.map(|response| self.named(response.body()));
            return Ok(Line::new(self.case, number, response, body, found));
        }
        let expected: &[Heard] = &step.expect.events;
        Err(format!("expected events {expected:?}, found {found:?}"))
    }
}
