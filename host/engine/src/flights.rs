//! Which runs this process is driving. A call of this host's on a run that nobody drives was given up.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use reentry_core::id::RunId;

/// Drivers by run.
type Counts = Arc<Mutex<HashMap<RunId, usize>>>;

/// The runs that this process is driving.
#[derive(Debug, Default)]
pub(crate) struct Flights(Counts);

/// One driver of a run, until this is dropped.
pub(crate) struct InFlight {
    counts: Counts,
    run: RunId,
}

impl Flights {
    /// Counts a driver of a run. To be called before anything is committed that it will have to perform.
    pub(crate) fn begin(&self, run: RunId) -> InFlight {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(run).or_default() += 1;
        InFlight { counts: Arc::clone(&self.0), run }
    }

    /// How many drivers a run has in this process.
    pub(crate) fn of(&self, run: RunId) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&run).copied().unwrap_or_default()
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.run) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.run);
            }
        }
    }
}
