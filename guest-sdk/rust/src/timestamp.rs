//! Instants as the contract has them.

use std::ops::Add;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An instant: milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// The present one comes from [`Context::now`](crate::Context::now). As JSON it is the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The instant that many milliseconds after 1970-01-01T00:00:00Z.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub const fn as_millis(self) -> u64 {
        self.0
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    /// The instant `later`, in whole milliseconds; the last one that can be written if that is too far away.
    fn add(self, later: Duration) -> Self {
        Self(self.0.saturating_add(millis(later)))
    }
}

/// Whole milliseconds of a duration, bounded by what the contract can carry.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adding_stops_at_the_last_instant() {
        let noon = Timestamp::from_millis(1_000);
        assert_eq!((noon + Duration::from_secs(2)).as_millis(), 3_000);
        assert_eq!((noon + Duration::MAX).as_millis(), u64::MAX);
    }
}
