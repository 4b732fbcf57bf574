//! What is kept of a run's past, and where it can go back to.

use std::collections::HashMap;

use reentry_core::id::{RunId, SuspensionId};
use reentry_core::path::StepPath;
use reentry_core::workflow::Place;
use reentry_store::{Ancestor, SavepointSummary, SuspensionFilter, Try};

use crate::error::Error;
use crate::inbox::Waiting;
use crate::run::Run;

impl Run {
    /// Lists all suspensions of the run, the oldest first: what was asked, what was answered and by whom, which
    /// answers did not count. Of a fork, those that had ended in its parents when it began come first. Grows with the
    /// run.
    ///
    /// # Errors
    /// `NotFound`, `Damaged`, `Unavailable`.
    pub async fn history(&self) -> Result<Vec<Waiting>, Error> {
        self.load().await?;
        let mut all: Vec<Waiting> = Vec::new();
        // The tries that a fork has behind it, by the parent's suspension.
        let mut before: HashMap<SuspensionId, Vec<Try>> = HashMap::new();
        for Ancestor { run, until } in self.tenant.shared.store.lineage(&self.tenant.id, self.id).await? {
            let mut rows = self.suspensions_of(run).await?;
            for row in &mut rows {
                if let Some(until) = until {
                    let tries = &mut row.record.past.tries;
                    tries.retain(|one| one.refused.map_or(one.version, |(version, _)| version) <= until);
                }
                let Some(parent) = row.record.past.continues else { continue };
                if let Some(mut tries) = before.remove(&parent) {
                    tries.append(&mut row.record.past.tries);
                    row.record.past.tries = tries;
                }
                // Its answer came in the parent, and may be refused here.
                all.retain(|earlier| earlier.record.id != parent);
            }
            if let Some(until) = until {
                before = rows.iter().map(|row| (row.record.id, row.record.past.tries.clone())).collect();
                rows.retain(|row| row.record.past.ended_version.is_some_and(|ended| ended <= until));
            }
            all.append(&mut rows);
        }
        Ok(all)
    }

    async fn suspensions_of(&self, run: RunId) -> Result<Vec<Waiting>, Error> {
        let mut filter =
            SuspensionFilter::default().run(run).with_ended(true).with_tries(true).with_timers(true);
        let mut all = Vec::new();
        loop {
            let page = self.tenant.inbox(filter.clone()).await?;
            all.extend(page.rows);
            filter.after = page.next;
            if filter.after.is_none() {
                return Ok(all);
            }
        }
    }

    /// Lists the moments to which the run can be forked or restarted, the oldest first.
    ///
    /// # Errors
    /// `NotFound`, `Damaged`, `Unavailable`.
    pub async fn savepoints(&self) -> Result<Vec<SavepointSummary>, Error> {
        self.load().await?;
        Ok(self.tenant.shared.store.savepoints(&self.tenant.id, self.id).await?)
    }

    /// Lists the entries that the run has reached and can be sent back to, in the order in which it first came to
    /// them: those that stand in no block. Reads the records of all steps, so its cost grows with the run.
    ///
    /// # Errors
    /// `NotFound`, `Damaged`, `Unavailable`.
    pub async fn travel_targets(&self) -> Result<Vec<StepPath>, Error> {
        let run = self.load().await?;
        let program = self.tenant.shared.registry.program(&run).await?;
        let stands_free = |path: &StepPath| {
            let repeats = path.segments().iter().any(|segment| segment.index.is_some());
            let place = program.place(&run.called, path);
            !repeats && matches!(place, Some(Place::Entry(_, node)) if node.within.is_none())
        };
        let steps = self.tenant.shared.store.steps(&self.tenant.id, self.id).await?;
        Ok(steps.into_iter().map(|(path, _)| path).filter(stands_free).collect())
    }
}
