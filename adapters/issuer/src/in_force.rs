//! What is in force: what the store held at one moment, made ready for use.

use std::sync::Arc;

use tokensmith::AppClientId;

use crate::derived::DerivedKeys;
use crate::directory::{Directory, Record};
use crate::key_ring::KeyRing;
use crate::random::Random;
use crate::settings::IssuerSettings;
use crate::signing::signer::Lent;
use crate::store::StoreError;
use crate::store::records::Records;
use crate::wording::Wordings;

/// What the store held at one moment. Never changed, but replaced whole.
pub(crate) struct InForce {
    pub(crate) directory: Directory,
    pub(crate) wordings: Wordings,
    pub(crate) keys: KeyRing,
    /// The secrets that have an end.
    pub(crate) ending: Vec<Ending>,
}

/// A secret that has an end, which may have passed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ending {
    pub(crate) app: AppClientId,
    pub(crate) secret: String,
    pub(crate) at: u64,
}

impl InForce {
    /// Reads the store's present state. The signing key is opened anew only if it is another.
    pub(crate) fn read(
        records: &Records<'_>,
        settings: &IssuerSettings,
        keys: &DerivedKeys,
        lent: &[Arc<Lent>],
        random: &dyn Random,
        before: Option<&Self>,
    ) -> Result<Self, StoreError> {
        // Asked first, because it tells whether the keys are the store's.
        records.changes()?;
        let known = before.map(|before| before.directory.uses().collect()).unwrap_or_default();
        let policies = records.policies()?;
        let apps = records.directory(&keys.peppers, &known, &policies)?;
        let whole = policies.iter().filter_map(|(app, policy)| Some((app, policy.as_ref()?)));
        let wordings = Wordings::new(whole);
        let directory = Directory::build(&apps, random)?;
        let ending = apps.iter().flat_map(Ending::all_of).collect();
        let rows = records.signing_keys()?;
        let keys = KeyRing::open(rows, settings, keys, lent, before.map(|before| &before.keys))?;
        Ok(Self { directory, wordings, keys, ending })
    }
}

impl Ending {
    fn all_of(app: &Record) -> impl Iterator<Item = Self> {
        let id = AppClientId::new(&app.app).ok();
        app.secrets.iter().filter_map(move |secret| {
            let (app, at) = (id.clone()?, secret.expires_at?);
            Some(Self { app, secret: secret.last_use.id.clone(), at })
        })
    }
}
