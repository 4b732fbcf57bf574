//! Which runs this process is driving. A call of this host's on a run that nobody drives was given up.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use reentry_core::id::RunId;
use tokio::sync::Notify;

/// The runs that this process is driving.
#[derive(Debug, Default)]
pub(crate) struct Flights(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    /// Drivers by run.
    drivers: Mutex<HashMap<RunId, usize>>,
    /// The last driver has ended.
    quiet: Notify,
}

/// One driver of a run, until this is dropped.
pub(crate) struct InFlight {
    counts: Arc<Counts>,
    run: RunId,
}

impl Flights {
    /// Counts a driver of a run. To be called before anything is committed that it will have to perform.
    pub(crate) fn begin(&self, run: RunId) -> InFlight {
        *self.0.drivers.lock().unwrap_or_else(PoisonError::into_inner).entry(run).or_default() += 1;
        InFlight { counts: Arc::clone(&self.0), run }
    }

    /// How many drivers a run has in this process.
    pub(crate) fn of(&self, run: RunId) -> usize {
        self.0.drivers.lock().unwrap_or_else(PoisonError::into_inner).get(&run).copied().unwrap_or_default()
    }

    /// Whether no run has a driver.
    pub(crate) fn are_none(&self) -> bool {
        self.0.drivers.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Waits until no run has a driver.
    pub(crate) async fn quiet(&self) {
        loop {
            let mut told = std::pin::pin!(self.0.quiet.notified());
            // From here on nothing is missed.
            told.as_mut().enable();
            if self.are_none() {
                return;
            }
            told.await;
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut drivers = self.counts.drivers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = drivers.get_mut(&self.run) {
            *count -= 1;
            if *count == 0 {
                drivers.remove(&self.run);
            }
        }
        if drivers.is_empty() {
            self.counts.quiet.notify_waiters();
        }
    }
}
