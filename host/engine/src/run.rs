//! The handle of one run: start it, resume it, look at it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::decide::Decider;
use crate::drive::{Task, spawned};
use crate::error::Error;
use crate::options::{OutputOptions, ResumeOptions, StartOptions};
use crate::output::{RunResult, StepResults};
use crate::requests::{self, Request};
use crate::standing::{Standing, load};
use crate::tenant::Tenant;
use crate::who;
use crate::work::Work;
use reentry_core::event::Event;
use reentry_core::id::RunId;
use reentry_core::path::StepPath;
use reentry_core::run::{EntryRecord, RunState, RunStatus};
use reentry_core::workflow::Program;

/// One run of a workflow. Cheap to clone: it holds the run's id, and the version that was seen last.
///
/// A handle stands for one reader of the run: an answer through it reaches no question that was opened after the last
/// result, state or event that the handle returned. A clone has seen what its original had seen, and is independent
/// from then on.
pub struct Run {
    pub(crate) tenant: Tenant,
    pub(crate) id: RunId,
    /// The latest version of the run that was seen; 0 for none. Shared with those who watch.
    seen: Arc<AtomicU64>,
}

impl Clone for Run {
    fn clone(&self) -> Self {
        Self::new(self.tenant.clone(), self.id, self.seen.load(Ordering::Relaxed))
    }
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Run").field(&self.id).finish()
    }
}

impl Run {
    /// A handle that has seen a version of the run; 0 for none.
    pub(crate) fn new(tenant: Tenant, id: RunId, seen: u64) -> Self {
        Self { tenant, id, seen: Arc::new(AtomicU64::new(seen)) }
    }

    /// The handle of those who watch with this one: what they see, this one has seen.
    pub(crate) fn watched(&self) -> Self {
        Self { tenant: self.tenant.clone(), id: self.id, seen: Arc::clone(&self.seen) }
    }

    /// Notes which version of the run was seen.
    pub(crate) fn saw(&self, version: u64) {
        self.seen.fetch_max(version, Ordering::Relaxed);
    }

    fn shown(&self, result: RunResult) -> RunResult {
        self.saw(result.version);
        result
    }

    /// Returns the run's id.
    pub fn id(&self) -> RunId {
        self.id
    }

    /// Starts the run and returns when it has ended or waits.
    ///
    /// What the result says is durable. The work goes on when the returned future is dropped.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/doc.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (host, tenant, ask) = asks().await?;
    /// use reentry::{RunStatus, StartOptions};
    /// use serde_json::json;
    ///
    /// # let workflow = tenant.workflow("approval").then(ask.step("ask")).commit().await?;
    /// let run = workflow.new_run().create().await?;
    /// let result = run.start(StartOptions::input(json!({"amount": 120}))).await?;
    /// assert_eq!(result.status, RunStatus::Suspended);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `Refused` for input, state, context or tracing options that do not fit, and for a run that was started before;
    /// the run is as it was. `Unavailable` when the host could not continue: the run is as it was stored last.
    pub async fn start(&self, options: StartOptions) -> Result<RunResult, Error> {
        self.tenant.shared.check_active(&self.tenant.id).await?;
        self.tenant.policy().await?.start_bounded(&options)?;
        let by = who::starter(&options)?;
        let asked = Request::to_start(self.id, &options)?;
        let (output, tenant) = (options.output_options, &self.tenant);
        requests::once(tenant, asked, output, async move |request| {
            let mut decider = Decider::recalled(&tenant.shared, &tenant.id, self.id).await?;
            let work = Work::on(&tenant.shared, "workflow run", self.id);
            let event = Event::Started(options.request(by), tenant.shared.owner);
            decider.request = request;
            spawned(Task::new(decider, event, work)).await
        })
        .await
        .map(|result| self.shown(result))
    }

    /// Answers a suspension, and returns when the run has ended or waits again.
    ///
    /// The step's memory is put back into its component, and its code goes on at the next line. Everything that can
    /// be checked is checked before the suspension is claimed: the target, the answer against its schema, the request
    /// context, the tracing options, the component and the integrity of the kept memory. Of several callers that
    /// answer one suspension exactly one wins, in whatever processes they are.
    ///
    /// What the result says is durable. The work goes on when the returned future is dropped.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/doc.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use reentry::{ResumeOptions, RunStatus};
    /// # use reentry::StartOptions;
    /// # use serde_json::json;
    ///
    /// # let (host, tenant, ask) = asks().await?;
    /// # let workflow = tenant.workflow("approval").then(ask.step("ask")).commit().await?;
    /// # let run = workflow.new_run().start(StartOptions::input(json!({"amount": 120}))).await?.run;
    /// let result = run.resume(ResumeOptions::data(json!({"approved": true})).by("Kim")).await?;
    /// assert_eq!(result.status, RunStatus::Success);
    /// assert_eq!(result.result.unwrap().text(), r#"{"approved":true}"#);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `Refused` for a target that names no suspension or several, and for data that does not fit, be it by the word
    /// of the schema or of the step; `Conflict` when what is named was answered, has expired or was opened after what
    /// this handle has seen; `Damaged` when the kept memory is not what was written. The run stays as it is in all
    /// these cases, but for what was due in it. `Unavailable` when the host could not continue: the run is as it was
    /// stored last.
    pub async fn resume(&self, options: ResumeOptions) -> Result<RunResult, Error> {
        self.tenant.shared.check_active(&self.tenant.id).await?;
        self.tenant.policy().await?.answer_bounded(&options)?;
        let by = who::answerer(&options)?;
        let asked = Request::to_resume(self.id, &options)?;
        let (output, tenant) = (options.output_options, &self.tenant);
        requests::once(tenant, asked, output, async move |request| {
            let mut decider = Decider::recalled(&tenant.shared, &tenant.id, self.id).await?;
            let work = Work::on(&tenant.shared, "workflow run (resumed)", self.id);
            let mut answer = options.request(by);
            answer.target.seen.get_or_insert_with(|| self.seen.load(Ordering::Relaxed));
            answer.request = request.as_ref().map(|request| request.key.clone());
            let event = Event::Resumed(answer, tenant.shared.owner);
            decider.request = request;
            spawned(Task::new(decider, event, work)).await
        })
        .await
        .map(|result| self.shown(result))
    }

    /// Returns how the run stands, as it is stored.
    ///
    /// # Errors
    /// `NotFound` when there is no such run.
    pub async fn result(&self, options: OutputOptions) -> Result<RunResult, Error> {
        let standing = Standing::stored(&self.tenant.shared, &self.tenant.id, self.id).await?;
        Ok(self.shown(standing.result(options)))
    }

    /// Returns the run's status, as it is stored.
    ///
    /// # Errors
    /// `NotFound` when there is no such run.
    pub async fn status(&self) -> Result<RunStatus, Error> {
        Ok(self.load().await?.status())
    }

    /// Returns the run as it is stored, with the steps that are not done.
    ///
    /// # Errors
    /// `NotFound` when there is no such run.
    pub async fn state(&self) -> Result<RunState, Error> {
        let run = self.load().await?;
        self.saw(run.version);
        Ok(run)
    }

    /// Returns the records of all steps. It reads every one of them, so its cost grows with the run.
    ///
    /// # Errors
    /// `NotFound` when there is no such run; `Damaged` when a record cannot be read.
    pub async fn steps(&self) -> Result<StepResults, Error> {
        let mut run = self.load().await?;
        let records = self.tenant.shared.store.steps(&self.tenant.id, self.id).await?;
        if run.has_ended() {
            return Ok(StepResults::of(records, &BTreeMap::new()));
        }
        let program = self.tenant.shared.registry.program(&run).await?;
        // Those that were read, which may be of a later moment than the run is.
        run.steps = records.iter().filter(|(_, step)| step.is_active()).cloned().collect();
        Ok(StepResults::of(records, &run.statuses(&program)))
    }

    /// Returns the record of one step, done or not. The root path is the workflow itself.
    ///
    /// # Errors
    /// `Damaged` when the record cannot be read.
    pub async fn record(&self, path: &StepPath) -> Result<Option<EntryRecord>, Error> {
        Ok(self.tenant.shared.store.step(&self.tenant.id, self.id, path).await?)
    }

    pub(crate) async fn load(&self) -> Result<RunState, Error> {
        load(&self.tenant.shared, &self.tenant.id, self.id).await
    }

    pub(crate) async fn drive(
        &self,
        work: Work,
        run: RunState,
        program: Arc<Program>,
        event: Event,
        output: OutputOptions,
    ) -> Result<RunResult, Error> {
        let decider = Decider::new(Arc::clone(&self.tenant.shared), program, run);
        let stopped = spawned(Task::new(decider, event, work)).await?;
        Ok(self.shown(stopped.result(output)))
    }
}
