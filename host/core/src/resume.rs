//! Answers: which suspension one is meant for, and whether it may be given.
//!
//! Everything is checked before anything is claimed, so a bad call never harms a run.

mod candidates;
mod error;
mod find;
mod target;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

use std::collections::BTreeMap;

pub use candidates::{Candidate, Candidates};
pub use error::TargetError;
pub use find::{find, find_all};
pub use target::Target;

use crate::actor::By;
use crate::json::Json;
use crate::trace::{TracingContext, TracingOptions};

/// A request to resume a run.
#[derive(Clone, Debug, Default)]
pub struct ResumeRequest {
    /// Which suspension is answered.
    pub target: Target,
    /// The answer; `None` is `null`.
    pub data: Option<Json>,
    /// Merged key by key over what the run has stored.
    pub request_context: BTreeMap<String, Json>,
    /// The key under which this is asked for, if it is to be done once. It is free again when the step refuses the
    /// answer.
    pub request: Option<String>,
    /// Who answers.
    pub by: By,
    /// The attempt number to account to the resumed call, 0 by default; at most the retries of the step's policy.
    pub retry_count: u32,
    /// The caller's span.
    pub tracing_context: TracingContext,
    /// What the caller asks of the resume's root span.
    pub tracing_options: TracingOptions,
}
