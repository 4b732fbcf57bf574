//! Retries: how often and after what wait a failed call is tried again.

use serde::{Deserialize, Serialize};

use crate::time::AHEAD_MS_MAX;

/// Most retries that a policy may ask for. A policy with more is a mistake, or a step that never works.
pub const RETRIES_MAX: u32 = 1_000;

/// Most that a wait may grow by from one try to the next.
const BACKOFF_MAX: f64 = 1_000.0;

/// When and how often a failed call is tried again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RetryPolicy {
    /// Tries after the first one.
    pub retries: u32,
    /// Wait before the first retry. At most ten years.
    pub delay_ms: u64,
    /// Each further wait is the previous one times this. At most 1,000.
    pub backoff: f64,
    /// No wait is longer than this; 0 means ten years.
    pub max_delay_ms: u64,
    /// Share of each wait, 0.0 to 1.0, that is drawn at random.
    pub jitter: f64,
}

/// A retry policy that makes no sense.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("retry policy: `{field}` is {found}, expected {expected}")]
pub struct RetryPolicyError {
    /// The offending field.
    pub field: &'static str,
    /// Its value.
    pub found: String,
    /// What it may be.
    pub expected: &'static str,
}

impl Default for RetryPolicy {
    /// No retries.
    fn default() -> Self {
        Self { retries: 0, delay_ms: 0, backoff: 1.0, max_delay_ms: 0, jitter: 0.0 }
    }
}

impl RetryPolicy {
    /// Checks that every field is in its range.
    ///
    /// # Errors
    /// [`RetryPolicyError`] for the first field that is not.
    pub fn check(&self) -> Result<(), RetryPolicyError> {
        let bad = |field, found: String, expected| Err(RetryPolicyError { field, found, expected });
        if self.retries > RETRIES_MAX {
            return bad("retries", self.retries.to_string(), "at most 1000");
        }
        for (field, ms) in [("delayMs", self.delay_ms), ("maxDelayMs", self.max_delay_ms)] {
            if ms > AHEAD_MS_MAX {
                return bad(field, ms.to_string(), "at most ten years in milliseconds, 315360000000");
            }
        }
        if !(1.0..=BACKOFF_MAX).contains(&self.backoff) {
            return bad("backoff", format!("{:?}", self.backoff), "a number from 1 to 1000");
        }
        if !(0.0..=1.0).contains(&self.jitter) {
            return bad("jitter", self.jitter.to_string(), "a number from 0 to 1");
        }
        Ok(())
    }

    /// Whether a call that has failed `attempt` + 1 times is tried again.
    pub fn allows(&self, attempt: u32) -> bool {
        attempt < self.retries
    }

    /// Milliseconds to wait after the failure of try number `attempt` (0 is the first).
    ///
    /// `random` decides the jittered share; it is the caller's, so that the same decision can be made twice.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    pub fn delay_ms(&self, attempt: u32, random: u32) -> u64 {
        // Policies that were kept before may say more.
        let bound =
            if self.max_delay_ms == 0 { AHEAD_MS_MAX } else { self.max_delay_ms.min(AHEAD_MS_MAX) } as f64;
        let exponent = i32::try_from(attempt).unwrap_or(i32::MAX);
        let full = (self.delay_ms as f64 * self.backoff.powi(exponent)).min(bound);
        let drawn = f64::from(random) / f64::from(u32::MAX);
        // A cast from a float saturates, so an overflowing wait is the longest one, not a short one.
        (full * (1.0 - self.jitter * drawn)) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_their_bound() {
        let policy =
            RetryPolicy { retries: 9, delay_ms: 100, backoff: 2.0, max_delay_ms: 1_000, jitter: 0.0 };
        let waits: Vec<u64> = (0..6).map(|attempt| policy.delay_ms(attempt, 7)).collect();
        assert_eq!(waits, [100, 200, 400, 800, 1_000, 1_000]);
        assert!(policy.allows(8) && !policy.allows(9));
    }

    #[test]
    fn jitter_only_shortens_and_a_huge_wait_stays_huge() {
        let policy = RetryPolicy { retries: 1, delay_ms: 1_000, jitter: 0.5, ..RetryPolicy::default() };
        assert_eq!((policy.delay_ms(0, 0), policy.delay_ms(0, u32::MAX)), (1_000, 500));
        let wild = RetryPolicy { delay_ms: u64::MAX, backoff: 1e300, ..RetryPolicy::default() };
        assert_eq!(wild.delay_ms(u32::MAX, 0), AHEAD_MS_MAX);
    }

    #[test]
    fn a_policy_out_of_range_is_refused_by_field() {
        let said = |policy: RetryPolicy| policy.check().map_err(|e| e.to_string());
        let base = RetryPolicy::default;
        assert_eq!(said(base()), Ok(()));
        assert_eq!(
            said(RetryPolicy { backoff: f64::NAN, ..base() }),
            Err("retry policy: `backoff` is NaN, expected a number from 1 to 1000".into())
        );
        assert_eq!(
            said(RetryPolicy { delay_ms: u64::MAX, ..base() }),
            Err("retry policy: `delayMs` is 18446744073709551615, expected at most ten years in \
                milliseconds, 315360000000"
                .into())
        );
        assert_eq!(said(RetryPolicy { delay_ms: AHEAD_MS_MAX, backoff: 1e3, ..base() }), Ok(()));
        assert!(said(RetryPolicy { max_delay_ms: AHEAD_MS_MAX + 1, ..base() }).is_err());
        assert!(said(RetryPolicy { backoff: 1e308, ..base() }).is_err());
        assert!(said(RetryPolicy { retries: 1_001, ..base() }).is_err());
        assert!(said(RetryPolicy { jitter: 1.5, ..base() }).is_err());
    }
}
