//! Answers: which suspension one is meant for, and whether it may be given.
//!
//! Everything is checked before anything is claimed, so a bad call never harms a run.

use std::collections::BTreeMap;
use std::fmt;

use crate::id::SuspensionId;
use crate::json::Json;
use crate::path::{PathError, StepPath};
use crate::run::{Run, RunStatus, Suspension};
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
    /// The attempt number to account to the resumed call, 0 by default; at most the retries of the step's policy.
    pub retry_count: u32,
    /// The caller's span.
    pub tracing_context: TracingContext,
    /// What the caller asks of the resume's root span.
    pub tracing_options: TracingOptions,
}

/// How a request names the suspension that it answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// Its step, or any part of the path from the top that leaves one candidate.
    pub step: Option<StepPath>,
    /// A label. It wins over `step`.
    pub label: Option<String>,
    /// Index of an item, where the step repeats.
    pub for_each_index: Option<u32>,
    /// The suspension's own id. It wins over everything else.
    pub suspension: Option<SuspensionId>,
}

impl Target {
    /// Names the step: its id, or the dotted path to it.
    ///
    /// # Errors
    /// [`PathError`] when the text is no path; the empty text is none.
    pub fn step(path: &str) -> Result<Self, PathError> {
        Ok(Self { step: Some(StepPath::from_elements(path.split('.'))?), ..Self::default() })
    }

    /// Names a label.
    pub fn label(label: impl Into<String>) -> Self {
        Self { label: Some(label.into()), ..Self::default() }
    }

    /// Names the suspension itself.
    pub fn suspension(id: SuspensionId) -> Self {
        Self { suspension: Some(id), ..Self::default() }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let index = self.for_each_index.map(|index| format!(" with index {index}")).unwrap_or_default();
        match (&self.suspension, &self.label, &self.step) {
            (Some(id), ..) => write!(f, "suspension `{id}`"),
            (_, Some(label), _) => write!(f, "label `{label}`{index}"),
            (_, _, Some(step)) => write!(f, "step `{step}`{index}"),
            _ => write!(f, "the suspended step{index}"),
        }
    }
}

/// A suspension that an answer could have meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The step.
    pub path: StepPath,
    /// The suspension.
    pub suspension: SuspensionId,
    /// Its labels.
    pub labels: Vec<String>,
}

/// The suspensions that an answer could have meant, as messages list them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidates(pub Vec<Candidate>);

/// Most candidates that a message lists.
const CANDIDATES_SHOWN_MAX: usize = 20;

impl fmt::Display for Candidates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, candidate) in self.0.iter().take(CANDIDATES_SHOWN_MAX).enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}[{}]", candidate.path)?;
            for label in &candidate.labels {
                write!(f, " \"{label}\"")?;
            }
        }
        match self.0.len().checked_sub(CANDIDATES_SHOWN_MAX) {
            None | Some(0) => Ok(()),
            Some(more) => write!(f, " and {more} more"),
        }
    }
}

/// A target that names no suspension, or several.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// Nothing of the run waits for an answer.
    #[error("this workflow run was not suspended: it is {status}")]
    NotSuspended {
        /// How it stands.
        status: RunStatus,
    },
    /// The target names none of the open suspensions: it is unknown, or was answered before.
    #[error("{target} was not suspended; suspended steps: {open}")]
    Unknown {
        /// As the request said.
        target: Target,
        /// What is open.
        open: Candidates,
    },
    /// The target leaves several open suspensions to choose from.
    #[error("multiple suspended steps found for {target}: {open}; name one of them")]
    Ambiguous {
        /// As the request said.
        target: Target,
        /// Those that fit.
        open: Candidates,
    },
}

/// Finds the one open suspension that a target means.
///
/// # Errors
/// [`TargetError`] when there is none or more than one, with the candidates.
pub fn find<'run>(
    run: &'run Run,
    target: &Target,
) -> Result<(&'run StepPath, &'run Suspension), TargetError> {
    let open: Vec<_> = run.answerable().collect();
    if open.is_empty() {
        return Err(TargetError::NotSuspended { status: run.status() });
    }
    let fitting: Vec<_> = open.iter().filter(|(path, found)| fits(target, path, found)).copied().collect();
    match fitting.as_slice() {
        [one] => Ok(*one),
        [] => Err(TargetError::Unknown { target: target.clone(), open: candidates(&open) }),
        several => Err(TargetError::Ambiguous { target: target.clone(), open: candidates(several) }),
    }
}

fn fits(target: &Target, path: &StepPath, suspension: &Suspension) -> bool {
    if let Some(id) = target.suspension {
        return suspension.id == id;
    }
    let index = path.segments().iter().rev().find_map(|segment| segment.index);
    let index_fits = target.for_each_index.is_none() || target.for_each_index == index;
    let name_fits = match (&target.label, &target.step) {
        (Some(label), _) => suspension.labels().contains(label),
        (None, Some(step)) => path.is_within(step),
        (None, None) => true,
    };
    index_fits && name_fits
}

fn candidates(open: &[(&StepPath, &Suspension)]) -> Candidates {
    let candidate = |(path, suspension): &(&StepPath, &Suspension)| Candidate {
        path: (*path).clone(),
        suspension: suspension.id,
        labels: suspension.labels().to_vec(),
    };
    Candidates(open.iter().map(candidate).collect())
}
