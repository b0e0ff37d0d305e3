//! Puts an issuer together from its settings and from what the host lends it.

use std::fmt;
use std::sync::Arc;

use tokensmith::{Clock, NoObserver, Observer, SystemClock, Timer};

use crate::claims_source::ClaimsSource;
use crate::issuer::{Issuer, OpenError};
use crate::random::OsRandom;
use crate::refresh::ledger::RefreshLedger;
use crate::settings::IssuerSettings;
use crate::signing::signer::Signer;

/// Puts an [`Issuer`] together. Whatever is not said has a default.
///
/// ```
/// use tokensmith::{ManualClock, UnixTime};
/// use tokensmith_issuer::{Issuer, IssuerSettings};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("tokensmith.db");
/// let clock = ManualClock::new(UnixTime::from_secs(1_700_000_000));
/// let issuer = Issuer::builder(IssuerSettings::new(path)).clock(clock).open()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub struct IssuerBuilder {
    settings: IssuerSettings,
    host: Host,
}

/// What a host lends an issuer.
pub(crate) struct Host {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) observer: Arc<dyn Observer>,
    /// `None`: a file beside the store.
    pub(crate) ledger: Option<Arc<dyn RefreshLedger>>,
    pub(crate) claims: Option<Arc<dyn ClaimsSource>>,
    /// `None`: a thread.
    pub(crate) timer: Option<Arc<dyn Timer>>,
    pub(crate) signers: Vec<Arc<dyn Signer>>,
}

impl Default for Host {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock::new()),
            observer: Arc::new(NoObserver),
            ledger: None,
            claims: None,
            timer: None,
            signers: Vec::new(),
        }
    }
}

impl IssuerBuilder {
    pub(crate) fn new(settings: IssuerSettings) -> Self {
        Self { settings, host: Host::default() }
    }

    /// The clock that dates records: the operating system's.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.host.clock = Arc::new(clock);
        self
    }

    /// Who hears when a change by another process cannot be put in force, a key follows another, a
    /// secret comes to its end: nobody.
    pub fn observer(mut self, observer: impl Observer + 'static) -> Self {
        self.host.observer = Arc::new(observer);
        self
    }

    /// What remembers refresh tokens, in place of the file beside the store: a ledger that several
    /// machines share, or one in memory.
    pub fn ledger(mut self, ledger: impl RefreshLedger + 'static) -> Self {
        self.host.ledger = Some(Arc::new(ledger));
        self
    }

    /// What says which claims access tokens have besides those of the apps' policies: nothing.
    pub fn claims(mut self, source: impl ClaimsSource + 'static) -> Self {
        self.host.claims = Some(Arc::new(source));
        self
    }

    /// What waits for the completion grid ([`IssuerSettings::completion_grid`]): a thread of the
    /// issuer's own, which starts when there is something to wait for.
    pub fn timer(mut self, timer: impl Timer + 'static) -> Self {
        self.host.timer = Some(Arc::new(timer));
        self
    }

    /// What signs tokens in place of a key in the store. On a first start it signs at once. In a store
    /// that has a key its own is published first, and signs after
    /// [`key_lead`](IssuerSettings::key_lead), as a key that [`Admin`](crate::Admin) makes.
    ///
    /// Called more than once, it is the last signer that is to sign; those before it sign until then.
    /// So to change from one to another, lend both for that time: without the former, the other signs
    /// before every verifier has its key. To go back, lend the former last, or alone.
    pub fn signer(mut self, signer: impl Signer + 'static) -> Self {
        self.host.signers.push(Arc::new(signer));
        self
    }

    /// Opens the issuer. Its first start makes the root key, the store and the signing key; a first
    /// start that was interrupted is taken up. A store that is missing or empty beside a root key
    /// cannot be told from that: all but the root is made anew, and the observer hears
    /// [`Event::StartedEmpty`](tokensmith::Event::StartedEmpty).
    ///
    /// It waits for the disk, as [`Admin`](crate::Admin) does, and for the first random number of the
    /// process, some 20 ms, which no token has to wait for then.
    ///
    /// # Errors
    /// [`OpenError`] says what is missing, damaged, open to others or another user's.
    pub fn open(self) -> Result<Issuer, OpenError> {
        let random = OsRandom::warm().map_err(|_| OpenError::Random)?;
        Issuer::open_with(self.settings, Box::new(random), self.host)
    }
}

impl fmt::Debug for IssuerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuerBuilder").field("settings", &self.settings).finish_non_exhaustive()
    }
}
