//! How a run stands: as it is stored, or as the one who drove it left it.

use std::sync::Arc;

use reentry_core::id::{RunId, TenantId};
use reentry_core::path::StepPath;
use reentry_core::run::{EntryRecord, RunState, RunStatus};
use reentry_core::workflow::Program;

use crate::error::Error;
use crate::options::OutputOptions;
use crate::output::RunResult;
use crate::shared::Shared;
use crate::span::SpanStatus;
use crate::state_parts;

/// A run with all that a result shows of it.
pub(crate) struct Standing {
    pub(crate) run: Arc<RunState>,
    pub(crate) program: Arc<Program>,
    /// The record of the workflow itself, if the run ended.
    pub(crate) root: Option<EntryRecord>,
}

impl Standing {
    /// Reads how a run stands.
    ///
    /// # Errors
    /// `NotFound` when there is no such run; `Unavailable`, `Damaged`.
    pub(crate) async fn stored(host: &Shared, tenant: &TenantId, id: RunId) -> Result<Self, Error> {
        let (run, program) = load_with_program(host, tenant, id).await?;
        let root = match run.has_ended() {
            true => host.store.step(tenant, id, &StepPath::root()).await?,
            false => None,
        };
        Ok(Self { run: Arc::new(run), program, root })
    }

    /// The result that shows it.
    pub(crate) fn result(&self, output: OutputOptions) -> RunResult {
        RunResult::of(&self.run, &self.program, self.root.as_ref(), output)
    }

    /// That of work on it: an error when the run has failed.
    pub(crate) fn span_status(&self) -> SpanStatus {
        let error = self.root.as_ref().and_then(|root| root.entry.error.as_ref());
        match error.filter(|_| self.run.status() == RunStatus::Failed) {
            Some(failure) => SpanStatus::Error(failure.message.clone()),
            None => SpanStatus::Ok,
        }
    }
}

/// Reads a run.
pub(crate) async fn load(host: &Shared, tenant: &TenantId, id: RunId) -> Result<RunState, Error> {
    state_parts::whole_run(host, tenant, id).await?.ok_or(Error::NoRun(id))
}

/// Reads a run and all workflows that it follows.
pub(crate) async fn load_with_program(
    host: &Shared,
    tenant: &TenantId,
    id: RunId,
) -> Result<(RunState, Arc<Program>), Error> {
    let run = load(host, tenant, id).await?;
    let program = host.registry.program(&run).await?;
    Ok((run, program))
}
