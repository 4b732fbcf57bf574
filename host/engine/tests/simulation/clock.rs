//! The clock of a simulation: it stands still until somebody moves it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use reentry::Clock;
use reentry::core::time::Timestamp;
use tokio::sync::Notify;

/// When simulations begin.
pub(crate) const BEGINNING: Timestamp = Timestamp(1_800_000_000_000);

/// A clock that is moved by hand.
pub(crate) struct MovedClock {
    started: u64,
    now: AtomicU64,
    moved: Notify,
}

impl MovedClock {
    pub(crate) fn new(at: Timestamp) -> Self {
        Self { started: at.0, now: AtomicU64::new(at.0), moved: Notify::new() }
    }

    /// Moves the clock, forwards only, and wakes all who wait for it.
    pub(crate) fn move_to(&self, at: Timestamp) {
        self.now.fetch_max(at.0, Ordering::SeqCst);
        self.moved.notify_waiters();
    }
}

#[async_trait]
impl Clock for MovedClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.now.load(Ordering::SeqCst))
    }

    async fn wait_until(&self, at: Timestamp) {
        loop {
            let moved = self.moved.notified();
            if self.now() >= at {
                return;
            }
            moved.await;
        }
    }

    fn uptime(&self) -> Duration {
        Duration::from_millis(self.now().0 - self.started)
    }

    async fn pause(&self, length: Duration) {
        let ms = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
        self.wait_until(self.now().plus_ms(ms)).await;
    }
}
