//! What this process is doing right now: calls in flight, commits that others here may wait for, and calls that nobody wants any more.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reentry_core::id::RunId;
use reentry_core::path::StepPath;
use reentry_wasm::Cancel;
use tokio::sync::broadcast;

use crate::host_calls::CallContext;

/// A call, as the process that makes it knows it.
type Flight = (RunId, StepPath, u32);

/// Calls that this process is making.
#[derive(Debug, Default)]
pub(crate) struct Flights(Arc<Mutex<HashSet<Flight>>>);

/// A call that is being made, until this is dropped.
pub(crate) struct InFlight {
    flights: Arc<Mutex<HashSet<Flight>>>,
    flight: Flight,
}

impl Flights {
    pub(crate) fn begin(&self, run: RunId, path: &StepPath, call: u32) -> InFlight {
        let flight = (run, path.clone(), call);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(flight.clone());
        InFlight { flights: Arc::clone(&self.0), flight }
    }

    /// Whether this process makes any call of a run.
    pub(crate) fn any_of(&self, run: RunId) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|(other, ..)| *other == run)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.flight);
    }
}

/// Tells those who wait in this process that a run was changed.
#[derive(Debug)]
pub(crate) struct Commits(broadcast::Sender<RunId>);

/// Changes that a slow listener may be behind; one that is further behind looks at the store anyway.
const COMMITS_BEHIND_MAX: usize = 1_024;

impl Commits {
    pub(crate) fn new() -> Self {
        Self(broadcast::channel(COMMITS_BEHIND_MAX).0)
    }

    pub(crate) fn notify(&self, run: RunId) {
        // Nobody listening is no fault.
        let _ = self.0.send(run);
    }

    pub(crate) fn listen(&self) -> broadcast::Receiver<RunId> {
        self.0.subscribe()
    }
}

/// How often a call in flight looks whether anybody still wants it, when nothing happens in this process.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Stops a call whose end is of no interest any more: it is given `grace` to notice by itself, then it is interrupted. Ends with what it
/// watches, by being dropped.
pub(crate) struct Watch(tokio::task::JoinHandle<()>);

impl Watch {
    pub(crate) fn begin(commits: &Commits, context: Arc<CallContext>, cancel: Cancel, grace: Duration) -> Self {
        let (mut changed, run) = (commits.listen(), context.run.id);
        Self(tokio::spawn(async move {
            loop {
                let told = async {
                    while let Ok(other) = changed.recv().await {
                        if other == run {
                            return;
                        }
                    }
                    std::future::pending().await
                };
                let _ = tokio::time::timeout(LOOK_EVERY, told).await;
                if context.is_over().await.unwrap_or(false) {
                    tokio::time::sleep(grace).await;
                    cancel.cancel();
                    return;
                }
            }
        }))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}
