//! Every shape of reentry that enters or leaves as text, each in one place: what results, rows, events and errors are as JSON, what a
//! workflow file may say, and by what names runs, questions, components and workflows are found.
//!
//! Knows the engine, and no transport, terminal or file: the command line, a server and other front ends print and answer what is
//! defined here, so that they cannot disagree.

mod components;
mod error;
pub mod lookup;
mod syntax;
pub mod workflow_file;

pub use components::Usage;
pub use error::{
    CandidateRow, DefinitionRow, Details, ErrorBody, ErrorDocument, Problem, PublishedUsageRow, UsageRow,
    UsingWorkflow, ViolationRow,
};
pub use syntax::syntax_error;
