//! A bucket of a directory: eight apps and what an unknown one is judged by, all read at every look-up.

use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};

use super::record::{LIVE_SECRETS, LiveSecret, Proof};
use crate::random::{Random, RandomError};

const SLOTS: usize = 8;

#[derive(Clone)]
pub(super) struct Bucket {
    pub(super) slots: [Slot; SLOTS],
    /// What an unknown id is judged by. It lies beside the slots, so that to read it costs the same.
    decoy: Slot,
}

pub(super) type Words = [u64; 4];

#[derive(Clone, Copy, Default)]
pub(crate) struct Slot {
    pub(super) name: Words,
    pub(super) digests: [Words; LIVE_SECRETS],
    pub(super) expires_at: [u64; LIVE_SECRETS],
    pub(super) state: u64,
    /// Where its last uses are.
    pub(super) place: u32,
    /// Where its slow hash is, which is that of its first secret; nobody's if it has none.
    pub(super) slow: u32,
}

// Two lines of a cache: all slots of a bucket are read at every look-up.
const _: () = assert!(size_of::<Slot>() == 128);

pub(super) const KNOWN: u64 = 1;
pub(super) const ENABLED: u64 = 2;
pub(super) const DAMAGED: u64 = 4;

impl Bucket {
    pub(super) fn empty(random: &dyn Random) -> Result<Self, RandomError> {
        let mut decoy = Slot::default();
        decoy.fill_digests(&[], random)?;
        Ok(Self { slots: [Slot::default(); SLOTS], decoy })
    }

    /// The slot of that name, or the decoy; all are read.
    pub(super) fn choose(&self, name: &Words) -> Slot {
        let mut chosen = self.decoy;
        for slot in &self.slots {
            chosen.assign_if(slot, equal(&slot.name, name));
        }
        chosen
    }
}

impl Slot {
    /// A secret that does not exist, or is kept as a slow hash, is a random digest, which nothing
    /// matches.
    pub(super) fn fill_digests(
        &mut self,
        secrets: &[LiveSecret],
        random: &dyn Random,
    ) -> Result<(), RandomError> {
        let places = self.digests.iter_mut().zip(&mut self.expires_at);
        for (index, (digest, expires_at)) in places.enumerate() {
            let secret = secrets.get(index);
            if let Some(secret) = secret {
                *expires_at = secret.expires_at.unwrap_or(u64::MAX);
            }
            if let Some(LiveSecret { proof: Proof::Digest(kept), .. }) = secret {
                *digest = words(kept);
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
        self.slow.conditional_assign(&other.slow, choice);
    }
}

/// Which of so many buckets: the name's first word, scaled.
pub(super) fn place(name: &Words, buckets: usize) -> usize {
    let [first, ..] = name;
    let scaled = u128::from(*first).saturating_mul(buckets as u128) >> 64;
    usize::try_from(scaled).unwrap_or(0)
}

pub(super) fn equal(one: &Words, two: &Words) -> Choice {
    let difference = one.iter().zip(two).fold(0, |sum, (a, b)| sum | (a ^ b));
    difference.ct_eq(&0)
}

pub(super) fn words(bytes: &[u8; 32]) -> Words {
    let (chunks, _) = bytes.as_chunks();
    let mut words = chunks.iter().map(|chunk| u64::from_ne_bytes(*chunk));
    std::array::from_fn(|_| words.next().unwrap_or(0))
}
