//! Runs of a workflow that are made: at once or with their start.

use std::sync::Arc;

use reentry_core::event::Event;
use reentry_core::id::RunId;
use reentry_core::run::{Durability, RunState};
use reentry_store::Commit;

use crate::commit::new_run_refused;
use crate::decide::Decider;
use crate::drive::{Task, spawned};
use crate::error::Error;
use crate::fault::{FaultPoint, StoredChange};
use crate::options::StartOptions;
use crate::output::RunResult;
use crate::requests::{self, Request};
use crate::run::Run;
use crate::who;
use crate::work::Work;
use crate::workflow::Workflow;

/// A run of which nothing is stored yet.
#[derive(Debug)]
pub struct NewRun {
    workflow: Workflow,
    run: RunState,
}

/// A run that was made and started.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Started {
    /// The run.
    pub run: Run,
    /// How the start ended.
    pub result: RunResult,
}

impl NewRun {
    /// Sets the resource: what the run is about. Runs can be listed by it, and steps can read it.
    pub fn resource_id(mut self, resource_id: impl Into<String>) -> Self {
        self.run.resource_id = Some(resource_id.into());
        self
    }

    /// Returns the id that it will have. When the start repeats an earlier request, the earlier run is the one that
    /// counts.
    pub fn id(&self) -> RunId {
        self.run.id
    }

    /// Waits until the run is stored: from then on it can be found by its id, whatever happens. Never ends when the
    /// start is refused, or repeats an earlier request.
    pub fn stored(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut listener = self.workflow.tenant.shared.live.listen(self.run.id);
        async move { _ = listener.told().await }
    }

    /// Stores the run and starts it, and returns when it has ended or waits. What the result says is durable.
    ///
    /// # Errors
    /// As [`Run::start`]; when the start is refused, there is no run.
    pub async fn start(self, options: StartOptions) -> Result<Started, Error> {
        let Self { workflow, run } = self;
        let tenant = workflow.tenant.clone();
        tenant.shared.check_active(&tenant.id).await?;
        tenant.policy().await?.start_bounded(&options)?;
        let by = who::starter(&options)?;
        let asked = Request::to_begin(workflow.digest(), run.resource_id.as_deref(), &options)?;
        let output = options.output_options;
        let result = requests::once(&tenant, asked, output, async |request| {
            tenant.shared.registry.check_components(tenant.id(), workflow.digest()).await?;
            let program = Arc::new(tenant.shared.registry.program_with(Arc::clone(&workflow.workflow)));
            let work = Work::on(&tenant.shared, "workflow run", run.id);
            let event = Event::Started(options.request(by.clone()), tenant.shared.owner);
            let mut decider = Decider::new(Arc::clone(&tenant.shared), program, run);
            (decider.is_new, decider.request) = (true, request);
            spawned(Task::new(decider, event, work)).await
        })
        .await?;
        Ok(Started { run: Run::new(tenant.clone(), result.run_id, result.version), result })
    }

    /// Stores the run, with status `pending`, for [`Run::start`] to start it. On return it survives the end of this
    /// process, not the loss of power.
    ///
    /// # Errors
    /// `Unavailable` when the store cannot be used.
    pub async fn create(self) -> Result<Run, Error> {
        let Self { workflow: Workflow { tenant, workflow }, run } = self;
        let (shared, run) = (&tenant.shared, Arc::new(run));
        shared.check_active(&tenant.id).await?;
        shared.registry.check_components(tenant.id(), workflow.digest()).await?;
        let id = run.id;
        let commit = Commit::new(Arc::clone(&run), None, Durability::Visible);
        shared.fault(FaultPoint::BeforeCommit(StoredChange::Created));
        shared.store.commit(commit).await.map_err(|error| new_run_refused(id, error))?;
        shared.fault(FaultPoint::AfterCommit(StoredChange::Created));
        shared.recent.note(&run);
        Ok(Run::new(tenant, id, 0))
    }
}

impl Workflow {
    /// Makes a run with an id, of which nothing is stored yet. It is started in one change ([`NewRun::start`]), or
    /// stored first and started later ([`NewRun::create`]).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/doc.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (host, tenant, ask) = asks().await?;
    /// use reentry::{RunFilter, RunStatus, StartOptions};
    /// use serde_json::json;
    ///
    /// # let workflow = tenant.workflow("approval").then(ask.step("ask")).commit().await?;
    /// let input = StartOptions::input(json!({"amount": 120}));
    /// let started = workflow.new_run().resource_id("order-7").start(input).await?;
    /// assert_eq!(started.result.status, RunStatus::Suspended);
    /// let about = tenant.runs(RunFilter::default().resource_id("order-7")).await?;
    /// assert_eq!(about.rows[0].id, started.run.id());
    /// # Ok(())
    /// # }
    /// ```
    pub fn new_run(&self) -> NewRun {
        NewRun { workflow: self.clone(), run: pending(self) }
    }
}

/// A run that waits to be started, not stored.
fn pending(workflow: &Workflow) -> RunState {
    let (shared, tenant) = (&workflow.tenant.shared, workflow.tenant.id().clone());
    let now = shared.clock.now();
    let pinned = (workflow.digest(), workflow.id().to_owned());
    RunState::new(shared.chance.run_id(now), tenant, pinned, now)
}
