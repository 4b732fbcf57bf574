//! Runs: in lists, as a whole, and what became of several.

use std::collections::BTreeMap;

use reentry::core::digest::WorkflowDigest;
use reentry::core::id::RunId;
use reentry::core::json::Json;
use reentry::core::run::{RunState, RunStatus};
use reentry::core::time::Timestamp;
use reentry::store::{Page, RunSummary};
use reentry::{RunResult, StepResults, TimelineRow, Waiting};
use serde::Serialize;

use crate::inbox::QuestionRow;
use crate::result::{ResultFields, StepFields};
use crate::timeline::{MomentRow, has_span, is_act};

/// A page of runs.
#[derive(Clone, Debug, Serialize)]
pub struct RunList<'a> {
    /// The runs, in the order that was asked for.
    pub runs: Vec<RunRow<'a>>,
    /// The place after which the next page begins; `null` on the last page.
    pub next: Option<&'a str>,
}

impl<'a> RunList<'a> {
    /// A page as it was read.
    pub fn of(page: &'a Page<RunSummary>) -> Self {
        Self { runs: page.rows.iter().map(RunRow::of).collect(), next: page.next.as_deref() }
    }
}

/// A run in a list.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunRow<'a> {
    /// The run.
    pub run_id: RunId,
    /// The id of its workflow.
    pub workflow_id: &'a str,
    /// The version of the workflow that it follows.
    pub workflow_digest: WorkflowDigest,
    /// How it stands.
    pub status: RunStatus,
    /// Whom or what it is about. Absent where that was not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<&'a str>,
    /// When it was made, in milliseconds since 1970.
    pub created_at: Timestamp,
    /// When it changed last, in milliseconds since 1970.
    pub updated_at: Timestamp,
}

impl<'a> RunRow<'a> {
    fn of(run: &'a RunSummary) -> Self {
        Self {
            run_id: run.id,
            workflow_id: &run.workflow_id,
            workflow_digest: run.workflow,
            status: run.status,
            resource_id: run.resource_id.as_deref(),
            created_at: run.created_at,
            updated_at: run.updated_at,
        }
    }
}

/// All that is known of a run.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunWhole<'a> {
    /// How far it came, with labels and state.
    #[serde(flatten)]
    pub result: ResultFields<'a>,
    /// The id of its workflow.
    pub workflow_id: &'a str,
    /// The version of the workflow that it follows.
    pub workflow_digest: WorkflowDigest,
    /// Whom or what it is about. Absent where that was not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<&'a str>,
    /// When it was made, in milliseconds since 1970.
    pub created_at: Timestamp,
    /// When it changed last, in milliseconds since 1970.
    pub updated_at: Timestamp,
    /// Its input; `null` before it is started.
    pub input: Option<&'a Json>,
    /// What the callers of start and resume said beside the input, by key.
    pub request_context: &'a BTreeMap<String, Json>,
    /// Its steps, by path.
    pub steps: StepFields<'a>,
    /// Its questions and other waits, open and ended, the oldest first.
    pub suspensions: Vec<QuestionRow<'a>>,
    /// Of its timeline, what has a span: starts, resumes, calls.
    pub spans: Vec<MomentRow<'a>>,
    /// Of its timeline, what was asked for beside starts and answers: pauses, restarts, forks and the like, each with
    /// who wanted it.
    pub acts: Vec<MomentRow<'a>>,
}

impl<'a> RunWhole<'a> {
    /// What was read of a run.
    pub fn of(
        run: &'a RunState,
        result: &'a RunResult,
        steps: &'a StepResults,
        history: &'a [Waiting],
        timeline: &'a [TimelineRow],
    ) -> Self {
        Self {
            result: result.into(),
            workflow_id: &run.workflow_id,
            workflow_digest: run.workflow,
            resource_id: run.resource_id.as_deref(),
            created_at: run.created_at,
            updated_at: run.updated_at,
            input: steps.input.as_ref(),
            request_context: &run.request_context,
            steps: StepFields(steps),
            suspensions: history.iter().map(QuestionRow::of).collect(),
            spans: timeline.iter().filter(|row| has_span(row)).map(MomentRow::of).collect(),
            acts: timeline.iter().filter(|row| is_act(row)).map(MomentRow::of).collect(),
        }
    }
}

/// A run that was deleted.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct RunDeleted {
    /// The run.
    pub deleted: RunId,
}

/// Runs that were deleted because they ended long ago, or would be.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunsPruned<'a> {
    /// Whether nothing was deleted, and only looked for.
    pub dry_run: bool,
    /// Before which instant they ended, in milliseconds since 1970.
    pub before: Timestamp,
    /// The runs; with `dryRun`, those that forks read are among them.
    pub deleted: &'a [RunId],
    /// Runs that stay, as forks read them.
    pub kept: &'a [RunId],
    /// By how many bytes the data folder became smaller.
    pub bytes_given_back: u64,
}

/// Runs that a look after them went over.
#[derive(Clone, Debug, Serialize)]
pub struct RunsRecovered<'a> {
    /// Those that cannot go on for now.
    pub left: &'a [LeftRow],
    /// Those that went on.
    pub runs: &'a [RecoveredRow],
}

/// A run that cannot go on for now.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LeftRow {
    /// Why.
    pub reason: String,
    /// The run.
    pub run_id: RunId,
}

/// A run that went on.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RecoveredRow {
    /// The run.
    pub run_id: RunId,
    /// How it stands now. Absent for runs of other tenants.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<RunStatus>,
    /// What it needed: `recovered` where its process had died, `woken` where its time had come.
    pub why: &'static str,
}
