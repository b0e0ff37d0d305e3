//! The port that says what claims an app's access tokens have besides, at the moment they are made.

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use thiserror::Error;
use tokensmith::{AppClientId, Context, UpstreamKind};

use crate::policy::claims::{ClaimsError, ExtraClaims};

/// Says what claims an app's access tokens have besides those of its policy: what only the host knows,
/// and may know otherwise a minute later. Of two of one name its own is written, not the policy's.
///
/// It is asked once an answer, when the app's credentials have been found right and before anything is
/// signed; at a refresh too, before the token is spent. Whatever it does wrong is a 502, and a refresh
/// token is good for another try. It never sees a secret.
///
/// ```
/// use async_trait::async_trait;
/// use tokensmith::{AppClientId, Context};
/// use tokensmith_issuer::{ClaimsSource, ClaimsSourceError, ExtraClaims};
///
/// struct Tenants;
///
/// #[async_trait]
/// impl ClaimsSource for Tenants {
///     async fn claims(
///         &self,
///         _cx: &Context,
///         app: &AppClientId,
///     ) -> Result<ExtraClaims, ClaimsSourceError> {
///         let tenant = if app.as_str() == "appcl-1234" { "acme" } else { "other" };
///         Ok(ExtraClaims::parse(&format!(r#"{{"tenant":"{tenant}"}}"#))?)
///     }
/// }
/// ```
#[async_trait]
pub trait ClaimsSource: Send + Sync {
    /// The claims of that app's next access token.
    ///
    /// # Errors
    /// [`ClaimsSourceError`]: there is no token.
    async fn claims(
        &self,
        cx: &Context,
        app: &AppClientId,
    ) -> Result<ExtraClaims, ClaimsSourceError>;
}

#[async_trait]
impl<S: ClaimsSource + ?Sized> ClaimsSource for Arc<S> {
    async fn claims(
        &self,
        cx: &Context,
        app: &AppClientId,
    ) -> Result<ExtraClaims, ClaimsSourceError> {
        (**self).claims(cx, app).await
    }
}

/// Why a [`ClaimsSource`] gives no claims. The observer hears of it, the caller never does.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ClaimsSourceError {
    /// What it has is nothing that may be added to a token.
    #[error(transparent)]
    Claims(#[from] ClaimsError),
    /// It failed by itself.
    #[error("the source of claims failed")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
}

impl ClaimsSourceError {
    /// The failure that some other error is.
    pub fn failed(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed(source.into())
    }

    pub(crate) const fn kind(&self) -> UpstreamKind {
        match self {
            Self::Claims(_) => UpstreamKind::Config,
            Self::Failed(_) => UpstreamKind::Other,
        }
    }
}
