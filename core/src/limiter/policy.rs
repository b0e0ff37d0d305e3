//! Who is charged what, and what is done when the limiter is out.
