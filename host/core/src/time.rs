//! Instants, as the whole project writes them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// Never read from a clock in this crate: the caller of a pure function says what time it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub u64);

/// Longest time that anything is put off: ten years, in milliseconds. What is longer is a mistake, or means never.
pub const AHEAD_MS_MAX: u64 = 10 * 365 * 24 * 60 * 60 * 1_000;

impl Timestamp {
    /// This instant and a number of milliseconds; the end of time when there is no such instant.
    pub fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Whether this instant is later than [`AHEAD_MS_MAX`] after another one.
    pub fn is_too_far_from(self, now: Self) -> bool {
        self.ms_since(now) > AHEAD_MS_MAX
    }

    /// Milliseconds from `earlier` to this instant, 0 when `earlier` is later.
    pub fn ms_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with milliseconds; the bare number for instants beyond the year 9999.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match i64::try_from(self.0).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok()) {
            Some(instant) => write!(f, "{instant:.3}"),
            None => write!(f, "{} ms after 1970", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_print_as_rfc_3339() {
        assert_eq!(Timestamp(1_767_225_600_123).to_string(), "2026-01-01T00:00:00.123Z");
        assert_eq!(Timestamp(u64::MAX).to_string(), "18446744073709551615 ms after 1970");
    }
}
