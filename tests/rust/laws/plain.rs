//! A limiter as plain as can be, and what may be wrong with one.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use tokensmith::{Charge, Context, LimitKey, LimiterError, RateLimiter, Scope, Verdict};

use crate::one_moment;

/// A limiter as plain as can be, with a flaw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Flaw {
    None,
    OneMore,
    WaitOneShort,
    RefusalWrites,
    TakesSome,
    ShortestWait,
    ForgetsDebt,
    DebtWithoutEnd,
    PenaltyOfFirstKeyOnly,
    IdleCredit,
    PollingStarves,
    TimeGoesBack,
    DearIsGranted,
    ScopesMix,
    SourcesMix,
    BordersMix,
    KnownIsAnother,
    LeftIsStale,
    NothingIsRefused,
    HeldByDrop,
    CheckThenTake,
}

pub(crate) const FLAWS: [Flaw; 20] = [
    Flaw::OneMore,
    Flaw::WaitOneShort,
    Flaw::RefusalWrites,
    Flaw::TakesSome,
    Flaw::ShortestWait,
    Flaw::ForgetsDebt,
    Flaw::DebtWithoutEnd,
    Flaw::PenaltyOfFirstKeyOnly,
    Flaw::IdleCredit,
    Flaw::PollingStarves,
    Flaw::TimeGoesBack,
    Flaw::DearIsGranted,
    Flaw::ScopesMix,
    Flaw::SourcesMix,
    Flaw::BordersMix,
    Flaw::KnownIsAnother,
    Flaw::LeftIsStale,
    Flaw::NothingIsRefused,
    Flaw::HeldByDrop,
    Flaw::CheckThenTake,
];

/// Keeps for each key its level in nanoseconds of its quota's time, and when that was.
#[derive(Debug)]
pub(crate) struct Plain {
    flaw: Flaw,
    levels: Mutex<HashMap<String, (i128, u64)>>,
    held: Mutex<bool>,
}

impl Plain {
    pub(crate) fn new(flaw: Flaw) -> Self {
        Self { flaw, levels: Mutex::default(), held: Mutex::default() }
    }

    fn name(&self, charge: &Charge<'_>) -> String {
        let name = match (charge.key, self.flaw) {
            (LimitKey::Global, _) => "g".to_owned(),
            (LimitKey::Client("global"), Flaw::ScopesMix) => "g".to_owned(),
            (LimitKey::Client(app), _) => format!("c{app:?}"),
            (LimitKey::Source(_), Flaw::SourcesMix) => "s".to_owned(),
            (LimitKey::Source(at), _) => format!("s{at:?}"),
            (LimitKey::ClientAtSource(app, at), Flaw::BordersMix) => {
                format!("p{app}{at:?}").replace("Opaque(\"", "").replace("a\0", "a")
            }
            (LimitKey::ClientAtSource(app, at), _) => format!("p{app:?}{at:?}"),
        };
        if self.flaw == Flaw::KnownIsAnother { format!("{name}{}", charge.known) } else { name }
    }

    fn level(&self, now: u64, charge: &Charge<'_>) -> i128 {
        let full = full(charge);
        let levels = self.levels.lock().unwrap();
        let (level, at) = levels.get(&self.name(charge)).copied().unwrap_or((full, now));
        let passed = i128::from(now) - i128::from(at);
        let passed = if self.flaw == Flaw::TimeGoesBack { passed.abs() } else { passed.max(0) };
        let passed = if self.flaw == Flaw::PollingStarves {
            passed / 10_000_000 * 10_000_000
        } else {
            passed
        };
        let cap = if self.flaw == Flaw::IdleCredit { full * 2 } else { full };
        (level + passed).min(cap)
    }

    fn set(&self, now: u64, charge: &Charge<'_>, level: i128) {
        let name = self.name(charge);
        let mut levels = self.levels.lock().unwrap();
        let at = levels.get(&name).map_or(now, |&(_, at)| at.max(now));
        levels.insert(name, (level, if self.flaw == Flaw::TimeGoesBack { now } else { at }));
    }

    /// How long until the charge could be taken.
    fn wait(&self, now: u64, charge: &Charge<'_>) -> Option<Duration> {
        let need = i128::from(charge.cost.get()) * token(charge);
        let free = if self.flaw == Flaw::OneMore { token(charge) } else { 0 };
        if need > full(charge) && self.flaw != Flaw::DearIsGranted {
            return Some(Duration::from_nanos(u64::MAX));
        }
        let need = need.min(full(charge));
        let short = need - self.level(now, charge) - free;
        let behind = self
            .levels
            .lock()
            .unwrap()
            .get(&self.name(charge))
            .map_or(0, |&(_, at)| at.saturating_sub(now));
        let told = short - i128::from(self.flaw == Flaw::WaitOneShort);
        (short > 0).then(|| Duration::from_nanos(u64::try_from(told).unwrap() + behind))
    }

    fn decide(&self, now: u64, charges: &[Charge<'_>]) -> Verdict {
        let waits =
            charges.iter().filter_map(|charge| Some((self.wait(now, charge)?, charge.key.scope())));
        let longest = if self.flaw == Flaw::ShortestWait {
            waits.min_by_key(|w| w.0)
        } else {
            waits.max_by_key(|w| w.0)
        };
        let pay = |charge: &Charge<'_>| {
            let level = self.level(now, charge) - i128::from(charge.cost.get()) * token(charge);
            self.set(now, charge, level);
        };
        if let Some((retry_after, scope)) = longest {
            match self.flaw {
                Flaw::RefusalWrites => charges.iter().for_each(pay),
                Flaw::TakesSome => {
                    charges.iter().filter(|charge| self.wait(now, charge).is_none()).for_each(pay)
                }
                _ => {}
            }
            return Verdict::Deny { scope, retry_after, degraded: false };
        }
        let left = |charge: &&Charge<'_>| charge.key.scope() == Scope::Source;
        let stale = charges.iter().find(left).map(|charge| self.level(now, charge) / token(charge));
        charges.iter().for_each(pay);
        let fresh = charges.iter().find(left).map(|charge| self.level(now, charge) / token(charge));
        let told = if self.flaw == Flaw::LeftIsStale { stale } else { fresh };
        Verdict::Allow { source_remaining: told.map(|tokens| u32::try_from(tokens).unwrap()) }
    }
}

fn token(charge: &Charge<'_>) -> i128 {
    i128::try_from(charge.quota.token_time().as_nanos()).unwrap()
}

fn full(charge: &Charge<'_>) -> i128 {
    i128::from(charge.quota.burst().get()) * token(charge)
}

#[async_trait]
impl RateLimiter for Plain {
    async fn take(&self, cx: &Context, charges: &[Charge<'_>]) -> Result<Verdict, LimiterError> {
        let now = cx.tick.as_nanos();
        match self.flaw {
            Flaw::NothingIsRefused if charges.is_empty() => {
                return Ok(Verdict::Deny {
                    scope: Scope::Global,
                    retry_after: Duration::ZERO,
                    degraded: false,
                });
            }
            Flaw::HeldByDrop => {
                if std::mem::replace(&mut *self.held.lock().unwrap(), true) {
                    return Ok(Verdict::Deny {
                        scope: Scope::Global,
                        retry_after: Duration::from_secs(1),
                        degraded: false,
                    });
                }
                one_moment().await;
                let verdict = self.decide(now, charges);
                *self.held.lock().unwrap() = false;
                return Ok(verdict);
            }
            Flaw::CheckThenTake => {
                let seen: Vec<_> = charges.iter().map(|charge| self.level(now, charge)).collect();
                std::thread::yield_now();
                one_moment().await;
                let verdict = self.decide(now, charges);
                if let Verdict::Allow { .. } = verdict {
                    for (charge, level) in charges.iter().zip(seen) {
                        self.set(
                            now,
                            charge,
                            level - i128::from(charge.cost.get()) * token(charge),
                        );
                    }
                }
                return Ok(verdict);
            }
            _ => {}
        }
        let _whole = self.held.lock().unwrap();
        Ok(self.decide(now, charges))
    }

    async fn penalize(&self, cx: &Context, charges: &[Charge<'_>]) -> Result<(), LimiterError> {
        let now = cx.tick.as_nanos();
        for charge in charges {
            let debt = match self.flaw {
                Flaw::ForgetsDebt => 0,
                Flaw::DebtWithoutEnd => u32::MAX,
                _ => charge.quota.debt(),
            };
            let deepest = -i128::from(debt) * token(charge);
            let level = self.level(now, charge) - i128::from(charge.cost.get()) * token(charge);
            self.set(now, charge, level.max(deepest));
            if self.flaw == Flaw::PenaltyOfFirstKeyOnly {
                break;
            }
        }
        Ok(())
    }
}
