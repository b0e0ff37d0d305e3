//! The apps in memory, looked up in the same time whether an app is known, and whatever about it is
//! wrong.

use aws_lc_rs::digest::{Context, SHA256};
use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};
use tokensmith::RejectReason;

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

/// A secret of an app: its digest, and the second from which it is no longer good.
#[derive(Clone, Debug)]
pub(crate) struct LiveSecret {
    pub(crate) digest: Digest,
    pub(crate) expires_at: Option<u64>,
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
        let mut directory = Self { salt, buckets: vec![bucket; buckets].into() };
        for record in records {
            let name = directory.name(&record.app);
            let free = directory
                .bucket_mut(&name)
                .and_then(|bucket| bucket.slots.iter_mut().find(|slot| slot.state == 0));
            let Some(slot) = free else { return Ok(None) };
            *slot = Slot { name, state: record.state(), ..Slot::default() };
            slot.fill_digests(&record.secrets, random)?;
        }
        Ok(Some(directory))
    }

    /// Judges an app's id and the digest of the secret that it showed, at that second. Every bucket
    /// costs the same, whatever is in it; status and expiry count at the very end.
    pub(crate) fn judge(&self, app: &str, shown: &Digest, now: u64) -> Judgement {
        let name = self.name(app);
        let chosen = self.bucket(&name).map(|bucket| bucket.choose(&name)).unwrap_or_default();
        let shown = words(shown);
        let mut right = Choice::from(0);
        for (digest, expires_at) in chosen.digests.iter().zip(chosen.expires_at) {
            right |= equal(digest, &shown) & Choice::from(u8::from(now < expires_at));
        }
        let bits = chosen.state | (u64::from(right.unwrap_u8()) << RIGHT_SHIFT);
        let judgement = usize::try_from(bits).ok().and_then(|bits| JUDGEMENTS.get(bits));
        judgement.copied().unwrap_or(Judgement::Damaged)
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
    }
}

impl Record {
    fn state(&self) -> u64 {
        let bit = |set: bool, bit: u64| if set { bit } else { 0 };
        KNOWN | bit(self.enabled, ENABLED) | bit(self.damaged, DAMAGED)
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
        LiveSecret { digest: [byte; 32], expires_at }
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
                record(&format!("app-{i}"), vec![LiveSecret { digest, expires_at: None }])
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
