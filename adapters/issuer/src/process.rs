//! Forks. A child has its parent's memory, but neither its threads nor its locks on files, and
//! SQLite must not be used across that: what was opened before a fork is refused after it.

use std::process;
use std::sync::{Mutex, PoisonError};

use thiserror::Error;

/// The process was forked after an issuer was opened in it.
#[derive(Clone, Copy, Debug, Error)]
#[error("the process was forked after an issuer was opened; open issuers after the fork")]
pub(crate) struct Forked;

/// How many issuers are open in this process, and which process that is.
static OPEN: Mutex<Open> = Mutex::new(Open { process: 0, issuers: 0 });

struct Open {
    process: u32,
    issuers: usize,
}

impl Open {
    fn settle(&mut self, process: u32) -> Result<Home, Forked> {
        if self.issuers > 0 && self.process != process {
            return Err(Forked);
        }
        *self = Self { process, issuers: self.issuers.saturating_add(1) };
        Ok(Home(process))
    }
}

/// A share in the process that it was made in.
#[derive(Debug)]
pub(crate) struct Home(u32);

impl Home {
    /// Fails in a child whose parent has issuers open: SQLite would count the parent's locks, of
    /// which it has none, as the child's own.
    pub(crate) fn settle() -> Result<Self, Forked> {
        OPEN.lock().unwrap_or_else(PoisonError::into_inner).settle(process::id())
    }

    pub(crate) fn check(&self) -> Result<(), Forked> {
        if self.is_here() { Ok(()) } else { Err(Forked) }
    }

    /// A system call: some 0.1 us.
    pub(crate) fn is_here(&self) -> bool {
        self.0 == process::id()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if self.is_here() {
            let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
            open.issuers = open.issuers.saturating_sub(1);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A share in another process than this: in that of a parent, as a child sees it.
    pub(crate) fn elsewhere() -> Home {
        Home(0)
    }

    #[test]
    fn a_child_may_open_issuers_only_if_its_parent_had_none_open() {
        let mut open = Open { process: 0, issuers: 0 };
        assert!(open.settle(1).is_ok() && open.settle(1).is_ok());
        assert!(open.settle(2).is_err());
        open.issuers = 0;
        assert!(open.settle(2).is_ok());
    }

    #[test]
    fn home_is_where_it_was_settled() {
        assert!(Home::settle().unwrap().check().is_ok());
        assert!(elsewhere().check().is_err());
    }
}
