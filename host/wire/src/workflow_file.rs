//! Workflow files: read, JSON or YAML, and told what is wrong with them, each mistake with its place.

mod components;
mod document;
mod mistake;
mod one_step;
mod read_json;
mod read_yaml;
mod shape;
mod source;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests;

pub use components::Components;
pub use mistake::{FileProblem, Mistakes};
pub use one_step::{StepChoice, one_step};
pub use shape::SCHEMA;
pub use source::Source;
