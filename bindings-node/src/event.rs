//! The host's observer: a JavaScript function that hears events when its thread has time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use napi::bindgen_prelude::{Env, FnArgs, Function, Object, Result, Status};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use tokensmith::{Context, Event, Observer};
use tokensmith_assembly::EventRecord;

use crate::reply::{number, wait_in_seconds};

/// How many events may wait for the host's thread.
const MOST_WAITING: usize = 1_024;

/// The function as it comes in.
pub(crate) type ObserveArg<'a> = Function<'a, FnArgs<(Object<'static>,)>, ()>;
/// Weak, so that an idle service does not keep the process alive.
type ObserveFn = ThreadsafeFunction<
    EventRecord,
    (),
    FnArgs<(Object<'static>,)>,
    Status,
    false,
    true,
    MOST_WAITING,
>;

pub(crate) struct HostObserver {
    observe: ObserveFn,
    dropped: Arc<AtomicU64>,
}

impl HostObserver {
    /// It counts there the events that the host's thread had no time for.
    pub(crate) fn new(function: &ObserveArg<'_>, dropped: Arc<AtomicU64>) -> Result<Self> {
        let observe = function
            .build_threadsafe_function::<EventRecord>()
            .weak::<true>()
            .max_queue_size::<MOST_WAITING>()
            .build_callback(|call| Ok(FnArgs::from((event(&call.env, &call.value)?,))))?;
        Ok(Self { observe, dropped })
    }
}

impl Observer for HostObserver {
    fn on_event(&self, cx: &Context, event: &Event<'_>) {
        let record = EventRecord::new(cx, event);
        let status = self.observe.call(record, ThreadsafeFunctionCallMode::NonBlocking);
        if status != Status::Ok {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// `TokenEvent` of `index.d.cts`.
fn event(env: &Env, record: &EventRecord) -> Result<Object<'static>> {
    let mut event = Object::new(env)?;
    event.set("name", record.name)?;
    event.set("terminal", record.is_terminal)?;
    let texts = [
        ("requestId", record.request_id.as_deref()),
        ("source", record.source.as_deref()),
        ("appClientId", record.app_client_id.as_deref()),
        ("reason", record.reason.as_deref()),
        ("by", record.by),
        ("kind", record.kind),
        ("part", record.part),
        ("secretId", record.secret_id.as_deref()),
        ("kid", record.kid.as_deref()),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            event.set(name, text)?;
        }
    }
    if let Some(life) = record.expires_in {
        event.set("expiresIn", number(life.as_secs()))?;
    }
    if let Some(wait) = record.retry_after {
        event.set("retryAfter", wait_in_seconds(wait))?;
    }
    if let Some(health) = record.health {
        event.set("overflows", number(health.overflows))?;
        event.set("repaired", number(health.repaired))?;
        event.set("degraded", number(health.degraded))?;
    }
    // It lives as long as the scope in which it is handed over.
    Ok(Object::from_raw(env.raw(), napi::JsValue::raw(&event)))
}
