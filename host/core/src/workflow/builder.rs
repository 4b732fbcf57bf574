//! The fluent way to write a definition.

use super::{Definition, Entry, StepEntry};
use crate::digest::ComponentDigest;
use crate::json::Json;
use crate::retry::RetryPolicy;

/// Collects the entries of a workflow in the order in which they are done.
///
/// Nothing is checked before the definition is committed, so that all mistakes are reported together.
#[derive(Clone, Debug)]
#[must_use = "a workflow does nothing before it is committed"]
pub struct WorkflowBuilder {
    definition: Definition,
}

impl WorkflowBuilder {
    /// Begins a workflow.
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            definition: Definition {
                id: id.into(),
                title: None,
                description: None,
                input_schema: None,
                output_schema: None,
                state_schema: None,
                request_context_schema: None,
                retry: None,
                steps: Vec::new(),
            },
        }
    }

    /// A short name for people.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.definition.title = Some(title.into());
        self
    }

    /// JSON Schema of the input.
    pub fn input_schema(mut self, schema: impl Into<Json>) -> Self {
        self.definition.input_schema = Some(schema.into());
        self
    }

    /// JSON Schema of the result.
    pub fn output_schema(mut self, schema: impl Into<Json>) -> Self {
        self.definition.output_schema = Some(schema.into());
        self
    }

    /// JSON Schema of the shared state.
    pub fn state_schema(mut self, schema: impl Into<Json>) -> Self {
        self.definition.state_schema = Some(schema.into());
        self
    }

    /// JSON Schema of the request context.
    pub fn request_context_schema(mut self, schema: impl Into<Json>) -> Self {
        self.definition.request_context_schema = Some(schema.into());
        self
    }

    /// How failures are retried where neither entry nor step says.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.definition.retry = Some(policy);
        self
    }

    /// Then this step.
    pub fn then(mut self, step: impl Into<StepEntry>) -> Self {
        self.definition.steps.push(Entry::Then(step.into()));
        self
    }

    /// Then this workflow, as a step.
    pub fn workflow(mut self, inner: impl Into<Definition>) -> Self {
        self.definition.steps.push(Entry::Workflow(inner.into()));
        self
    }

    /// The definition as it stands.
    pub fn definition(self) -> Definition {
        self.definition
    }
}

impl From<WorkflowBuilder> for Definition {
    fn from(builder: WorkflowBuilder) -> Self {
        builder.definition
    }
}

impl StepEntry {
    /// A step of a component, under the step's own id.
    pub fn new(component: ComponentDigest, step: impl Into<String>) -> Self {
        let step = step.into();
        Self { id: step.clone(), component, step, retry: None, timeout_ms: None }
    }

    /// Gives the entry another id, which it needs when one workflow uses a step twice.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = id.into();
        self
    }

    /// How failures are retried, whatever the step says.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
        self
    }

    /// Longest time one call may run, in milliseconds; the bound that the step itself names holds as well.
    pub fn timeout_ms(mut self, timeout_ms: u64) -> Self {
        self.timeout_ms = Some(timeout_ms);
        self
    }
}
