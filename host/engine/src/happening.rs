//! What watchers of a run see.

use reentry_core::actor::By;
use reentry_core::id::{RunId, SuspensionId};
use reentry_core::json::Json;
use reentry_core::path::StepPath;
use reentry_core::run::{EntryRecord, LogEntry, LogKind, RunStatus, StepResult, StepStatus};
use reentry_core::step::Failure;
use reentry_core::time::Timestamp;

use crate::logs::LogLine;
use crate::told::{Told, ToldAnswer};

/// Something that watchers see.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct WatchEvent {
    /// The run: the one that is watched, or one that it was forked from.
    pub run_id: RunId,
    /// The version of that run with which it came; a watcher can go on after it. For what a step emitted, the version
    /// before.
    pub version: u64,
    /// Its place among the events of that version.
    pub index: usize,
    /// When it was; of a line of the log, when that was logged.
    pub at: Timestamp,
    /// What happened.
    pub what: Happening,
}

impl WatchEvent {
    /// Makes an event, for tests of what shows them.
    pub fn new(run_id: RunId, version: u64, at: Timestamp, what: Happening) -> Self {
        Self { run_id, version, index: 0, at, what }
    }
}

/// What happened in a run. Questions and answers are as they were, and `None` where they are not recorded; inputs and
/// outputs are taken from the step's record, unless that is of a later time that the step was done.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Happening {
    /// The run was started.
    Started {
        /// The input.
        input: Option<Json>,
        /// Who started it.
        by: By,
    },
    /// The run goes on because of an answer.
    Resumed {
        /// The answers that came.
        answers: Vec<ToldAnswer>,
    },
    /// A step begins.
    StepStarted {
        /// The step.
        path: StepPath,
        /// Its input.
        input: Option<Json>,
    },
    /// A step goes on after what it waited for.
    StepResumed {
        /// The step.
        path: StepPath,
        /// The number of its call.
        call: u32,
        /// The answer with which it goes on; of several the last.
        answer: Option<Json>,
    },
    /// A step ended.
    StepEnded {
        /// The step.
        path: StepPath,
        /// How.
        status: StepStatus,
        /// Its record.
        entry: Option<Box<StepResult>>,
    },
    /// A call failed and is made again.
    Retrying {
        /// The step.
        path: StepPath,
        /// Tries so far.
        attempt: u32,
        /// When.
        until: Timestamp,
    },
    /// A step refused an answer: its question is open again.
    AnswerRefused {
        /// The step.
        path: StepPath,
        /// The question.
        suspension: SuspensionId,
        /// Why, in the step's words.
        message: String,
        /// The answer.
        answer: Option<ToldAnswer>,
    },
    /// A step waits for an answer.
    Suspended {
        /// The step.
        path: StepPath,
        /// The question: the single-use address of the answer.
        suspension: SuspensionId,
        /// What it asks.
        question: Option<Json>,
        /// Since when.
        since: Option<Timestamp>,
    },
    /// A step waits for a time, an event or a run.
    Waiting {
        /// The step.
        path: StepPath,
        /// Until when, if that is known.
        until: Option<Timestamp>,
    },
    /// An item of a block is done.
    Progress {
        /// The block.
        path: StepPath,
        /// Items done.
        completed: u32,
        /// Items.
        total: u32,
        /// The one that was done last.
        index: u32,
    },
    /// A step logged a line. It comes before the end of the call.
    Logged(LogLine),
    /// A step emitted a chunk. Only chunks of steps that this process calls are seen.
    Emitted {
        /// The step.
        path: StepPath,
        /// The chunk.
        chunk: Json,
    },
    /// No guest is called for the time being.
    Paused,
    /// The run goes on after a pause.
    Unpaused,
    /// Calls went from a dead owner to another.
    TakenOver,
    /// The run goes on after its end.
    Restarted,
    /// The run went back to an entry.
    Traveled {
        /// The entry.
        path: StepPath,
    },
    /// The run was forked from another one.
    Forked,
    /// The run moved to another version of its workflow.
    Migrated,
    /// The run was ended by request. That it has finished is told next.
    Canceled {
        /// Who wanted it.
        by: By,
    },
    /// Nothing runs any more: the run has ended, or waits.
    Finished {
        /// How it stands.
        status: RunStatus,
        /// Its result.
        output: Option<Json>,
        /// Why it failed.
        error: Option<Failure>,
    },
}

impl Happening {
    /// Returns the step or entry that it is about; `None` where it is the run.
    pub fn path(&self) -> Option<&StepPath> {
        match self {
            Self::StepStarted { path, .. }
            | Self::StepResumed { path, .. }
            | Self::StepEnded { path, .. }
            | Self::Retrying { path, .. }
            | Self::AnswerRefused { path, .. }
            | Self::Suspended { path, .. }
            | Self::Waiting { path, .. }
            | Self::Progress { path, .. }
            | Self::Emitted { path, .. }
            | Self::Traveled { path } => Some(path),
            Self::Logged(line) => Some(&line.path),
            Self::Started { .. }
            | Self::Resumed { .. }
            | Self::Paused
            | Self::Unpaused
            | Self::TakenOver
            | Self::Restarted
            | Self::Forked
            | Self::Migrated
            | Self::Canceled { .. }
            | Self::Finished { .. } => None,
        }
    }
}

/// What watchers see of an entry of the log.
pub(crate) fn happenings(
    entry: &LogEntry,
    record: Option<&EntryRecord>,
    told: Told,
    at: Timestamp,
) -> Vec<Happening> {
    let shown = record.map(EntryRecord::shown);
    let by = || entry.by.clone();
    let path = entry.path.clone();
    let what = match entry.kind.clone() {
        // The workflow itself is told of by what happens to the run.
        LogKind::Began { .. } | LogKind::Ended { .. } if path.is_root() => return Vec::new(),
        // That the entry goes on is told by what ended before.
        LogKind::Called { .. } => return Vec::new(),
        LogKind::Started { .. } => Happening::Started { input: shown.map(|entry| entry.payload), by: by() },
        LogKind::Resumed { .. } => Happening::Resumed { answers: told.answers },
        LogKind::Began { .. } => {
            // A step that was done again has another input.
            let shown = shown.filter(|entry| entry.started_at == at);
            Happening::StepStarted { path, input: shown.map(|entry| entry.payload) }
        }
        LogKind::Reentered { call, .. } => Happening::StepResumed { path, call, answer: told.resume_payload },
        LogKind::Ended { status } => {
            let entry = shown.filter(|entry| entry.ended_at == Some(at)).map(Box::new);
            Happening::StepEnded { path, status, entry }
        }
        LogKind::Retrying { attempt, until } => Happening::Retrying { path, attempt, until },
        LogKind::AnswerRefused { suspension, message } => {
            let answer = told.answers.into_iter().next();
            Happening::AnswerRefused { path, suspension, message, answer }
        }
        LogKind::Suspended { suspension } => {
            let (question, since) = (told.suspend_payload, told.suspended_at);
            Happening::Suspended { path, suspension, question, since }
        }
        LogKind::Waiting { until } => Happening::Waiting { path, until },
        LogKind::Progress { completed, total, index } => {
            Happening::Progress { path, completed, total, index }
        }
        LogKind::Paused => Happening::Paused,
        LogKind::Unpaused => Happening::Unpaused,
        LogKind::TakenOver => Happening::TakenOver,
        LogKind::Restarted => Happening::Restarted,
        LogKind::Traveled => Happening::Traveled { path },
        LogKind::Forked => Happening::Forked,
        LogKind::Migrated => Happening::Migrated,
        LogKind::Stopped { status } => {
            let root = shown.filter(|entry| status.is_final() && entry.ended_at == Some(at));
            let (output, error) = root.map(|root| (root.output, root.error)).unwrap_or_default();
            let finished = Happening::Finished { status, output, error };
            return match status {
                RunStatus::Canceled => vec![Happening::Canceled { by: by() }, finished],
                // It is told when it is asked for.
                RunStatus::Paused => Vec::new(),
                _ => vec![finished],
            };
        }
    };
    vec![what]
}
