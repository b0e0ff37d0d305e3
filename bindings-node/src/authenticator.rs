//! The host's authenticator: a JavaScript function, called on its own thread and awaited here.

use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use napi::bindgen_prelude::{Env, FnArgs, Function, Object, Promise, Result, Status};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi_derive::napi;
use tokensmith::{
    AccessToken, AppCredentials, AuthenticateError, Authenticator, Context, IdToken, RefreshToken,
    RejectReason, ThrottleReason, TokenSet, TokenType, UpstreamKind,
};
use tokio::sync::oneshot;

use crate::reply::number;

/// What the function is given (see `AuthRequest` in `index.d.cts`), and whether anyone waits for it.
type Question = (Context, AppCredentials, Weak<()>);
/// The function as it comes in.
pub(crate) type AuthenticateArg<'a> =
    Function<'a, FnArgs<(Option<Object<'static>>,)>, Promise<AuthReply>>;
/// Weak, so that an idle service does not keep the process alive.
type AuthenticateFn = ThreadsafeFunction<
    Question,
    Promise<AuthReply>,
    FnArgs<(Option<Object<'static>>,)>,
    Status,
    false,
    true,
>;

/// The longest token that the core takes, in bytes. The facade hands over no more than it needs to
/// see that one is longer.
#[napi]
#[expect(clippy::cast_possible_truncation, reason = "a constant of 16 KiB")]
pub const MAX_TOKEN: u32 = TokenSet::MAX_TOKEN as u32;

/// What the facade's wrapper of the host's function resolves with; it never rejects.
#[napi(object, object_to_js = false)]
pub struct AuthReply {
    /// `issued`, `rejected`, `throttled`, `contract` or `upstream`.
    pub kind: String,
    /// `issued`: the tokens and their life in seconds.
    pub access_token: Option<String>,
    /// In seconds.
    pub expires_in: Option<f64>,
    /// `Bearer`, in any case.
    pub token_type: Option<String>,
    /// The refresh token, if there is one.
    pub refresh_token: Option<String>,
    /// The id token, if there is one.
    pub id_token: Option<String>,
    /// `throttled`: the wait in seconds, if the host named one.
    pub retry_after: Option<f64>,
}

pub(crate) struct HostAuthenticator {
    authenticate: AuthenticateFn,
}

impl HostAuthenticator {
    pub(crate) fn new(function: &AuthenticateArg<'_>) -> Result<Arc<Self>> {
        let authenticate = function
            .build_threadsafe_function::<Question>()
            .weak::<true>()
            .build_callback(|call| {
                let (cx, credentials, waiting) = &call.value;
                // The call may have ended before the host's thread had time for this.
                let request = match waiting.strong_count() {
                    0 => None,
                    _ => Some(request(&call.env, cx, credentials)?),
                };
                Ok(FnArgs::from((request,)))
            })?;
        Ok(Arc::new(Self { authenticate }))
    }

    /// Calls the function on its own thread. A throw comes back as an error, as with napi's
    /// `call_async_catch`: its plain `call_async` ends the process.
    fn ask(&self, question: Question) -> oneshot::Receiver<Result<Promise<AuthReply>>> {
        let (sender, receiver) = oneshot::channel();
        let mode = ThreadsafeFunctionCallMode::NonBlocking;
        // Where the function can no longer be called, the sender is dropped with the closure.
        self.authenticate.call_with_return_value(question, mode, |reply, _| {
            // The call may have ended meanwhile: nobody listens, and that is no error.
            let _ = sender.send(reply);
            Ok(())
        });
        receiver
    }
}

fn request(env: &Env, cx: &Context, credentials: &AppCredentials) -> Result<Object<'static>> {
    let mut request = Object::new(env)?;
    request.set("appClientId", credentials.id.as_str())?;
    request.set("appSecret", credentials.secret.expose_secret())?;
    if let Some(source) = &cx.source {
        request.set("source", source.to_string())?;
    }
    if let Some(id) = &cx.request_id {
        request.set("requestId", &**id)?;
    }
    if let Some(budget) = cx.budget {
        // Whole, as a timer of Node's wants it.
        let budget = u64::try_from(budget.as_millis()).unwrap_or(u64::MAX);
        request.set("budgetMs", number(budget))?;
    }
    // It lives as long as the scope in which it is handed over.
    Ok(Object::from_raw(env.raw(), napi::JsValue::raw(&request)))
}

#[async_trait]
impl Authenticator for HostAuthenticator {
    async fn authenticate(
        &self,
        cx: &Context,
        credentials: &AppCredentials,
    ) -> std::result::Result<TokenSet, AuthenticateError> {
        let waiting = Arc::new(());
        let question = (cx.clone(), credentials.clone(), Arc::downgrade(&waiting));
        let asked = self.ask(question).await;
        drop(waiting);
        let Ok(Ok(promise)) = asked else { return Err(upstream(UpstreamKind::Other)) };
        promise.await.map_err(|_| upstream(UpstreamKind::Other))?.given()
    }
}

impl AuthReply {
    fn given(self) -> std::result::Result<TokenSet, AuthenticateError> {
        match self.kind.as_str() {
            "issued" => self.tokens().ok_or_else(|| upstream(UpstreamKind::Contract)),
            "rejected" => Err(AuthenticateError::Rejected(RejectReason::BadCredentials)),
            "throttled" => Err(AuthenticateError::Throttled {
                reason: ThrottleReason::Throttled,
                // A wait that is too long for a duration is one all the same: the core clamps it.
                retry_after: self.retry_after.map(|wait| seconds(wait).unwrap_or(Duration::MAX)),
            }),
            "contract" => Err(upstream(UpstreamKind::Contract)),
            _ => Err(upstream(UpstreamKind::Other)),
        }
    }

    fn tokens(self) -> Option<TokenSet> {
        Some(TokenSet {
            access_token: AccessToken::new(self.access_token?),
            expires_in: seconds(self.expires_in?)?,
            token_type: TokenType::parse(&self.token_type?)?,
            refresh_token: self.refresh_token.map(RefreshToken::new),
            id_token: self.id_token.map(IdToken::new),
        })
    }
}

fn seconds(number: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(number).ok()
}

/// The host's own error stays on its side of the border.
fn upstream(kind: UpstreamKind) -> AuthenticateError {
    AuthenticateError::upstream(kind, "the host's authenticator failed")
}
