//! An authenticator whose answers are written down beforehand.

use std::error::Error;
use std::fmt;
use std::future::pending;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use tokensmith::{
    AccessToken, AppCredentials, AuthenticateError, Authenticator, Context, IdToken, RefreshToken,
    RejectReason, ThrottleReason, Timer, TokenSet, TokenType, UpstreamKind,
};

use crate::timer::ManualTimer;

/// What a [`ScriptedAuthenticator`] answers.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[expect(clippy::exhaustive_enums, reason = "a driver must perform each")]
pub enum Answer {
    /// Tokens, perhaps such as cannot be answered.
    Issued {
        /// The access token's text.
        access_token: String,
        /// Its life in milliseconds.
        expires_in_ms: u64,
        /// Its type as an upstream would spell it.
        token_type: String,
        /// The refresh token's text.
        refresh_token: Option<String>,
        /// The id token's text.
        id_token: Option<String>,
    },
    /// The credentials are not right.
    Rejected {
        /// The word of a [`RejectReason`].
        reason: String,
    },
    /// The upstream asks for patience.
    Throttled {
        /// The word of a [`ThrottleReason`].
        reason: String,
        /// For how long.
        retry_after_ms: Option<u64>,
    },
    /// The upstream failed.
    UpstreamFailed {
        /// The word of an [`UpstreamKind`].
        reason: String,
        /// How long to wait, if it said so.
        retry_after_ms: Option<u64>,
    },
    /// None, ever.
    Hang,
    /// A panic.
    Panic,
}

/// What an authenticator was asked that was not in its script, or was not asked that was.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a driver must report each")]
pub enum Unscripted {
    /// It was called where it must not be.
    Called,
    /// It was not called where it must be.
    NotCalled,
    /// It was given other credentials than the script says.
    Given {
        /// The id that it was given.
        app_client_id: String,
        /// The secret that it was given.
        app_secret: String,
    },
}

/// An [`Authenticator`] that says what [`expect`](Self::expect) told it to. Clones share one script.
#[derive(Clone)]
pub struct ScriptedAuthenticator {
    timer: ManualTimer,
    script: Arc<Mutex<Script>>,
}

#[derive(Default)]
struct Script {
    next: Option<Line>,
    deviation: Option<Unscripted>,
}

struct Line {
    receives: (String, String),
    after: Duration,
    answer: Answer,
}

impl ScriptedAuthenticator {
    /// One that waits by that timer, and must not be called yet.
    pub fn new(timer: ManualTimer) -> Self {
        Self { timer, script: Arc::default() }
    }

    /// The next call must be given that id and that secret, and has that answer after that time.
    pub fn expect(&self, app_client_id: &str, app_secret: &str, after: Duration, answer: Answer) {
        let receives = (app_client_id.to_owned(), app_secret.to_owned());
        self.script().next = Some(Line { receives, after, answer });
    }

    /// How the call differed from the script, if it did. The script is empty afterwards.
    pub fn deviation(&self) -> Option<Unscripted> {
        let script = std::mem::take(&mut *self.script());
        script.deviation.or_else(|| script.next.map(|_| Unscripted::NotCalled))
    }

    fn script(&self) -> std::sync::MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The script's next line, if it is for these credentials.
    fn line(&self, credentials: &AppCredentials) -> Option<Line> {
        let (id, secret) = (credentials.id.as_str(), credentials.secret.expose_secret());
        let mut script = self.script();
        let line = script.next.take();
        let fits = line.as_ref().is_some_and(|line| line.receives == (id.into(), secret.into()));
        if !fits && script.deviation.is_none() {
            script.deviation = Some(match line {
                None => Unscripted::Called,
                Some(_) => {
                    Unscripted::Given { app_client_id: id.into(), app_secret: secret.into() }
                }
            });
        }
        line.filter(|_| fits)
    }
}

#[async_trait]
impl Authenticator for ScriptedAuthenticator {
    async fn authenticate(
        &self,
        _: &Context,
        credentials: &AppCredentials,
    ) -> Result<TokenSet, AuthenticateError> {
        let Some(line) = self.line(credentials) else {
            return Err(AuthenticateError::upstream(UpstreamKind::Other, "not in the script"));
        };
        if !line.after.is_zero() {
            self.timer.sleep(line.after).await;
        }
        match line.answer {
            Answer::Hang => pending().await,
            answer => answer.given(),
        }
    }
}

impl fmt::Debug for ScriptedAuthenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ScriptedAuthenticator")
    }
}

impl Answer {
    fn given(self) -> Result<TokenSet, AuthenticateError> {
        let wait = |millis: Option<u64>| millis.map(Duration::from_millis);
        match self {
            Self::Issued { access_token, expires_in_ms, token_type, refresh_token, id_token } => {
                let unknown = || AuthenticateError::upstream(UpstreamKind::Contract, "token type");
                Ok(TokenSet {
                    access_token: AccessToken::new(access_token),
                    expires_in: Duration::from_millis(expires_in_ms),
                    token_type: TokenType::parse(&token_type).ok_or_else(unknown)?,
                    refresh_token: refresh_token.map(RefreshToken::new),
                    id_token: id_token.map(IdToken::new),
                })
            }
            Self::Rejected { reason } => Err(AuthenticateError::Rejected(named(
                &REJECT_REASONS,
                &reason,
                RejectReason::as_str,
            )?)),
            Self::Throttled { reason, retry_after_ms } => Err(AuthenticateError::Throttled {
                reason: named(&THROTTLE_REASONS, &reason, ThrottleReason::as_str)?,
                retry_after: wait(retry_after_ms),
            }),
            Self::UpstreamFailed { reason, retry_after_ms } => Err(AuthenticateError::Upstream {
                kind: named(&UPSTREAM_KINDS, &reason, UpstreamKind::as_str)?,
                retry_after: wait(retry_after_ms),
                source: Arc::from(Box::<dyn Error + Send + Sync>::from("scripted")),
            }),
            Self::Hang | Self::Panic => {
                // Past the panic hook: a scripted panic is no news.
                std::panic::resume_unwind(Box::new("scripted"))
            }
        }
    }
}

/// Finds the reason that a word stands for.
fn named<T: Copy>(
    all: &[T],
    word: &str,
    as_str: impl Fn(T) -> &'static str,
) -> Result<T, AuthenticateError> {
    let found = all.iter().copied().find(|&reason| as_str(reason) == word);
    found.ok_or_else(|| AuthenticateError::upstream(UpstreamKind::Other, "no such word"))
}

const REJECT_REASONS: [RejectReason; 9] = [
    RejectReason::BadCredentials,
    RejectReason::AppDisabled,
    RejectReason::AppNotReady,
    RejectReason::Challenge,
    RejectReason::PolicyDenied,
    RejectReason::GrantNotAllowed,
    RejectReason::UnknownClient,
    RejectReason::WrongSecret,
    RejectReason::Disabled,
];

const THROTTLE_REASONS: [ThrottleReason; 3] =
    [ThrottleReason::Throttled, ThrottleReason::Lockout, ThrottleReason::Busy];

const UPSTREAM_KINDS: [UpstreamKind; 14] = [
    UpstreamKind::Unreachable,
    UpstreamKind::Timeout,
    UpstreamKind::Tls,
    UpstreamKind::Redirect,
    UpstreamKind::TooLarge,
    UpstreamKind::Contract,
    UpstreamKind::Config,
    UpstreamKind::WafBlocked,
    UpstreamKind::ServerError,
    UpstreamKind::BreakerOpen,
    UpstreamKind::Store,
    UpstreamKind::Signer,
    UpstreamKind::Random,
    UpstreamKind::Other,
];
