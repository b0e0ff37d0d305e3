//! The apps in memory, looked up in the same time whether an app is known, and whatever about it is
//! wrong.

use aws_lc_rs::digest::{Context, SHA256};
use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};
use tokensmith::RejectReason;

use crate::last_use::SecretUse;
use crate::random::{Random, RandomError};
use crate::secret::Digest;

const SLOTS: usize = 8;
/// How many secrets of an app may live at once.
pub(crate) const LIVE_SECRETS: usize = 2;

/// An app as the store holds it.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) app: String,
    pub(crate) enabled: bool,
    /// Something of it in the store cannot be trusted, so nothing about it can be said.
    pub(crate) damaged: bool,
    /// At most [`LIVE_SECRETS`].
    pub(crate) secrets: Vec<LiveSecret>,
}

/// A secret of an app: its digest, the second from which it is no longer good, and its last use.
#[derive(Clone, Debug)]
pub(crate) struct LiveSecret {
    pub(crate) digest: Digest,
    pub(crate) expires_at: Option<u64>,
    pub(crate) last_use: SecretUse,
}

/// What is to be said of an id and a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    Right,
    Refused(RejectReason),
    Damaged,
}

/// All apps. It is never changed, but replaced whole.
pub(crate) struct Directory {
    /// Of this directory alone: nobody can choose ids that fall into one bucket.
    salt: [u8; 16],
    buckets: Box<[Bucket]>,
    /// Those of the app at the place n are at 2n and 2n + 1.
    uses: Box<[Option<SecretUse>]>,
}

#[derive(Clone)]
struct Bucket {
    slots: [Slot; SLOTS],
    /// What an unknown id is judged by. It lies beside the slots, so that to read it costs the same.
    decoy: Slot,
}

type Words = [u64; 4];

#[derive(Clone, Copy, Default)]
struct Slot {
    name: Words,
    digests: [Words; LIVE_SECRETS],
    expires_at: [u64; LIVE_SECRETS],
    state: u64,
    /// Where its last uses are.
    place: u64,
}

const KNOWN: u64 = 1;
const ENABLED: u64 = 2;
const DAMAGED: u64 = 4;
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
        let mut decoy = Slot::default();
        decoy.fill_digests(&[], random)?;
        let bucket = Bucket { slots: [Slot::default(); SLOTS], decoy };
        let uses = records.iter().flat_map(Record::uses).collect();
        let mut directory = Self { salt, buckets: vec![bucket; buckets].into(), uses };
        for (place, record) in (0..).zip(records) {
            let name = directory.name(&record.app);
            let free = directory
                .bucket_mut(&name)
                .and_then(|bucket| bucket.slots.iter_mut().find(|slot| slot.state == 0));
            let Some(slot) = free else { return Ok(None) };
            *slot = Slot { name, state: record.state(), place, ..Slot::default() };
            slot.fill_digests(&record.secrets, random)?;
        }
        Ok(Some(directory))
    }

    /// Judges an app's id and the digest of the secret that it showed, at that second. Every bucket
    /// costs the same, whatever is in it; status and expiry count at the very end. The use of a
    /// right one is noted.
    pub(crate) fn judge(&self, app: &str, shown: &Digest, now: u64) -> Judgement {
        let name = self.name(app);
        let chosen = self.bucket(&name).map(|bucket| bucket.choose(&name)).unwrap_or_default();
        let shown = words(shown);
        let mut right = Choice::from(0);
        let (mut which, mut place) = (0_u64, 0_u64);
        for (digest, expires_at) in chosen.digests.iter().zip(chosen.expires_at) {
            let this = equal(digest, &shown) & Choice::from(u8::from(now < expires_at));
            which.conditional_assign(&place, this);
            right |= this;
            place = place.wrapping_add(1);
        }
        let bits = chosen.state | (u64::from(right.unwrap_u8()) << RIGHT_SHIFT);
        let judgement = usize::try_from(bits).ok().and_then(|bits| JUDGEMENTS.get(bits));
        let judgement = judgement.copied().unwrap_or(Judgement::Damaged);
        if judgement == Judgement::Right {
            self.note_use(chosen.place, which, now);
        }
        judgement
    }

    /// Whether an app may have tokens; `None` if there is none. Its time tells: it is for
    /// administration, and for an app that a token names.
    pub(crate) fn is_enabled(&self, app: &str) -> Option<bool> {
        let name = self.name(app);
        let state = self.bucket(&name).map_or(0, |bucket| bucket.choose(&name).state);
        (state & KNOWN != 0).then_some(state == KNOWN | ENABLED)
    }

    fn note_use(&self, app: u64, which: u64, now: u64) {
        let place = app.saturating_mul(LIVE_SECRETS as u64).saturating_add(which);
        let used = usize::try_from(place).ok().and_then(|place| self.uses.get(place));
        if let Some(Some(used)) = used {
            used.note(now);
        }
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

impl Bucket {
    /// The slot of that name, or the decoy; all are read.
    fn choose(&self, name: &Words) -> Slot {
        let mut chosen = self.decoy;
        for slot in &self.slots {
            chosen.assign_if(slot, equal(&slot.name, name));
        }
        chosen
    }
}

impl Slot {
    /// A secret that does not exist is a random digest, which nothing matches.
    fn fill_digests(
        &mut self,
        secrets: &[LiveSecret],
        random: &dyn Random,
    ) -> Result<(), RandomError> {
        let places = self.digests.iter_mut().zip(&mut self.expires_at);
        for (index, (digest, expires_at)) in places.enumerate() {
            if let Some(secret) = secrets.get(index) {
                *digest = words(&secret.digest);
                *expires_at = secret.expires_at.unwrap_or(u64::MAX);
            } else {
                let mut bytes = [0; 32];
                random.fill(&mut bytes)?;
                *digest = words(&bytes);
            }
        }
        Ok(())
    }

    fn assign_if(&mut self, other: &Self, choice: Choice) {
        for (mine, theirs) in self.digests.iter_mut().flatten().zip(other.digests.iter().flatten())
        {
            mine.conditional_assign(theirs, choice);
        }
        for (mine, theirs) in self.expires_at.iter_mut().zip(&other.expires_at) {
            mine.conditional_assign(theirs, choice);
        }
        self.state.conditional_assign(&other.state, choice);
        self.place.conditional_assign(&other.place, choice);
    }
}

impl Record {
    fn state(&self) -> u64 {
        let bit = |set: bool, bit: u64| if set { bit } else { 0 };
        KNOWN | bit(self.enabled, ENABLED) | bit(self.damaged, DAMAGED)
    }

    /// As many as an app may have.
    fn uses(&self) -> [Option<SecretUse>; LIVE_SECRETS] {
        std::array::from_fn(|index| Some(self.secrets.get(index)?.last_use.clone()))
    }
}

/// Which of so many buckets: the name's first word, scaled.
fn place(name: &Words, buckets: usize) -> usize {
    let [first, ..] = name;
    let scaled = u128::from(*first).saturating_mul(buckets as u128) >> 64;
    usize::try_from(scaled).unwrap_or(0)
}

fn equal(one: &Words, two: &Words) -> Choice {
    let difference = one.iter().zip(two).fold(0, |sum, (a, b)| sum | (a ^ b));
    difference.ct_eq(&0)
}

fn words(bytes: &[u8; 32]) -> Words {
    let (chunks, _) = bytes.as_chunks();
    let mut words = chunks.iter().map(|chunk| u64::from_ne_bytes(*chunk));
    std::array::from_fn(|_| words.next().unwrap_or(0))
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
        LiveSecret { digest: [byte; 32], expires_at, last_use: SecretUse::default() }
    }

    fn record(app: &str, secrets: Vec<LiveSecret>) -> Record {
        Record { app: app.to_owned(), enabled: true, damaged: false, secrets }
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
                record(&format!("app-{i}"), vec![LiveSecret { digest, ..secret(0, None) }])
            })
            .collect();
        let directory = directory(&records);
        for (i, app) in records.iter().enumerate() {
            let own = &app.secrets[0].digest;
            let other = &records[(i + 1) % records.len()].secrets[0].digest;
            assert_eq!(directory.judge(&app.app, own, 0), Judgement::Right);
            assert_eq!(directory.judge(&app.app, other, 0), WRONG);
            assert_eq!(directory.judge(&format!("{}x", app.app), own, 0), UNKNOWN);
        }
    }

    #[test]
    fn every_byte_of_a_digest_counts() {
        let directory = directory(&[record("a", vec![secret(7, None)])]);
        for bit in 0..256 {
            let mut shown = [7; 32];
            shown[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(directory.judge("a", &shown, 0), WRONG);
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
            assert_eq!(directory.judge("a", &[byte; 32], now), judgement, "{byte} {now}");
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
            directory.judge(&app.to_string(), &[3; 32], 7_200);
            assert_eq!(used(app), (None, None));
        }
        for (app, byte, after) in
            [(3, 2, (None, Some(7_200))), (4, 1, (Some(7_200), None)), (5, 1, (None, None))]
        {
            directory.judge(&app.to_string(), &[byte; 32], 7_300);
            assert_eq!(used(app), after, "{app}");
        }
        assert_eq!(directory.uses().filter(|last_use| last_use.hour().is_some()).count(), 2);
    }

    #[test]
    fn disabled_tells_only_who_has_the_secret_and_damaged_tells_nothing() {
        let disabled = Record { enabled: false, ..record("off", vec![secret(1, None)]) };
        let damaged = Record { damaged: true, ..record("bad", vec![secret(1, None)]) };
        let directory = directory(&[disabled, damaged]);
        assert_eq!(directory.judge("off", &[1; 32], 0), DISABLED);
        assert_eq!(directory.judge("off", &[2; 32], 0), WRONG);
        assert_eq!(directory.judge("bad", &[1; 32], 0), Judgement::Damaged);
        assert_eq!(directory.judge("bad", &[2; 32], 0), Judgement::Damaged);
    }

    #[test]
    fn an_empty_directory_knows_nobody() {
        let directory = directory(&[]);
        assert_eq!(directory.judge("a", &[0; 32], 0), UNKNOWN);
        assert_eq!(directory.judge("", &[0; 32], 0), UNKNOWN);
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
