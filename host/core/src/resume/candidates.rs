//! The suspensions that an answer could have meant.

use std::fmt;

use crate::id::SuspensionId;
use crate::path::StepPath;
use crate::run::Suspension;

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
        if self.0.is_empty() {
            return f.write_str("none");
        }
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

impl Candidates {
    /// Of these suspensions.
    pub(super) fn of(open: &[(&StepPath, &Suspension)]) -> Self {
        let candidate = |(path, suspension): &(&StepPath, &Suspension)| Candidate {
            path: (*path).clone(),
            suspension: suspension.id,
            labels: suspension.labels().to_vec(),
        };
        Self(open.iter().map(candidate).collect())
    }
}
