//! The threads that hash, so that no thread of the host's executor does.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::num::NonZeroUsize;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use futures_channel::oneshot;
use thiserror::Error;

/// How many jobs may wait for each thread: at today's cost, for well under a second.
const WAITING_A_THREAD: usize = 32;

/// A bounded number of threads with a bounded queue before them. A thread starts when there is first
/// something for it to do.
pub(crate) struct HashingPool {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    most: NonZeroUsize,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Box<dyn FnOnce() + Send>>,
    /// Threads with nothing to do.
    idle: usize,
    ended: bool,
}

/// Why a job is not taken.
#[derive(Debug, Error)]
pub(crate) enum NotTaken {
    #[error("as many hashes wait as may")]
    Full,
    #[error("no thread that hashes can be started")]
    Thread(#[source] io::Error),
}

impl HashingPool {
    pub(crate) fn new(most: NonZeroUsize) -> Self {
        Self { shared: Arc::default(), threads: Mutex::default(), most }
    }

    /// Takes a job, which answers through what it is given, and may go on after that. Nobody is
    /// answered if it panics, or if the pool ends before it begins. It does not begin at all once its
    /// caller waits no more.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(oneshot::Sender<T>) + Send + 'static,
    ) -> Result<oneshot::Receiver<T>, NotTaken> {
        let (sender, receiver) = oneshot::channel();
        let job = Box::new(move || {
            if !sender.is_canceled() {
                job(sender);
            }
        });
        let mut queue = self.shared.queue();
        if queue.waiting.len() >= self.most.get().saturating_mul(WAITING_A_THREAD) {
            return Err(NotTaken::Full);
        }
        queue.waiting.push_back(job);
        let is_short = queue.waiting.len() > queue.idle;
        drop(queue);
        self.shared.changed.notify_one();
        if is_short {
            self.start_one()?;
        }
        Ok(receiver)
    }

    /// Starts one more thread, if it may have one more. The queue does without if others are there.
    fn start_one(&self) -> Result<(), NotTaken> {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        if threads.len() >= self.most.get() {
            return Ok(());
        }
        let shared = Arc::clone(&self.shared);
        let thread = thread::Builder::new().name("tokensmith-hash".to_owned());
        match thread.spawn(move || shared.work()) {
            Ok(thread) => threads.push(thread),
            Err(error) if threads.is_empty() => {
                self.shared.queue().waiting.clear();
                return Err(NotTaken::Thread(error));
            }
            Err(_) => {}
        }
        Ok(())
    }

    /// Ends the threads after what they are at. What waits is dropped.
    pub(crate) fn end(&self) {
        let mut queue = self.shared.queue();
        queue.ended = true;
        let dropped = std::mem::take(&mut queue.waiting);
        drop(queue);
        drop(dropped);
        self.shared.changed.notify_all();
        for thread in self.threads() {
            // A caller of which the job is the last owner may end the pool on the pool's own thread.
            if thread.thread().id() != thread::current().id() {
                let _ = thread.join();
            }
        }
    }

    /// Leaves its threads alone: in a forked child there are none, and nothing would end a wait for
    /// them, or for a lock that one of the parent's had.
    pub(crate) fn abandon(&self) {
        if let Ok(mut threads) = self.threads.try_lock() {
            std::mem::take(&mut *threads).into_iter().for_each(std::mem::forget);
        }
    }

    fn threads(&self) -> Vec<JoinHandle<()>> {
        std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for HashingPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HashingPool").field("most", &self.most).finish_non_exhaustive()
    }
}

impl Shared {
    fn work(&self) {
        while let Some(job) = self.next() {
            // Its caller sees that there is no answer. The thread goes on.
            let _ = panic::catch_unwind(AssertUnwindSafe(job));
        }
    }

    fn next(&self) -> Option<Box<dyn FnOnce() + Send>> {
        let mut queue = self.queue();
        loop {
            if queue.ended {
                return None;
            }
            if let Some(job) = queue.waiting.pop_front() {
                return Some(job);
            }
            queue.idle = queue.idle.saturating_add(1);
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
            queue.idle = queue.idle.saturating_sub(1);
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // Whole at any moment: nothing that can panic is done while it is held.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use futures_executor::block_on;

    use super::*;

    fn pool(most: usize) -> HashingPool {
        HashingPool::new(NonZeroUsize::new(most).unwrap())
    }

    /// Keeps a thread until what is returned is dropped, and says when it has begun.
    fn block(pool: &HashingPool) -> (mpsc::Sender<()>, oneshot::Receiver<()>) {
        let (hold, held) = mpsc::channel::<()>();
        let (begun, has_begun) = mpsc::channel();
        let done = pool.run(move |answer| {
            begun.send(()).unwrap();
            let _ = held.recv();
            let _ = answer.send(());
        });
        has_begun.recv().unwrap();
        (hold, done.unwrap())
    }

    #[test]
    fn jobs_are_answered_on_other_threads_and_after_a_panic_too() {
        let pool = pool(2);
        let here = thread::current().id();
        let there = pool.run(move |answer| answer.send(thread::current().id()).unwrap()).unwrap();
        assert_ne!(block_on(there).unwrap(), here);
        for _ in 0..4 {
            let panicked = pool.run::<()>(|_| panic!("in a job")).unwrap();
            assert!(block_on(panicked).is_err());
        }
        let five = pool.run(|answer| answer.send(5).unwrap()).unwrap();
        assert_eq!(block_on(five).unwrap(), 5);
        pool.end();
    }

    #[test]
    fn it_has_so_many_threads_and_so_many_wait() {
        let pool = pool(2);
        let held = [block(&pool), block(&pool)];
        let run = || pool.run(|answer| answer.send(()).unwrap());
        let waiting: Vec<_> = (0..2 * WAITING_A_THREAD).map(|_| run().unwrap()).collect();
        assert!(matches!(run(), Err(NotTaken::Full)));
        assert_eq!(pool.threads.lock().unwrap().len(), 2);
        drop(held);
        for done in waiting {
            block_on(done).unwrap();
        }
        block_on(run().unwrap()).unwrap();
        pool.end();
    }

    #[test]
    fn a_job_that_nobody_waits_for_does_not_begin() {
        let pool = pool(1);
        let held = block(&pool);
        let begun = Arc::new(AtomicUsize::new(0));
        let run = || {
            let begun = Arc::clone(&begun);
            pool.run(move |answer| answer.send(begun.fetch_add(1, Ordering::SeqCst)).unwrap())
        };
        drop(run().unwrap());
        let second = run().unwrap();
        drop(held);
        assert_eq!(block_on(second).unwrap(), 0);
        pool.end();
    }

    #[test]
    fn its_end_waits_for_what_has_begun_and_drops_the_rest() {
        let pool = Arc::new(pool(1));
        let (hold, begun) = block(&pool);
        let waiting = pool.run(|answer| answer.send(()).unwrap()).unwrap();
        let ending = thread::spawn({
            let pool = Arc::clone(&pool);
            move || pool.end()
        });
        assert!(block_on(waiting).is_err(), "dropped before the thread is free");
        drop(hold);
        ending.join().unwrap();
        assert!(block_on(begun).is_ok());
        assert!(pool.threads.lock().unwrap().is_empty());
    }
}
