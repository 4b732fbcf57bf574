//! Moving a waiting run to another version of its workflow.

use std::collections::BTreeMap;

use reentry_core::digest::WorkflowDigest;
use reentry_core::event::{Event, Migrated};
use reentry_core::run::{Refused, Run as RunState};
use reentry_core::workflow::Program;

use crate::error::Error;
use crate::output::RunResult;
use crate::run::Run;

impl Run {
    /// Moves the run to another version of its workflow, which it follows from now on. Its open entries must be there in that version, and
    /// each step that has begun must be of the very component whose memory it has. Durable on return.
    ///
    /// # Errors
    /// `NotFound` when there is no such version; `Conflict` when the run does not wait, or does not fit the version. The run stays as it
    /// is.
    pub async fn migrate(&self, to: WorkflowDigest) -> Result<RunResult, Error> {
        let run = self.load().await?;
        let registry = &self.host.inner.registry;
        let (old, new) = (registry.program(&run).await?, registry.program_of(to, &run.called).await?);
        if let Some(reason) = moved_memory(&run, &old, &new) {
            return Err(Refused::NotMigratable { from: run.workflow, to, reason }.into());
        }
        let event = Event::Migrated(Migrated { to, moved: BTreeMap::new() });
        self.bring("workflow run (migrated)", event).await
    }
}

/// Why a run's steps cannot go on in the new version: the memory of a component fits no other one.
fn moved_memory(run: &RunState, old: &Program, new: &Program) -> Option<String> {
    run.steps.keys().find_map(|path| {
        let component =
            |program: &Program| Some(program.place(&run.called, path)?.step()?.component);
        let (was, is) = (component(old)?, component(new)?);
        (was != is).then(|| {
            format!(
                "step `{path}` has begun in component {was}, and is of component {is} there, in which its memory does not fit; \
                 let the step end first, or keep {was} for it in the new version"
            )
        })
    })
}
