//! The marks of known callers.
