//! How a step asks to be tried again.

use std::time::Duration;

use crate::bindings::reentry::step::types::RetryPolicy;
use crate::timestamp::millis;

/// When and how often a failed call of a step is tried again, unless the workflow says otherwise.
///
/// Only errors made with [`Error::retryable`](crate::Error::retryable) and traps (panics, limits) count.
///
/// ```
/// use reentry_step::Retry;
/// use std::time::Duration;
/// let patient = Retry::times(5).delay(Duration::from_secs(1)).backoff(2.0).max_delay(Duration::from_secs(60)).jitter(0.2);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retry(RetryPolicy);

impl Retry {
    /// Tries again up to `retries` times, one second apart.
    pub const fn times(retries: u32) -> Self {
        Self(RetryPolicy { retries, delay_ms: 1_000, backoff: 1.0, max_delay_ms: 0, jitter: 0.0 })
    }

    /// Waits this long before the first retry.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.0.delay_ms = millis(delay);
        self
    }

    /// Makes each further wait the previous one times `factor`, which must be at least 1.0.
    pub const fn backoff(mut self, factor: f64) -> Self {
        self.0.backoff = factor;
        self
    }

    /// Lets no wait grow longer than this.
    pub fn max_delay(mut self, bound: Duration) -> Self {
        self.0.max_delay_ms = millis(bound);
        self
    }

    /// Draws this share of each wait, 0.0 to 1.0, at random, so that many runs do not retry together.
    pub const fn jitter(mut self, share: f64) -> Self {
        self.0.jitter = share;
        self
    }

    pub(crate) const fn policy(self) -> RetryPolicy {
        self.0
    }
}
