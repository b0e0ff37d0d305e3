//! The threads on which the futures of all services of the process are polled.

use std::thread::available_parallelism;

use napi::bindgen_prelude::create_custom_tokio_runtime;
use napi_derive::module_init;
use tokio::runtime::Builder;

/// A token takes some 20 microseconds, most of it the signature: two threads serve more requests
/// than one event loop can take in.
#[cfg(not(feature = "testing"))]
const MOST_THREADS: usize = 2;
/// One thread polls in the order in which it was told to, so a test can wait for its turn: `settle`.
#[cfg(feature = "testing")]
const MOST_THREADS: usize = 1;

#[module_init]
fn init() {
    let threads = available_parallelism().map_or(1, |cores| cores.get().min(MOST_THREADS));
    let mut runtime = Builder::new_multi_thread();
    runtime.worker_threads(threads).enable_time().thread_name("tokensmith");
    // Where no thread can be started, napi tries for itself and says so.
    if let Ok(runtime) = runtime.build() {
        create_custom_tokio_runtime(runtime);
    }
}
