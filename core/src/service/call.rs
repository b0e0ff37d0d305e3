//! One call's account: whatever becomes of it, the observer hears of its end exactly once.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::failure::Failure;
use crate::context::Context;
use crate::credentials::AppClientId;
use crate::observer::{Event, Observer};

/// A call that has not ended. Dropped, it was cancelled.
pub(super) struct Call<'a> {
    observer: &'a dyn Observer,
    cx: &'a Context,
    app: Option<&'a AppClientId>,
    ended: bool,
}

impl<'a> Call<'a> {
    pub(super) const fn begin(
        observer: &'a dyn Observer,
        cx: &'a Context,
        app: Option<&'a AppClientId>,
    ) -> Self {
        Self { observer, cx, app, ended: false }
    }

    /// It came to what the app asked for.
    pub(super) fn done(mut self, event: impl FnOnce(&'a AppClientId) -> Event<'a>) {
        self.ended = true;
        // INVARIANT: whatever is done is done for credentials, and these have an app's id.
        if let Some(app) = self.app {
            tell(self.observer, self.cx, &event(app));
        }
    }

    pub(super) fn failed(mut self, failure: &Failure) {
        self.ended = true;
        tell(self.observer, self.cx, &failure.event(self.app));
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        if !self.ended {
            tell(self.observer, self.cx, &Event::Cancelled { app: self.app });
        }
    }
}

/// Tells the observer. A panic in it ends there: it must not cost a caller the answer, nor, in a
/// drop, the host its process.
pub(super) fn tell(observer: &dyn Observer, cx: &Context, event: &Event<'_>) {
    let _ = catch_unwind(AssertUnwindSafe(|| observer.on_event(cx, event)));
}
