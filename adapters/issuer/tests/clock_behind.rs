//! A clock that is behind what the ledger has seen is told of.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_executor::block_on;
use tokensmith::{Clock as _, Context, Event, Observer, UnixTime};
use tokensmith_issuer::Issuer;
use tokensmith_issuer::ledger::MemoryLedger;

mod support;
use support::redeeming::{BOTH, DAY, Kind, NOW, SECOND, Scene};
use support::settings;

/// How far the clock was behind each time that it was told.
#[derive(Clone, Default)]
struct Behind(Arc<Mutex<Vec<u64>>>);

impl Observer for Behind {
    fn on_event(&self, _: &Context, event: &Event<'_>) {
        if let Event::ClockBehind { by } = event {
            self.0.lock().unwrap().push(by.as_secs());
        }
    }
}

impl Behind {
    fn take(&self) -> Vec<u64> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

/// The scene, with an issuer that is heard.
fn heard(kind: Kind) -> (Scene, Behind) {
    let behind = Behind::default();
    let Scene { folder, clock, issuer, app, other } = Scene::new(kind);
    drop(issuer);
    let builder = Issuer::builder(settings(folder.path())).clock(clock.clone());
    let builder = builder.observer(behind.clone());
    let issuer = match kind {
        Kind::Sqlite => builder.open(),
        Kind::Memory => builder.ledger(MemoryLedger::new(clock.wall())).open(),
    };
    (Scene { folder, clock, issuer: issuer.unwrap(), app, other }, behind)
}

#[test]
fn a_clock_that_is_behind_is_told_of_once() {
    for kind in BOTH {
        let (scene, behind) = heard(kind);
        scene.at(100 * SECOND);
        let mut token = scene.redeem(&scene.issue()).unwrap();
        for (second, told) in [
            (100, vec![]),
            (40, vec![]),
            (39, vec![61]),
            (38, vec![]),
            (1, vec![]),
            (40, vec![]),
            (0, vec![100]),
            (200, vec![]),
            (139, vec![61]),
        ] {
            scene.clock.set_wall(UnixTime::from_secs(NOW.saturating_add(second)));
            token = scene.redeem(&token).unwrap();
            assert_eq!(behind.take(), told, "{kind:?} {second}");
        }
    }
}

/// So far behind, every token that is issued is past its time: the event says why.
#[test]
fn it_is_told_of_where_nothing_can_be_redeemed() {
    for kind in BOTH {
        let (scene, behind) = heard(kind);
        scene.at(8 * DAY);
        scene.redeem(&scene.issue()).unwrap();
        scene.at(Duration::ZERO);
        for _ in 0..3 {
            assert!(scene.redeem(&scene.issue()).is_err());
        }
        assert_eq!(behind.take(), [8 * 86_400], "{kind:?}");
        assert!(scene.redeem("tsrt_forged").is_err());
        block_on(scene.issuer.admin().reset_refresh_clock()).unwrap();
        scene.at(SECOND);
        scene.redeem(&scene.issue()).unwrap();
        scene.at(9 * DAY);
        scene.redeem(&scene.issue()).unwrap();
        assert_eq!(behind.take(), [0; 0], "{kind:?}");
        // What was refused by a level at the right time tells of no clock.
        let token = scene.issue();
        block_on(scene.issuer.admin().revoke_all_refresh_tokens()).unwrap();
        assert!(scene.redeem(&token).is_err());
        assert_eq!(behind.take(), [0; 0], "{kind:?}");
    }
}
