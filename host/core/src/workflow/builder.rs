//! The fluent way to write a definition.
//!
//! The verbs themselves are in `verbs.rs`. Options of an entry, such as its id, are set on the entry itself:
//! `.foreach(ForEachEntry::new(step).concurrency(4))`.

use super::block::Block;
use super::definition::{Definition, Entry};

/// Collects the entries of a workflow in the order in which they are done.
///
/// Nothing is checked before the definition is committed, so that all mistakes are reported together.
#[derive(Clone, Debug)]
#[must_use = "a workflow does nothing before it is committed"]
pub struct WorkflowBuilder {
    definition: Definition,
}

crate::verbs!(Block);
crate::verbs!(WorkflowBuilder);
crate::workflow_settings!(WorkflowBuilder);

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

    fn with(mut self, set: impl FnOnce(&mut Definition)) -> Self {
        set(&mut self.definition);
        self
    }

    /// Then this entry, of whatever verb.
    pub fn entry(self, entry: impl Into<Entry>) -> Self {
        let entry = entry.into();
        self.with(|definition| definition.steps.push(entry))
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
