//! The fluent way to write a definition.
//!
//! Options of an entry, such as its id, are set on the entry itself: `.foreach(ForEachEntry::new(step).concurrency(4))`.

use super::block::{Block, Condition};
use super::definition::{
    AskEntry, BranchEntry, Definition, DoUntilEntry, DoWhileEntry, Entry, EventEntry, ForEachEntry, MapEntry,
    ParallelEntry, SleepEntry, SleepUntilEntry, StepEntry, TryEntry,
};
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

/// The verbs, for whatever has a method `entry`.
macro_rules! verbs {
    ($name:ident) => {
        impl $name {
            /// Then this step.
            pub fn then(self, step: impl Into<StepEntry>) -> Self {
                self.entry(step.into())
            }

            /// Then this workflow, as a step.
            pub fn workflow(self, inner: impl Into<Definition>) -> Self {
                self.entry(inner.into())
            }

            /// Then all of these at once: an array or vector of blocks, or a [`ParallelEntry`].
            pub fn parallel(self, arms: impl Into<ParallelEntry>) -> Self {
                self.entry(arms.into())
            }

            /// Then the arms whose conditions hold.
            pub fn branch(self, branch: BranchEntry) -> Self {
                self.entry(branch)
            }

            /// Then this for each item of an array: what is done, or a [`ForEachEntry`].
            pub fn foreach(self, body: impl Into<ForEachEntry>) -> Self {
                self.entry(body.into())
            }

            /// Then this again and again while the condition holds, at least once.
            pub fn do_while(self, body: impl Into<Block>, condition: impl Into<Condition>) -> Self {
                self.entry(DoWhileEntry::new(body, condition))
            }

            /// Then this again and again until the condition holds, at least once.
            pub fn do_until(self, body: impl Into<Block>, condition: impl Into<Condition>) -> Self {
                self.entry(DoUntilEntry::new(body, condition))
            }

            /// Then data in another shape: an expression, an array of keys with expressions, or a [`MapEntry`].
            pub fn map(self, to: impl Into<MapEntry>) -> Self {
                self.entry(to.into())
            }

            /// Then a wait: a `Duration`, a text as `30d`, or a [`SleepEntry`].
            pub fn sleep(self, length: impl Into<SleepEntry>) -> Self {
                self.entry(length.into())
            }

            /// Then a wait for an instant: a timestamp, a text as `2100-01-01T00:00:00Z`, or a [`SleepUntilEntry`].
            pub fn sleep_until(self, instant: impl Into<SleepUntilEntry>) -> Self {
                self.entry(instant.into())
            }

            /// Then a question, which needs no component: an [`AskEntry`].
            pub fn ask(self, question: AskEntry) -> Self {
                self.entry(question)
            }

            /// Then a wait for an event, which needs no component: its name, or an [`EventEntry`].
            pub fn event(self, event: impl Into<EventEntry>) -> Self {
                self.entry(event.into())
            }

            /// Then this, with what is done when it fails.
            pub fn try_catch(self, body: impl Into<Block>, catch: impl Into<Block>) -> Self {
                self.entry(TryEntry::new(body, catch))
            }
        }
    };
}

verbs!(Block);
verbs!(WorkflowBuilder);

impl Block {
    /// No entries yet.
    pub fn new() -> Self {
        Self(Vec::new())
    }

    /// Then this entry, of whatever verb.
    #[must_use = "the block is the entries so far and this one"]
    pub fn entry(mut self, entry: impl Into<Entry>) -> Self {
        self.0.push(entry.into());
        self
    }
}

impl Default for Block {
    fn default() -> Self {
        Self::new()
    }
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
                timeout_ms: None,
                steps: Vec::new(),
            },
        }
    }

    /// A short name for people.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.definition.title = Some(title.into());
        self
    }

    /// What it does, for people.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.definition.description = Some(description.into());
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

    /// Longest time from the workflow's start to its end, waits counted, in milliseconds.
    pub fn timeout_ms(mut self, timeout_ms: u64) -> Self {
        self.definition.timeout_ms = Some(timeout_ms);
        self
    }

    /// Then this entry, of whatever verb.
    pub fn entry(mut self, entry: impl Into<Entry>) -> Self {
        self.definition.steps.push(entry.into());
        self
    }

    /// The definition as it stands, with the ids that were left out.
    pub fn definition(mut self) -> Definition {
        self.definition.fill_in_ids();
        self.definition
    }
}

impl From<WorkflowBuilder> for Definition {
    fn from(builder: WorkflowBuilder) -> Self {
        builder.definition()
    }
}
