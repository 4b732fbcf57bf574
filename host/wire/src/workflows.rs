//! Applied workflows, and what is wrong with workflow files.

use reentry::Applied;
use reentry::core::digest::WorkflowDigest;
use reentry::core::time::Timestamp;
use reentry::store::WorkflowSummary;
use serde::Serialize;

use crate::workflow_file::FileProblem;

/// A workflow that was made the current version of its id.
#[derive(Clone, Debug, Serialize)]
pub struct WorkflowApplied<'a> {
    /// The version.
    pub digest: WorkflowDigest,
    /// The id.
    pub id: &'a str,
    /// The version that was current before, the same where nothing changed; `null` where none was.
    pub previous: Option<WorkflowDigest>,
}

impl<'a> From<&'a Applied> for WorkflowApplied<'a> {
    fn from(applied: &'a Applied) -> Self {
        let workflow = &applied.workflow;
        Self { digest: workflow.digest(), id: workflow.id(), previous: applied.previous }
    }
}

/// The applied workflows of a tenant, with all their versions.
#[derive(Clone, Debug, Serialize)]
pub struct WorkflowList {
    /// They.
    pub workflows: Vec<WorkflowRow>,
}

impl WorkflowList {
    /// The workflows as they were read.
    pub fn of(workflows: &[WorkflowSummary]) -> Self {
        Self { workflows: workflows.iter().map(WorkflowRow::of).collect() }
    }
}

/// A version of a workflow.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowRow {
    /// When it was applied last, in milliseconds since 1970.
    pub applied_at: Timestamp,
    /// Whether it is the version that new runs get.
    pub current: bool,
    /// The version.
    pub digest: WorkflowDigest,
    /// The id.
    pub id: String,
    /// Runs that follow it and have not ended.
    pub open_runs: u64,
}

impl WorkflowRow {
    fn of(row: &WorkflowSummary) -> Self {
        Self {
            applied_at: row.applied_at,
            current: row.current,
            digest: row.digest,
            id: row.id.clone(),
            open_runs: row.open_runs,
        }
    }
}

/// What was found of workflow files.
#[derive(Clone, Debug, Serialize)]
pub struct WorkflowsChecked {
    /// The files, in the order in which they were named.
    pub files: Vec<FileChecked>,
}

/// What was found of a workflow file.
#[derive(Clone, Debug, Serialize)]
pub struct FileChecked {
    /// The digest that the workflow would be committed under. Absent where something is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<WorkflowDigest>,
    /// The file, as it was named.
    pub file: String,
    /// What is no mistake, and yet may not be meant. Absent where there is nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<FileProblem>,
    /// The id of the workflow. Absent where something is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The mistakes; empty where there are none.
    pub problems: Vec<FileProblem>,
}

/// A workflow that has no current version any more.
#[derive(Clone, Debug, Serialize)]
pub struct WorkflowRetired<'a> {
    /// The id.
    pub id: &'a str,
    /// The version that was current.
    pub retired: WorkflowDigest,
}

/// A version of a workflow that was removed.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct WorkflowRemoved {
    /// The version.
    pub removed: WorkflowDigest,
}
