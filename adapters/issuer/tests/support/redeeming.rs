//! An issuer whose refresh tokens are redeemed, at a time of its own.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_executor::block_on;
use tokensmith::{
    AppCredentials, AuthenticateError, Authenticator as _, Clock as _, Context, ManualClock,
    NoObserver, RefreshToken, Refresher as _, RejectReason, TokenSet, UnixTime, UpstreamKind,
};
use tokensmith_issuer::Issuer;
use tokensmith_issuer::ledger::MemoryLedger;

use super::{credentials, settings};

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const DAY: Duration = Duration::from_hours(24);

pub(crate) const NOW: u64 = 1_700_000_000;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Memory,
    Sqlite,
}

pub(crate) const BOTH: [Kind; 2] = [Kind::Memory, Kind::Sqlite];

/// An issuer at a time of its own, with two apps.
pub(crate) struct Scene {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) clock: ManualClock,
    pub(crate) issuer: Issuer,
    pub(crate) app: AppCredentials,
    pub(crate) other: AppCredentials,
}

impl Scene {
    pub(crate) fn new(kind: Kind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = ManualClock::new(UnixTime::from_secs(NOW));
        let issuer = match kind {
            Kind::Sqlite => open(folder.path(), &clock),
            Kind::Memory => {
                let ledger = MemoryLedger::new(clock.wall());
                let builder = Issuer::builder(settings(folder.path()));
                builder.clock(clock.clone()).ledger(ledger).open().unwrap()
            }
        };
        let admin = issuer.admin();
        let [app, other] =
            ["app", "other"].map(|name| credentials(&admin.create_app(name).unwrap()));
        Self { folder, clock, issuer, app, other }
    }

    pub(crate) fn at(&self, since_now: Duration) {
        self.clock
            .set_wall(UnixTime::since_epoch(since_now.saturating_add(Duration::from_secs(NOW))));
    }

    pub(crate) fn cx(&self) -> Context {
        Context::new(self.clock.wall(), self.clock.tick())
    }

    pub(crate) fn issue(&self) -> String {
        let tokens = block_on(self.issuer.authenticate(&self.cx(), &self.app)).unwrap();
        text(&tokens)
    }

    pub(crate) fn redeem(&self, token: &str) -> Result<String, RejectReason> {
        self.redeem_by(&self.app, token)
    }

    pub(crate) fn redeem_by(
        &self,
        app: &AppCredentials,
        token: &str,
    ) -> Result<String, RejectReason> {
        let token = RefreshToken::new(token);
        match block_on(self.issuer.redeem(&self.cx(), app, &token)) {
            Ok(tokens) => Ok(text(&tokens)),
            Err(AuthenticateError::Rejected(reason)) => Err(reason),
            Err(other) => panic!("{other:?}"),
        }
    }

    /// Whether the ledger failed.
    pub(crate) fn fails(&self, token: &str) -> bool {
        let token = RefreshToken::new(token);
        let answer = block_on(self.issuer.redeem(&self.cx(), &self.app, &token));
        matches!(answer, Err(AuthenticateError::Upstream { kind: UpstreamKind::Store, .. }))
    }
}

pub(crate) fn open(folder: &Path, clock: &ManualClock) -> Issuer {
    Issuer::open(settings(folder), Arc::new(clock.clone()), Arc::new(NoObserver)).unwrap()
}

pub(crate) fn text(tokens: &TokenSet) -> String {
    tokens.refresh_token.as_ref().unwrap().expose_secret().to_owned()
}
