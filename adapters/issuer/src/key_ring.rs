//! The signing keys in their order: which one signs at a time, which are published, and when something
//! is to be done about one.
//!
//! All follows from when each begins to sign, which is stored with it. So all processes with one store
//! agree, and none goes back.

use std::sync::Arc;

use crate::derived::DerivedKeys;
use crate::minter::Minter;
use crate::settings::{IssuerSettings, LONGEST_TOKEN_LIFE};
use crate::signing::SealedKey;
use crate::signing::public_key::PublicKey;
use crate::signing::signer::{Key, Lent};
use crate::store::StoreError;
use crate::store::keys::KeyRow;

/// How long a retired key is published: as long as the longest token that it may have signed lives, by
/// whatever setting and policy there was then, and five minutes, since clocks differ.
const PUBLISHED: u64 = LONGEST_TOKEN_LIFE.as_secs() + DELAY;
/// How long after its retirement a key's private half is kept, for a process whose clock is behind.
const DELAY: u64 = 300;

/// Where a key is in its life. It only ever goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyState {
    /// It is published, so that verifiers know it before it signs.
    Pending,
    /// It signs.
    Active,
    /// It is published, for the tokens that it has signed.
    Retired,
}

impl KeyState {
    /// The word that stands for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Retired => "retired",
        }
    }
}

/// What is to be done about a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Chore {
    /// Its private half has no more use.
    Wipe(KeyRow),
    /// No token of its lives any more.
    Remove(String),
    /// The active one has signed for as long as the host wants.
    Rotate,
}

/// All keys. It is never changed, but replaced whole.
pub(crate) struct KeyRing {
    /// In the order in which they sign.
    keys: Vec<Held>,
    pub(crate) jwks: Arc<str>,
}

struct Held {
    row: KeyRow,
    /// `None` once its private half is wiped, or where its signer is not lent.
    minter: Option<Arc<Minter>>,
}

impl KeyRing {
    /// Opens the keys; those that `before` had open are not opened again.
    pub(crate) fn open(
        rows: Vec<KeyRow>,
        settings: &IssuerSettings,
        keys: &DerivedKeys,
        lent: &[Arc<Lent>],
        before: Option<&Self>,
    ) -> Result<Self, StoreError> {
        let mut held = Vec::with_capacity(rows.len());
        let mut published = Vec::with_capacity(rows.len());
        for row in rows {
            let jwk = row.key.public_key().jwk(&row.key.kid);
            published.push(jwk.ok_or(StoreError::SigningKey)?);
            let known = before.and_then(|before| before.minter_of(&row.key));
            let minter = match known {
                Some(known) => Some(known),
                None => {
                    key_of(&row.key, keys, lent)?.map(|key| Arc::new(Minter::new(key, settings)))
                }
            };
            held.push(Held { row, minter });
        }
        // A process that only administers is lent nothing.
        if held.iter().all(|held| held.minter.is_none() && !held.row.key.is_lent()) {
            return Err(StoreError::SigningKey);
        }
        let jwks = Arc::from(format!(r#"{{"keys":[{}]}}"#, published.join(",")));
        Ok(Self { keys: held, jwks })
    }

    fn minter_of(&self, key: &SealedKey) -> Option<Arc<Minter>> {
        self.keys.iter().find(|held| held.row.key == *key)?.minter.clone()
    }

    /// The public half of that key.
    pub(crate) fn find(&self, kid: &str) -> Option<PublicKey<'_>> {
        let held = self.keys.iter().find(|held| held.row.key.kid == kid)?;
        Some(held.row.key.public_key())
    }

    /// What signs at that second: the latest that may, or before all of them the first.
    pub(crate) fn minter(&self, now: u64) -> Option<&Minter> {
        let usable = || self.keys.iter().filter_map(|held| Some((held, held.minter.as_deref()?)));
        let active = usable().rev().find(|(held, _)| held.row.active_at <= now);
        active.or_else(|| usable().next()).map(|(_, minter)| minter)
    }

    /// The keys with their states at that second.
    pub(crate) fn states(&self, now: u64) -> impl Iterator<Item = (&KeyRow, KeyState)> {
        let active = self.active(now);
        self.keys.iter().enumerate().map(move |(index, held)| {
            let state = match index.cmp(&active) {
                std::cmp::Ordering::Less => KeyState::Retired,
                std::cmp::Ordering::Equal => KeyState::Active,
                std::cmp::Ordering::Greater => KeyState::Pending,
            };
            (&held.row, state)
        })
    }

    fn active(&self, now: u64) -> usize {
        let begun = self.keys.iter().rposition(|held| held.row.active_at <= now);
        begun.unwrap_or(0)
    }

    /// What is due at that second.
    pub(crate) fn chores(&self, now: u64, settings: &IssuerSettings) -> Vec<Chore> {
        let active = self.active(now);
        let after = self.keys.iter().skip(1);
        let mut chores: Vec<_> = self
            .keys
            .iter()
            .zip(after)
            .filter_map(|(held, next)| {
                // Nothing, of one that signs yet or will.
                let retired = now.saturating_sub(next.row.active_at);
                if retired > PUBLISHED {
                    Some(Chore::Remove(held.row.key.kid.clone()))
                } else if retired > DELAY && !held.row.key.is_wiped() && !held.row.key.is_lent() {
                    Some(Chore::Wipe(held.row.clone()))
                } else {
                    None
                }
            })
            .collect();
        let is_latest = active.saturating_add(1) == self.keys.len();
        let Some(active) = self.keys.get(active) else { return chores };
        let since = now.saturating_sub(active.row.active_at);
        // The next one is published that long before, so that this one signs for as long as it should.
        let with_lead = since.saturating_add(settings.key_lead.as_secs());
        let every = settings.rotate_keys_every;
        // A signer's key is followed by another signer's, when the host lends one.
        let is_own = !active.row.key.is_lent();
        if every.is_some_and(|every| is_own && is_latest && with_lead >= every.as_secs()) {
            chores.push(Chore::Rotate);
        }
        chores
    }
}

/// What signs with it: nothing, once its private half is wiped, or where its signer is not lent.
fn key_of(
    key: &SealedKey,
    keys: &DerivedKeys,
    lent: &[Arc<Lent>],
) -> Result<Option<Key>, StoreError> {
    if key.is_wiped() {
        return Ok(None);
    }
    if !key.is_lent() {
        return Ok(Some(Key::Own(key.open(keys)?)));
    }
    Ok(lent.iter().find(|lent| lent.key.kid() == key.kid).cloned().map(Key::Lent))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokensmith::UnixTime;

    use super::*;
    use crate::derived::tests::keys;
    use crate::signing::pair::Algorithm;

    fn row(active_at: u64, is_lent: bool) -> KeyRow {
        let made = SealedKey::generate(Algorithm::EdDsa, &keys()).unwrap();
        let key = if is_lent { SealedKey { sealed: b"lent".to_vec(), ..made } } else { made };
        KeyRow { key, created_at: UnixTime::from_secs(0), active_at }
    }

    #[test]
    fn a_key_that_is_lent_is_neither_wiped_nor_followed_by_one_of_the_stores() {
        let mut settings = IssuerSettings::new("a.db");
        settings.rotate_keys_every = Some(Duration::from_hours(48));
        for is_lent in [false, true] {
            let rows = vec![row(0, is_lent), row(1_000, is_lent)];
            let first = rows[0].clone();
            let ring = KeyRing::open(rows, &settings, &keys(), &[], None).unwrap();
            let wipe = if is_lent { vec![] } else { vec![Chore::Wipe(first.clone())] };
            assert_eq!(ring.chores(1_301, &settings), wipe, "{is_lent}");
            let kid = first.key.kid;
            let mut later = vec![Chore::Remove(kid)];
            later.extend((!is_lent).then_some(Chore::Rotate));
            assert_eq!(ring.chores(400_000, &settings), later, "{is_lent}");
        }
    }
}
