//! The redeeming of refresh tokens. What has begun runs to its end, also where its caller gives up:
//! a token is spent by then, and the answer is all that is lost.

use std::future::Future;

use napi::bindgen_prelude::{Result, spawn};
use napi_derive::napi;
use tokensmith::{Presented, RefreshError, RefreshToken, SecretString, TokenRequest, TokenSet};
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use crate::answers::{Answer, Answers};
use crate::cancel::{CancelHandle, Cancelled};
use crate::exit;
use crate::service::{NativeService, invalid, named};

/// The longest body that conforms where a refresh token is redeemed, in bytes.
#[napi]
#[expect(clippy::cast_possible_truncation, reason = "a constant of 24 KiB")]
pub const MAX_REFRESH_BODY: u32 = TokenRequest::MAX_REFRESH_BODY_BYTES as u32;

#[napi]
impl NativeService {
    /// Whether there is something that redeems refresh tokens.
    #[napi(catch_unwind)]
    pub fn can_refresh(&self) -> bool {
        self.live_or_closed().is_ok_and(|assembled| assembled.service.can_refresh())
    }

    /// Answers a request to redeem a refresh token, as `handle` does one for tokens.
    #[napi(catch_unwind)]
    pub fn handle_refresh(
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
        let body = body.get(..=TokenRequest::MAX_REFRESH_BODY_BYTES).unwrap_or(body);
        let body = Zeroizing::new(body.to_vec());
        let cancelled = Cancelled::of(cancel);
        Ok(answers.begin(to_its_end(cancelled, async move {
            let Some(assembled) = assembled else { return Answer::Lost };
            let request = TokenRequest {
                body: &body,
                content_type: content_type.as_deref(),
                source,
                request_id: request_id.as_deref(),
            };
            let response = exit::worked(Box::pin(assembled.service.handle_refresh(request)));
            Answer::Response(response.await)
        })))
    }

    /// The same without HTTP: its answer is tokens or a refusal. It is lost where nothing redeems
    /// refresh tokens, so the facade asks for that before.
    #[napi(catch_unwind)]
    pub fn refresh(
        &self,
        answers: &Answers,
        app_client_id: String,
        app_secret: &[u8],
        refresh_token: &[u8],
        source: Option<String>,
        cancel: Option<&CancelHandle>,
    ) -> Result<u32> {
        let assembled = self.live_or_closed()?;
        let source = named(source)?;
        let secret = std::str::from_utf8(app_secret).map_err(|_| invalid("appSecret"))?;
        let presented = Presented::new(&app_client_id, SecretString::from(secret));
        let token = token(refresh_token)?;
        let cancelled = Cancelled::of(cancel);
        Ok(answers.begin(to_its_end(cancelled, async move {
            let outcome =
                exit::worked(Box::pin(assembled.service.refresh(presented, token, source)));
            Answer::refreshed(outcome.await)
        })))
    }
}

impl Answer {
    fn refreshed(outcome: std::result::Result<TokenSet, RefreshError>) -> Self {
        match outcome {
            Ok(tokens) => Self::Issued(Ok(tokens)),
            Err(RefreshError::Token(error)) => Self::Issued(Err(error)),
            Err(RefreshError::NotConfigured) => Self::Lost,
        }
    }
}

/// A refresh token whose bytes the facade has made of text.
pub(crate) fn token(bytes: &[u8]) -> Result<RefreshToken> {
    std::str::from_utf8(bytes).map(RefreshToken::new).map_err(|_| invalid("refreshToken"))
}

/// The call's answer, unless it is cancelled before: then the call goes on, if it has begun.
async fn to_its_end(
    cancelled: Cancelled,
    call: impl Future<Output = Answer> + Send + 'static,
) -> Answer {
    // Begun as it is first polled, so not where it was cancelled before.
    let begun = async {
        let (end, ended) = oneshot::channel();
        // Where the caller has given up, nobody waits for the answer.
        spawn(async move { drop(end.send(call.await)) });
        ended.await.unwrap_or(Answer::Lost)
    };
    cancelled.or(begun).await.unwrap_or(Answer::Cancelled)
}
