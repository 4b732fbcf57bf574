//! What things are called by: ids, digests and names, whole or in part.
//!
//! Ids begin with the time at which they were made, so those of one hour begin alike. That is why tables show their
//! last digits ([`short`]), and why either end of an id will do for its whole, as long as only one has it. Of a digest
//! its first digits will do ([`short_digest`]).

mod component;
mod digest;
mod id;
mod workflow;

use std::fmt;

use reentry::core::error::ErrorKind;

use crate::error::Problem;

pub use component::{component, component_named, published_named, similar_component};
pub use digest::short_digest;
pub use id::{RunName, SuspensionName, short};
pub use workflow::{similar_workflow, workflow, workflow_version};

/// Why nothing was found: not that there is nothing, which is no error here.
#[derive(Debug, thiserror::Error)]
pub enum LookupError {
    /// The library could not look.
    #[error(transparent)]
    Library(Box<reentry::Error>),
    /// Several things are called that.
    #[error("{0}")]
    Ambiguous(Ambiguous),
}

impl From<reentry::Error> for LookupError {
    fn from(error: reentry::Error) -> Self {
        Self::Library(Box::new(error))
    }
}

/// A text by which several things are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ambiguous {
    /// What the text is.
    pub is: Called,
    /// The text; of an id or digest, its digits.
    pub text: String,
    /// What it may mean: ids or digests, whole.
    pub candidates: Vec<String>,
    /// Whether there are more of them.
    pub more: bool,
}

/// What a text is that several things are called by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Called {
    /// One end of the ids of runs.
    Runs,
    /// One end of the ids of questions.
    Questions,
    /// The beginning of digests.
    Digests,
    /// The name of components.
    Name,
}

impl Ambiguous {
    /// The error that this is.
    pub fn problem(&self) -> Problem {
        let code = match self.is {
            Called::Runs | Called::Questions => "ambiguous-id",
            Called::Digests => "ambiguous-digest",
            Called::Name => "ambiguous-name",
        };
        Problem::new(ErrorKind::Refused, code, self.to_string())
    }
}

impl fmt::Display for Ambiguous {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (text, candidates) = (&self.text, self.candidates.len());
        match self.is {
            Called::Runs => write!(f, "several runs have an id that begins or ends with `{text}`"),
            Called::Questions => write!(f, "several questions have an id that begins or ends with `{text}`"),
            Called::Digests => write!(f, "several digests begin with `{text}`"),
            Called::Name => write!(f, "{candidates} components have the name `{text}`"),
        }
    }
}

/// The only one of what was found; of several, the error names so many.
fn only_one<T: fmt::Display>(
    is: Called,
    text: &str,
    mut found: Vec<T>,
    named_max: usize,
) -> Result<Option<T>, LookupError> {
    if found.len() <= 1 {
        return Ok(found.pop());
    }
    let candidates = found.iter().take(named_max).map(ToString::to_string).collect();
    let more = found.len() > named_max;
    Err(LookupError::Ambiguous(Ambiguous { is, text: text.to_owned(), candidates, more }))
}
