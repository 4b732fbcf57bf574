//! Questions: what waits for an answer, and what became of what did.

use reentry::Waiting;
use reentry::core::actor::By;
use reentry::core::id::{RunId, SuspensionId};
use reentry::core::json::Json;
use reentry::core::path::StepPath;
use reentry::core::time::Timestamp;
use reentry::store::{Page, SuspensionEnd, SuspensionPast, Text, Try, TryKind};
use serde::Serialize;

/// A page of the inbox.
#[derive(Clone, Debug, Serialize)]
pub struct Inbox<'a> {
    /// The questions, in the order that was asked for.
    pub suspensions: Vec<QuestionRow<'a>>,
    /// The place after which the next page begins; `null` on the last page.
    pub next: Option<&'a str>,
}

impl<'a> Inbox<'a> {
    /// A page as it was read.
    pub fn of(page: &'a Page<Waiting>) -> Self {
        Self { suspensions: page.rows.iter().map(QuestionRow::of).collect(), next: page.next.as_deref() }
    }
}

/// A question, or another wait of a step: in the inbox, or in the history of a run.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QuestionRow<'a> {
    /// The run; in the history of a fork, it may be one of its parents.
    pub run_id: RunId,
    /// The id of its workflow.
    pub workflow_id: &'a str,
    /// The step that asks.
    pub step: &'a StepPath,
    /// The question: the single-use address of the answer.
    pub suspension_id: SuspensionId,
    /// The title of the step or question, or else its path.
    pub title: &'a str,
    /// What a question of the workflow itself is about. Absent where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<&'a str>,
    /// Who is asked. Absent where nothing is said.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub assignees: &'a [String],
    /// Labels by which it may be addressed.
    pub labels: &'a [String],
    /// Since when it waits, in milliseconds since 1970.
    pub suspended_at: Timestamp,
    /// When its deadline passes, in milliseconds since 1970. Absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// What is asked. Absent where it is not recorded, and for other waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suspend_payload: Option<&'a Json>,
    /// JSON Schema of the answer. Absent where any answer will do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resume_schema: Option<&'a Json>,
    /// How it ended: `answered`, `elapsed`, `closed`, `received`, `finished`. Absent as long as it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<&'static str>,
    /// When it ended, in milliseconds since 1970. Absent as long as it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// The version of the run with which it ended. Absent as long as it waits, and where that is not recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_version: Option<u64>,
    /// What it ended with: an answer, the default of a deadline, the payload of an event. Absent where there is
    /// nothing, or nothing is recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resume_payload: Option<&'a Json>,
    /// Who gave that, by which way, and with which words: `actor`, `channel`, `comment`, each absent where it is not
    /// known.
    #[serde(flatten)]
    pub by: &'a By,
    /// Answers that the step refused. Absent where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refusals: Vec<TryRow<'a>>,
    /// Answers that came too late. Absent where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub late_tries: Vec<TryRow<'a>>,
    /// How many refused answers are not kept. Absent where all are.
    #[serde(skip_serializing_if = "is_zero")]
    pub dropped_refusals: u64,
    /// How many late answers are not kept, at least. Absent where all are.
    #[serde(skip_serializing_if = "is_zero")]
    pub dropped_late_tries: u64,
    /// Why the run cannot be read. Absent where it can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<&'a str>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl<'a> QuestionRow<'a> {
    /// The row of a question as it was read.
    pub fn of(waiting: &'a Waiting) -> Self {
        let record = &waiting.record;
        Self {
            run_id: record.run,
            workflow_id: &record.workflow_id,
            step: &record.path,
            suspension_id: record.id,
            title: &waiting.title,
            description: waiting.description.as_deref(),
            assignees: &waiting.assignees,
            labels: &record.labels,
            suspended_at: record.since,
            due_at: record.due_at,
            suspend_payload: waiting.payload.as_ref(),
            resume_schema: waiting.resume_schema.as_ref(),
            ended: record.state.ended.map(|(end, _)| end_name(end)),
            ended_at: record.state.ended.map(|(_, at)| at),
            ended_version: record.past.ended_version,
            resume_payload: record.past.answer(),
            by: &record.past.by,
            refusals: TryRow::all(&record.past, TryKind::Refused),
            late_tries: TryRow::all(&record.past, TryKind::Late),
            dropped_refusals: record.past.dropped_refusals,
            dropped_late_tries: record.past.dropped_late,
            unreadable: record.damage.as_deref(),
        }
    }
}

/// An answer that did not count.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TryRow<'a> {
    /// When it came, in milliseconds since 1970.
    pub at: Timestamp,
    /// The version of the run with which it came, or that it met.
    pub version: u64,
    /// When the step refused it, in milliseconds since 1970. Absent for one that came too late.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused_at: Option<Timestamp>,
    /// Why it did not count.
    pub message: &'a str,
    /// The answer. Absent for one that came too late.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resume_payload: Option<&'a Json>,
    /// Who gave it: `actor`, `channel`, `comment`, each absent where it is not known.
    #[serde(flatten)]
    pub by: &'a By,
}

impl<'a> TryRow<'a> {
    fn of(one: &'a Try) -> Self {
        Self {
            at: one.at,
            version: one.version,
            refused_at: one.refused.map(|(_, at)| at),
            message: &one.message,
            resume_payload: one.answer.as_ref().and_then(Text::here),
            by: &one.by,
        }
    }

    fn all(past: &'a SuspensionPast, kind: TryKind) -> Vec<Self> {
        past.tries.iter().filter(|one| one.kind == kind).map(Self::of).collect()
    }
}

/// Names how a suspension ended.
pub fn end_name(end: SuspensionEnd) -> &'static str {
    match end {
        SuspensionEnd::Answered => "answered",
        SuspensionEnd::Elapsed => "elapsed",
        SuspensionEnd::Closed => "closed",
        SuspensionEnd::Received => "received",
        SuspensionEnd::Finished => "finished",
    }
}
