//! The port that decides how often: charges in, a verdict out. What is charged to whom is
//! [`policy`]'s; where the buckets are kept is an implementation's.

pub(crate) mod bucket;
pub(crate) mod known;
pub(crate) mod memory;
pub(crate) mod policy;
pub(crate) mod tag;

use std::error::Error;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::context::Context;
use crate::source::SourceKey;
use bucket::Quota;

/// Decides whether a request may go on.
///
/// A limiter keeps a bucket for each key it is asked about. It sees the raw parts of a key for the
/// length of a call, hashes them with a key of its own, and keeps only the hash. It judges time by
/// [`Context::tick`], or by a clock that all its processes share; never by the wall clock of one
/// machine.
///
/// `tokensmith_testkit::laws::rate_limiter` holds an implementation to these words.
#[async_trait]
pub trait RateLimiter: Send + Sync {
    /// Takes all charges, or none. Called once a request, before anything else of the request is
    /// acted on.
    ///
    /// # Errors
    /// [`LimiterError`] when it cannot say: the service's
    /// [`LimiterOutage`](policy::LimiterOutage) policy decides then.
    async fn take(&self, cx: &Context, charges: &[Charge<'_>]) -> Result<Verdict, LimiterError>;

    /// Charges what a failed authentication costs besides. It never refuses: a bucket without that
    /// many tokens goes into debt, as deep as its quota allows.
    ///
    /// # Errors
    /// [`LimiterError`] when nothing could be charged.
    async fn penalize(&self, cx: &Context, charges: &[Charge<'_>]) -> Result<(), LimiterError>;

    /// Counters since the limiter was made. Read after each [`take`](Self::take), so it must be
    /// cheap.
    fn health(&self) -> LimiterHealth {
        LimiterHealth::default()
    }
}

#[async_trait]
impl<L: RateLimiter + ?Sized> RateLimiter for Arc<L> {
    async fn take(&self, cx: &Context, charges: &[Charge<'_>]) -> Result<Verdict, LimiterError> {
        (**self).take(cx, charges).await
    }

    async fn penalize(&self, cx: &Context, charges: &[Charge<'_>]) -> Result<(), LimiterError> {
        (**self).penalize(cx, charges).await
    }

    fn health(&self) -> LimiterHealth {
        (**self).health()
    }
}

/// What one bucket of one request is charged.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "an implementation must heed every field")]
pub struct Charge<'a> {
    /// Whose bucket.
    pub key: LimitKey<'a>,
    /// The size and the refill of that bucket.
    pub quota: Quota,
    /// How many tokens. A cost above the burst can never be granted.
    pub cost: NonZeroU32,
    /// The key is that of a caller that has succeeded before: a limiter whose memory is
    /// bounded keeps room for it.
    pub known: bool,
}

/// Whose bucket a charge is for. It borrows the raw parts; only a keyed hash of them is kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a limiter must tell every key apart")]
pub enum LimitKey<'a> {
    /// The place a request comes from.
    Source(SourceKey<'a>),
    /// An app, wherever its requests come from.
    Client(&'a str),
    /// An app at one place.
    ClientAtSource(&'a str, SourceKey<'a>),
    /// Everyone.
    Global,
}

impl LimitKey<'_> {
    /// The scope that the key is of.
    pub const fn scope(&self) -> Scope {
        match self {
            Self::Source(_) => Scope::Source,
            Self::Client(_) => Scope::Client,
            Self::ClientAtSource(..) => Scope::ClientAtSource,
            Self::Global => Scope::Global,
        }
    }
}

/// Prints the scope alone: an app's id as presented may hold anything.
impl fmt::Debug for LimitKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LimitKey({})", self.scope())
    }
}

/// What kind of key a bucket belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "a caller must handle each")]
pub enum Scope {
    /// The place a request comes from.
    Source,
    /// An app, wherever its requests come from.
    Client,
    /// An app at one place.
    ClientAtSource,
    /// Everyone.
    Global,
}

impl Scope {
    /// The word that stands for it in logs and in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Client => "client",
            Self::ClientAtSource => "client_at_source",
            Self::Global => "global",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a limiter says to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a caller must handle each")]
pub enum Verdict {
    /// Every charge was taken.
    Allow {
        /// Whole tokens left in the source's bucket, if one was charged and the limiter can tell.
        source_remaining: Option<u32>,
    },
    /// No charge was taken.
    Deny {
        /// Whose bucket makes the request wait longest.
        scope: Scope,
        /// How long until every charge could be taken, if nothing else is charged meanwhile. Exact:
        /// one tick earlier is refused.
        retry_after: Duration,
        /// The bucket stands in for another: one shared by strangers because memory is full, or a
        /// local one because the shared limiter is out. It tells nothing of the caller's own.
        degraded: bool,
    },
}

/// Counters of a limiter, each rising from zero. The service tells its observer when one has risen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LimiterHealth {
    /// Charges that went to an overflow bucket because the fixed memory was full of live ones.
    pub overflows: u64,
    /// Buckets whose stored state could not be read, and that were started anew as full.
    pub repaired: u64,
    /// Decisions made by something less than the whole limiter.
    pub degraded: u64,
}

/// A limiter cannot say.
#[derive(Clone, Debug)]
pub struct LimiterError(Arc<dyn Error + Send + Sync>);

impl LimiterError {
    /// With the error beneath it, for the host's own eyes.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Arc::from(source.into()))
    }
}

impl fmt::Display for LimiterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the limiter cannot say")
    }
}

impl Error for LimiterError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.0.as_ref())
    }
}
