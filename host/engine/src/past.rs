//! What is kept of a run's past, and where it can go back to.

use reentry_core::path::StepPath;
use reentry_core::workflow::Place;
use reentry_store::{SavepointSummary, SuspensionFilter};

use crate::error::Error;
use crate::inbox::Waiting;
use crate::run::Run;

impl Run {
    /// All suspensions of the run, the oldest first, with how they ended.
    ///
    /// # Errors
    /// `NotFound`, `Damaged`, `Unavailable`.
    pub async fn history(&self) -> Result<Vec<Waiting>, Error> {
        self.load().await?;
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let run = Some(self.id);
            let filter =
                SuspensionFilter { run, with_ended: true, with_timers: true, after, ..Default::default() };
            let page = self.host.inbox(filter).await?;
            all.extend(page.rows);
            after = page.next;
            if after.is_none() {
                return Ok(all);
            }
        }
    }

    /// The moments to which the run can be forked or restarted, the oldest first.
    ///
    /// # Errors
    /// `NotFound`, `Damaged`, `Unavailable`.
    pub async fn savepoints(&self) -> Result<Vec<SavepointSummary>, Error> {
        self.load().await?;
        Ok(self.host.inner.store.savepoints(self.id).await?)
    }

    /// The entries that the run has reached and can be sent back to, in the order in which it first came to them: those that stand in no
    /// block. Reads the records of all steps, so its cost grows with the run.
    ///
    /// # Errors
    /// `NotFound`, `Damaged`, `Unavailable`.
    pub async fn travel_targets(&self) -> Result<Vec<StepPath>, Error> {
        let run = self.load().await?;
        let program = self.host.inner.registry.program(&run).await?;
        let stands_free = |path: &StepPath| {
            let repeats = path.segments().iter().any(|segment| segment.index.is_some());
            let place = program.place(&run.called, path);
            !repeats && matches!(place, Some(Place::Entry(_, node)) if node.within.is_none())
        };
        let steps = self.host.inner.store.steps(self.id).await?;
        Ok(steps.into_iter().map(|(path, _)| path).filter(stands_free).collect())
    }
}
