//! What is known of the steps of components: descriptors with their schemas compiled.

use std::collections::HashMap;
use std::sync::Arc;

use crate::json::Json;
use crate::schema::{PatternCost, Schema, SchemaError};
use crate::step::Descriptor;

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

/// The steps of one component, by descriptor id.
pub type ComponentSteps = HashMap<String, Arc<Contract>>;

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
    /// [`ContractError`] for the first schema that is none, or that is not let in.
    pub fn new(descriptor: Descriptor) -> Result<Self, ContractError> {
        Self::compiled(descriptor, Schema::compile)
    }

    /// Compiles the schemas of a descriptor that was let in before, by whatever version.
    ///
    /// # Errors
    /// [`ContractError`] for the first schema that is none.
    pub fn stored(descriptor: Descriptor) -> Result<Self, ContractError> {
        Self::compiled(descriptor, Schema::stored)
    }

    /// The schemas that there are.
    fn schemas(&self) -> impl Iterator<Item = &Schema> {
        let all =
            [&self.input, &self.output, &self.suspend, &self.resume, &self.state, &self.request_context];
        all.into_iter().filter_map(Option::as_ref)
    }

    /// Bytes of the largest schema.
    pub fn largest_schema_bytes(&self) -> usize {
        self.schemas().map(|schema| schema.text().text().len()).max().unwrap_or(0)
    }

    /// What the patterns of all schemas come to.
    pub fn patterns(&self) -> PatternCost {
        self.schemas().fold(PatternCost::default(), |cost, schema| cost.and(schema.patterns()))
    }

    fn compiled(
        descriptor: Descriptor,
        schema_of: impl Fn(&Json) -> Result<Schema, SchemaError>,
    ) -> Result<Self, ContractError> {
        let compile = |which, schema: &Option<Json>| {
            schema.as_ref().map(&schema_of).transpose().map_err(|source| ContractError {
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
