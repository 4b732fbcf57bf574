//! The only place in this crate that reads a clock.

use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Returns the instant by which calls are bounded and measured. Guests get the time of their host, never this one.
#[allow(
    clippy::disallowed_methods,
    reason = "a guest that loops is stopped by real time, whatever clock its host has"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Returns the time since 1970 as it was when this was first asked for, and what has passed since on the machine's
/// steady clock: it never goes back within a process.
pub(crate) fn steady_since_1970() -> Duration {
    #[allow(clippy::disallowed_methods, reason = "WASI's clocks are those of the machine")]
    static BEGAN: LazyLock<(Duration, Instant)> =
        LazyLock::new(|| (SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(), now()));
    let (since_1970, began) = *BEGAN;
    since_1970.saturating_add(began.elapsed())
}
