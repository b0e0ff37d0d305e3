//! Secrets that were made elsewhere: what is kept of them, and how they are verified.

pub(crate) mod app;
pub(crate) mod argon2id;
pub(crate) mod bcrypt;
pub(crate) mod hash;
pub(crate) mod pbkdf2;
pub(crate) mod pool;
