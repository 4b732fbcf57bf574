//! Errors as they leave: a kind, a code, a message, and data for programs. What to do about one is for the front end to
//! say, which knows what its users can type or click.

use reentry::core::digest::{ComponentDigest, WorkflowDigest};
use reentry::core::error::{ErrorCode, ErrorKind};
use reentry::core::id::{RunId, SuspensionId};
use reentry::core::path::StepPath;
use reentry::core::resume::{Candidates, TargetError};
use reentry::core::run::{Refused, RunStatus};
use reentry::core::schema::Violations;
use reentry::core::workflow::DefinitionError;
use reentry::store::{ComponentUsage, PublishedUsage, RemoveError};
use serde::Serialize;

use crate::workflow_file::FileProblem;

/// Something that went wrong, in words for whoever asked and in data for programs.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// Its row of a table of codes, which has the kind, too.
    pub code: &'static ErrorCode,
    /// What is wrong, without a full stop.
    pub message: String,
    /// Why, from the outside in: what the message does not say already.
    pub causes: Vec<String>,
    /// Data for programs.
    pub details: Option<Details>,
}

impl Problem {
    /// Makes a problem without causes or details.
    pub fn new(code: &'static ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), causes: Vec::new(), details: None }
    }

    /// Puts an error of the library's into words and data.
    pub fn of(error: &reentry::Error) -> Self {
        let mut problem = Self::new(error.error_code(), error.to_string());
        problem.details = Details::of(error);
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            let text = cause.to_string();
            // Many messages end with the text of their cause already.
            let told = problem.causes.last().unwrap_or(&problem.message);
            if !told.contains(&text) {
                problem.causes.push(text);
            }
            source = cause.source();
        }
        problem
    }

    /// The document that programs get; `hint` says what to do, in the words of the front end.
    pub fn document(&self, hint: Option<String>) -> ErrorDocument<'_> {
        let message = std::iter::once(&self.message).chain(&self.causes).map(String::as_str);
        let message = message.collect::<Vec<_>>().join(": ");
        let ErrorCode { word: code, kind, .. } = *self.code;
        ErrorDocument { error: ErrorBody { code, details: self.details.as_ref(), hint, kind, message } }
    }
}

/// The document of an error.
#[derive(Clone, Debug, Serialize)]
pub struct ErrorDocument<'a> {
    /// The error.
    pub error: ErrorBody<'a>,
}

/// What the document of an error says.
#[derive(Clone, Debug, Serialize)]
pub struct ErrorBody<'a> {
    /// A stable word.
    pub code: &'static str,
    /// What else programs may look at. Absent where there is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<&'a Details>,
    /// What to do, for people; several things are lines. Absent where nothing is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Who can act on it.
    pub kind: ErrorKind,
    /// What is wrong and why, for people.
    pub message: String,
}

/// What programs may want to look at, beside the message. Which of these an error has follows from its code.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub enum Details {
    /// Data that does not fit its schema.
    Invalid {
        /// What does not fit.
        violations: Vec<ViolationRow>,
        /// Which data: `input data`, `resume data`.
        what: String,
    },
    /// The questions that an answer could have meant.
    Candidates {
        /// They; empty when none is open.
        suspended: Vec<CandidateRow>,
    },
    /// The status of a run that is not what the request takes it for.
    Status {
        /// How the run stands.
        status: RunStatus,
    },
    /// Why a run is blocked.
    Blocked {
        /// The code of the reason, one of those of failures.
        blocked: String,
    },
    /// The question whose step refused the answer.
    Question {
        /// The step.
        step: StepPath,
        /// The question, which is open again.
        suspension_id: SuspensionId,
    },
    /// What is wrong with a definition.
    Definition {
        /// All of it.
        problems: Vec<DefinitionRow>,
    },
    /// What is wrong with workflow files, or with `host.toml`.
    Files {
        /// All of it, file after file.
        problems: Vec<FileProblem>,
    },
    /// The run that there is not.
    Run {
        /// Its id.
        run_id: RunId,
    },
    /// The component that there is not.
    Component {
        /// Its digest.
        digest: ComponentDigest,
    },
    /// What uses a component that was to be removed.
    Used(UsageRow),
    /// How much needs a component that was to be unpublished.
    Needed(PublishedUsageRow),
}

impl Details {
    fn of(error: &reentry::Error) -> Option<Self> {
        use reentry::Error;
        match error {
            Error::Remove(RemoveError::ComponentUsed { usage, .. }) => Some(Self::Used(usage.into())),
            Error::Remove(RemoveError::PublishedUsed { usage, .. }) => Some(Self::Needed((*usage).into())),
            Error::Refused(Refused::Invalid { part, violations }) => {
                let what = part.to_string();
                Some(Self::Invalid { violations: ViolationRow::all(violations), what })
            }
            Error::Refused(Refused::Target(
                TargetError::Unknown { open, .. }
                | TargetError::Ambiguous { open, .. }
                | TargetError::Consumed { open, .. }
                | TargetError::Unseen { open, .. },
            )) => Some(Self::Candidates { suspended: CandidateRow::all(open) }),
            Error::Refused(Refused::Target(TargetError::NotSuspended { status })) => {
                Some(Self::Status { status: *status })
            }
            Error::Refused(Refused::Blocked { why }) => {
                Some(Self::Blocked { blocked: why.code.clone().into_owned() })
            }
            Error::AnswerRefused { path, suspension, .. } => {
                Some(Self::Question { step: path.clone(), suspension_id: *suspension })
            }
            Error::Definition(problems) => {
                Some(Self::Definition { problems: problems.iter().map(DefinitionRow::of).collect() })
            }
            Error::NoRun(run) => Some(Self::Run { run_id: *run }),
            Error::NoComponent(digest) => Some(Self::Component { digest: *digest }),
            _ => None,
        }
    }
}

/// A place at which data does not fit its schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ViolationRow {
    /// JSON Pointer into the data; empty for the data as a whole.
    pub at: String,
    /// What is wrong there.
    pub message: String,
}

impl ViolationRow {
    fn all(violations: &Violations) -> Vec<Self> {
        let row = |violation: &reentry::core::schema::Violation| Self {
            at: violation.at.clone(),
            message: violation.message.clone(),
        };
        violations.0.iter().map(row).collect()
    }
}

/// A question that an answer could have meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CandidateRow {
    /// The labels by which it may be addressed.
    pub labels: Vec<String>,
    /// The step that asks.
    pub step: StepPath,
    /// The question.
    pub suspension_id: SuspensionId,
}

impl CandidateRow {
    fn all(open: &Candidates) -> Vec<Self> {
        let row = |found: &reentry::core::resume::Candidate| Self {
            labels: found.labels.clone(),
            step: found.path.clone(),
            suspension_id: found.suspension,
        };
        open.0.iter().map(row).collect()
    }
}

/// Something that is wrong with a definition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DefinitionRow {
    /// The entry; the empty path for the workflow itself.
    pub entry: StepPath,
    /// What is wrong there, and what was expected.
    pub problem: String,
    /// Id of the outermost workflow.
    pub workflow: String,
}

impl DefinitionRow {
    fn of(error: &DefinitionError) -> Self {
        let DefinitionError { workflow, path, problem, .. } = error;
        Self { entry: path.clone(), problem: problem.clone(), workflow: workflow.clone() }
    }
}

/// What of a tenant uses a component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UsageRow {
    /// Runs that have not ended and are pinned to a workflow with a step of it.
    pub open_runs: u64,
    /// All kept runs that are.
    pub runs: u64,
    /// The workflows with a step of it, in the order of their digests.
    pub workflows: Vec<UsingWorkflow>,
}

/// A workflow with a step of a component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UsingWorkflow {
    /// Its version.
    pub digest: WorkflowDigest,
    /// Its id.
    pub id: String,
}

impl From<&ComponentUsage> for UsageRow {
    fn from(usage: &ComponentUsage) -> Self {
        let workflow =
            |(digest, id): &(WorkflowDigest, String)| UsingWorkflow { digest: *digest, id: id.clone() };
        let workflows = usage.workflows.iter().map(workflow).collect();
        Self { open_runs: usage.open_runs, runs: usage.runs, workflows }
    }
}

/// How much of all tenants needs a published component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PublishedUsageRow {
    /// Current versions of workflows with a step of it.
    pub current_workflows: u64,
    /// Runs that have not ended and are pinned to a workflow with a step of it.
    pub open_runs: u64,
    /// All kept runs that are.
    pub runs: u64,
    /// How many tenants these are of.
    pub tenants: u64,
}

impl From<PublishedUsage> for PublishedUsageRow {
    fn from(usage: PublishedUsage) -> Self {
        let PublishedUsage { tenants, current, runs, open_runs } = usage;
        Self { current_workflows: current, open_runs, runs, tenants }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_that_the_message_ends_with_is_not_told_twice() {
        let source = std::io::Error::other("disk full");
        let error = reentry::store::StoreError::Unavailable(Box::new(source));
        let problem = Problem::of(&error.into());
        assert_eq!(
            (problem.message.as_str(), problem.causes.len()),
            ("the store is unavailable: disk full", 0)
        );
        let (doing, path, source) = ("read", "x".to_owned(), std::io::Error::other("disk full"));
        let problem = Problem::of(&reentry::Error::File { doing, path, source });
        assert_eq!(
            (problem.message.as_str(), problem.causes.as_slice()),
            ("cannot read x", &["disk full".to_owned()][..])
        );
    }
}
