//! The handle of one run: start it, resume it, look at it, cancel it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::decide::{Decider, load};
use crate::drive::{Stopped, Task, drive};
use crate::error::Error;
use crate::host::Host;
use crate::options::{OutputOptions, ResumeOptions, StartOptions};
use crate::output::{RunResult, StepResults};
use crate::requests::{self, Asked};
use crate::{trace, trouble};
use reentry_core::event::{Caller, Event};
use reentry_core::id::RunId;
use reentry_core::path::StepPath;
use reentry_core::run::{Run as RunState, RunStatus, Step};
use reentry_core::trace::TracingOptions;
use reentry_core::workflow::Program;

/// One run of a workflow. Cheap to clone; holds nothing of the run but its id.
#[derive(Clone)]
pub struct Run {
    pub(crate) host: Host,
    pub(crate) id: RunId,
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Run").field(&self.id).finish()
    }
}

impl Run {
    pub(crate) fn new(host: Host, id: RunId) -> Self {
        Self { host, id }
    }

    /// The run's id.
    pub fn id(&self) -> RunId {
        self.id
    }

    /// Starts the run and returns when it has ended or waits.
    ///
    /// What the result says is durable. The work goes on when the returned future is dropped.
    ///
    /// # Errors
    /// `Refused` for input, state, context or tracing options that do not fit, and for a run that was started before; the run is as it
    /// was. `Unavailable` when the host could not go on; what was stored last then counts.
    pub async fn start(&self, options: StartOptions) -> Result<RunResult, Error> {
        let asked = Asked::to_start(self.id, &options)?;
        let (output, host) = (options.output_options, &self.host);
        requests::once(host, asked, output, async move |request| {
            let run = self.load().await?;
            let program = host.inner.registry.program(&run).await?;
            let span = trace::root("workflow run", &run, &options.tracing_options, &options.request_context);
            let event = Event::Started(options.request(), self.caller());
            let mut decider = Decider::new(Arc::clone(&host.inner), program, run);
            decider.request = request;
            spawned(Task::new(decider, event), span).await
        })
        .await
    }

    /// Answers a suspension, and returns when the run has ended or waits again.
    ///
    /// The step's memory is put back into its component, and its code goes on at the next line. Everything that can be checked is
    /// checked before the suspension is claimed: the target, the answer against its schema, the request context, the tracing
    /// options, the component and the integrity of the kept memory. Of several callers that answer one suspension
    /// exactly one wins, in whatever processes they are.
    ///
    /// What the result says is durable. The work goes on when the returned future is dropped.
    ///
    /// # Errors
    /// `Refused` for a target that names no suspension or several, and for data that does not fit; `Conflict` when
    /// the run does not wait (any more); `Damaged` when the kept memory is not what was written. The run stays as it is in all
    /// these cases. `Unavailable` when the host could not go on; what was stored last then counts.
    pub async fn resume(&self, options: ResumeOptions) -> Result<RunResult, Error> {
        let asked = Asked::to_resume(self.id, &options)?;
        let (output, host) = (options.output_options, &self.host);
        requests::once(host, asked, output, async move |request| {
            let run = self.load().await?;
            let program = host.inner.registry.program(&run).await?;
            let name = "workflow run (resumed)";
            let span = trace::root(name, &run, &options.tracing_options, &options.request_context);
            let event = Event::Resumed(options.request(), self.caller());
            let mut decider = Decider::new(Arc::clone(&host.inner), program, run);
            decider.request = request;
            spawned(Task::new(decider, event), span).await
        })
        .await
    }

    /// Ends the run as cancelled. Steps that wait are closed; a call that is in flight is told when it asks, and its end does
    /// not count. Durable on return.
    ///
    /// # Errors
    /// `Conflict` when the run has ended.
    pub async fn cancel(&self) -> Result<RunResult, Error> {
        let run = self.load().await?;
        let program = self.host.inner.registry.program(&run).await?;
        let name = "workflow run (canceled)";
        let span = trace::root(name, &run, &TracingOptions::default(), &BTreeMap::new());
        self.drive(span, run, program, Event::CancelRequested, OutputOptions::default()).await
    }

    /// How the run stands, as it is stored.
    ///
    /// # Errors
    /// `NotFound` when there is no such run.
    pub async fn result(&self, options: OutputOptions) -> Result<RunResult, Error> {
        let run = self.load().await?;
        let root = match run.status().is_final() {
            true => self.host.inner.store.step(run.id, &StepPath::root()).await?,
            false => None,
        };
        Ok(RunResult::of(&run, root.as_ref(), options))
    }

    /// The run's status, as it is stored.
    ///
    /// # Errors
    /// `NotFound` when there is no such run.
    pub async fn status(&self) -> Result<RunStatus, Error> {
        Ok(self.load().await?.status())
    }

    /// The run as it is stored, with the steps that are not done.
    ///
    /// # Errors
    /// `NotFound` when there is no such run.
    pub async fn state(&self) -> Result<RunState, Error> {
        self.load().await
    }

    /// The records of all steps. Reads every one of them, so its cost grows with the run.
    ///
    /// # Errors
    /// `NotFound` when there is no such run; `Damaged` when a record cannot be read.
    pub async fn steps(&self) -> Result<StepResults, Error> {
        let mut run = self.load().await?;
        let records = self.host.inner.store.steps(self.id).await?;
        if run.status().is_final() {
            return Ok(StepResults::of(records, &BTreeMap::new()));
        }
        let program = self.host.inner.registry.program(&run).await?;
        // Those that were read, which may be of a later moment than the run is.
        run.steps = records.iter().filter(|(_, step)| step.is_active()).cloned().collect();
        Ok(StepResults::of(records, &run.statuses(&program)))
    }

    /// The record of one step, done or not; the root path is the workflow itself.
    ///
    /// # Errors
    /// `Damaged` when the record cannot be read.
    pub async fn record(&self, path: &StepPath) -> Result<Option<Step>, Error> {
        Ok(self.host.inner.store.step(self.id, path).await?)
    }

    pub(crate) async fn load(&self) -> Result<RunState, Error> {
        load(&self.host.inner, &self.host.tenant, self.id).await
    }

    pub(crate) fn caller(&self) -> Caller {
        Caller { owner: self.host.inner.owner, fresh: self.host.inner.chance.fresh_ids() }
    }

    pub(crate) async fn drive(
        &self,
        span: tracing::Span,
        run: RunState,
        program: Arc<Program>,
        event: Event,
        output: OutputOptions,
    ) -> Result<RunResult, Error> {
        let decider = Decider::new(Arc::clone(&self.host.inner), program, run);
        let stopped = spawned(Task::new(decider, event), span).await?;
        Ok(RunResult::of(&stopped.run, stopped.root.as_ref(), output))
    }
}

/// Drives a run on a task of its own, so that a caller who stops listening does not stop the work half-way.
pub(crate) async fn spawned(task: Task, span: tracing::Span) -> Result<Stopped, Error> {
    let (host, run) = (Arc::clone(&task.decider.host), &task.decider.run);
    let of = (run.tenant.clone(), run.id);
    trouble::watched(&host, of, span, drive(task)).await
}
