//! The only place in this crate that reads a clock.

use std::time::Instant;

/// Returns the instant by which calls are bounded and measured. Guests get the time of their host, never this one.
#[allow(
    clippy::disallowed_methods,
    reason = "a guest that loops is stopped by real time, whatever clock its host has"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}
