//! What happens to runs in this process, for those in it who listen: no substitute for looking at the store, but
//! faster.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reentry_core::id::RunId;
use reentry_core::json::Json;
use reentry_core::path::StepPath;
use reentry_core::run::RunState;
use tokio::sync::broadcast;

use crate::clock::{Clock, within};

/// Something that this process did to a run.
#[derive(Clone, Debug)]
pub(crate) enum Signal {
    /// It stored a change, after which the run is this, if that is known.
    Committed(Option<Arc<RunState>>),
    /// A step emitted a chunk.
    Emitted(StepPath, Json),
}

/// What a slow listener may be behind; one that is further behind misses chunks, and looks at the store for the rest.
const BEHIND_MAX: usize = 256;

/// Listeners by run. Runs without a listener have no entry.
type Runs = Arc<Mutex<HashMap<RunId, broadcast::Sender<Signal>>>>;

/// Tells what this process does to runs.
#[derive(Debug, Default)]
pub(crate) struct Live(Runs);

/// Hears what this process does to one run.
#[derive(Debug)]
pub(crate) struct Listener {
    runs: Runs,
    run: RunId,
    receiver: broadcast::Receiver<Signal>,
}

impl Live {
    /// Tells those who listen.
    pub(crate) fn tell(&self, run: RunId, happened: Signal) {
        let runs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = runs.get(&run) {
            // The last listener may be about to go.
            let _ = sender.send(happened);
        }
    }

    /// Hears of everything from now on.
    pub(crate) fn listen(&self, run: RunId) -> Listener {
        let mut runs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let receiver = runs.entry(run).or_insert_with(|| broadcast::channel(BEHIND_MAX).0).subscribe();
        Listener { runs: Arc::clone(&self.0), run, receiver }
    }
}

impl Listener {
    /// The next thing that happens; `None` when nothing did for as long as the patience lasts, or something was missed.
    pub(crate) async fn next(&mut self, clock: &dyn Clock, patience: Duration) -> Option<Signal> {
        within(clock, patience, self.receiver.recv()).await?.ok()
    }

    /// What happened already and was not heard of yet.
    pub(crate) fn now(&mut self) -> Option<Signal> {
        self.receiver.try_recv().ok()
    }

    /// Waits until something was stored; gives the run, if it is known how it is since.
    pub(crate) async fn told(&mut self) -> Option<Arc<RunState>> {
        loop {
            match self.receiver.recv().await {
                Ok(Signal::Emitted(..)) => {}
                Ok(Signal::Committed(run)) => return run,
                Err(_) => return None,
            }
        }
    }

    /// The same, at most as long as the patience lasts. Given no run, the caller looks.
    pub(crate) async fn committed(&mut self, clock: &dyn Clock, patience: Duration) -> Option<Arc<RunState>> {
        within(clock, patience, self.told()).await?
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        // This one is still counted.
        if runs.get(&self.run).is_some_and(|sender| sender.receiver_count() <= 1) {
            runs.remove(&self.run);
        }
    }
}
