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

/// Takes a single charge of a key that has a slot: nothing may have to be given back, so nothing is
/// kept.
#[inline]
fn take_one(tagger: &Tagger, table: &Table, now: Tick, charge: &Charge<'_>) -> Verdict {
    let owner = Owner::of(charge, tagger);
    if let Found::Own(slot, before) = table.find(owner.tag) {
        match before.take_or_wait(now, charge.quota, charge.cost) {
            Ok(after) if slot.swap(before, after) => {
                return Verdict::Allow { source_remaining: remaining(now, charge, after) };
            }
            Ok(_) => {}
            Err(wait) => return denial(owner.scope, Refusal { wait, shared: false }),
        }
    }
    take_each(tagger, table, now, slice::from_ref(charge))
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
    let source = looks.iter().flatten().find(|look| look.owner.scope == Scope::Source);
    let source_remaining = source.and_then(|look| match look.change.place {
        Place::Own(_) => remaining(now, look.charge, look.change.after),
        Place::Shared => None,
    });
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

/// Whole tokens in the source's own bucket as of the take.
#[inline]
fn remaining(now: Tick, charge: &Charge<'_>, after: Bucket) -> Option<u32> {
    (charge.key.scope() == Scope::Source).then(|| after.peek(now, charge.quota))
}

fn denial(scope: Scope, refusal: Refusal) -> Verdict {
    Verdict::Deny { scope, retry_after: refusal.wait.duration(), degraded: refusal.shared }
}

#[inline]
fn taking(charge: &Charge<'_>) -> impl Fn(Bucket, Tick) -> Result<Bucket, Wait> {
    let (quota, cost) = (charge.quota, charge.cost);
    move |bucket, now| bucket.take_or_wait(now, quota, cost)
}
