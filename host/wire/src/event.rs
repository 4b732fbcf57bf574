//! What watchers of a run see, with the names of Mastra's events: `{type, runId, from, payload}`, and the place of each
//! beside it.

use reentry::core::actor::By;
use reentry::core::id::{RunId, SuspensionId};
use reentry::core::json::Json;
use reentry::core::path::StepPath;
use reentry::core::run::{RunStatus, StepResult, StepStatus};
use reentry::core::step::Failure;
use reentry::core::time::Timestamp;
use reentry::{Happening, Level, WatchEvent};
use serde::Serialize;

use crate::timeline::AnswerRow;

/// Something that watchers of a run see.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EventRow<'a> {
    /// What happened, in a word.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The run: the one that is watched, or one that it was forked from.
    pub run_id: RunId,
    /// `WORKFLOW`, or `USER` for what a step emitted.
    pub from: &'static str,
    /// What belongs to it.
    pub payload: EventPayload<'a>,
    /// The version of that run with which it came: a watcher can go on after it. For what a step emitted, the version
    /// before.
    pub version: u64,
    /// Its place among the events of that version.
    pub index: usize,
    /// When it was, in milliseconds since 1970; of a line of the log, when that was logged.
    pub at: Timestamp,
}

/// What belongs to an event. Questions and answers are as they were, and absent or `null` where they are not recorded;
/// inputs and outputs are those of the step's record, unless that is of a later time that the step was done.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub enum EventPayload<'a> {
    /// `workflow-start` of a run that was started.
    Started {
        /// Who started it: `actor`, `channel`, `comment`, each absent where it is not known.
        #[serde(flatten)]
        by: &'a By,
        /// The input, or `null`.
        payload: Option<&'a Json>,
    },
    /// `workflow-start` of a run that goes on because of an answer.
    Resumed {
        /// The answers that came.
        answers: Vec<AnswerRow<'a>>,
        /// Always `true`.
        resumed: bool,
    },
    /// `workflow-step-start` of a step that begins.
    StepStarted {
        /// The step.
        id: &'a StepPath,
        /// Its input, or `null`.
        payload: Option<&'a Json>,
        /// When it began, in milliseconds since 1970.
        started_at: Timestamp,
        /// Always `running`.
        status: StepStatus,
    },
    /// `workflow-step-start` of a step that goes on.
    StepResumed {
        /// The number of the step's call.
        call: u32,
        /// The step.
        id: &'a StepPath,
        /// The answer, or `null`.
        resume_payload: Option<&'a Json>,
        /// Always `running`.
        status: StepStatus,
    },
    /// `workflow-step-result`.
    StepEnded(StepEndedPayload<'a>),
    /// `workflow-step-waiting` of a step whose call failed and is made again.
    Retrying {
        /// Tries so far.
        attempt: u32,
        /// The step.
        id: &'a StepPath,
        /// When it is made again, in milliseconds since 1970.
        until: Timestamp,
    },
    /// `workflow-step-waiting` of a step that waits for a time, an event or a run.
    Waiting {
        /// The step.
        id: &'a StepPath,
        /// Until when, in milliseconds since 1970, or `null`.
        until: Option<Timestamp>,
    },
    /// `workflow-step-answer-refused`.
    AnswerRefused(AnswerRefusedPayload<'a>),
    /// `workflow-step-suspended`.
    Suspended {
        /// The step.
        id: &'a StepPath,
        /// What it asks, or `null`.
        suspend_payload: Option<&'a Json>,
        /// Since when it waits, in milliseconds since 1970, or `null`.
        suspended_at: Option<Timestamp>,
        /// The question.
        suspension_id: SuspensionId,
    },
    /// `workflow-step-progress`.
    Progress {
        /// Items that are done.
        completed_count: u32,
        /// The item that was done last.
        current_index: u32,
        /// The step.
        id: &'a StepPath,
        /// All items.
        total_count: u32,
    },
    /// `workflow-step-log`.
    Logged {
        /// Which try of the call it was, from 0.
        attempt: u32,
        /// The number of the step's call.
        call: u32,
        /// How many lines that are not kept it stands for. Absent for a line that is one.
        #[serde(skip_serializing_if = "Option::is_none")]
        dropped: Option<u64>,
        /// What was logged beside the message. Absent where nothing was.
        #[serde(skip_serializing_if = "Option::is_none")]
        fields: Option<&'a Json>,
        /// The step.
        id: &'a StepPath,
        /// How much it matters.
        level: Level,
        /// What was logged.
        message: &'a str,
    },
    /// `workflow-step-output`: what a step emitted.
    Emitted {
        /// The step.
        id: &'a StepPath,
        /// The chunk.
        output: &'a Json,
    },
    /// `workflow-traveled`.
    Traveled {
        /// The entry to which the run went back.
        id: &'a StepPath,
    },
    /// `workflow-canceled`: `actor`, `channel`, `comment` of who wanted it, each absent where it is not known.
    Canceled(&'a By),
    /// `workflow-finish`.
    Finished {
        /// Why the run failed. Absent where it did not.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<&'a Failure>,
        /// The result. Absent where there is none.
        #[serde(skip_serializing_if = "Option::is_none")]
        output: Option<&'a Json>,
        /// How the run stands.
        workflow_status: RunStatus,
    },
    /// All others: an empty object.
    Nothing {},
}

/// What belongs to the end of a step.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StepEndedPayload<'a> {
    /// When it ended, in milliseconds since 1970. Absent, like all but `id` and `status`, where the record of the step
    /// is of a later time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Why it failed. Absent where it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'a Failure>,
    /// The step.
    pub id: &'a StepPath,
    /// Its output. Absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<&'a Json>,
    /// Its input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<&'a Json>,
    /// The latest answer. Absent where there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resume_payload: Option<&'a Json>,
    /// When that came, in milliseconds since 1970. Absent where there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resumed_at: Option<Timestamp>,
    /// When it began, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// How it ended.
    pub status: StepStatus,
    /// What it asks still. Absent where it asks nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suspend_payload: Option<&'a Json>,
    /// Since when it asks that, in milliseconds since 1970. Absent where it asks nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suspended_at: Option<Timestamp>,
}

impl<'a> StepEndedPayload<'a> {
    fn of(id: &'a StepPath, status: StepStatus, entry: Option<&'a StepResult>) -> Self {
        Self {
            ended_at: entry.and_then(|entry| entry.ended_at),
            error: entry.and_then(|entry| entry.error.as_ref()),
            id,
            output: entry.and_then(|entry| entry.output.as_ref()),
            payload: entry.map(|entry| &entry.payload),
            resume_payload: entry.and_then(|entry| entry.resume_payload.as_ref()),
            resumed_at: entry.and_then(|entry| entry.resumed_at),
            started_at: entry.map(|entry| entry.started_at),
            status,
            suspend_payload: entry.and_then(|entry| entry.suspend_payload.as_ref()),
            suspended_at: entry.and_then(|entry| entry.suspended_at),
        }
    }
}

/// What belongs to an answer that a step refused: its question is open again.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AnswerRefusedPayload<'a> {
    /// Who gave the answer: `actor`, `channel`, `comment`, each absent where it is not known.
    #[serde(flatten)]
    pub by: Option<&'a By>,
    /// The step.
    pub id: &'a StepPath,
    /// Why, in the step's words.
    pub message: &'a str,
    /// The answer, or `null`. Absent where nothing is recorded of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resume_payload: Option<Option<&'a Json>>,
    /// Always `suspended`.
    pub status: StepStatus,
    /// The question.
    pub suspension_id: SuspensionId,
}

impl<'a> From<&'a WatchEvent> for EventRow<'a> {
    fn from(event: &'a WatchEvent) -> Self {
        let WatchEvent { run_id, version, index, at, ref what, .. } = *event;
        let from = match what {
            Happening::Emitted { .. } => "USER",
            _ => "WORKFLOW",
        };
        Self { kind: event_name(what), run_id, from, payload: payload(what, at), version, index, at }
    }
}

/// Names what happened, as Mastra does.
pub fn event_name(what: &Happening) -> &'static str {
    match what {
        Happening::Started { .. } | Happening::Resumed { .. } => "workflow-start",
        Happening::StepStarted { .. } | Happening::StepResumed { .. } => "workflow-step-start",
        Happening::StepEnded { .. } => "workflow-step-result",
        Happening::Retrying { .. } | Happening::Waiting { .. } => "workflow-step-waiting",
        Happening::AnswerRefused { .. } => "workflow-step-answer-refused",
        Happening::Suspended { .. } => "workflow-step-suspended",
        Happening::Progress { .. } => "workflow-step-progress",
        Happening::Logged(_) => "workflow-step-log",
        Happening::Emitted { .. } => "workflow-step-output",
        Happening::Paused => "workflow-paused",
        Happening::Unpaused => "workflow-unpaused",
        Happening::TakenOver => "workflow-taken-over",
        Happening::Restarted => "workflow-restarted",
        Happening::Traveled { .. } => "workflow-traveled",
        Happening::Forked => "workflow-forked",
        Happening::Migrated => "workflow-migrated",
        Happening::Canceled { .. } => "workflow-canceled",
        Happening::Finished { .. } => "workflow-finish",
        // One that is newer than this list.
        _ => "workflow-other",
    }
}

fn payload(what: &Happening, at: Timestamp) -> EventPayload<'_> {
    match what {
        Happening::Started { input, by } => EventPayload::Started { by, payload: input.as_ref() },
        Happening::Resumed { answers } => {
            EventPayload::Resumed { answers: answers.iter().map(AnswerRow::of).collect(), resumed: true }
        }
        Happening::StepStarted { path, input } => EventPayload::StepStarted {
            id: path,
            payload: input.as_ref(),
            started_at: at,
            status: StepStatus::Running,
        },
        Happening::StepResumed { path, call, answer } => EventPayload::StepResumed {
            call: *call,
            id: path,
            resume_payload: answer.as_ref(),
            status: StepStatus::Running,
        },
        Happening::StepEnded { path, status, entry } => {
            EventPayload::StepEnded(StepEndedPayload::of(path, *status, entry.as_deref()))
        }
        Happening::Retrying { path, attempt, until } => {
            EventPayload::Retrying { attempt: *attempt, id: path, until: *until }
        }
        Happening::Waiting { path, until } => EventPayload::Waiting { id: path, until: *until },
        Happening::AnswerRefused { path, suspension, message, answer } => {
            EventPayload::AnswerRefused(AnswerRefusedPayload {
                by: answer.as_ref().map(|answer| &answer.by),
                id: path,
                message,
                resume_payload: answer.as_ref().map(|answer| answer.resume_payload.as_ref()),
                status: StepStatus::Suspended,
                suspension_id: *suspension,
            })
        }
        Happening::Suspended { path, suspension, question, since } => EventPayload::Suspended {
            id: path,
            suspend_payload: question.as_ref(),
            suspended_at: *since,
            suspension_id: *suspension,
        },
        Happening::Progress { path, completed, total, index } => EventPayload::Progress {
            completed_count: *completed,
            current_index: *index,
            id: path,
            total_count: *total,
        },
        Happening::Logged(line) => EventPayload::Logged {
            attempt: line.attempt,
            call: line.call,
            dropped: line.dropped,
            fields: line.fields.as_ref(),
            id: &line.path,
            level: line.level,
            message: &line.message,
        },
        Happening::Emitted { path, chunk } => EventPayload::Emitted { id: path, output: chunk },
        Happening::Traveled { path } => EventPayload::Traveled { id: path },
        Happening::Canceled { by } => EventPayload::Canceled(by),
        Happening::Finished { status, output, error } => EventPayload::Finished {
            error: error.as_ref(),
            output: output.as_ref(),
            workflow_status: *status,
        },
        _ => EventPayload::Nothing {},
    }
}
