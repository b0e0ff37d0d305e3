//! How calls end: the host's thread is told of all at once that have ended since it last had time.
//!
//! A promise of napi's own costs a threadsafe function, made, called once and let go: more than all
//! else but the signature. Here one serves all calls of a thread of the host.

use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use napi::bindgen_prelude::{Array, Env, FnArgs, Function, Null, Object, Result, Status, spawn};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi_derive::napi;
use tokensmith::{TokenError, TokenResponse, TokenSet};

use crate::reply;

/// Weak: that a call is under way, and the process is to go on, the facade knows.
type SettleFn = ThreadsafeFunction<(), (), FnArgs<(Object<'static>,)>, Status, false, true>;

/// Brings the answers of calls to the function of a host's thread.
#[napi]
pub struct Answers {
    way: Arc<Way>,
    last: AtomicU32,
}

struct Way {
    due: Arc<Due>,
    settle: SettleFn,
}

/// The answers that the host's thread has not taken yet, by the numbers of their calls.
#[derive(Default)]
struct Due(Mutex<Vec<(u32, Answer)>>);

/// What became of a call.
pub(crate) enum Answer {
    Response(TokenResponse),
    Issued(std::result::Result<TokenSet, TokenError>),
    Cancelled,
    /// It ended without an answer: by a panic, or since the service was closed.
    Lost,
}

/// A call that is still to be answered. Dropped, it is lost, so that nobody waits for it.
struct Unanswered {
    number: u32,
    way: Arc<Way>,
    answer: Answer,
}

#[napi]
impl Answers {
    /// The function is given two places of an array for each call that has ended: its number and
    /// its answer, which is null if it was cancelled, and false if it was lost.
    #[napi(
        constructor,
        catch_unwind,
        ts_args_type = "settle: (ended: Array<number | object | boolean | null>) => void"
    )]
    pub fn new(settle: Function<'_, FnArgs<(Object<'static>,)>, ()>) -> Result<Self> {
        let due = Arc::new(Due::default());
        let taken = Arc::clone(&due);
        let settle = settle
            .build_threadsafe_function::<()>()
            .weak::<true>()
            .build_callback(move |call| Ok(FnArgs::from((taken.take(&call.env)?,))))?;
        Ok(Self { way: Arc::new(Way { due, settle }), last: AtomicU32::new(0) })
    }

    /// Lets a call go its way on a thread of ours; the number under which its answer will come.
    pub(crate) fn begin(&self, call: impl Future<Output = Answer> + Send + 'static) -> u32 {
        let number = self.last.fetch_add(1, Ordering::Relaxed);
        let unanswered = Unanswered { number, way: Arc::clone(&self.way), answer: Answer::Lost };
        spawn(async move { unanswered.answer(call.await) });
        number
    }
}

impl Unanswered {
    fn answer(mut self, answer: Answer) {
        self.answer = answer;
    }
}

impl Drop for Unanswered {
    fn drop(&mut self) {
        let answer = std::mem::replace(&mut self.answer, Answer::Lost);
        if self.way.due.add(self.number, answer) {
            // Where the thread is gone, nobody waits.
            self.way.settle.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }
}

impl Due {
    /// Whether it is the first, for which the host's thread has not been woken yet.
    fn add(&self, number: u32, answer: Answer) -> bool {
        let mut due = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        due.push((number, answer));
        due.len() == 1
    }

    fn take(&self, env: &Env) -> Result<Object<'static>> {
        let due = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let mut ended = env.create_array(0)?;
        for (number, answer) in due {
            ended.insert(number)?;
            // What one of them cannot be made of is not all the others' loss.
            if answer.put(env, &mut ended).is_err() {
                ended.insert(false)?;
            }
        }
        // It lives as long as the scope in which it is handed over.
        Ok(Object::from_raw(env.raw(), napi::JsValue::raw(&ended)))
    }
}

impl Answer {
    fn put(&self, env: &Env, ended: &mut Array<'_>) -> Result<()> {
        match self {
            Self::Response(response) => ended.insert(reply::response(env, response)?),
            Self::Issued(outcome) => ended.insert(reply::issued(env, outcome)?),
            Self::Cancelled => ended.insert(Null),
            Self::Lost => ended.insert(false),
        }
    }
}
