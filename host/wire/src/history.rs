//! What is kept of a run's past.

use reentry::Waiting;
use reentry::core::id::{RunId, SuspensionId};
use reentry::core::path::StepPath;
use reentry::core::time::Timestamp;
use reentry::store::{SavepointKind, SavepointSummary};
use serde::Serialize;

use crate::inbox::QuestionRow;

/// Who answered what in a run, and where it can be forked, restarted, or sent back to.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct History<'a> {
    /// The entries to which the run can be sent back.
    pub entries: &'a [StepPath],
    /// The run.
    pub run_id: RunId,
    /// The moments that can be forked or restarted, the oldest first.
    pub savepoints: Vec<SavepointRow>,
    /// The questions and other waits, open and ended, the oldest first; of a fork, those of its parents that had ended
    /// when it began come first.
    pub suspensions: Vec<QuestionRow<'a>>,
}

impl<'a> History<'a> {
    /// What was read of a run.
    pub fn of(
        run: RunId,
        history: &'a [Waiting],
        savepoints: &[SavepointSummary],
        entries: &'a [StepPath],
    ) -> Self {
        Self {
            entries,
            run_id: run,
            savepoints: savepoints.iter().map(SavepointRow::of).collect(),
            suspensions: history.iter().map(QuestionRow::of).collect(),
        }
    }
}

/// A moment of which the run is kept.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SavepointRow {
    /// When it was kept, in milliseconds since 1970.
    pub at: Timestamp,
    /// Before what: `suspension` before the end of one, `end` before that of the run.
    pub kind: &'static str,
    /// The suspension; `null` before the end of the run.
    pub suspension_id: Option<SuspensionId>,
    /// The version of the run.
    pub version: u64,
}

impl SavepointRow {
    fn of(point: &SavepointSummary) -> Self {
        let kind = match point.kind {
            SavepointKind::Suspension => "suspension",
            SavepointKind::Failure => "end",
        };
        Self { at: point.at, kind, suspension_id: point.suspension, version: point.version }
    }
}
