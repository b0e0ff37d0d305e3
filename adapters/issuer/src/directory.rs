//! The apps in memory, looked up in the same time whether an app is known, and whatever about it is
//! wrong.

use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use subtle::{Choice, ConditionallySelectable as _};
use tokensmith::RejectReason;

use crate::last_use::SecretUse;
use crate::random::{Random, RandomError};
use crate::secret::Digest;

mod bucket;
mod record;
mod slow_hash;
use bucket::{Bucket, DAMAGED, ENABLED, KNOWN, Slot, Words, equal, place, words};
pub(crate) use record::{LIVE_SECRETS, LiveSecret, Proof, Record};
pub(crate) use slow_hash::SlowHash;

/// What is to be said of an id and a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    Right,
    Refused(RejectReason),
    Damaged,
}

/// A judgement; of a right secret also which it is, and the place of the digest that it was found by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Judged<'a> {
    pub(crate) judgement: Judgement,
    pub(crate) found: Option<(&'a SecretUse, usize)>,
}

/// All apps. It is never changed, but replaced whole.
pub(crate) struct Directory {
    /// Of this directory alone: nobody can choose ids that fall into one bucket.
    salt: [u8; 16],
    buckets: Box<[Bucket]>,
    /// Those of the app at the place n are at 2n and 2n + 1.
    uses: Box<[Option<SecretUse>]>,
    /// The slow hashes, the first of them nobody's; none at all if no app has one.
    slow: Box<[SlowHash]>,
    slow_step: Option<Duration>,
}

/// An app's slow hash, or nobody's, and where the app was found.
pub(crate) struct Chosen<'a> {
    pub(crate) slow: &'a SlowHash,
    slot: Slot,
}

const RIGHT_SHIFT: u32 = 3;

/// By the four bits. A table, so that no refusal takes another way than the others.
const JUDGEMENTS: [Judgement; 16] = {
    const UNKNOWN: Judgement = Judgement::Refused(RejectReason::UnknownClient);
    const WRONG: Judgement = Judgement::Refused(RejectReason::WrongSecret);
    const OFF: Judgement = Judgement::Refused(RejectReason::Disabled);
    const BAD: Judgement = Judgement::Damaged;
    [
        // With a wrong secret: nobody, known; the same enabled; these four damaged.
        UNKNOWN,
        WRONG,
        UNKNOWN,
        WRONG,
        UNKNOWN,
        BAD,
        UNKNOWN,
        BAD,
        // With the right one, in the same order.
        UNKNOWN,
        OFF,
        UNKNOWN,
        Judgement::Right,
        UNKNOWN,
        BAD,
        UNKNOWN,
        BAD,
    ]
};

impl Directory {
    /// Lays the apps out. Buckets hold two apps on average; another salt, then more buckets, where
    /// one would overflow.
    pub(crate) fn build(records: &[Record], random: &dyn Random) -> Result<Self, RandomError> {
        let mut buckets = records.len().div_ceil(2).max(1);
        loop {
            for _ in 0..4 {
                if let Some(directory) = Self::lay_out(records, buckets, random)? {
                    return Ok(directory);
                }
            }
            buckets = buckets.saturating_mul(2);
        }
    }

    fn lay_out(
        records: &[Record],
        buckets: usize,
        random: &dyn Random,
    ) -> Result<Option<Self>, RandomError> {
        let mut salt = [0; 16];
        random.fill(&mut salt)?;
        let bucket = Bucket::empty(random)?;
        let uses = records.iter().flat_map(Record::uses).collect();
        let slow = slow_hash::all_of(records, random)?;
        let slow_step = slow_hash::step(&slow);
        let buckets = vec![bucket; buckets].into();
        let mut directory = Self { salt, buckets, uses, slow, slow_step };
        let mut slow = 0_u32;
        for (place, record) in (0_u32..).zip(records) {
            let name = directory.name(&record.app);
            let free = directory
                .bucket_mut(&name)
                .and_then(|bucket| bucket.slots.iter_mut().find(|slot| slot.state == 0));
            let Some(slot) = free else { return Ok(None) };
            *slot = Slot { name, state: record.state(), place, ..Slot::default() };
            slot.fill_digests(&record.secrets, random)?;
            if record.slow().is_some() {
                slow = slow.saturating_add(1);
                slot.slow = slow;
            }
        }
        Ok(Some(directory))
    }

    /// Judges an app's id and the secret that it showed, of which there is a digest by each pepper, at
    /// that second. Every bucket costs the same, whatever is in it; status and expiry count at the
    /// very end. The use of a right one is noted.
    pub(crate) fn judge(&self, app: &str, shown: &[Digest], now: u64) -> Judged<'_> {
        let chosen = self.choose(app);
        let mut right = Choice::from(0);
        let (mut which, mut by) = (0_u64, 0_u64);
        for (nth, shown) in (0..).zip(shown) {
            let shown = words(shown);
            for (place, (digest, expires_at)) in
                (0..).zip(chosen.digests.iter().zip(chosen.expires_at))
            {
                let this = equal(digest, &shown) & Choice::from(u8::from(now < expires_at));
                which.conditional_assign(&place, this);
                by.conditional_assign(&nth, this);
                right |= this;
            }
        }
        let (judgement, found) = self.sentence(&chosen, right, which, now);
        Judged { judgement, found: found.map(|used| (used, usize::try_from(by).unwrap_or(0))) }
    }

    /// The step of the grid for a secret that has not the shape of a generated one, which costs a slow
    /// hash here; `None` if it does not.
    pub(crate) fn slow_step(&self) -> Option<Duration> {
        self.slow_step
    }

    /// The slow hash that such a secret of that app is to be verified by: nobody's if the app has
    /// none, or is none. `None` if no app has one.
    pub(crate) fn choose_slow(&self, app: &str) -> Option<Chosen<'_>> {
        let slot = self.choose(app);
        let slow = usize::try_from(slot.slow).ok().and_then(|place| self.slow.get(place))?;
        Some(Chosen { slow, slot })
    }

    /// Judges an app by what became of the slow hash that was chosen for it, at that second. The use
    /// of a right secret is noted.
    pub(crate) fn judge_slow(&self, chosen: &Chosen<'_>, verified: bool, now: u64) -> Judgement {
        let slot = &chosen.slot;
        let [expires_at, ..] = slot.expires_at;
        let right = Choice::from(u8::from(verified)) & Choice::from(u8::from(now < expires_at));
        self.sentence(slot, right, 0, now).0
    }

    fn choose(&self, app: &str) -> Slot {
        let name = self.name(app);
        self.bucket(&name).map(|bucket| bucket.choose(&name)).unwrap_or_default()
    }

    fn sentence(
        &self,
        chosen: &Slot,
        right: Choice,
        which: u64,
        now: u64,
    ) -> (Judgement, Option<&SecretUse>) {
        let bits = chosen.state | (u64::from(right.unwrap_u8()) << RIGHT_SHIFT);
        let judgement = usize::try_from(bits).ok().and_then(|bits| JUDGEMENTS.get(bits));
        let judgement = judgement.copied().unwrap_or(Judgement::Damaged);
        let found =
            if judgement == Judgement::Right { self.used(chosen.place, which) } else { None };
        if let Some(used) = found {
            used.note(now);
        }
        (judgement, found)
    }

    /// Whether an app may have tokens; `None` if there is none. Its time tells: it is for
    /// administration, and for an app that a token names.
    pub(crate) fn is_enabled(&self, app: &str) -> Option<bool> {
        let state = self.choose(app).state;
        (state & KNOWN != 0).then_some(state == KNOWN | ENABLED)
    }

    fn used(&self, app: u32, which: u64) -> Option<&SecretUse> {
        let place = u64::from(app).saturating_mul(LIVE_SECRETS as u64).saturating_add(which);
        self.uses.get(usize::try_from(place).ok()?)?.as_ref()
    }

    /// When its secrets were last used.
    pub(crate) fn uses(&self) -> impl Iterator<Item = &SecretUse> {
        self.uses.iter().flatten()
    }

    fn name(&self, app: &str) -> Words {
        let mut hash = Context::new(&SHA256);
        hash.update(&self.salt);
        hash.update(app.as_bytes());
        let mut bytes = [0; 32];
        bytes.copy_from_slice(hash.finish().as_ref());
        words(&bytes)
    }

    fn bucket(&self, name: &Words) -> Option<&Bucket> {
        self.buckets.get(place(name, self.buckets.len()))
    }

    fn bucket_mut(&mut self, name: &Words) -> Option<&mut Bucket> {
        self.buckets.get_mut(place(name, self.buckets.len()))
    }
}

impl Record {
    fn state(&self) -> u64 {
        let bit = |set: bool, bit: u64| if set { bit } else { 0 };
        KNOWN | bit(self.enabled, ENABLED) | bit(self.damaged, DAMAGED)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;
    use crate::random::OsRandom;
    use crate::random::tests::FailsAfter;

    const UNKNOWN: Judgement = Judgement::Refused(RejectReason::UnknownClient);
    const WRONG: Judgement = Judgement::Refused(RejectReason::WrongSecret);
    const DISABLED: Judgement = Judgement::Refused(RejectReason::Disabled);

    fn secret(byte: u8, expires_at: Option<u64>) -> LiveSecret {
        LiveSecret { proof: Proof::Digest([byte; 32]), expires_at, last_use: SecretUse::default() }
    }

    fn record(app: &str, secrets: Vec<LiveSecret>) -> Record {
        Record { app: app.to_owned(), enabled: true, damaged: false, secrets }
    }

    impl Directory {
        fn judgement(&self, app: &str, shown: &Digest, now: u64) -> Judgement {
            self.judge(app, &[*shown], now).judgement
        }
    }

    fn digest_of(record: &Record) -> &Digest {
        match &record.secrets[0].proof {
            Proof::Digest(digest) => digest,
            Proof::Slow(_) => panic!("a slow one"),
        }
    }

    fn directory(records: &[Record]) -> Directory {
        Directory::build(records, &OsRandom::warm().unwrap()).unwrap()
    }

    #[test]
    fn each_app_is_judged_by_its_own_record() {
        let records: Vec<_> = (0..5_000_u16)
            .map(|i| {
                let mut digest = [0x55; 32];
                digest[..2].copy_from_slice(&i.to_be_bytes());
                let proof = Proof::Digest(digest);
                record(&format!("app-{i}"), vec![LiveSecret { proof, ..secret(0, None) }])
            })
            .collect();
        let directory = directory(&records);
        for (i, app) in records.iter().enumerate() {
            let [own, other] = [app, &records[(i + 1) % records.len()]].map(digest_of);
            assert_eq!(directory.judgement(&app.app, own, 0), Judgement::Right);
            assert_eq!(directory.judgement(&app.app, other, 0), WRONG);
            assert_eq!(directory.judgement(&format!("{}x", app.app), own, 0), UNKNOWN);
        }
    }

    #[test]
    fn every_byte_of_a_digest_counts() {
        let directory = directory(&[record("a", vec![secret(7, None)])]);
        for bit in 0..256 {
            let mut shown = [7; 32];
            shown[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(directory.judgement("a", &shown, 0), WRONG);
        }
    }

    #[test]
    fn both_secrets_are_good_until_each_expires() {
        let both = vec![secret(1, Some(100)), secret(2, None)];
        let directory = directory(&[record("a", both)]);
        for (byte, now, judgement) in [
            (1, 99, Judgement::Right),
            (1, 100, WRONG),
            (2, u64::MAX - 1, Judgement::Right),
            (3, 0, WRONG),
            (0, 0, WRONG),
        ] {
            assert_eq!(directory.judgement("a", &[byte; 32], now), judgement, "{byte} {now}");
        }
    }

    #[test]
    fn the_use_of_a_right_secret_is_noted_and_no_other() {
        let mut records: Vec<_> = (0..9)
            .map(|i| record(&i.to_string(), vec![secret(1, None), secret(2, None)]))
            .collect();
        records[5].enabled = false;
        let directory = directory(&records);
        let used = |app: usize| {
            let [one, two] = [0, 1].map(|which| records[app].secrets[which].last_use.hour());
            (one, two)
        };
        for app in 0..9 {
            directory.judgement(&app.to_string(), &[3; 32], 7_200);
            assert_eq!(used(app), (None, None));
        }
        for (app, byte, after) in
            [(3, 2, (None, Some(7_200))), (4, 1, (Some(7_200), None)), (5, 1, (None, None))]
        {
            directory.judgement(&app.to_string(), &[byte; 32], 7_300);
            assert_eq!(used(app), after, "{app}");
        }
        assert_eq!(directory.uses().filter(|last_use| last_use.hour().is_some()).count(), 2);
    }

    #[test]
    fn disabled_tells_only_who_has_the_secret_and_damaged_tells_nothing() {
        let disabled = Record { enabled: false, ..record("off", vec![secret(1, None)]) };
        let damaged = Record { damaged: true, ..record("bad", vec![secret(1, None)]) };
        let directory = directory(&[disabled, damaged]);
        assert_eq!(directory.judgement("off", &[1; 32], 0), DISABLED);
        assert_eq!(directory.judgement("off", &[2; 32], 0), WRONG);
        assert_eq!(directory.judgement("bad", &[1; 32], 0), Judgement::Damaged);
        assert_eq!(directory.judgement("bad", &[2; 32], 0), Judgement::Damaged);
    }

    #[test]
    fn an_empty_directory_knows_nobody() {
        let directory = directory(&[]);
        assert_eq!(directory.judgement("a", &[0; 32], 0), UNKNOWN);
        assert_eq!(directory.judgement("", &[0; 32], 0), UNKNOWN);
    }

    #[test]
    fn no_randomness_means_no_directory() {
        let records = [record("a", vec![secret(1, None)])];
        for draws in 0..3 {
            let failing = FailsAfter(AtomicUsize::new(draws));
            assert!(Directory::build(&records, &failing).is_err(), "{draws}");
        }
    }
}
