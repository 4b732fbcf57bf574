//! Workflows of a tenant: written, committed, and made runs of.

use std::sync::Arc;

use reentry_core::digest::WorkflowDigest;
use reentry_core::json::Json;
use reentry_core::retry::RetryPolicy;
use reentry_core::workflow::{
    AskEntry, Block, BranchEntry, Condition, Definition, Entry, EventEntry, ForEachEntry, MapEntry,
    ParallelEntry, SleepEntry, SleepUntilEntry, StepEntry, Workflow as Committed, WorkflowBuilder,
};

use crate::error::Error;
use crate::new_run::{NewRun, Started};
use crate::options::StartOptions;
use crate::run::Run;
use crate::tenant::Tenant;

/// A workflow that is being written.
#[derive(Clone, Debug)]
#[must_use = "a workflow does nothing before it is committed"]
pub struct PendingWorkflow {
    pub(crate) tenant: Tenant,
    pub(crate) builder: WorkflowBuilder,
}

impl PendingWorkflow {
    fn with(mut self, change: impl FnOnce(WorkflowBuilder) -> WorkflowBuilder) -> Self {
        self.builder = change(self.builder);
        self
    }

    /// Then this entry, of whatever verb.
    pub fn entry(self, entry: impl Into<Entry>) -> Self {
        self.with(|builder| builder.entry(entry))
    }

    /// Then this step.
    pub fn then(self, step: impl Into<StepEntry>) -> Self {
        self.with(|builder| builder.then(step))
    }

    /// Then this workflow, as a step.
    pub fn workflow(self, inner: impl Into<Definition>) -> Self {
        self.with(|builder| builder.workflow(inner))
    }

    /// Then all of these at once: an array or vector of blocks, or a [`ParallelEntry`].
    pub fn parallel(self, arms: impl Into<ParallelEntry>) -> Self {
        self.with(|builder| builder.parallel(arms))
    }

    /// Then the arms whose conditions hold.
    pub fn branch(self, branch: BranchEntry) -> Self {
        self.with(|builder| builder.branch(branch))
    }

    /// Then this for each item of an array: what is done, or a [`ForEachEntry`].
    pub fn foreach(self, body: impl Into<ForEachEntry>) -> Self {
        self.with(|builder| builder.foreach(body))
    }

    /// Then this again and again while the condition holds, at least once.
    pub fn do_while(self, body: impl Into<Block>, condition: impl Into<Condition>) -> Self {
        self.with(|builder| builder.do_while(body, condition))
    }

    /// Then this again and again until the condition holds, at least once.
    pub fn do_until(self, body: impl Into<Block>, condition: impl Into<Condition>) -> Self {
        self.with(|builder| builder.do_until(body, condition))
    }

    /// Then data in another shape: an expression, an array of keys with expressions, or a [`MapEntry`].
    pub fn map(self, to: impl Into<MapEntry>) -> Self {
        self.with(|builder| builder.map(to))
    }

    /// Then a wait: a `Duration`, a text as `30d`, or a [`SleepEntry`].
    pub fn sleep(self, length: impl Into<SleepEntry>) -> Self {
        self.with(|builder| builder.sleep(length))
    }

    /// Then a wait for an instant: a timestamp, a text as `2100-01-01T00:00:00Z`, or a [`SleepUntilEntry`].
    pub fn sleep_until(self, instant: impl Into<SleepUntilEntry>) -> Self {
        self.with(|builder| builder.sleep_until(instant))
    }

    /// Then a question, which needs no component.
    pub fn ask(self, question: AskEntry) -> Self {
        self.with(|builder| builder.ask(question))
    }

    /// Then a wait for an event, which needs no component: its name, or an [`EventEntry`].
    pub fn event(self, event: impl Into<EventEntry>) -> Self {
        self.with(|builder| builder.event(event))
    }

    /// Then this, with what is done when it fails.
    pub fn try_catch(self, body: impl Into<Block>, catch: impl Into<Block>) -> Self {
        self.with(|builder| builder.try_catch(body, catch))
    }

    /// A short name for people.
    pub fn title(self, title: impl Into<String>) -> Self {
        self.with(|builder| builder.title(title))
    }

    /// What it does, for people.
    pub fn description(self, description: impl Into<String>) -> Self {
        self.with(|builder| builder.description(description))
    }

    /// Longest time from the workflow's start to its end, waits counted, in milliseconds.
    pub fn timeout_ms(self, timeout_ms: u64) -> Self {
        self.with(|builder| builder.timeout_ms(timeout_ms))
    }

    /// JSON Schema of the input.
    pub fn input_schema(self, schema: impl Into<Json>) -> Self {
        self.with(|builder| builder.input_schema(schema))
    }

    /// JSON Schema of the result.
    pub fn output_schema(self, schema: impl Into<Json>) -> Self {
        self.with(|builder| builder.output_schema(schema))
    }

    /// JSON Schema of the shared state.
    pub fn state_schema(self, schema: impl Into<Json>) -> Self {
        self.with(|builder| builder.state_schema(schema))
    }

    /// JSON Schema of the request context.
    pub fn request_context_schema(self, schema: impl Into<Json>) -> Self {
        self.with(|builder| builder.request_context_schema(schema))
    }

    /// How failures are retried where neither entry nor step says.
    pub fn retry(self, policy: RetryPolicy) -> Self {
        self.with(|builder| builder.retry(policy))
    }

    /// Checks the whole definition, pins it with its components, and keeps it. Durable on return.
    ///
    /// # Errors
    /// [`Error::Definition`] with everything that is wrong with it.
    pub async fn commit(self) -> Result<Workflow, Error> {
        self.tenant.commit(self.builder).await
    }
}

/// A committed workflow. It never changes; a changed definition is another workflow with another digest.
#[derive(Clone)]
pub struct Workflow {
    pub(crate) tenant: Tenant,
    pub(crate) workflow: Arc<Committed>,
}

impl std::fmt::Debug for Workflow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Workflow({} {})", self.id(), self.digest())
    }
}

impl Workflow {
    /// Its id, which all versions share.
    pub fn id(&self) -> &str {
        self.workflow.id()
    }

    /// Its digest, which is that of this very definition with these very components.
    pub fn digest(&self) -> WorkflowDigest {
        self.workflow.digest()
    }

    /// The definition in canonical form.
    pub fn definition(&self) -> &Json {
        self.workflow.definition()
    }

    /// Makes a run and starts it in one change: nothing is left of one whose start is refused. Otherwise as [`Run::start`].
    ///
    /// # Errors
    /// As [`Run::start`].
    pub async fn start(&self, options: StartOptions) -> Result<Started, Error> {
        self.new_run(None).start(options).await
    }

    /// A run with an id, of which nothing is stored before it is started.
    pub fn new_run(&self, resource_id: Option<String>) -> NewRun {
        NewRun::of(self.clone(), resource_id)
    }

    /// Creates a run, with status `pending`. On return it survives the end of this process, not the loss of power.
    ///
    /// # Errors
    /// `Unavailable` when the store cannot be used.
    pub async fn create_run(&self) -> Result<Run, Error> {
        self.tenant.create_run(&self.workflow, None).await
    }

    /// Creates a run about somebody or something, by which runs can be listed and which steps get to see.
    ///
    /// # Errors
    /// As [`Self::create_run`].
    pub async fn create_run_about(&self, resource_id: impl Into<String>) -> Result<Run, Error> {
        self.tenant.create_run(&self.workflow, Some(resource_id.into())).await
    }
}
