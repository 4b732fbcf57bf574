//! Questions asked of a store, and their answers.

use std::fmt::Display;
use std::str::FromStr;

use reentry_core::digest::WorkflowDigest;
use reentry_core::id::{RunId, SuspensionId};
use reentry_core::json::Json;
use reentry_core::path::StepPath;
use reentry_core::run::{EntryRecord, RunStatus, Suspension};
use reentry_core::time::Timestamp;

use crate::StoreError;
use crate::commit::CallLog;
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

/// The error for a page of call logs that begins in a run which is not one of those that are read.
pub(crate) fn no_such_log_place(place: LogPlace) -> StoreError {
    no_such_place(format_args!("version {} of run {}", place.version, place.run))
}

/// How many lines of a run were dropped since a place, given the first call log after it: its version, and how many
/// lines were logged before. What comes after `until` is not read; it counts only where nothing of the run was read
/// yet, as nobody knows then what there was.
pub(crate) fn dropped(since: LogPlace, first: Option<(i64, u64)>, until: i64) -> u64 {
    let counts = |(version, _): &(i64, u64)| *version <= until || since.version == 0;
    first.filter(counts).map_or(0, |(_, before)| before.saturating_sub(since.lines))
}

/// The place at the end of the call logs of a run that are read, `last` being the last of them: of a parent, nothing
/// comes after the version that is read last.
pub(crate) fn done(since: LogPlace, last: Option<LogPlace>, until: Option<i64>) -> Option<LogPlace> {
    let last = last.or(until.map(|_| since))?;
    let version = until.and_then(|version| u64::try_from(version).ok()).unwrap_or(last.version);
    Some(LogPlace { version, ..last })
}

/// Makes a page of rows of which one more than wanted was read, if there is one.
pub(crate) fn page<T>(mut rows: Vec<T>, wanted: usize, id: impl Fn(&T) -> String) -> Page<T> {
    let more = rows.len() > wanted;
    rows.truncate(wanted);
    let next = rows.last().filter(|_| more).map(id);
    Page { rows, next }
}

/// A part of a longer list.
///
/// It may have fewer rows than were wanted, or none, and there may be more all the same: those that pass a filter are
/// looked for among [`LOOKED_MAX`](crate::filter::LOOKED_MAX) at a time. `next` goes on there.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<String>,
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
    /// The step's record, for open suspensions: what is shown to the one who answers, and the schema, are in it. A
    /// payload of the step that is kept apart is not.
    pub step: Option<EntryRecord>,
    /// What is kept of what was asked and answered.
    pub past: SuspensionPast,
    /// What of it cannot be read, and why. The labels are left out then if it is those, and the step's record if it
    /// is that.
    pub damage: Option<String>,
}

impl SuspensionRecord {
    /// The suspension as its step has it, as long as it is open.
    pub fn open(&self) -> Option<&Suspension> {
        self.step.as_ref()?.suspensions.iter().find(|open| open.id == self.id)
    }
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

/// Which call logs to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallLogFilter {
    /// Only those of this step and of all below it, repetitions included.
    pub step: Option<StepPath>,
    /// Where the page begins: `next` of the page before.
    pub after: Option<LogPlace>,
}

/// A place between two call logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogPlace {
    /// The run in which the call before it was made, which may be a parent of the one that is read.
    pub run: RunId,
    /// The version with which that ended.
    pub version: u64,
    /// How many lines its run has logged until then.
    pub lines: u64,
}

/// A part of the call logs of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallLogs {
    /// In the order in which the calls ended, those of parents first.
    pub rows: Vec<CallLogRow>,
    /// Lines that were dropped since the place where the page begins, of whichever steps. Of a parent of which
    /// nothing is left that the run sees, those that it logged later are counted, too.
    pub dropped: u64,
    /// Where the next page begins, or what is stored later; `None` as long as there is nothing.
    pub next: Option<LogPlace>,
    /// Whether there is more to read.
    pub more: bool,
}

/// What a guest logged during one call, as it was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallLogRow {
    /// The run that made the call.
    pub run: RunId,
    /// The version of that run after the commit.
    pub version: u64,
    /// When that was.
    pub at: Timestamp,
    /// What was logged.
    pub log: CallLog,
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
