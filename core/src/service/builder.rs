//! Puts a service together from its parts.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use super::capacity::Capacity;
use super::gate::{Account, Gate};
use super::{Deadline, TokenService};
use crate::authenticator::Authenticator;
use crate::clock::{Clock, SystemClock};
use crate::limiter::RateLimiter;
use crate::limiter::known::KnownCallers;
use crate::limiter::memory::MemoryLimiter;
use crate::limiter::policy::LimitPolicy;
use crate::observer::{NoObserver, Observer};
use crate::refresher::Refresher;
use crate::response::{ResponseOptions, ResponseOptionsError, Table};
use crate::timer::Timer;

/// Puts a [`TokenService`] together. Whatever is not said has the contract's default, **but for the
/// deadline: there is none until [`deadline`](Self::deadline) is called**, since the core has no
/// timer of its own.
#[must_use]
pub struct TokenServiceBuilder {
    authenticator: Arc<dyn Authenticator>,
    refresher: Option<Arc<dyn Refresher>>,
    policy: LimitPolicy,
    memory: Option<MemoryLimiter>,
    shared: Option<Arc<dyn RateLimiter>>,
    marks: usize,
    max_in_flight: NonZeroU32,
    deadline: Option<Deadline>,
    clock: Arc<dyn Clock>,
    before: Option<Before>,
    observer: Arc<dyn Observer>,
    response: ResponseOptions,
}

/// What a service goes on with that another has begun.
struct Before {
    account: Account,
    capacity: Capacity,
}

/// Parts that do not fit together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// An option of the responses.
    #[error(transparent)]
    Response(#[from] ResponseOptionsError),
    /// [`LimitPolicy::ipv6_prefix`] is not from 48 to 64: less throws strangers together, more lets
    /// one caller be many.
    #[error("`ipv6_prefix` is not from 48 to 64")]
    Ipv6Prefix,
}

impl TokenServiceBuilder {
    /// How many marks of known callers are kept if nothing is said: 65,536.
    pub const DEFAULT_MARKS: usize = KnownCallers::DEFAULT_MARKS;

    /// How many authentications may be under way at once if nothing is said: 64.
    pub const DEFAULT_MAX_IN_FLIGHT: NonZeroU32 = NonZeroU32::MIN.saturating_add(63);

    pub(super) fn new(authenticator: Arc<dyn Authenticator>) -> Self {
        Self {
            authenticator,
            refresher: None,
            policy: LimitPolicy::default(),
            memory: None,
            shared: None,
            marks: Self::DEFAULT_MARKS,
            max_in_flight: Self::DEFAULT_MAX_IN_FLIGHT,
            deadline: None,
            clock: Arc::new(SystemClock::new()),
            before: None,
            observer: Arc::new(NoObserver),
            response: ResponseOptions::default(),
        }
    }

    /// What redeems refresh tokens: nothing, so that
    /// [`refresh`](TokenService::refresh) is [`NotConfigured`](crate::RefreshError::NotConfigured).
    pub fn refresher(mut self, refresher: impl Refresher + 'static) -> Self {
        self.refresher = Some(Arc::new(refresher));
        self
    }

    /// The time that a call may take in all, the limiter and the authenticator included: past it
    /// the answer is a 502. With the timer that wakes it, since to look at the clock when polled
    /// would not help a future that nothing polls.
    pub fn deadline(mut self, budget: Duration, timer: impl Timer + 'static) -> Self {
        self.deadline = Some(Deadline { budget, timer: Arc::new(timer) });
        self
    }

    /// Who is charged what.
    pub fn limit_policy(mut self, policy: LimitPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// The limiter of this process, of another size than the default's.
    pub fn memory_limiter(mut self, memory: MemoryLimiter) -> Self {
        self.memory = Some(memory);
        self
    }

    /// A limiter that is shared with other servers. The one in memory stays beside it, keeps
    /// account of what is granted, and decides while the shared one is out
    /// ([`LimiterOutage::Degrade`](crate::LimiterOutage::Degrade)).
    pub fn limiter(mut self, shared: impl RateLimiter + 'static) -> Self {
        self.shared = Some(Arc::new(shared));
        self
    }

    /// How many marks of known callers are kept: 65,536, of 8 bytes each. A caller has two or three.
    pub fn marks(mut self, marks: usize) -> Self {
        self.marks = marks;
        self
    }

    /// How many authentications may be under way at once: 64. Beyond it the answer is a 429 at
    /// once.
    pub fn max_in_flight(mut self, max: NonZeroU32) -> Self {
        self.max_in_flight = max;
        self
    }

    /// The clock: the operating system's.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Takes the place of a service that was made with other settings: its clock, its buckets and its
    /// marks are taken over, and its calls under way count as this one's. A bucket keeps the time until
    /// it is full, whatever its quota is by now. Another number of slots, or of marks, begins anew with
    /// these. Set another [`clock`](Self::clock) after it only if its ticks are the same.
    ///
    /// ```
    /// # use tokensmith::{AuthenticateError, RejectReason, authenticator_fn};
    /// use tokensmith::{LimitPolicy, Presented, TokenError, TokenService};
    /// # let nobody = || authenticator_fn(|_, _| async {
    /// #     Err(AuthenticateError::Rejected(RejectReason::UnknownClient))
    /// # });
    /// # futures_executor::block_on(async {
    /// let before = TokenService::builder(nobody()).build()?;
    /// let ask = |service| async move {
    ///     let service: &TokenService = service;
    ///     service.issue(Presented::new("app", "secret".into()), None).await.unwrap_err()
    /// };
    /// assert_eq!(ask(&before).await, TokenError::Unauthorized);
    /// let after = TokenService::builder(nobody()).succeeding(&before).build()?;
    /// assert!(matches!(ask(&after).await, TokenError::RateLimited { .. }));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn succeeding(mut self, before: &TokenService) -> Self {
        let capacity = before.capacity.following(self.max_in_flight);
        self.before = Some(Before { account: before.gate.account(), capacity });
        self.clock = Arc::clone(&before.clock);
        self
    }

    /// Who hears what became of each call: nobody.
    pub fn observer(mut self, observer: impl Observer + 'static) -> Self {
        self.observer = Arc::new(observer);
        self
    }

    /// What a host may choose about responses.
    pub fn response(mut self, options: ResponseOptions) -> Self {
        self.response = options;
        self
    }

    /// The service.
    ///
    /// # Errors
    /// [`BuildError`] names the part that does not fit.
    pub fn build(mut self) -> Result<TokenService, BuildError> {
        if !(48..=64).contains(&self.policy.ipv6_prefix) {
            return Err(BuildError::Ipv6Prefix);
        }
        let table = Table::new(&self.response, self.policy.source)?;
        let (account, capacity) = self.account();
        let gate = Gate::new(
            self.policy.with_debt(self.max_in_flight),
            account,
            self.shared,
            Arc::clone(&self.observer),
        );
        Ok(TokenService {
            authenticator: self.authenticator,
            refresher: self.refresher,
            gate,
            capacity,
            clock: self.clock,
            deadline: self.deadline,
            observer: self.observer,
            refresh_token: self.response.refresh_token,
            table,
        })
    }
}

impl TokenServiceBuilder {
    /// What is remembered of callers: what the service before has, if it is as large.
    fn account(&mut self) -> (Account, Capacity) {
        let slots = self.memory.as_ref().map_or(MemoryLimiter::DEFAULT_SLOTS, MemoryLimiter::slots);
        let Some(Before { account, capacity }) = self.before.take() else {
            let memory = Arc::new(self.memory.take().unwrap_or_default());
            let account = Account { memory, known: Arc::new(KnownCallers::new(self.marks)) };
            return (account, Capacity::new(self.max_in_flight));
        };
        let Account { mut memory, mut known } = account;
        if memory.slots() != slots {
            memory = Arc::new(self.memory.take().unwrap_or_default());
        }
        let wanted = KnownCallers::new(self.marks);
        if known.marks() != wanted.marks() {
            known = Arc::new(wanted);
        }
        (Account { memory, known }, capacity.following(self.max_in_flight))
    }
}

impl fmt::Debug for TokenServiceBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenServiceBuilder")
            .field("policy", &self.policy)
            .field("max_in_flight", &self.max_in_flight)
            .field("response", &self.response)
            .finish_non_exhaustive()
    }
}
