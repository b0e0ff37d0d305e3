//! The service: made from a configuration, asked, and let go of.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use napi::bindgen_prelude::{
    ClassInstance, Either, Env, Error, JavaScriptClassExt, Object, PromiseRaw, Result, Status,
};
use napi_derive::napi;
use tokensmith::{
    Authenticator, Clock, Presented, SecretString, Source, SystemClock, Timer, TokenRequest,
    TokenResponse, TokioTimer,
};
use tokensmith_assembly::{Assembled, ConfigError, Host, ServiceConfig, build};
use zeroize::Zeroizing;

use crate::answers::{Answer, Answers};
use crate::authenticator::{AuthenticateArg, HostAuthenticator};
use crate::cancel::{CancelHandle, Cancelled};
use crate::event::{HostObserver, ObserveArg};
use crate::exit;
use crate::reply;

/// The longest body that conforms, in bytes. The handlers read one byte more to see that one is longer.
#[napi]
#[expect(clippy::cast_possible_truncation, reason = "a constant of 8 KiB")]
pub const MAX_BODY: u32 = TokenRequest::MAX_BODY_BYTES as u32;

/// A service under the name that the facade keeps to itself.
#[napi]
pub struct NativeService {
    live: RwLock<Option<Arc<Assembled>>>,
    unavailable: Arc<TokenResponse>,
    dropped_events: Arc<AtomicU64>,
}

/// Resolves with the service, or with what is wrong with the configuration.
#[napi(
    catch_unwind,
    ts_args_type = "config: string, authenticate: ((request: object | null) => Promise<AuthReply>) | undefined, observe: ((event: object) => void) | undefined",
    ts_return_type = "Promise<NativeService | object>"
)]
pub fn create_service<'env>(
    env: &'env Env,
    config: String,
    authenticate: Option<AuthenticateArg<'env>>,
    observe: Option<ObserveArg<'env>>,
) -> Result<PromiseRaw<'env, Either<ClassInstance<'env, NativeService>, Object<'env>>>> {
    create(env, Brought::default(), config, authenticate, observe)
}

/// What is brought along besides the host's functions.
pub(crate) struct Brought {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) timer: Arc<dyn Timer>,
    /// In place of the host's.
    pub(crate) authenticator: Option<Arc<dyn Authenticator>>,
}

impl Default for Brought {
    fn default() -> Self {
        let (clock, timer) = (Arc::new(SystemClock::new()), Arc::new(TokioTimer));
        Self { clock, timer, authenticator: None }
    }
}

pub(crate) fn create<'env>(
    env: &'env Env,
    brought: Brought,
    config: String,
    authenticate: Option<AuthenticateArg<'env>>,
    observe: Option<ObserveArg<'env>>,
) -> Result<PromiseRaw<'env, Either<ClassInstance<'env, NativeService>, Object<'env>>>> {
    let dropped_events = Arc::new(AtomicU64::new(0));
    let mut host = Host::new(brought.timer);
    host.clock = brought.clock;
    host.authenticator = brought.authenticator;
    if let Some(function) = authenticate {
        host.authenticator = Some(HostAuthenticator::new(&function)?);
    }
    if let Some(function) = observe {
        host.observer = Arc::new(HostObserver::new(&function, Arc::clone(&dropped_events))?);
    }
    // A store is opened and keys are made: not on the thread of the host, nor on one of ours.
    let assembled = async move {
        let made = tokio::task::spawn_blocking(move || {
            exit::work(|| ServiceConfig::from_json(&config).and_then(|config| build(config, host)))
        });
        made.await.map_err(|_| Error::new(Status::GenericFailure, "the service was not made"))
    };
    env.spawn_future_with_callback(assembled, |env, made| introduce(env, made, dropped_events))
}

fn introduce<'env>(
    env: &'env Env,
    made: std::result::Result<Assembled, ConfigError>,
    dropped_events: Arc<AtomicU64>,
) -> Result<Either<ClassInstance<'env, NativeService>, Object<'env>>> {
    let assembled = match made {
        Ok(assembled) => assembled,
        Err(error) => return reply::misconfigured(env, &error).map(Either::B),
    };
    let unavailable = Arc::new(assembled.service.unavailable());
    let live = RwLock::new(Some(Arc::new(assembled)));
    let service = NativeService { live, unavailable, dropped_events };
    Ok(Either::A(service.into_instance(env)?))
}

#[napi]
impl NativeService {
    /// Answers a request, under the number that it returns; without an answer if it is closed. It
    /// never fails but for a source that is none.
    #[napi(catch_unwind)]
    pub fn handle(
        &self,
        answers: &Answers,
        body: &[u8],
        content_type: Option<String>,
        source: Option<String>,
        request_id: Option<String>,
        cancel: Option<&CancelHandle>,
    ) -> Result<u32> {
        let assembled = self.live();
        let source = named(source)?;
        // One byte over says that it is too long: a host's hundred megabytes are not copied.
        let body = body.get(..=TokenRequest::MAX_BODY_BYTES).unwrap_or(body);
        let body = Zeroizing::new(body.to_vec());
        let cancelled = Cancelled::of(cancel);
        Ok(answers.begin(async move {
            let Some(assembled) = assembled else { return Answer::Lost };
            let request = TokenRequest {
                body: &body,
                content_type: content_type.as_deref(),
                source,
                request_id: request_id.as_deref(),
            };
            // Boxed as it is made: the path's future has some thousand bytes, and others are moved.
            let response = exit::worked(Box::pin(assembled.service.handle(request)));
            cancelled.or(response).await.map_or(Answer::Cancelled, Answer::Response)
        }))
    }

    /// The same path without HTTP: its answer is tokens or a refusal.
    #[napi(catch_unwind)]
    pub fn issue(
        &self,
        answers: &Answers,
        app_client_id: String,
        app_secret: &[u8],
        source: Option<String>,
        cancel: Option<&CancelHandle>,
    ) -> Result<u32> {
        let assembled = self.live_or_closed()?;
        let source = named(source)?;
        let secret = std::str::from_utf8(app_secret).map_err(|_| invalid("appSecret"))?;
        let presented = Presented::new(&app_client_id, SecretString::from(secret));
        let cancelled = Cancelled::of(cancel);
        Ok(answers.begin(async move {
            let outcome = exit::worked(Box::pin(assembled.service.issue(presented, source)));
            cancelled.or(outcome).await.map_or(Answer::Cancelled, Answer::Issued)
        }))
    }

    /// The constant 502, for what the facade has no other answer for.
    #[napi(catch_unwind, ts_return_type = "object")]
    pub fn unavailable<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        reply::response(env, &self.unavailable)
    }

    /// How many authentications are under way.
    #[napi(catch_unwind)]
    pub fn in_flight(&self) -> u32 {
        self.live().map_or(0, |assembled| assembled.service.in_flight())
    }

    /// How many events the observer was not told, because its thread had no time.
    #[napi(catch_unwind)]
    pub fn dropped_events(&self) -> f64 {
        reply::number(self.dropped_events.load(Ordering::Relaxed))
    }

    /// Lets go of the service: what is under way ends as it would, and later calls are refused.
    #[napi(catch_unwind)]
    pub fn close(&self) {
        self.live.write().unwrap_or_else(PoisonError::into_inner).take();
    }

    pub(crate) fn live(&self) -> Option<Arc<Assembled>> {
        self.live.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn live_or_closed(&self) -> Result<Arc<Assembled>> {
        self.live().ok_or_else(|| Error::new(Status::Closing, "the service is closed"))
    }
}

/// The source that a host named.
pub(crate) fn named(source: Option<String>) -> Result<Option<Source>> {
    source.map(|text| text.parse()).transpose().map_err(|_| invalid("source"))
}

/// The argument of that name; the facade has the sentence.
pub(crate) fn invalid(name: &str) -> Error {
    Error::new(Status::InvalidArg, name)
}
