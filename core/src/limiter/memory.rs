//! The limiter in the memory of this process.
