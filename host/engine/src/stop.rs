//! Leaving in good order: no further calls, those in flight may end. And knowing that there is nothing to do.

use std::time::Duration;

use tokio::sync::watch;

use crate::clock::within;
use crate::error::Error;
use crate::host::Host;

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

    /// Says what a look at the store came to.
    pub(crate) fn looked(&self, idle: bool) {
        self.idle.send_replace(idle);
    }
}

impl Host {
    /// Waits until this process drives no run: whatever was begun has come as far as it could. The background may
    /// begin again.
    pub async fn quiet(&self) {
        self.shared.flights.quiet().await;
    }

    /// Waits until the background has looked at the store and found nothing that it could do, while this process
    /// drives no run. Timers that are not due yet do not count, nor runs that other processes drive. Never ends
    /// without a background.
    pub async fn idle(&self) {
        // The sender lives as long as we do.
        let _ = self.shared.stop.idle.subscribe().wait_for(|idle| *idle).await;
    }

    /// Begins no further call into a guest, lets those in flight end for as long as `grace`, and returns how many
    /// runs are left at work: once this process has ended, whoever looks after runs takes them over. The host, and
    /// all its handles, are of no further use for running steps: a start or resume that needs one returns with the
    /// run `running`.
    ///
    /// # Errors
    /// `Unavailable` when what is left cannot be counted.
    pub async fn stop(&self, grace: Duration) -> Result<usize, Error> {
        self.shared.stop.stopping.send_replace(true);
        // What has not ended by then ends with the process.
        within(&*self.shared.clock, grace, self.shared.flights.quiet()).await;
        Ok(self.shared.store.owned(self.shared.owner).await?.len())
    }
}
