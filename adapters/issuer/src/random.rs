//! Random bytes: the port that tests fail, and the system's source behind it.

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use thiserror::Error;

/// The system's random source gave nothing. There is no weaker one.
#[derive(Clone, Copy, Debug, Error)]
#[error("the system's random source failed")]
pub(crate) struct RandomError;

/// Fills memory with unpredictable bytes.
pub(crate) trait Random: Send + Sync {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError>;
}

/// The system's source, through aws-lc.
pub(crate) struct OsRandom(SystemRandom);

impl OsRandom {
    /// Draws one number at once: the first of a process collects jitter for some 20 ms, which no
    /// token shall wait for.
    pub(crate) fn warm() -> Result<Self, RandomError> {
        let source = Self(SystemRandom::new());
        source.fill(&mut [0])?;
        Ok(source)
    }
}

impl Random for OsRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        self.0.fill(bytes).map_err(|_| RandomError)
    }
}

/// A text of `length` letters, each as likely as every other. The alphabet has at most 128 letters.
pub(crate) fn text(
    random: &dyn Random,
    alphabet: &[u8],
    length: usize,
) -> Result<String, RandomError> {
    let letters = alphabet.len().min(128);
    // A byte at or above the largest multiple would favour the first letters: drawn anew.
    let fair = 256_usize.checked_rem(letters).map_or(0, |rest| 256_usize.saturating_sub(rest));
    let mut text = String::with_capacity(length);
    let mut drawn = [0_u8; 64];
    while text.len() < length {
        random.fill(&mut drawn)?;
        let letters = drawn
            .iter()
            .map(|byte| usize::from(*byte))
            .filter(|byte| *byte < fair)
            .filter_map(|byte| alphabet.get(byte.checked_rem(letters)?));
        let missing = length.saturating_sub(text.len());
        text.extend(letters.take(missing).map(|letter| char::from(*letter)));
    }
    Ok(text)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Fails from the n-th draw on.
    pub(crate) struct FailsAfter(pub(crate) AtomicUsize);

    impl Random for FailsAfter {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
            let left = self.0.load(Ordering::SeqCst).checked_sub(1).ok_or(RandomError)?;
            self.0.store(left, Ordering::SeqCst);
            OsRandom::warm()?.fill(bytes)
        }
    }

    #[test]
    fn every_letter_is_as_likely_as_every_other() {
        let random = OsRandom::warm().unwrap();
        let alphabet = b"0123456789abcdefghijklmnopqrstuvwxyz";
        let mut counts = BTreeMap::new();
        for letter in text(&random, alphabet, 72_000).unwrap().chars() {
            *counts.entry(letter).or_insert(0_u32) += 1;
        }
        assert_eq!(counts.len(), 36);
        // 2,000 expected; a modulo without rejection gives the first four letters 2,250.
        assert!(counts.values().all(|count| (1_780..2_220).contains(count)), "{counts:?}");
    }

    #[test]
    fn a_failing_source_gives_no_text() {
        assert!(text(&FailsAfter(AtomicUsize::new(0)), b"ab", 4).is_err());
    }
}
