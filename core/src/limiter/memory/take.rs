//! All charges of a request, or none: look at each, then take what was seen.

use std::slice;

use super::table::{Change, Found, Owner, Place, Refusal, Table};
use crate::clock::Tick;
use crate::limiter::bucket::{Bucket, Wait};
use crate::limiter::tag::Tagger;
use crate::limiter::{Charge, Scope, Verdict};

/// As many charges as there are scopes: a request has one of each at most.
const SCOPES: usize = 4;

/// A charge, and what was seen of its bucket or done to it.
#[derive(Clone, Copy)]
struct Look<'c, 't> {
    charge: &'c Charge<'c>,
    owner: Owner,
    change: Change<'t>,
}

/// The place of a charge in the order of taking: the narrowest first, so that the rare refusal in
/// the middle touches the fewest callers.
const fn rank(scope: Scope) -> usize {
    match scope {
        Scope::ClientAtSource => 0,
        Scope::Client => 1,
        Scope::Source => 2,
        Scope::Global => 3,
    }
}

/// Takes all charges, or none.
#[inline]
pub(super) fn take(tagger: &Tagger, table: &Table, now: Tick, charges: &[Charge<'_>]) -> Verdict {
    match charges {
        [charge] => take_one(tagger, table, now, charge),
        charges => take_each(tagger, table, now, charges),
    }
}

/// Takes a single charge. Nothing may have to be given back, so nothing is kept.
#[inline]
fn take_one(tagger: &Tagger, table: &Table, now: Tick, charge: &Charge<'_>) -> Verdict {
    let owner = Owner::of(charge, tagger);
    let Found::Own(slot, before) = table.find(owner.tag) else {
        return take_each(tagger, table, now, slice::from_ref(charge));
    };
    match before.take_or_wait(now, charge.quota, charge.cost) {
        Ok(after) => {
            let change = Change { place: Place::Own(slot), before, after };
            if !Table::settle(&change) {
                return take_again(table, now, owner, charge);
            }
            Verdict::Allow { source_remaining: remaining(now, charge, &change) }
        }
        Err(wait) => denial(owner.scope, Refusal { wait, shared: false }),
    }
}

/// The rest of [`take_one`] when others charge the same bucket at the same time.
#[cold]
fn take_again(table: &Table, now: Tick, owner: Owner, charge: &Charge<'_>) -> Verdict {
    match table.apply(now, owner, taking(charge)) {
        Ok(done) => Verdict::Allow { source_remaining: remaining(now, charge, &done) },
        Err(refusal) => denial(owner.scope, refusal),
    }
}

/// Takes a charge a scope, as a request has them.
#[inline(never)]
fn take_each(tagger: &Tagger, table: &Table, now: Tick, charges: &[Charge<'_>]) -> Verdict {
    let mut looks: [Option<Look<'_, '_>>; SCOPES] = [None; SCOPES];
    let mut denied = None;
    for charge in charges {
        let Some(place @ None) = looks.get_mut(rank(charge.key.scope())) else {
            return take_many(tagger, table, now, charges);
        };
        *place = look(tagger, table, now, charge, &mut denied);
    }
    conclude(table, now, &mut looks, denied)
}

/// The same for more charges than one a scope, which no request has.
#[cold]
fn take_many(tagger: &Tagger, table: &Table, now: Tick, charges: &[Charge<'_>]) -> Verdict {
    let mut denied = None;
    let mut looks: Vec<_> =
        charges.iter().map(|charge| look(tagger, table, now, charge, &mut denied)).collect();
    looks.sort_by_key(|look| look.as_ref().map(|look| rank(look.owner.scope)));
    conclude(table, now, &mut looks, denied)
}

/// What a charge would do, or `None` and the longest refusal so far.
#[inline]
fn look<'c, 't>(
    tagger: &Tagger,
    table: &'t Table,
    now: Tick,
    charge: &'c Charge<'_>,
    denied: &mut Option<(Scope, Refusal)>,
) -> Option<Look<'c, 't>> {
    let owner = Owner::of(charge, tagger);
    match table.look(now, owner, taking(charge)) {
        Ok(change) => Some(Look { charge, owner, change }),
        Err(refusal) => {
            if denied.is_none_or(|(_, longest)| refusal.wait > longest.wait) {
                *denied = Some((owner.scope, refusal));
            }
            None
        }
    }
}

/// Takes what was seen to be there, unless a charge was denied.
#[inline]
fn conclude<'t>(
    table: &'t Table,
    now: Tick,
    looks: &mut [Option<Look<'_, 't>>],
    denied: Option<(Scope, Refusal)>,
) -> Verdict {
    if let Some((scope, refusal)) = denied.or_else(|| take_seen(table, now, looks)) {
        return denial(scope, refusal);
    }
    let mut taken = looks.iter().flatten();
    let source_remaining = taken.find_map(|look| remaining(now, look.charge, &look.change));
    Verdict::Allow { source_remaining }
}

/// Takes what was seen. If one charge is there no longer, those before it are given back.
#[inline]
fn take_seen<'t>(
    table: &'t Table,
    now: Tick,
    looks: &mut [Option<Look<'_, 't>>],
) -> Option<(Scope, Refusal)> {
    for taken in 0..looks.len() {
        let Some(Some(look)) = looks.get_mut(taken) else { continue };
        if Table::settle(&look.change) {
            continue;
        }
        match table.apply(now, look.owner, taking(look.charge)) {
            Ok(done) => look.change = done,
            Err(refusal) => {
                let scope = look.owner.scope;
                give_back(table, looks.iter().take(taken).flatten().rev());
                return Some((scope, refusal));
            }
        }
    }
    None
}

/// Gives back what was taken in vain, the last first: of two charges of one key the first is as it
/// was taken once the second is undone. It takes three requests at one time for a charge to stay:
/// stricter for that one key, never looser.
#[cold]
fn give_back<'a>(table: &Table, taken: impl Iterator<Item = &'a Look<'a, 'a>>) {
    for Look { owner, change, .. } in taken {
        table.undo(*owner, change);
    }
}

/// Whole tokens in the source's bucket as of the take, unless it is a shared one.
#[inline]
fn remaining(now: Tick, charge: &Charge<'_>, done: &Change<'_>) -> Option<u32> {
    match (charge.key.scope(), done.place) {
        (Scope::Source, Place::Own(_)) => Some(done.after.peek(now, charge.quota)),
        _ => None,
    }
}

fn denial(scope: Scope, refusal: Refusal) -> Verdict {
    Verdict::Deny { scope, retry_after: refusal.wait.duration(), degraded: refusal.shared }
}

#[inline]
fn taking(charge: &Charge<'_>) -> impl Fn(Bucket, Tick) -> Result<Bucket, Wait> {
    let (quota, cost) = (charge.quota, charge.cost);
    move |bucket, now| bucket.take_or_wait(now, quota, cost)
}
