//! Who is charged what, and what is done when the limiter is out.

use std::num::NonZeroU32;
use std::time::Duration;

use super::bucket::Quota;
use super::{Charge, LimitKey};
use crate::source::{Source, SourceKey};

/// Who is charged what: a quota for each scope, `None` for a scope that is not limited.
///
/// ```
/// use tokensmith::LimitPolicy;
///
/// let policy = LimitPolicy { global: None, ..LimitPolicy::default() };
/// assert_eq!(policy.failure_cost.get(), 5);
/// ```
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "written with `..LimitPolicy::default()`")]
pub struct LimitPolicy {
    /// Each place that requests come from: 60 a minute, burst 30.
    pub source: Option<Quota>,
    /// Each app at each place: 10 a minute, burst 5.
    pub client_at_source: Option<Quota>,
    /// Each app, over all places from which it has not succeeded yet: 120 a minute, burst 60.
    pub client: Option<Quota>,
    /// All requests that conform: not limited. Strangers share it with everyone, so it is a ceiling
    /// for the machine and no defence.
    pub global: Option<Quota>,
    /// What a failed authentication costs its source, and its app at that source, in all: 5. One
    /// token of it is taken before the authentication, the rest after.
    pub failure_cost: NonZeroU32,
    /// What is done when the limiter cannot say.
    pub outage: LimiterOutage,
    /// How many servers share the limiter: 1. While it is out, each keeps to its share.
    pub servers: NonZeroU32,
    /// How many leading bits of an IPv6 address make one source: 64. From 48 to 64.
    pub ipv6_prefix: u8,
}

/// What is done with a request when the limiter cannot say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a caller must handle each")]
pub enum LimiterOutage {
    /// The limiter in this process's memory decides, from what it has seen of the traffic.
    #[default]
    Degrade,
    /// The request is refused: 502.
    Refuse,
    /// The request goes on, unlimited.
    Admit,
}

impl Default for LimitPolicy {
    fn default() -> Self {
        Self {
            source: Some(const { a_minute(60, 30) }),
            client_at_source: Some(const { a_minute(10, 5) }),
            client: Some(const { a_minute(120, 60) }),
            global: None,
            failure_cost: const { NonZeroU32::new(5).unwrap() },
            outage: LimiterOutage::Degrade,
            servers: NonZeroU32::MIN,
            ipv6_prefix: 64,
        }
    }
}

#[expect(clippy::unwrap_used, clippy::panic, reason = "evaluated when this crate is compiled")]
const fn a_minute(n: u32, burst: u32) -> Quota {
    let (n, burst) = (NonZeroU32::new(n).unwrap(), NonZeroU32::new(burst).unwrap());
    match Quota::new(n, Duration::from_secs(60), burst) {
        Ok(quota) => quota,
        Err(_) => panic!("the default quotas can be counted"),
    }
}

/// Whose request is charged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller<'a> {
    pub(crate) source: SourceKey<'a>,
    /// The app's id as presented, once the body conforms.
    pub(crate) app: Option<&'a str>,
}

/// Which keys of a caller have succeeded before.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Known {
    pub(crate) source: bool,
    pub(crate) client: bool,
    pub(crate) pair: bool,
}

/// At most one charge a scope, in place: a decision allocates nothing.
#[derive(Debug)]
pub(crate) struct Charges<'a> {
    list: [Charge<'a>; 4],
    len: usize,
}

impl LimitPolicy {
    /// What a request is charged before anything is done for it.
    pub(crate) fn charges<'a>(&self, caller: Caller<'a>, known: Known) -> Charges<'a> {
        let one = NonZeroU32::MIN;
        // A stranger may empty an app's bucket for strangers, never for a caller known to be its
        // owner: a known pair is not charged to it.
        let client = if known.pair { None } else { self.client };
        let mut charges = Charges::none();
        charges.add(self.source, Some(LimitKey::Source(caller.source)), one, known.source);
        charges.add(self.client_at_source, caller.at_source(), one, known.pair);
        charges.add(client, caller.app.map(LimitKey::Client), one, known.client);
        // The one key of everyone deserves a slot as any known caller does.
        charges.add(self.global, caller.app.map(|_| LimitKey::Global), one, true);
        charges
    }

    /// What a failed authentication costs besides. The app's own bucket is spared: strangers could
    /// empty it.
    pub(crate) fn penalties<'a>(&self, caller: Caller<'a>, known: Known) -> Charges<'a> {
        let mut charges = Charges::none();
        if let Some(cost) = NonZeroU32::new(self.failure_cost.get().saturating_sub(1)) {
            charges.add(self.source, Some(LimitKey::Source(caller.source)), cost, known.source);
            charges.add(self.client_at_source, caller.at_source(), cost, known.pair);
        }
        charges
    }

    /// The same policy with the debt that failures under way may run up: each of `max_in_flight`
    /// authentications has paid one token and not yet the rest of its failure.
    pub(crate) fn with_debt(self, max_in_flight: NonZeroU32) -> Self {
        let rest = self.failure_cost.get().saturating_sub(1);
        let debt = rest.saturating_mul(max_in_flight.get());
        let indebted = |quota: Option<Quota>| quota.map(|quota| quota.with_debt(debt));
        Self {
            source: indebted(self.source),
            client_at_source: indebted(self.client_at_source),
            ..self
        }
    }

    /// The policy that one of the servers keeps to by itself.
    pub(crate) fn share(&self) -> Self {
        let share = |quota: Option<Quota>| quota.map(|quota| quota.shared_by(self.servers));
        Self {
            source: share(self.source),
            client_at_source: share(self.client_at_source),
            client: share(self.client),
            global: share(self.global),
            ..*self
        }
    }
}

impl<'a> Caller<'a> {
    pub(crate) fn new(source: Option<&'a Source>, ipv6_prefix: u8, app: Option<&'a str>) -> Self {
        let source = source.map_or(SourceKey::Unknown, |source| source.key(ipv6_prefix));
        Self { source, app }
    }

    pub(crate) fn at_source(self) -> Option<LimitKey<'a>> {
        self.app.map(|app| LimitKey::ClientAtSource(app, self.source))
    }
}

impl<'a> Charges<'a> {
    const fn none() -> Self {
        let filler = Charge {
            key: LimitKey::Global,
            quota: const { a_minute(1, 1) },
            cost: NonZeroU32::MIN,
            known: false,
        };
        Self { list: [filler; 4], len: 0 }
    }

    fn add(
        &mut self,
        quota: Option<Quota>,
        key: Option<LimitKey<'a>>,
        cost: NonZeroU32,
        known: bool,
    ) {
        if let (Some(quota), Some(key)) = (quota, key)
            && let Some(slot) = self.list.get_mut(self.len)
        {
            *slot = Charge { key, quota, cost, known };
            self.len = self.len.saturating_add(1);
        }
    }

    pub(crate) fn as_slice(&self) -> &[Charge<'a>] {
        self.list.get(..self.len).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limiter::Scope;

    const STRANGER: Known = Known { source: false, client: false, pair: false };
    const OWNER: Known = Known { source: true, client: true, pair: true };

    fn scopes(charges: &Charges<'_>) -> Vec<(Scope, u32, bool)> {
        let charges = charges.as_slice().iter();
        charges.map(|charge| (charge.key.scope(), charge.cost.get(), charge.known)).collect()
    }

    fn everything() -> LimitPolicy {
        LimitPolicy { global: Some(a_minute(1_000, 1_000)), ..LimitPolicy::default() }
    }

    #[test]
    fn a_body_that_does_not_conform_costs_its_source_alone() {
        let caller = Caller { source: SourceKey::Unknown, app: None };
        assert_eq!(scopes(&everything().charges(caller, STRANGER)), [(Scope::Source, 1, false)]);
    }

    #[test]
    fn a_stranger_is_charged_in_every_scope() {
        let caller = Caller { source: SourceKey::V4([192, 0, 2, 1]), app: Some("app") };
        assert_eq!(
            scopes(&everything().charges(caller, STRANGER)),
            [
                (Scope::Source, 1, false),
                (Scope::ClientAtSource, 1, false),
                (Scope::Client, 1, false),
                (Scope::Global, 1, true),
            ]
        );
    }

    #[test]
    fn a_known_pair_spares_the_bucket_that_strangers_can_empty() {
        let caller = Caller { source: SourceKey::Unknown, app: Some("app") };
        assert_eq!(
            scopes(&LimitPolicy::default().charges(caller, OWNER)),
            [(Scope::Source, 1, true), (Scope::ClientAtSource, 1, true)]
        );
    }

    #[test]
    fn a_failure_costs_the_rest_and_never_the_app() {
        let caller = Caller { source: SourceKey::Unknown, app: Some("app") };
        assert_eq!(
            scopes(&everything().penalties(caller, STRANGER)),
            [(Scope::Source, 4, false), (Scope::ClientAtSource, 4, false)]
        );
        let free = LimitPolicy { failure_cost: NonZeroU32::MIN, ..everything() };
        assert_eq!(scopes(&free.penalties(caller, STRANGER)), []);
    }

    #[test]
    fn the_shares_of_all_servers_stay_within_the_whole() {
        let share = |burst, servers: u32| {
            let servers = servers.try_into().unwrap();
            let policy = LimitPolicy { client: Some(a_minute(60, burst)), servers, ..everything() };
            let client = policy.share().client.unwrap();
            (client.burst().get(), client.token_time())
        };
        assert_eq!(share(30, 1), (30, Duration::from_secs(1)));
        assert_eq!(share(30, 3), (10, Duration::from_secs(3)));
        assert_eq!(share(30, 4), (7, Duration::from_secs(4)));
        assert_eq!(share(1, 4), (1, Duration::from_secs(4)), "each has at least one");
        let (burst, slowest) = share(u32::MAX, u32::MAX);
        assert!(slowest.saturating_mul(burst) <= Duration::from_nanos(1 << 62));
    }
}
