//! What happened in a run.

use reentry::core::actor::By;
use reentry::core::id::{RunId, SuspensionId};
use reentry::core::json::Json;
use reentry::core::path::StepPath;
use reentry::core::run::{LogKind, RunStatus};
use reentry::core::time::Timestamp;
use reentry::core::trace::SpanId;
use reentry::{TimelineRow, ToldAnswer};
use serde::Serialize;

/// All that happened in a run.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Timeline<'a> {
    /// The run.
    pub run_id: RunId,
    /// What happened, the oldest first; of a fork, in its parents before it began as well.
    pub timeline: Vec<MomentRow<'a>>,
}

impl<'a> Timeline<'a> {
    /// The timeline of a run as it was read.
    pub fn of(run: RunId, rows: &'a [TimelineRow]) -> Self {
        Self { run_id: run, timeline: rows.iter().map(MomentRow::of).collect() }
    }
}

/// Something that happened in a run.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MomentRow<'a> {
    /// When, in milliseconds since 1970.
    pub at: Timestamp,
    /// The run: the one that was asked about, or one that it was forked from.
    pub run_id: RunId,
    /// The version of that run with which it came.
    pub version: u64,
    /// The step; empty for the run itself.
    pub path: &'a StepPath,
    /// What happened: `is`, a word, and what belongs to it, `span`, `suspension`, `suspensions`, `call`, `attempt`,
    /// `status`, `until`,
    /// `message`, `completed`, `total` and `index` among it.
    #[serde(flatten)]
    pub what: &'a LogKind,
    /// The span of the call with which the step began or went on. Absent where there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span_id: Option<SpanId>,
    /// What was asked, of a step that began to wait for an answer. Absent where it is not recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suspend_payload: Option<&'a Json>,
    /// Since when the step waits, in milliseconds since 1970. Absent like the question.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suspended_at: Option<Timestamp>,
    /// The answers that came, or the one that was refused. Absent where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<AnswerRow<'a>>,
    /// The answer with which a step goes on; of several the last. Absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resume_payload: Option<&'a Json>,
    /// Who wanted it, where it is no answer: `actor`, `channel`, `comment`, each absent where it is not known.
    #[serde(flatten)]
    pub by: &'a By,
    /// Milliseconds from the beginning of the step or run to its end. Absent unless it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
}

impl<'a> MomentRow<'a> {
    pub(crate) fn of(row: &'a TimelineRow) -> Self {
        Self {
            at: row.at,
            run_id: row.run_id,
            version: row.version,
            path: &row.path,
            what: &row.what,
            span_id: row.span_id,
            suspend_payload: row.told.suspend_payload.as_ref(),
            suspended_at: row.told.suspended_at,
            answers: row.told.answers.iter().map(AnswerRow::of).collect(),
            resume_payload: row.told.resume_payload.as_ref(),
            by: &row.by,
            duration_ms: row.duration_ms,
        }
    }
}

/// An answer that came.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AnswerRow<'a> {
    /// The question.
    pub suspension_id: SuspensionId,
    /// The step that asked it.
    pub step: &'a StepPath,
    /// The answer. Absent where it is not recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resume_payload: Option<&'a Json>,
    /// Who gave it: `actor`, `channel`, `comment`, each absent where it is not known.
    #[serde(flatten)]
    pub by: &'a By,
}

impl<'a> AnswerRow<'a> {
    pub(crate) fn of(answer: &'a ToldAnswer) -> Self {
        Self {
            suspension_id: answer.suspension_id,
            step: &answer.step,
            resume_payload: answer.resume_payload.as_ref(),
            by: &answer.by,
        }
    }
}

/// Whether a row tells of something that was asked for beside starts and answers.
pub(crate) fn is_act(row: &TimelineRow) -> bool {
    match row.what {
        LogKind::Paused
        | LogKind::Unpaused
        | LogKind::Restarted
        | LogKind::Traveled
        | LogKind::Forked
        | LogKind::Migrated => true,
        LogKind::Stopped { status } => status == RunStatus::Canceled,
        _ => false,
    }
}

/// Whether a row has a span: a start, a resume, a call.
pub(crate) fn has_span(row: &TimelineRow) -> bool {
    match &row.what {
        LogKind::Started { span } | LogKind::Resumed { span, .. } => span.is_some(),
        _ => row.span_id.is_some(),
    }
}
