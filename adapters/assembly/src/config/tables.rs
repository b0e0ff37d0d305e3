//! The tables of a configuration as they stand in TOML and JSON, and what they mean.

use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use serde::Deserialize;
use tokensmith::{
    KeyCase, LimitPolicy, LimiterOutage, MemoryLimiter, Presence, Quota, ResponseOptions, Scope,
};

use super::authenticator::AuthenticatorTable;
use super::values::{Limit, Table, Whole, Word, Words, given};
use super::{ConfigError, LimiterConfig, LimitsConfig, ServiceConfig, StoreConfig};

const MOST: u64 = u32::MAX as u64;
/// In seconds.
pub(super) const YEAR: u64 = 365 * 86_400;

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ServiceTable {
    response: Table<ResponseTable>,
    #[serde(deserialize_with = "given")]
    deadline_ms: Option<Whole<1, { ServiceConfig::MAX_DEADLINE.as_millis() as u64 }>>,
    #[serde(deserialize_with = "given")]
    max_in_flight: Option<Whole<1, MOST>>,
    limits: Table<LimitsTable>,
    limiter: Table<LimiterTable>,
    #[serde(deserialize_with = "given")]
    store: Option<Table<StoreTable>>,
    authenticator: Table<AuthenticatorTable>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ResponseTable {
    #[serde(deserialize_with = "given")]
    key_case: Option<Word<KeyCase>>,
    #[serde(deserialize_with = "given")]
    scheme: Option<String>,
    #[serde(deserialize_with = "given")]
    realm: Option<String>,
    #[serde(deserialize_with = "given")]
    rate_limit_fields: Option<bool>,
    #[serde(deserialize_with = "given")]
    refresh_token: Option<Word<Presence>>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct LimitsTable {
    #[serde(deserialize_with = "given")]
    source: Option<Limit>,
    #[serde(deserialize_with = "given")]
    client_at_source: Option<Limit>,
    #[serde(deserialize_with = "given")]
    client: Option<Limit>,
    #[serde(deserialize_with = "given")]
    global: Option<Limit>,
    #[serde(deserialize_with = "given")]
    failure_cost: Option<Whole<1, MOST>>,
    #[serde(deserialize_with = "given")]
    outage: Option<Word<LimiterOutage>>,
    #[serde(deserialize_with = "given")]
    slots:
        Option<Whole<{ MemoryLimiter::FEWEST_SLOTS as u64 }, { MemoryLimiter::MOST_SLOTS as u64 }>>,
    #[serde(deserialize_with = "given")]
    marks: Option<Whole<1, { 1 << 24 }>>,
    #[serde(deserialize_with = "given")]
    ipv6_prefix: Option<Whole<48, 64>>,
    #[serde(deserialize_with = "given")]
    servers: Option<Whole<1, MOST>>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct LimiterTable {
    #[serde(deserialize_with = "given")]
    kind: Option<Word<LimiterConfig>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoreTable {
    #[serde(default, deserialize_with = "given")]
    kind: Option<Word<StoreKind>>,
    path: String,
}

#[derive(Clone, Copy, Default)]
enum StoreKind {
    #[default]
    Sqlite,
}

impl Words for KeyCase {
    const WORDS: &'static [(&'static str, Self)] =
        &[("pascal", Self::Pascal), ("camel", Self::Camel)];
}

impl Words for Presence {
    const WORDS: &'static [(&'static str, Self)] =
        &[("require", Self::Require), ("omit", Self::Omit)];
}

impl Words for LimiterOutage {
    const WORDS: &'static [(&'static str, Self)] =
        &[("degrade", Self::Degrade), ("refuse", Self::Refuse), ("admit", Self::Admit)];
}

impl Words for LimiterConfig {
    const WORDS: &'static [(&'static str, Self)] = &[("memory", Self::Memory)];
}

impl Words for StoreKind {
    const WORDS: &'static [(&'static str, Self)] = &[("sqlite", Self::Sqlite)];
}

impl ServiceTable {
    pub(super) fn into_config(self) -> Result<ServiceConfig, ConfigError> {
        let default = ServiceConfig::default();
        Ok(ServiceConfig {
            response: self.response.0.into_options(default.response),
            deadline: self.deadline_ms.map_or(default.deadline, |ms| Duration::from_millis(ms.0)),
            max_in_flight: self.max_in_flight.map_or(default.max_in_flight, Whole::count),
            limits: self.limits.0.into_limits(default.limits)?,
            limiter: self.limiter.0.kind.map_or(default.limiter, |Word(kind)| kind),
            store: self.store.map(|Table(store)| store.into_store()),
            authenticator: self.authenticator.0.into_authenticator()?,
        })
    }
}

impl ResponseTable {
    fn into_options(self, default: ResponseOptions) -> ResponseOptions {
        ResponseOptions {
            key_case: self.key_case.map_or(default.key_case, |Word(case)| case),
            scheme: self.scheme.unwrap_or(default.scheme),
            realm: self.realm.unwrap_or(default.realm),
            rate_limit_fields: self.rate_limit_fields.unwrap_or(default.rate_limit_fields),
            refresh_token: self.refresh_token.map_or(default.refresh_token, |Word(rule)| rule),
        }
    }
}

impl LimitsTable {
    fn into_limits(self, default: LimitsConfig) -> Result<LimitsConfig, ConfigError> {
        let policy = default.policy;
        Ok(LimitsConfig {
            policy: LimitPolicy {
                source: quota(self.source, policy.source, Scope::Source)?,
                client_at_source: quota(
                    self.client_at_source,
                    policy.client_at_source,
                    Scope::ClientAtSource,
                )?,
                client: quota(self.client, policy.client, Scope::Client)?,
                global: quota(self.global, policy.global, Scope::Global)?,
                failure_cost: self.failure_cost.map_or(policy.failure_cost, Whole::count),
                outage: self.outage.map_or(policy.outage, |Word(outage)| outage),
                servers: self.servers.map_or(policy.servers, Whole::count),
                ipv6_prefix: self.ipv6_prefix.map_or(policy.ipv6_prefix, Whole::prefix),
            },
            slots: self.slots.map_or(default.slots, Whole::size),
            marks: self.marks.map_or(default.marks, Whole::size),
        })
    }
}

fn quota(
    limit: Option<Limit>,
    default: Option<Quota>,
    scope: Scope,
) -> Result<Option<Quota>, ConfigError> {
    let Some(Limit(limit)) = limit else { return Ok(default) };
    let Some(figures) = limit else { return Ok(None) };
    let minute = Duration::from_secs(60);
    Quota::new(figures.per_minute.count(), minute, figures.burst.count())
        .map(Some)
        .map_err(|error| ConfigError::at_key(format!("limits.{scope}"), error.to_string()))
}

impl StoreTable {
    fn into_store(self) -> StoreConfig {
        match self.kind.map_or(StoreKind::default(), |Word(kind)| kind) {
            StoreKind::Sqlite => StoreConfig::Sqlite { path: self.path.into() },
        }
    }
}

impl<const LEAST: u64, const MOST: u64> Whole<LEAST, MOST> {
    // INVARIANT: the bounds of each use lie within the type that it becomes; a value beyond would
    // end at that type's bound.
    fn count(self) -> NonZeroU32 {
        u32::try_from(self.0).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN)
    }

    fn size(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }

    pub(super) fn key_id(self) -> u16 {
        u16::try_from(self.0).unwrap_or(u16::MAX)
    }

    pub(super) fn threads(self) -> Option<NonZeroUsize> {
        NonZeroUsize::new(self.size())
    }

    pub(super) fn microseconds(self) -> Duration {
        Duration::from_micros(self.0)
    }

    pub(super) fn seconds(self) -> Duration {
        Duration::from_secs(self.0)
    }

    pub(super) fn days(self) -> Duration {
        Duration::from_hours(self.0.saturating_mul(24))
    }

    fn prefix(self) -> u8 {
        u8::try_from(self.0).unwrap_or(u8::MAX)
    }
}
