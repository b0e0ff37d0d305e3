//! The issuer: judges an app's credentials by the directory, and signs its tokens.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use thiserror::Error;
use tokensmith::{
    AppCredentials, AuthenticateError, Authenticator, Clock, Context, Observer, RejectReason,
    TokenSet, TokenType, UpstreamKind,
};

use crate::admin::Admin;
use crate::directory::Judgement;
use crate::random::{OsRandom, Random};
use crate::refresh::{self, Family};
use crate::root::RootError;
use crate::secret;
use crate::settings::{IssuerSettings, SettingError};
use crate::state::State;
use crate::store::StoreError;
use crate::watcher::Watcher;

/// Issues tokens to apps of its own. It keeps apps, secrets and the signing key in an SQLite file,
/// which other processes may have open too, and needs no other service.
///
/// Its [`authenticate`](Authenticator::authenticate) never waits: the apps are in memory, and what
/// it computes, one signature for the most part, takes microseconds. A thread of its own watches
/// the store for changes by other processes, and ends when the issuer is dropped.
pub struct Issuer {
    state: Arc<State>,
    _watcher: Watcher,
}

/// Why an issuer cannot be opened. It never goes on with less than it should have: a root key that
/// is missing or another, or a damaged signing key, is an error here and never a new key.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// A setting is out of its bounds.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// There is no root key to work with.
    #[error(transparent)]
    Root(RootError),
    /// The store cannot be used.
    #[error("the store `{}` cannot be used", .path.display())]
    Store {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The system's random source failed.
    #[error("the system's random source failed")]
    Random,
    /// The thread that watches the store cannot be started.
    #[error("the thread that watches the store cannot be started")]
    Thread(#[source] std::io::Error),
}

impl Issuer {
    /// Opens an issuer. Its first start makes the root key, the store and the signing key; a first
    /// start that was interrupted is taken up. It waits for the disk, as [`Admin`] does.
    ///
    /// `clock` dates records; `observer` hears when a change by another process cannot be put in
    /// force.
    ///
    /// # Errors
    /// [`OpenError`] says what is missing, damaged or open to others.
    pub fn open(
        settings: IssuerSettings,
        clock: Arc<dyn Clock>,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, OpenError> {
        let random = OsRandom::warm().map_err(|_| OpenError::Random)?;
        Self::open_with(settings, Box::new(random), clock, observer)
    }

    fn open_with(
        settings: IssuerSettings,
        random: Box<dyn Random>,
        clock: Arc<dyn Clock>,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, OpenError> {
        settings.check()?;
        let path = settings.store.clone();
        let state = State::open(settings, random, clock, observer);
        let state = Arc::new(state.map_err(|error| OpenError::of(path, error))?);
        let watcher = Watcher::start(Arc::clone(&state)).map_err(OpenError::Thread)?;
        Ok(Self { state, _watcher: watcher })
    }

    /// The administration of this issuer. It goes on when the issuer is dropped.
    pub fn admin(&self) -> Admin {
        Admin::new(Arc::clone(&self.state))
    }

    fn issue(
        &self,
        cx: &Context,
        credentials: &AppCredentials,
    ) -> Result<TokenSet, AuthenticateError> {
        let in_force = self.state.in_force();
        let app = credentials.id.as_str();
        // Whatever is wrong is found out after the same work.
        let shown =
            secret::digest(&self.state.keys.pepper, app, credentials.secret.expose_secret());
        match in_force.directory.judge(app, &shown, cx.wall.as_secs()) {
            Judgement::Right => {}
            Judgement::Unknown => return rejected(RejectReason::UnknownClient),
            Judgement::Wrong => return rejected(RejectReason::WrongSecret),
            Judgement::Disabled => return rejected(RejectReason::Disabled),
            Judgement::Damaged => {
                return failed(UpstreamKind::Store, "the app's record is damaged");
            }
        }
        // Each draw is a system call: one for all that is random in the two tokens.
        let mut drawn = [0_u8; 40];
        if let Err(error) = self.state.random.fill(&mut drawn) {
            return Err(AuthenticateError::upstream(UpstreamKind::Random, error));
        }
        let (id, family) = split(&drawn);
        let settings = &self.state.settings;
        let refresh = refresh::mint(&self.state.keys, &settings.issuer, app, &family, cx.wall);
        let Some(refresh_token) = refresh else {
            return failed(UpstreamKind::Config, "the wall clock is out of bounds");
        };
        let access_token = in_force
            .tokens
            .mint(app, cx.wall, &id)
            .map_err(|error| AuthenticateError::upstream(UpstreamKind::Signer, error))?;
        Ok(TokenSet {
            access_token,
            expires_in: settings.token_life,
            token_type: TokenType::Bearer,
            refresh_token: Some(refresh_token),
            id_token: None,
        })
    }
}

#[async_trait]
impl Authenticator for Issuer {
    async fn authenticate(
        &self,
        cx: &Context,
        credentials: &AppCredentials,
    ) -> Result<TokenSet, AuthenticateError> {
        self.issue(cx, credentials)
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer").field("store", &self.state.settings.store).finish_non_exhaustive()
    }
}

impl OpenError {
    fn of(path: PathBuf, error: StoreError) -> Self {
        match error {
            StoreError::Root(error) => Self::Root(error),
            StoreError::Random(_) => Self::Random,
            error => Self::Store { path, source: Box::new(error) },
        }
    }
}

fn rejected(reason: RejectReason) -> Result<TokenSet, AuthenticateError> {
    Err(AuthenticateError::Rejected(reason))
}

fn failed(kind: UpstreamKind, what: &'static str) -> Result<TokenSet, AuthenticateError> {
    Err(AuthenticateError::upstream(kind, what))
}

fn split(drawn: &[u8; 40]) -> ([u8; 16], Family) {
    let (mut id, mut family) = ([0; 16], Family { id: [0; 16], branch: [0; 8] });
    let places = id.iter_mut().chain(&mut family.id).chain(&mut family.branch);
    places.zip(drawn).for_each(|(place, byte)| *place = *byte);
    (id, family)
}
