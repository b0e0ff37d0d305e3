//! The one path that every request walks: the limiter, the body, the credentials, the table.

mod asked;
mod builder;
mod call;
mod capacity;
mod caught;
mod failure;
mod gate;
mod watch;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

pub use builder::{BuildError, TokenServiceBuilder};

use crate::authenticator::{AuthenticateError, Authenticator, RejectReason};
use crate::clock::{Clock, Tick, UnixTime};
use crate::context::Context;
use crate::credentials::Presented;
use crate::errand::Errand;
use crate::invalid::Invalid;
use crate::limiter::policy::{Caller, Known};
use crate::observer::{DownstreamKind, Observer};
use crate::outcome::{RefreshError, TokenError};
use crate::refresher::Refresher;
use crate::request::TokenRequest;
use crate::response::{SourceBucket, Table, TokenResponse};
use crate::source::Source;
use crate::timer::{Elapsed, Timer, within};
use crate::token::{Presence, RefreshToken, TokenSet};
use asked::{Asked, Grant, OnErrand, Work};
use call::Call;
use capacity::Capacity;
use caught::caught;
use failure::Failure;
use gate::Gate;

/// Answers `POST /token`: validates, rate-limits, authenticates, and gives back the exact response.
///
/// One service serves all requests of a process, from any number of tasks and threads. It needs no
/// runtime: its futures may be polled by any executor.
///
/// ```
/// use tokensmith::{
///     AuthenticateError, RejectReason, Source, TokenRequest, TokenService, authenticator_fn,
/// };
/// # futures_executor::block_on(async {
/// let nobody = authenticator_fn(|_cx, _credentials| async {
///     Err(AuthenticateError::Rejected(RejectReason::UnknownClient))
/// });
/// let service = TokenService::builder(nobody).build()?;
///
/// let response = service
///     .handle(TokenRequest {
///         body: br#"{"appClientId":"appcl-1234","appSecret":"34wegskgheaorht359ynklbnv"}"#,
///         content_type: Some("application/json"),
///         source: Some(Source::ip("192.0.2.7".parse()?)),
///         request_id: None,
///     })
///     .await;
/// assert_eq!(response.status().code(), 401);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub struct TokenService {
    authenticator: Arc<dyn Authenticator>,
    refresher: Option<Arc<dyn Refresher>>,
    gate: Gate,
    capacity: Capacity,
    clock: Arc<dyn Clock>,
    deadline: Option<Deadline>,
    observer: Arc<dyn Observer>,
    refresh_token: Presence,
    table: Table,
}

struct Deadline {
    budget: Duration,
    timer: Arc<dyn Timer>,
}

/// What became of a call, and what its response may tell of the source's bucket.
struct Decided<T> {
    outcome: Result<T, Failure>,
    bucket: SourceBucket,
}

impl TokenService {
    /// A service around whatever judges credentials. **It has no deadline** until
    /// [`deadline`](TokenServiceBuilder::deadline) is called; its limiter is in memory, its limits
    /// are those of [`LimitPolicy::default`](crate::LimitPolicy::default).
    pub fn builder(authenticator: impl Authenticator + 'static) -> TokenServiceBuilder {
        TokenServiceBuilder::new(Arc::new(authenticator))
    }

    /// Answers a request. It never fails: every failure is a response. To drop its future cancels
    /// the call; what it holds is given back.
    pub async fn handle(&self, request: TokenRequest<'_>) -> TokenResponse {
        let parsed = request.parse().map(|presented| Asked { presented, work: Grant::Credentials });
        let Decided { outcome, bucket } =
            self.run(parsed, request.source, request.request_id).await;
        self.table.render(&outcome.map_err(TokenError::from), bucket)
    }

    /// The same path for a caller without HTTP: the same limits, the same authenticator.
    ///
    /// # Errors
    /// [`TokenError`] says which of the contract's refusals it is; never
    /// [`Invalid`](TokenError::Invalid), for there is no body.
    ///
    /// ```
    /// # use tokensmith::{AuthenticateError, RejectReason, TokenService, authenticator_fn};
    /// use tokensmith::{Presented, SecretString, TokenError};
    /// # futures_executor::block_on(async {
    /// # let service = TokenService::builder(authenticator_fn(|_, _| async {
    /// #     Err(AuthenticateError::Rejected(RejectReason::UnknownClient))
    /// # })).build()?;
    /// let presented = Presented::new("appcl-1234", SecretString::from("34wegskgheaorht359ynklbnv"));
    /// let refused = service.issue(presented, None).await.unwrap_err();
    /// assert_eq!(refused, TokenError::Unauthorized);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn issue(
        &self,
        presented: impl Into<Presented>,
        source: Option<Source>,
    ) -> Result<TokenSet, TokenError> {
        let parsed = Ok(Asked { presented: presented.into(), work: Grant::Credentials });
        let decided = self.run(parsed, source, None).await;
        decided.outcome.map_err(TokenError::from)
    }

    /// Redeems a refresh token for new tokens, by the same path: the same limits, the same deadline,
    /// and the app's credentials are judged too.
    ///
    /// # Errors
    /// [`RefreshError::NotConfigured`] where there is no [`Refresher`]; else as [`issue`](Self::issue).
    /// A refresh token that is not good is [`Unauthorized`](TokenError::Unauthorized), as wrong
    /// credentials are.
    pub async fn refresh(
        &self,
        presented: impl Into<Presented>,
        token: RefreshToken,
        source: Option<Source>,
    ) -> Result<TokenSet, RefreshError> {
        if !self.can_refresh() {
            return Err(RefreshError::NotConfigured);
        }
        let work = Grant::RefreshToken(token);
        let parsed = Ok(Asked { presented: presented.into(), work });
        let decided = self.run(parsed, source, None).await;
        decided.outcome.map_err(|failure| TokenError::from(failure).into())
    }

    /// Answers a request to redeem a refresh token: [`refresh`](Self::refresh) for a host with HTTP,
    /// whose body has the member `refreshToken` beside the two of the contract. Where
    /// [`can_refresh`](Self::can_refresh) says no, give it no route: each answer is a 502.
    pub async fn handle_refresh(&self, request: TokenRequest<'_>) -> TokenResponse {
        let parsed = request.parse_refresh();
        let parsed =
            parsed.map(|(presented, token)| Asked { presented, work: Grant::RefreshToken(token) });
        let Decided { outcome, bucket } =
            self.run(parsed, request.source, request.request_id).await;
        self.table.render(&outcome.map_err(TokenError::from), bucket)
    }

    /// Whether there is something that redeems refresh tokens.
    pub fn can_refresh(&self) -> bool {
        self.refresher.is_some()
    }

    /// Does what an app asks beside tokens, by the same path: the same limits, the same deadline. A
    /// request that could not be read is given as such, so that its source is charged as for any other.
    ///
    /// # Errors
    /// As [`issue`](Self::issue), and [`Invalid`](TokenError::Invalid) for what could not be read.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use tokensmith::{AuthenticateError, RejectReason, TokenService, authenticator_fn};
    /// use tokensmith::{AppCredentials, Context, Errand, Presented, SecretString, TokenError};
    ///
    /// struct Greet;
    ///
    /// #[async_trait::async_trait]
    /// impl Errand for Greet {
    ///     type Done = String;
    ///
    ///     async fn run(&self, _: &Context, app: &AppCredentials) -> Result<String, AuthenticateError> {
    ///         match app.secret.expose_secret() {
    ///             "right" => Ok(format!("good day, {}", app.id)),
    ///             _ => Err(AuthenticateError::Rejected(RejectReason::WrongSecret)),
    ///         }
    ///     }
    /// }
    ///
    /// # futures_executor::block_on(async {
    /// # let service = TokenService::builder(authenticator_fn(|_, _| async {
    /// #     Err(AuthenticateError::Rejected(RejectReason::UnknownClient))
    /// # })).build()?;
    /// let presented = |secret: &str| Presented::new("appcl-1", SecretString::from(secret));
    /// let greeted = service.errand(Ok((presented("right"), Greet)), None, None).await;
    /// assert_eq!(greeted.as_deref(), Ok("good day, appcl-1"));
    /// let refused = service.errand(Ok((presented("wrong"), Greet)), None, None).await;
    /// assert_eq!(refused, Err(TokenError::Unauthorized));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn errand<E: Errand>(
        &self,
        asked: Result<(Presented, E), Invalid>,
        source: Option<Source>,
        request_id: Option<&str>,
    ) -> Result<E::Done, TokenError> {
        let parsed = asked.map(|(presented, errand)| Asked { presented, work: OnErrand(errand) });
        let decided = self.run(parsed, source, request_id).await;
        decided.outcome.map_err(TokenError::from)
    }

    /// What a request that ended so is answered with, where the host has it from a call without HTTP.
    pub fn refusal(&self, error: TokenError) -> TokenResponse {
        self.table.render(&Err(error), SourceBucket::Untold)
    }

    /// The answer of a service that is no more, a 502: what a host gives that has let go of this one
    /// and is still asked.
    pub fn unavailable(&self) -> TokenResponse {
        self.refusal(TokenError::Downstream { retry_after: None })
    }

    /// How many authentications are under way.
    pub fn in_flight(&self) -> u32 {
        self.capacity.in_flight()
    }

    /// Walks the path, inside the deadline, and tells the observer of its end.
    async fn run<W: Work>(
        &self,
        parsed: Result<Asked<W>, Invalid>,
        source: Option<Source>,
        request_id: Option<&str>,
    ) -> Decided<W::Done> {
        let now = self.now();
        let (wall, tick) = now.unwrap_or((UnixTime::from_secs(0), Tick::from_nanos(0)));
        let cx = Context::new(wall, tick)
            .with_budget(self.deadline.as_ref().map(|deadline| deadline.budget))
            .with_source(source)
            .with_request_id(request_id);
        let app = parsed.as_ref().ok().and_then(|asked| asked.presented.app());
        let call = Call::begin(&*self.observer, &cx, app);
        let decided = match now {
            Some(_) => self.guarded(&cx, &parsed).await,
            None => Decided::without_a_word(Failure::downstream(DownstreamKind::Panic)),
        };
        match &decided.outcome {
            Ok(done) => call.done(|app| W::event(done, app)),
            Err(failure) => call.failed(failure),
        }
        decided
    }

    /// Both clocks, read once a call. `None` if the host's own clock panicked.
    fn now(&self) -> Option<(UnixTime, Tick)> {
        catch_unwind(AssertUnwindSafe(|| (self.clock.wall(), self.clock.tick()))).ok()
    }

    /// The decision, or what kept it from being made: a panic, the deadline.
    async fn guarded<W: Work>(
        &self,
        cx: &Context,
        parsed: &Result<Asked<W>, Invalid>,
    ) -> Decided<W::Done> {
        let decision = pin!(self.decide(cx, parsed));
        let decided = pin!(async {
            match &self.deadline {
                None => Ok(decision.await),
                Some(Deadline { budget, timer }) => {
                    let elapsed = || self.clock.tick().since(cx.tick);
                    let decided =
                        within(&**timer, || budget.saturating_sub(elapsed()), decision).await?;
                    // An authenticator that blocks its thread keeps the timer from being asked.
                    if elapsed() > *budget { Err(Elapsed) } else { Ok(decided) }
                }
            }
        });
        match caught(decided).await {
            Ok(Ok(decided)) => decided,
            Ok(Err(_)) => Decided::without_a_word(Failure::TimedOut),
            Err(_) => Decided::without_a_word(Failure::downstream(DownstreamKind::Panic)),
        }
    }

    /// 429 before 422 before 401 before 502: one call of the limiter carries every charge that
    /// applies, and nothing of the request is acted on before it has answered.
    async fn decide<W: Work>(
        &self,
        cx: &Context,
        parsed: &Result<Asked<W>, Invalid>,
    ) -> Decided<W::Done> {
        let app = parsed.as_ref().ok().map(|asked| asked.presented.charged_id());
        let caller = self.gate.caller(cx, app);
        let admission = self.gate.admit(cx, caller).await;
        let outcome = match (admission.refused, parsed) {
            (Some(refused), _) => Err(refused),
            (None, Err(invalid)) => Err(Failure::Invalid(*invalid)),
            (None, Ok(asked)) => self.authenticate(cx, caller, admission.known, asked).await,
        };
        Decided { outcome, bucket: admission.bucket }
    }

    async fn authenticate<W: Work>(
        &self,
        cx: &Context,
        caller: Caller<'_>,
        known: Known,
        Asked { presented, work }: &Asked<W>,
    ) -> Result<W::Done, Failure> {
        // The place is held until a failure is paid for: no more guesses than there are places are
        // ever ahead of their cost.
        let (_place, answer) = match presented.credentials() {
            Ok(credentials) if work.is_possible() => {
                let place = self.capacity.enter().ok_or(Failure::CAPACITY)?;
                (Some(place), work.ask(self, cx, credentials).await)
            }
            _ => (None, Err(AuthenticateError::Rejected(RejectReason::BadCredentials))),
        };
        match answer {
            Ok(done) => {
                let done = W::fit(done, self)?;
                self.gate.remember(caller, known);
                Ok(done)
            }
            Err(AuthenticateError::Rejected(reason)) => {
                self.gate.penalize(cx, caller).await;
                Err(Failure::Rejected(reason))
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl<T> Decided<T> {
    /// Ended where nothing is known of the source's bucket.
    const fn without_a_word(failure: Failure) -> Self {
        Self { outcome: Err(failure), bucket: SourceBucket::Untold }
    }
}

impl fmt::Debug for TokenService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenService")
            .field("clock", &self.clock)
            .field("budget", &self.deadline.as_ref().map(|deadline| deadline.budget))
            .field("in_flight", &self.in_flight())
            .finish_non_exhaustive()
    }
}
