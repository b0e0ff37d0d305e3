//! The apps as the store holds them, of which a directory is made.

use std::sync::Arc;

use crate::imported::hash::Hash;
use crate::last_use::SecretUse;
use crate::secret::Digest;

/// How many secrets of an app may live at once.
pub(crate) const LIVE_SECRETS: usize = 2;

/// An app as the store holds it.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) app: String,
    pub(crate) enabled: bool,
    /// Something of it in the store cannot be trusted, so nothing about it can be said.
    pub(crate) damaged: bool,
    /// At most [`LIVE_SECRETS`], and only the first may be imported.
    pub(crate) secrets: Vec<LiveSecret>,
}

/// A secret of an app: what it is known by, the second from which it is no longer good, and its last
/// use.
#[derive(Clone, Debug)]
pub(crate) struct LiveSecret {
    pub(crate) proof: Proof,
    pub(crate) expires_at: Option<u64>,
    pub(crate) last_use: SecretUse,
}

/// What a secret is known by.
#[derive(Clone, Debug)]
pub(crate) enum Proof {
    /// Of a generated one, or one of that shape.
    Digest(Digest),
    /// Of another, which was imported.
    Slow(Arc<Hash>),
}

impl Record {
    /// Whether it may have that secret too.
    pub(crate) fn has_room_for(&self, proof: &Proof) -> bool {
        let is_second_slow = matches!(proof, Proof::Slow(_)) && self.slow().is_some();
        self.secrets.len() < LIVE_SECRETS && !is_second_slow
    }

    /// Gives it a secret that it [has room for](Self::has_room_for).
    pub(crate) fn add(&mut self, secret: LiveSecret) {
        let place = if let Proof::Slow(_) = secret.proof { 0 } else { self.secrets.len() };
        self.secrets.insert(place, secret);
    }

    /// As many as an app may have.
    pub(super) fn uses(&self) -> [Option<SecretUse>; LIVE_SECRETS] {
        std::array::from_fn(|index| Some(self.secrets.get(index)?.last_use.clone()))
    }

    /// The imported one.
    pub(super) fn slow(&self) -> Option<(&LiveSecret, &Arc<Hash>)> {
        let first = self.secrets.first()?;
        match &first.proof {
            Proof::Slow(hash) => Some((first, hash)),
            Proof::Digest(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_has_room_for_two_secrets_and_one_of_them_imported() {
        let text = "$2b$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG";
        let slow = Proof::Slow(Arc::new(Hash::read(text).unwrap()));
        let fast = Proof::Digest([1; 32]);
        let live = |proof: &Proof| LiveSecret {
            proof: proof.clone(),
            expires_at: None,
            last_use: SecretUse::default(),
        };
        let mut record =
            Record { app: "a".to_owned(), enabled: true, damaged: false, secrets: Vec::new() };
        assert!(record.has_room_for(&slow) && record.has_room_for(&fast));
        record.add(live(&fast));
        assert!(record.has_room_for(&slow) && record.has_room_for(&fast));
        record.add(live(&slow));
        assert!(matches!(record.secrets[0].proof, Proof::Slow(_)), "it is the first");
        assert!(!record.has_room_for(&slow) && !record.has_room_for(&fast));
        record.secrets.pop();
        assert!(!record.has_room_for(&slow) && record.has_room_for(&fast));
        record.add(live(&fast));
        assert!(record.slow().is_some());
        assert!(!record.has_room_for(&slow) && !record.has_room_for(&fast));
    }
}
