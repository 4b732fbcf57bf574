//! Questions asked of a store, and their answers.

use std::fmt::Display;
use std::str::FromStr;

use reentry_core::digest::WorkflowDigest;
use reentry_core::id::{RunId, SuspensionId};
use reentry_core::json::Json;
use reentry_core::path::StepPath;
use reentry_core::run::{RunStatus, Step};
use reentry_core::time::Timestamp;

use crate::StoreError;
use crate::past::SuspensionPast;

/// Most rows of one page, whatever was asked for. Bounds the memory of one answer.
pub const PAGE_ROWS_MAX: usize = 1_000;

/// How many rows a page gets that was asked for with this limit.
pub(crate) fn page_rows(limit: usize) -> usize {
    if limit == 0 { PAGE_ROWS_MAX } else { limit.min(PAGE_ROWS_MAX) }
}

/// Reads the place where a page begins: the id of the last row before it.
pub(crate) fn place<Id: FromStr>(after: Option<&str>) -> Result<Option<Id>, StoreError> {
    after.map(|text| text.parse().map_err(|_| no_such_place(text))).transpose()
}

/// The error for a page that begins nowhere.
pub(crate) fn no_such_place(after: impl Display) -> StoreError {
    StoreError::Refused(format!("`{after}` is no place in this list: pass `next` of the page before"))
}

impl SuspensionFilter {
    /// Refuses what no index answers.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        let reason = match self.run {
            None if self.with_ended => {
                "ended suspensions are listed by run only: name the run, or leave them out"
            }
            None if self.with_tries => "tries are listed by run only: name the run, or leave them out",
            None if !self.only.is_empty() => "suspensions are picked out of one run only: name the run",
            _ => return Ok(()),
        };
        Err(StoreError::Refused(reason.to_owned()))
    }
}

/// Makes a page of rows of which one more than wanted was read, if there is one.
pub(crate) fn page<T>(mut rows: Vec<T>, wanted: usize, id: impl Fn(&T) -> String) -> Page<T> {
    let more = rows.len() > wanted;
    rows.truncate(wanted);
    let next = rows.last().filter(|_| more).map(id);
    Page { rows, next }
}

/// A part of a longer list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<String>,
}

/// Which runs to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// Only runs with this status.
    pub status: Option<RunStatus>,
    /// Only runs of the workflow with this id, whatever its version.
    pub workflow_id: Option<String>,
    /// Only runs about this resource.
    pub resource_id: Option<String>,
    /// Where the page begins: `next` of the page before.
    pub after: Option<String>,
    /// Rows wanted; 0 and anything above [`PAGE_ROWS_MAX`] mean that bound.
    pub limit: usize,
}

/// A run in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunSummary {
    /// The run.
    pub id: RunId,
    /// Id of its workflow.
    pub workflow_id: String,
    /// The very definition it follows.
    pub workflow: WorkflowDigest,
    /// How it stands.
    pub status: RunStatus,
    /// Whom or what it is about.
    pub resource_id: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Which suspensions to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SuspensionFilter {
    /// Only those of this run. Then ended ones may be listed too.
    pub run: Option<RunId>,
    /// Only these; none for all. Then `run` must be given.
    pub only: Vec<SuspensionId>,
    /// Only those with this label.
    pub label: Option<String>,
    /// Ended ones as well: the history, which is kept by run, so that `run` must be given.
    pub with_ended: bool,
    /// The answers that did not count as well. Then `run` must be given.
    pub with_tries: bool,
    /// Those that wait for time or events as well, not only for answers.
    pub with_timers: bool,
    /// The latest first, instead of the oldest.
    pub latest_first: bool,
    /// Where the page begins: `next` of the page before.
    pub after: Option<String>,
    /// Rows wanted; 0 and anything above [`PAGE_ROWS_MAX`] mean that bound.
    pub limit: usize,
}

/// Whether a suspension is open, and if not, how it ended and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SuspensionState {
    /// `None` while it is open.
    pub ended: Option<(crate::SuspensionEnd, Timestamp)>,
}

/// A suspension in a list.
#[derive(Clone, Debug, PartialEq)]
pub struct SuspensionRecord {
    /// The suspension.
    pub id: SuspensionId,
    /// Its run.
    pub run: RunId,
    /// Id of the run's workflow.
    pub workflow_id: String,
    /// The very definition the run follows.
    pub workflow: WorkflowDigest,
    /// The step.
    pub path: StepPath,
    /// Labels by which it may be addressed.
    pub labels: Vec<String>,
    /// Since when the step waits.
    pub since: Timestamp,
    /// When something happens by itself.
    pub due_at: Option<Timestamp>,
    /// Open or ended.
    pub state: SuspensionState,
    /// The step's record, for open suspensions: what is shown to the one who answers, and the schema, are in it. A payload of the step
    /// that is kept apart is not.
    pub step: Option<Step>,
    /// What is kept of what was asked and answered.
    pub past: SuspensionPast,
    /// What of it cannot be read, and why. The labels are left out then if it is those, and the step's record if it is that.
    pub damage: Option<String>,
}

/// What watchers saw of one commit.
#[derive(Clone, Debug, PartialEq)]
pub struct LogRow {
    /// The version of the run after the commit.
    pub version: u64,
    /// When it was.
    pub at: Timestamp,
    /// The entries, as the commit brought them.
    pub entries: Json,
}

/// A request that a commit has answered.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestRecord {
    /// The key under which the tenant asked.
    pub key: String,
    /// Digest of what was asked.
    pub digest: [u8; 32],
    /// The run that the commit changed.
    pub run: RunId,
    /// What the caller was told; `None` until it is known.
    pub answer: Option<Json>,
}
