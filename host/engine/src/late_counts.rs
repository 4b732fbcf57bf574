//! Counts of late answers that are not stored yet. A count is stored each time that it has doubled, so that a caller
//! who asks again and again costs no write each time.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use reentry_core::id::SuspensionId;
use reentry_store::past::LATE_TRIES_KEPT_MAX;
use reentry_store::{SuspensionPast, TryKind};

/// Most suspensions whose counts are held. With more at once some counts are lower than they could be.
const HELD_MAX: usize = 1_000;

/// Tries that are counted and not stored yet.
#[derive(Debug, Default)]
pub(crate) struct LateCounts(Mutex<HashMap<SuspensionId, u64>>);

impl LateCounts {
    /// Counts one more; says how many are to be stored now.
    pub(crate) fn count(&self, suspension: SuspensionId, past: &SuspensionPast) -> u64 {
        let kept = past.tries.iter().filter(|one| one.kind == TryKind::Late).count();
        if kept < LATE_TRIES_KEPT_MAX {
            return 1;
        }
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= HELD_MAX && !held.contains_key(&suspension) {
            held.clear();
        }
        let count = held.entry(suspension).or_default();
        *count += 1;
        match *count >= past.dropped_late.max(1) {
            true => held.remove(&suspension).unwrap_or_default(),
            false => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reentry_core::actor::By;
    use reentry_core::time::Timestamp;
    use reentry_store::Try;

    #[test]
    fn who_asks_again_and_again_is_counted_with_few_writes() {
        let (late, suspension) = (LateCounts::default(), SuspensionId::from_bytes([1; 16]));
        let one = Try {
            kind: TryKind::Late,
            version: 1,
            at: Timestamp(1),
            refused: None,
            message: String::new(),
            answer: None,
            by: By::default(),
        };
        let mut past = SuspensionPast::default();
        let mut writes = 0;
        for _ in 0..10_000 {
            let times = late.count(suspension, &past);
            writes += u64::from(times > 0);
            match past.tries.len() < LATE_TRIES_KEPT_MAX {
                true => past.tries.push(one.clone()),
                false => past.dropped_late += times,
            }
        }
        let kept = LATE_TRIES_KEPT_MAX as u64;
        assert_eq!((past.dropped_late, writes), (8_192, kept + 14));
    }
}
