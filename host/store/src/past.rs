//! What is kept of a suspension as long as its run is: what was asked, what was answered and by whom, and the tries
//! that did not count.

use reentry_core::actor::By;
use reentry_core::id::{BlobId, SuspensionId};
use reentry_core::json::Json;
use reentry_core::time::Timestamp;

/// Largest text that is kept in its row, in bytes. Larger ones are kept apart, as memories are.
pub const WITHIN_BYTES_MAX: usize = 1 << 10;

/// Most refused answers to one suspension that are kept. Further ones are counted.
pub const REFUSALS_KEPT_MAX: usize = 100;

/// After so many bytes of refused answers to one suspension no further one is kept.
pub const REFUSALS_BYTES_MAX: usize = 4 << 20;

/// Most late tries to answer one suspension that are kept. Further ones are counted.
pub const LATE_TRIES_KEPT_MAX: usize = 20;

/// A JSON text as a row has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Text {
    /// The text.
    Here(Json),
    /// It is large: [`Blobs::blob`](crate::Blobs::blob) reads it.
    Apart(BlobId),
}

impl Text {
    /// The text, unless it is still to be read from where it is kept.
    pub fn here(&self) -> Option<&Json> {
        match self {
            Self::Here(text) => Some(text),
            Self::Apart(_) => None,
        }
    }
}

/// What is kept of a suspension's past.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SuspensionPast {
    /// The version of the run with which it was opened; `None` where that is not recorded.
    pub version: Option<u64>,
    /// The version with which it ended; `None` while it is open, and where that is not recorded.
    pub ended_version: Option<u64>,
    /// The suspension of the run's parent that this one goes on from, if the run is a fork and has it from there.
    pub continues: Option<SuspensionId>,
    /// What was asked, once it has ended; while it is open, that is in the step's record.
    pub question: Option<Text>,
    /// What it ended with: the answer, the default of a deadline, the payload of an event.
    pub answer: Option<Text>,
    /// Who gave that.
    pub by: By,
    /// Answers that did not count, the oldest first.
    pub tries: Vec<Try>,
    /// Refused answers that are not among them, as there were too many, or too large ones.
    pub dropped_refusals: u64,
    /// Late tries that are not among them: at least so many.
    pub dropped_late: u64,
}

impl SuspensionPast {
    /// What it ended with, if that is at hand.
    pub fn answer(&self) -> Option<&Json> {
        self.answer.as_ref().and_then(Text::here)
    }
}

/// Why an answer did not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TryKind {
    /// The step refused it.
    Refused,
    /// The suspension was over.
    Late,
}

/// An answer that did not count.
#[derive(Clone, Debug, PartialEq)]
pub struct Try {
    /// Why not, in a word.
    pub kind: TryKind,
    /// The version of the run with which it came; of a late one, the one that it met.
    pub version: u64,
    /// When it came.
    pub at: Timestamp,
    /// With which version of the run, and when, the step refused it.
    pub refused: Option<(u64, Timestamp)>,
    /// Why not, for people.
    pub message: String,
    /// The answer; that of a late try is not kept.
    pub answer: Option<Text>,
    /// Who gave it.
    pub by: By,
}

/// An answer that came when its suspension was over.
#[derive(Clone, Debug, PartialEq)]
pub struct LateTry {
    /// The suspension.
    pub suspension: SuspensionId,
    /// The version of the run that it met.
    pub version: u64,
    /// When it came.
    pub at: Timestamp,
    /// Why it was refused.
    pub message: String,
    /// Who gave it.
    pub by: By,
}
