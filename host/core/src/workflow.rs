//! Workflows: what follows what.
//!
//! A [`Definition`] is what people write and what is stored. Committing one checks all of it and gives a
//! [`Workflow`], which never changes again and is known by its digest; the digests of the components are part of it.
//! A [`Program`] is all the workflows that one run follows, and finds what stands at a path.

mod block;
mod blocks;
mod builder;
mod commit;
mod contract;
mod definition;
mod draft;
mod entries;
mod ids;
pub mod node;
mod parts;
mod place;
mod resolve;
mod site;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests;
mod values;
mod verbs;
mod waits;

pub use block::{Block, Condition, Mapping, Text};
pub use blocks::CONCURRENCY_MAX;
pub use builder::WorkflowBuilder;
pub use commit::Contracts;
pub use contract::{ComponentSteps, Contract, ContractError};
pub use definition::{
    AskEntry, BranchArm, BranchEntry, BranchMode, DeadlineEntry, Definition, DoUntilEntry, DoWhileEntry,
    Entry, EventEntry, ForEachEntry, MapEntry, ParallelEntry, SleepEntry, SleepUntilEntry, StepEntry,
    TryEntry,
};
pub use node::Arm;
pub use place::{Place, Program, StepAt};
pub use site::DefinitionError;

use crate::digest::WorkflowDigest;
use crate::json::Json;
use node::Scope;

/// Most entries of one workflow, those in blocks counted and nested workflows on their own. Bounds what one
/// definition makes a host hold.
pub const ENTRIES_MAX: usize = 100_000;

/// A committed workflow: checked as a whole, pinned by digest, immutable.
#[derive(Debug)]
pub struct Workflow {
    digest: WorkflowDigest,
    definition: Json,
    top: Scope,
    largest_schema_bytes: usize,
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
    pub fn top(&self) -> &Scope {
        &self.top
    }

    /// Bytes of the largest schema in it, those of its components counted.
    pub fn largest_schema_bytes(&self) -> usize {
        self.largest_schema_bytes
    }
}
