//! A clock that stands still until it is moved.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use reentry::Clock;
use reentry::core::time::Timestamp;
use tokio::sync::Notify;

#[derive(Default)]
pub(crate) struct Standing {
    ms: AtomicU64,
    moved: Notify,
}

impl Standing {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    pub(crate) fn pass_ms(&self, ms: u64) {
        self.ms.fetch_add(ms, Ordering::SeqCst);
        self.moved.notify_waiters();
    }
}

#[async_trait]
impl Clock for Standing {
    fn now(&self) -> Timestamp {
        Timestamp(self.ms.load(Ordering::SeqCst))
    }

    async fn wait_until(&self, at: Timestamp) {
        loop {
            let moved = self.moved.notified();
            if at <= self.now() {
                return;
            }
            moved.await;
        }
    }
}
