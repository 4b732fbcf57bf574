//! Workflows: what follows what.
//!
//! A [`Definition`] is what people write and what is stored. Committing one checks all of it and gives a [`Workflow`], which
//! never changes again and is known by its digest; the digests of the components are part of it.

mod builder;
mod commit;

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use builder::WorkflowBuilder;
pub use commit::{Contracts, DefinitionError};

use crate::digest::{ComponentDigest, WorkflowDigest};
use crate::json::Json;
use crate::path::StepPath;
use crate::retry::RetryPolicy;
use crate::schema::{Schema, SchemaError};
use crate::step::Descriptor;

/// Most entries of one workflow, nested ones counted on their own. Bounds what one definition makes a host hold.
pub const ENTRIES_MAX: usize = 100_000;

/// A workflow as it is written: in a file with whatever names a component there (`C` = `String`), stored with digests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Definition<C = ComponentDigest> {
    /// Names the workflow; all its versions share it.
    pub id: String,
    /// A short name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it does, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// JSON Schema of the input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_schema: Option<Json>,
    /// JSON Schema of the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_schema: Option<Json>,
    /// JSON Schema of the shared state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_schema: Option<Json>,
    /// JSON Schema of the request context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_context_schema: Option<Json>,
    /// How failures are retried where neither the entry nor the step says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryPolicy>,
    /// What is done, one after the other.
    pub steps: Vec<Entry<C>>,
}

/// One entry of a workflow. Further verbs (parallel, branch, foreach, loops, map, sleep) take their place beside these.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Entry<C = ComponentDigest> {
    /// A step of a component.
    Then(StepEntry<C>),
    /// A workflow as a step.
    Workflow(Definition<C>),
}

/// A step of a component, as an entry of a workflow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StepEntry<C = ComponentDigest> {
    /// Names the entry in this workflow. A file may leave it out: it is the step's own id then.
    #[serde(default)]
    pub id: String,
    /// The component.
    pub component: C,
    /// Descriptor id of the step in the component.
    pub step: String,
    /// How failures are retried, whatever the step says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryPolicy>,
    /// Longest time one call may run, in milliseconds; the bound that the step itself names holds as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
}

impl<C> Entry<C> {
    /// The id by which paths name the entry.
    pub fn id(&self) -> &str {
        match self {
            Self::Then(step) => &step.id,
            Self::Workflow(definition) => &definition.id,
        }
    }
}

impl<C> Definition<C> {
    /// Replaces whatever names the components.
    ///
    /// # Errors
    /// The first error of `resolve`.
    pub fn try_map<D, E>(self, resolve: &mut impl FnMut(C) -> Result<D, E>) -> Result<Definition<D>, E> {
        let mut steps = Vec::with_capacity(self.steps.len());
        for entry in self.steps {
            steps.push(match entry {
                Entry::Workflow(inner) => Entry::Workflow(inner.try_map(resolve)?),
                Entry::Then(step) => Entry::Then(StepEntry {
                    component: resolve(step.component)?,
                    id: if step.id.is_empty() { step.step.clone() } else { step.id },
                    step: step.step,
                    retry: step.retry,
                    timeout_ms: step.timeout_ms,
                }),
            });
        }
        Ok(Definition {
            steps,
            id: self.id,
            title: self.title,
            description: self.description,
            input_schema: self.input_schema,
            output_schema: self.output_schema,
            state_schema: self.state_schema,
            request_context_schema: self.request_context_schema,
            retry: self.retry,
        })
    }
}

impl Definition {
    /// The components of all its steps, nested ones too, in order; one that is used twice comes twice.
    pub fn components(&self) -> Vec<ComponentDigest> {
        let of = |entry: &Entry| match entry {
            Entry::Then(step) => vec![step.component],
            Entry::Workflow(inner) => inner.components(),
        };
        self.steps.iter().flat_map(of).collect()
    }
}

/// What is known of a step: its descriptor with all schemas compiled.
#[derive(Debug)]
pub struct Contract {
    /// What the component says of the step.
    pub descriptor: Descriptor,
    /// Of the input.
    pub input: Option<Schema>,
    /// Of the output.
    pub output: Option<Schema>,
    /// Of the payload that the step suspends with.
    pub suspend: Option<Schema>,
    /// Of the answer.
    pub resume: Option<Schema>,
    /// Of the part of the shared state that the step uses.
    pub state: Option<Schema>,
    /// Of the request context.
    pub request_context: Option<Schema>,
}

/// A step whose descriptor cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("step `{step}`: its {which} is {source}")]
pub struct ContractError {
    /// The step.
    pub step: String,
    /// Which schema.
    pub which: &'static str,
    /// What is wrong with it.
    pub source: SchemaError,
}

impl Contract {
    /// Compiles the schemas of a descriptor.
    ///
    /// # Errors
    /// [`ContractError`] for the first schema that is none.
    pub fn new(descriptor: Descriptor) -> Result<Self, ContractError> {
        let compile = |which, schema: &Option<Json>| {
            schema.as_ref().map(Schema::compile).transpose().map_err(|source| ContractError {
                step: descriptor.id.clone(),
                which,
                source,
            })
        };
        Ok(Self {
            input: compile("inputSchema", &descriptor.input_schema)?,
            output: compile("outputSchema", &descriptor.output_schema)?,
            suspend: compile("suspendSchema", &descriptor.suspend_schema)?,
            resume: compile("resumeSchema", &descriptor.resume_schema)?,
            state: compile("stateSchema", &descriptor.state_schema)?,
            request_context: compile("requestContextSchema", &descriptor.request_context_schema)?,
            descriptor,
        })
    }
}

/// A committed workflow: checked as a whole, pinned by digest, immutable.
#[derive(Debug)]
pub struct Workflow {
    digest: WorkflowDigest,
    definition: Json,
    top: Sequence,
}

/// Entries that follow one another, with the schemas of what goes in and comes out.
#[derive(Debug)]
pub struct Sequence {
    /// Id of the workflow.
    pub id: String,
    /// Of the input.
    pub input: Option<Schema>,
    /// Of the result.
    pub output: Option<Schema>,
    /// Of the shared state.
    pub state: Option<Schema>,
    /// Of the request context.
    pub request_context: Option<Schema>,
    nodes: Vec<Node>,
    index: HashMap<String, usize>,
}

/// An entry of a committed workflow.
#[derive(Debug)]
pub enum Node {
    /// A step of a component.
    Step(StepNode),
    /// A workflow as a step.
    Workflow(Box<Sequence>),
}

/// A step of a component, in a committed workflow.
#[derive(Debug)]
pub struct StepNode {
    /// Id of the entry.
    pub id: String,
    /// The component.
    pub component: ComponentDigest,
    /// What is known of the step.
    pub contract: Arc<Contract>,
    /// How failures are retried.
    pub retry: RetryPolicy,
    /// Longest time one call may run, if anybody said so.
    pub timeout_ms: Option<u64>,
}

impl Node {
    /// The id by which paths name the entry.
    pub fn id(&self) -> &str {
        match self {
            Self::Step(step) => &step.id,
            Self::Workflow(sequence) => &sequence.id,
        }
    }
}

impl Sequence {
    /// The entry with this id.
    pub fn node(&self, id: &str) -> Option<&Node> {
        self.nodes.get(*self.index.get(id)?)
    }

    /// The nested workflow with this id.
    fn inner(&self, id: &str) -> Option<&Sequence> {
        match self.node(id)? {
            Node::Workflow(inner) => Some(inner),
            Node::Step(_) => None,
        }
    }

    /// The first entry. A committed workflow has one.
    pub fn first(&self) -> Option<&Node> {
        self.nodes.first()
    }

    /// The entry after the one with this id; `None` at the end.
    pub fn after(&self, id: &str) -> Option<&Node> {
        self.nodes.get(self.index.get(id)? + 1)
    }

    /// The entries in order.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }
}

impl Workflow {
    /// Its digest.
    pub fn digest(&self) -> WorkflowDigest {
        self.digest
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.top.id
    }

    /// The definition in canonical form: the text that the digest was taken of.
    pub fn definition(&self) -> &Json {
        &self.definition
    }

    /// The top level.
    pub fn top(&self) -> &Sequence {
        &self.top
    }

    /// The sequence that the path leads into: the top level for the root path, else a nested workflow.
    pub fn sequence(&self, path: &StepPath) -> Option<&Sequence> {
        path.segments().iter().try_fold(&self.top, |sequence, segment| sequence.inner(&segment.id))
    }

    /// The workflows that a path lies in, from the top down: for a step those around it, for a nested workflow itself as well.
    pub fn around(&self, path: &StepPath) -> impl Iterator<Item = &Sequence> {
        let mut segments = path.segments().iter();
        std::iter::successors(Some(&self.top), move |sequence| sequence.inner(&segments.next()?.id))
    }

    /// The entry at a path; `None` for the root and for paths that lead nowhere.
    pub fn node(&self, path: &StepPath) -> Option<&Node> {
        self.sequence(&path.parent()?)?.node(&path.last()?.id)
    }

    /// The step at a path.
    pub fn step(&self, path: &StepPath) -> Option<&StepNode> {
        match self.node(path)? {
            Node::Step(step) => Some(step),
            Node::Workflow(_) => None,
        }
    }
}
