//! Savepoints: a run as it was, kept so that another can begin there.

use reentry_core::id::{BlobId, SuspensionId};
use reentry_core::json::Json;
use reentry_core::time::Timestamp;

/// A run as it was before a commit.
#[derive(Clone, Debug, PartialEq)]
pub struct Savepoint {
    /// The suspension that the commit ended.
    pub suspension: Option<SuspensionId>,
    /// The version of the run that it shows.
    pub version: u64,
    /// What the run came to then.
    pub kind: SavepointKind,
    /// Its head and the records of its open steps: JSON of the engine's.
    pub state: Json,
    /// The guests' memories that `state` names, and the parts of it that are kept apart. They are kept as long as the
    /// savepoint is; each must be kept already, or be among `parts`.
    pub images: Vec<BlobId>,
    /// Parts of `state` that are kept apart, under ids that follow from what they are: one that is kept already is
    /// not written again. They are read as memories are; there are none in a savepoint that was read.
    pub parts: Vec<(BlobId, Vec<u8>)>,
}

/// What a savepoint was made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SavepointKind {
    /// A suspension was about to end.
    Suspension,
    /// The run was about to fail.
    Failure,
}

/// A savepoint in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SavepointSummary {
    /// The suspension that the commit ended.
    pub suspension: Option<SuspensionId>,
    /// The version of the run that it shows.
    pub version: u64,
    /// What it was made for.
    pub kind: SavepointKind,
    /// When it was made.
    pub at: Timestamp,
}
