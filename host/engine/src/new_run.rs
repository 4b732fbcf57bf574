//! Runs that are made and started in one change.

use std::sync::Arc;

use reentry_core::event::Event;
use reentry_core::id::RunId;
use reentry_core::run::RunState;

use crate::decide::Decider;
use crate::drive::Task;
use crate::error::Error;
use crate::options::StartOptions;
use crate::output::RunResult;
use crate::requests::{self, Asked};
use crate::run::{Run, spawned};
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
pub struct Started {
    /// The run.
    pub run: Run,
    /// How the start ended.
    pub result: RunResult,
}

impl NewRun {
    pub(crate) fn of(workflow: Workflow, resource_id: Option<String>) -> Self {
        let run = workflow.tenant.pending(&workflow.workflow, resource_id);
        Self { workflow, run }
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
        tenant.policy().await?.start_bounded(&options)?;
        let by = who::starter(&options)?;
        let asked = Asked::to_begin(workflow.digest(), run.resource_id.as_deref(), &options)?;
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
}
