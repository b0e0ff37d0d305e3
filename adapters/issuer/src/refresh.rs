//! Refresh tokens: what one says, what becomes of a family of them, and who remembers that.

pub(crate) mod family;
pub(crate) mod ledger;
pub(crate) mod step;
pub(crate) mod token;
pub(crate) mod writer;

#[cfg(test)]
mod step_model;
