//! Instants, versions and bounds as columns have them, and the error for what cannot be what was written.

use reentry_core::time::Timestamp;

use crate::StoreError;

/// The error for stored data that cannot be what was written.
pub(crate) fn damaged(what: impl ToString, reason: impl ToString) -> StoreError {
    StoreError::Damaged { what: what.to_string(), reason: reason.to_string() }
}

/// An instant as the number that is stored. Those beyond the range of 64 signed bits are kept as its last one: what is
/// due then is due never.
pub(crate) fn column(at: Timestamp) -> i64 {
    i64::try_from(at.0).unwrap_or(i64::MAX)
}

/// A bound as the number that is asked for; larger ones mean the same.
pub(crate) fn column_of(bound: impl TryInto<i64>) -> i64 {
    bound.try_into().unwrap_or(i64::MAX)
}

/// The instant that a stored number means.
pub(crate) fn instant(stored: i64) -> Result<Timestamp, StoreError> {
    u64::try_from(stored).map(Timestamp).map_err(|_| damaged("instant", format_args!("it is {stored}")))
}

/// A version or another number that is never negative.
pub(crate) fn count(stored: i64) -> Result<u64, StoreError> {
    u64::try_from(stored).map_err(|_| damaged("number", format_args!("it is {stored}")))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_time_is_kept_in_order() {
        assert_eq!(column(Timestamp(u64::MAX)), i64::MAX);
        assert_eq!(instant(column(Timestamp(7))).unwrap(), Timestamp(7));
        assert!(instant(-1).is_err());
    }
}
