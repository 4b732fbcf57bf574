//! Leaving in good order: no further calls, those in flight may end. And knowing that there is nothing to do.

use tokio::sync::watch;

/// What those who wait for the end of a host's work hear of.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    stopping: watch::Sender<bool>,
    /// Whether the latest look of the background found nothing to do.
    idle: watch::Sender<bool>,
}

impl Stop {
    /// Whether no further call is to be begun.
    pub(crate) fn is_asked_for(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Waits until no further call is to be begun.
    pub(crate) async fn asked_for(&self) {
        // The sender lives as long as we do.
        let _ = self.stopping.subscribe().wait_for(|stopping| *stopping).await;
    }

    /// Has no further call begun.
    pub(crate) fn ask(&self) {
        self.stopping.send_replace(true);
    }

    /// Says what a look at the store came to.
    pub(crate) fn looked(&self, idle: bool) {
        self.idle.send_replace(idle);
    }

    /// Waits until a look has found nothing to do.
    pub(crate) async fn idle(&self) {
        // The sender lives as long as we do.
        let _ = self.idle.subscribe().wait_for(|idle| *idle).await;
    }
}
