//! The gate before everything else: what the limiter, or what stands in for it, says to a caller.

use std::sync::Arc;

use super::call::tell;
use super::failure::Failure;
use super::watch::Watch;
use crate::context::Context;
use crate::limiter::known::KnownCallers;
use crate::limiter::memory::MemoryLimiter;
use crate::limiter::policy::{Caller, Known, LimitPolicy, LimiterOutage};
use crate::limiter::{LimitKey, LimiterError, RateLimiter, Verdict};
use crate::observer::{DownstreamKind, Event, Observer};
use crate::outcome::Limited;
use crate::response::SourceBucket;

pub(super) struct Gate {
    policy: LimitPolicy,
    /// Decides, or stands by for a limiter that is shared with other servers.
    memory: Arc<MemoryLimiter>,
    shared: Option<Shared>,
    known: Arc<KnownCallers>,
    watch: Watch,
    observer: Arc<dyn Observer>,
}

struct Shared {
    limiter: Arc<dyn RateLimiter>,
    /// What this server keeps to while the limiter is out.
    share: LimitPolicy,
}

/// What is remembered of callers, which may outlast a service.
#[derive(Clone)]
pub(super) struct Account {
    pub(super) memory: Arc<MemoryLimiter>,
    pub(super) known: Arc<KnownCallers>,
}

/// What the gate says to a request.
pub(super) struct Admission {
    pub(super) refused: Option<Failure>,
    pub(super) bucket: SourceBucket,
    /// Which keys of the caller had succeeded before.
    pub(super) known: Known,
}

impl Gate {
    pub(super) fn new(
        policy: LimitPolicy,
        Account { memory, known }: Account,
        shared: Option<Arc<dyn RateLimiter>>,
        observer: Arc<dyn Observer>,
    ) -> Self {
        let shared = shared.map(|limiter| Shared { limiter, share: policy.share() });
        Self { policy, memory, shared, known, watch: Watch::new(), observer }
    }

    pub(super) fn account(&self) -> Account {
        Account { memory: Arc::clone(&self.memory), known: Arc::clone(&self.known) }
    }

    /// The caller of a request, as the limiter keys it.
    pub(super) fn caller<'a>(&self, cx: &'a Context, app: Option<&'a str>) -> Caller<'a> {
        Caller::new(cx.source.as_ref(), self.policy.ipv6_prefix, app)
    }

    /// Takes what the request costs, or says why it may not go on.
    pub(super) async fn admit(&self, cx: &Context, caller: Caller<'_>) -> Admission {
        if cx.source.is_none() && self.watch.first_without_source() {
            self.tell(cx, &Event::SourceUnknown);
        }
        let known = self.known(caller);
        let admission = match &self.shared {
            None => {
                let charges = self.policy.charges(caller, known);
                judged(self.memory.take_now(cx.tick, charges.as_slice()), known)
            }
            Some(shared) => self.ask(shared, cx, caller, known).await,
        };
        let health = match &self.shared {
            None => self.memory.health(),
            Some(shared) => shared.limiter.health(),
        };
        if self.watch.has_risen(cx.tick, health) {
            self.tell(cx, &Event::LimiterHealth { health });
        }
        admission
    }

    /// Charges the rest of what a failed authentication costs.
    pub(super) async fn penalize(&self, cx: &Context, caller: Caller<'_>) {
        let known = self.known(caller);
        let Some(shared) = &self.shared else {
            let penalties = self.policy.penalties(caller, known);
            self.memory.penalize_now(cx.tick, penalties.as_slice());
            return;
        };
        // The local account first: it is kept even if the call is dropped while it waits.
        let penalties = shared.share.penalties(caller, known);
        self.memory.penalize_now(cx.tick, penalties.as_slice());
        let penalties = self.policy.penalties(caller, known);
        if let Err(error) = shared.limiter.penalize(cx, penalties.as_slice()).await {
            self.tell(cx, &Event::LimiterFailed { error: &error });
        }
    }

    /// Remembers a caller that has succeeded: strangers can no longer empty its app's bucket for it.
    pub(super) fn remember(&self, caller: Caller<'_>, known: Known) {
        if known.source && known.client && known.pair {
            return;
        }
        let keys = [
            Some(LimitKey::Source(caller.source)),
            caller.app.map(LimitKey::Client),
            caller.at_source(),
        ];
        for key in keys.into_iter().flatten() {
            self.known.mark(key);
        }
    }

    fn known(&self, caller: Caller<'_>) -> Known {
        let is_known = |key: Option<LimitKey<'_>>| key.is_some_and(|key| self.known.is_known(key));
        Known {
            source: self.known.is_known(LimitKey::Source(caller.source)),
            client: is_known(caller.app.map(LimitKey::Client)),
            pair: is_known(caller.at_source()),
        }
    }

    /// Asks the limiter that is shared with other servers, and keeps the local account beside it.
    async fn ask(
        &self,
        shared: &Shared,
        cx: &Context,
        caller: Caller<'_>,
        known: Known,
    ) -> Admission {
        let charges = self.policy.charges(caller, known);
        match shared.limiter.take(cx, charges.as_slice()).await {
            Ok(verdict) => {
                if let Verdict::Allow { .. } = verdict {
                    let local = shared.share.charges(caller, known);
                    self.memory.charge_now(cx.tick, local.as_slice());
                }
                judged(verdict, known)
            }
            Err(error) => self.without(shared, &error, cx, caller, known),
        }
    }

    /// Decides without the limiter, as the policy says.
    fn without(
        &self,
        shared: &Shared,
        error: &LimiterError,
        cx: &Context,
        caller: Caller<'_>,
        known: Known,
    ) -> Admission {
        self.tell(cx, &Event::LimiterFailed { error });
        let local = shared.share.charges(caller, known);
        let refused = match self.policy.outage {
            LimiterOutage::Degrade => {
                judged(self.memory.take_now(cx.tick, local.as_slice()), known).refused
            }
            LimiterOutage::Refuse => Some(Failure::downstream(DownstreamKind::Limiter)),
            LimiterOutage::Admit => {
                self.memory.charge_now(cx.tick, local.as_slice());
                None
            }
        };
        Admission { refused, bucket: SourceBucket::Untold, known }
    }

    fn tell(&self, cx: &Context, event: &Event<'_>) {
        tell(&*self.observer, cx, event);
    }
}

fn judged(verdict: Verdict, known: Known) -> Admission {
    match verdict {
        Verdict::Allow { source_remaining } => Admission {
            refused: None,
            bucket: source_remaining.map_or(SourceBucket::Untold, SourceBucket::Remaining),
            known,
        },
        Verdict::Deny { scope, retry_after, degraded } => Admission {
            refused: Some(Failure::Limited { by: Limited::Scope(scope), retry_after }),
            bucket: if degraded { SourceBucket::Untold } else { SourceBucket::Policy },
            known,
        },
    }
}
