//! The slow hashes of imported secrets, and the one that is nobody's.

use std::sync::Arc;
use std::time::Duration;

use super::record::Record;
use crate::imported::argon2id::Argon2id;
use crate::imported::hash::Hash;
use crate::random::{Random, RandomError};

/// The hash of an imported secret.
#[derive(Clone)]
pub(crate) struct SlowHash {
    pub(crate) hash: Arc<Hash>,
    /// The id of the secret; empty for nobody's.
    pub(crate) secret: String,
}

/// What is answered later than it was asked is answered at a multiple of that.
const STEP: Duration = Duration::from_millis(50);

/// The step of the grid on which the verdicts of such hashes are told: above the slowest of them on a
/// busy machine. `None` if there are none.
pub(super) fn step(hashes: &[SlowHash]) -> Option<Duration> {
    let slowest = hashes.iter().map(|slow| slow.hash.time()).max()?;
    let steps = slowest.as_nanos().checked_div(STEP.as_nanos()).unwrap_or(0).saturating_add(1);
    Some(STEP.saturating_mul(u32::try_from(steps).unwrap_or(u32::MAX)))
}

/// Nobody's, and those of the records in their order; none if no record has one.
pub(super) fn all_of(
    records: &[Record],
    random: &dyn Random,
) -> Result<Box<[SlowHash]>, RandomError> {
    let own = |record: &Record| {
        record.slow().map(|(secret, hash)| SlowHash {
            hash: Arc::clone(hash),
            secret: secret.last_use.id.clone(),
        })
    };
    let own: Vec<_> = records.iter().filter_map(own).collect();
    if own.is_empty() {
        return Ok(Box::default());
    }
    let nobodys = Arc::new(Hash::Argon2id(Argon2id::drawn(random)?));
    let nobodys = SlowHash { hash: nobodys, secret: String::new() };
    Ok(std::iter::once(nobodys).chain(own).collect())
}

#[cfg(test)]
mod tests {
    use tokensmith::RejectReason;

    use super::super::{Directory, Judgement, LiveSecret, Proof};
    use super::*;
    use crate::last_use::SecretUse;
    use crate::random::OsRandom;

    const BCRYPT: &str = "$2b$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG";
    const UNKNOWN: Judgement = Judgement::Refused(RejectReason::UnknownClient);
    const WRONG: Judgement = Judgement::Refused(RejectReason::WrongSecret);

    fn fast(byte: u8) -> LiveSecret {
        let proof = Proof::Digest([byte; 32]);
        LiveSecret { proof, expires_at: None, last_use: SecretUse::default() }
    }

    fn slow(text: &str, expires_at: Option<u64>) -> LiveSecret {
        let proof = Proof::Slow(Arc::new(Hash::read(text).unwrap()));
        LiveSecret { proof, expires_at, last_use: SecretUse::default() }
    }

    fn record(app: &str, secrets: Vec<LiveSecret>) -> Record {
        Record { app: app.to_owned(), enabled: true, damaged: false, secrets }
    }

    fn directory(records: &[Record]) -> Directory {
        Directory::build(records, &OsRandom::warm().unwrap()).unwrap()
    }

    #[test]
    fn a_slow_hash_is_chosen_for_whoever_is_named_and_none_where_no_app_has_one() {
        let other = BCRYPT.replace("$04", "$05");
        let records = [
            record("two", vec![slow(BCRYPT, Some(100)), fast(1)]),
            record("fast", vec![fast(3)]),
            record("one", vec![slow(&other, None), fast(2)]),
        ];
        let fast = directory(&records[1..2]);
        assert!(fast.choose_slow("fast").is_none() && fast.slow_step().is_none());
        let slowest = record("slowest", vec![slow(&BCRYPT.replace("$04", "$12"), None)]);
        let step = directory(&[records[2].clone(), slowest]).slow_step();
        assert_eq!(step, Some(Duration::from_millis(650)));
        let directory = directory(&records);
        let chosen = |app| directory.choose_slow(app).unwrap();
        let kept = |app| chosen(app).slow.hash.to_string();
        assert_eq!((kept("two"), kept("one")), (BCRYPT.to_owned(), other));
        for none in ["fast", "nobody"] {
            assert!(kept(none).starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{none}");
            assert_eq!(chosen(none).slow.secret, "");
        }
        for (app, verified, now, judgement) in [
            ("two", true, 99, Judgement::Right),
            ("two", true, 100, WRONG),
            ("two", false, 0, WRONG),
            ("one", true, u64::MAX - 1, Judgement::Right),
            ("fast", false, 0, WRONG),
            ("nobody", false, 0, UNKNOWN),
            ("nobody", true, 0, UNKNOWN),
        ] {
            assert_eq!(directory.judge_slow(&chosen(app), verified, now), judgement, "{app} {now}");
        }
        assert_eq!(directory.slow_step(), Some(Duration::from_millis(50)));
        let by_digest = |byte| directory.judge("two", &[[byte; 32]], 200).judgement;
        assert_eq!((by_digest(0), by_digest(1)), (WRONG, Judgement::Right));
    }
}
