//! The service: made from a configuration, asked, and let go of.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokensmith::{
    Clock, Presented, RefreshError, RefreshToken, SecretString, Source, SystemClock, Timer,
    TokenRequest as Asked, TokioTimer,
};
use tokensmith_assembly::{Assembled, Host, ServiceConfig, build};
use zeroize::Zeroizing;

use crate::authenticator::{Authenticator, HostAuthenticator};
use crate::cancel::{CancelHandle, unless_cancelled};
use crate::exit;
use crate::failure::TokenError;
use crate::observer::{HostObserver, Observer};
use crate::records::{Credentials, Redemption, TokenRequest, TokenResponse, TokenSet};

/// Answers `POST /token`: validates, limits, authenticates, and gives the exact response.
#[derive(uniffi::Object)]
pub struct TokenService {
    live: RwLock<Option<Arc<Assembled>>>,
    unavailable: TokenResponse,
}

/// Makes a service. Files are opened and keys are made on a thread that may block.
#[uniffi::export(async_runtime = "tokio")]
pub async fn create_service(
    config: String,
    authenticator: Option<Arc<dyn Authenticator>>,
    observer: Option<Arc<dyn Observer>>,
) -> Result<Arc<TokenService>, TokenError> {
    let (clock, timer) = (Arc::new(SystemClock::new()), Arc::new(TokioTimer));
    let authenticator = authenticator.map(|host| Arc::new(HostAuthenticator(host)) as Arc<_>);
    TokenService::create(config, clock, timer, authenticator, observer).await
}

#[uniffi::export(async_runtime = "tokio")]
impl TokenService {
    /// Answers a request. Every failure is an answer, also that of a closed service (a 502); it only
    /// fails with `Cancelled`, or with `Argument` for a source that is none.
    pub async fn handle(
        &self,
        request: TokenRequest,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<TokenResponse, TokenError> {
        let source = named(request.source)?;
        let body = Zeroizing::new(request.body);
        let Some(assembled) = self.live() else { return Ok(self.unavailable.clone()) };
        let answer = caught(assembled.service.handle(Asked {
            body: &body,
            content_type: request.content_type.as_deref(),
            source,
            request_id: request.request_id.as_deref(),
        }));
        match exit::told(unless_cancelled(cancel, answer)).await {
            None => Err(TokenError::Cancelled),
            Some(None) => Ok(self.unavailable.clone()),
            Some(Some(answer)) => Ok(response(&answer)),
        }
    }

    /// The same path without HTTP.
    pub async fn issue(
        &self,
        credentials: Credentials,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<TokenSet, TokenError> {
        let secret = Zeroizing::new(credentials.app_secret);
        let source = named(credentials.source)?;
        let assembled = self.live().ok_or(TokenError::Closed)?;
        let presented = presented(&credentials.app_client_id, &secret)?;
        let outcome = caught(assembled.service.issue(presented, source));
        match exit::told(unless_cancelled(cancel, outcome)).await {
            None => Err(TokenError::Cancelled),
            Some(None) => Err(tokensmith::TokenError::Downstream { retry_after: None }.into()),
            Some(Some(outcome)) => Ok(tokens(&outcome?)),
        }
    }

    /// Redeems a refresh token. A redemption that has begun runs to its end, whatever becomes of the
    /// call: tokens that it has changed into others would be lost.
    pub async fn refresh(
        &self,
        redemption: Redemption,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<TokenSet, TokenError> {
        let secret = Zeroizing::new(redemption.app_secret);
        let token = RefreshToken::new(redemption.refresh_token);
        let source = named(redemption.source)?;
        let assembled = self.live().ok_or(TokenError::Closed)?;
        let presented = presented(&redemption.app_client_id, &secret)?;
        let outcome =
            whole(async move { assembled.service.refresh(presented, token, source).await });
        match unless_cancelled(cancel, outcome).await {
            None => Err(TokenError::Cancelled),
            Some(None) => Err(tokensmith::TokenError::Downstream { retry_after: None }.into()),
            Some(Some(outcome)) => Ok(tokens(&outcome?)),
        }
    }

    /// Answers a request to redeem a refresh token, as `handle` answers one for tokens. It runs to its
    /// end, as `refresh` does, and fails with `Config` too, where nothing redeems them.
    pub async fn handle_refresh(
        &self,
        request: TokenRequest,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<TokenResponse, TokenError> {
        let source = named(request.source)?;
        let body = Zeroizing::new(request.body);
        let Some(assembled) = self.live() else { return Ok(self.unavailable.clone()) };
        if !assembled.service.can_refresh() {
            return Err(RefreshError::NotConfigured.into());
        }
        let answer = whole(async move {
            let asked = Asked {
                body: &body,
                content_type: request.content_type.as_deref(),
                source,
                request_id: request.request_id.as_deref(),
            };
            assembled.service.handle_refresh(asked).await
        });
        match unless_cancelled(cancel, answer).await {
            None => Err(TokenError::Cancelled),
            Some(None) => Ok(self.unavailable.clone()),
            Some(Some(answer)) => Ok(response(&answer)),
        }
    }

    /// Whether there is something that redeems refresh tokens.
    pub fn can_refresh(&self) -> bool {
        self.live().is_some_and(|assembled| assembled.service.can_refresh())
    }

    /// The constant 502, for what a facade has no other answer for.
    pub fn unavailable(&self) -> TokenResponse {
        self.unavailable.clone()
    }

    /// How many authentications are under way.
    pub fn in_flight(&self) -> i32 {
        let count = self.live().map_or(0, |assembled| assembled.service.in_flight());
        i32::try_from(count).unwrap_or(i32::MAX)
    }

    /// Lets go of the service: what is under way ends as it would, and later calls are refused.
    pub fn shutdown(&self) {
        let live = self.live.write().unwrap_or_else(PoisonError::into_inner).take();
        // No lock is held now: what is let go of may be the host's, whose last words ask us again.
        drop(live);
    }
}

impl TokenService {
    pub(crate) async fn create(
        config: String,
        clock: Arc<dyn Clock>,
        timer: Arc<dyn Timer>,
        authenticator: Option<Arc<dyn tokensmith::Authenticator>>,
        observer: Option<Arc<dyn Observer>>,
    ) -> Result<Arc<Self>, TokenError> {
        let mut host = Host::new(timer);
        host.clock = clock;
        host.authenticator = authenticator;
        if let Some(observer) = observer {
            host.observer = Arc::new(HostObserver(observer));
        }
        let made = tokio::task::spawn_blocking(move || {
            exit::work(|| ServiceConfig::from_json(&config).and_then(|config| build(config, host)))
        });
        let assembled = match exit::told(made).await {
            Ok(Some(assembled)) => assembled?,
            Ok(None) | Err(_) => {
                return Err(tokensmith::TokenError::Downstream { retry_after: None }.into());
            }
        };
        let unavailable = response(&assembled.service.unavailable());
        Ok(Arc::new(Self { live: RwLock::new(Some(Arc::new(assembled))), unavailable }))
    }

    pub(crate) fn live(&self) -> Option<Arc<Assembled>> {
        self.live.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The source that a host named.
fn named(source: Option<String>) -> Result<Option<Source>, TokenError> {
    source.map(|text| text.parse()).transpose().map_err(|_| TokenError::source())
}

fn presented(app_client_id: &str, secret: &[u8]) -> Result<Presented, TokenError> {
    let secret = std::str::from_utf8(secret)
        .map_err(|_| TokenError::argument("`app_secret` must be UTF-8"))?;
    Ok(Presented::new(app_client_id, SecretString::from(secret)))
}

fn response(answer: &tokensmith::TokenResponse) -> TokenResponse {
    let headers = answer.headers().flat_map(|(name, value)| [name.to_owned(), value.to_owned()]);
    TokenResponse {
        status: i32::from(answer.status().code()),
        headers: headers.collect(),
        body: answer.body().to_vec(),
    }
}

fn tokens(tokens: &tokensmith::TokenSet) -> TokenSet {
    TokenSet {
        access_token: tokens.access_token.expose_secret().to_owned(),
        // As on the wire.
        expires_in: Duration::from_secs(tokens.expires_in.as_secs()),
        token_type: tokens.token_type.as_str().to_owned(),
        refresh_token: tokens.refresh_token.as_ref().map(|token| token.expose_secret().to_owned()),
        id_token: tokens.id_token.as_ref().map(|token| token.expose_secret().to_owned()),
    }
}

/// The end of work that is done whether or not this is awaited to its end; else as `caught`.
#[expect(clippy::disallowed_methods, reason = "what the host dropped would be half done")]
pub(crate) async fn whole<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Option<T> {
    exit::told(tokio::spawn(caught(work))).await.ok().flatten()
}

/// The work's end, or `None` if it panicked: what uniffi would make of that quotes the panic. And
/// `None` if the process is about to exit, and does not.
async fn caught<T>(work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    poll_fn(|cx| {
        // After a panic the work is polled no more.
        match catch_unwind(AssertUnwindSafe(|| exit::work(|| work.as_mut().poll(cx)))) {
            Ok(Some(polled)) => polled.map(Some),
            Ok(None) | Err(_) => std::task::Poll::Ready(None),
        }
    })
    .await
}
