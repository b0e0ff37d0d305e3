//! Both sides of each comparison.

pub(crate) mod codec;
pub(crate) mod limiter;
pub(crate) mod path;
