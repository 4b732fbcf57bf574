//! Stopping a call from outside.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Stops a call into a guest. Clones are one and the same.
///
/// The guest is not asked: its call ends with [`CallError::Cancelled`](crate::CallError::Cancelled) at the next tick,
/// or at once when it waits for the host.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<State>);

#[derive(Debug, Default)]
struct State {
    cancelled: AtomicBool,
    notify: Notify,
}

impl Cancel {
    /// Nothing is cancelled yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends all calls that this was handed to, those that are yet to begin included.
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::Release);
        self.0.notify.notify_waiters();
    }

    /// Whether [`Self::cancel`] was called.
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::Acquire)
    }

    /// Waits for [`Self::cancel`]. What makes calls elsewhere sends a message then.
    pub async fn cancelled(&self) {
        // Listening first, then looking: a cancellation in between is not missed.
        let notified = self.0.notify.notified();
        if !self.is_cancelled() {
            notified.await;
        }
    }
}
