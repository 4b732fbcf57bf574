//! What a commit becomes before it is stored, and how it is read back: columns to search by, and JSON texts.
//!
//! Every back end stores these rows, so that what is read is the same everywhere. Encoding happens on the caller's task,
//! never on the thread that writes.

use reentry_core::digest::WorkflowDigest;
use reentry_core::id::{OwnerId, RunId, SnapshotId, SuspensionId, TenantId};
use reentry_core::path::StepPath;
use reentry_core::run::{Run, RunStatus, Step};
use reentry_core::time::Timestamp;
use serde::Serialize;

use crate::commit::{Commit, NewSuspension, SuspensionEnd};
use crate::{StoreError, query::RunSummary};

/// A commit, ready to be stored.
#[derive(Debug)]
pub(crate) struct CommitRows {
    pub(crate) run: RunRow,
    pub(crate) expected: Option<i64>,
    pub(crate) steps: Vec<StepRow>,
    pub(crate) opened: Vec<SuspensionRow>,
    pub(crate) closed: Vec<(SuspensionId, SuspensionEnd)>,
    pub(crate) images: Vec<(SnapshotId, Vec<u8>)>,
    pub(crate) dropped_images: Vec<SnapshotId>,
}

/// A run: its head as JSON, and what it is found by.
#[derive(Clone, Debug)]
pub(crate) struct RunRow {
    pub(crate) id: RunId,
    pub(crate) tenant: TenantId,
    pub(crate) workflow: WorkflowDigest,
    pub(crate) workflow_id: String,
    pub(crate) resource_id: Option<String>,
    pub(crate) status: RunStatus,
    pub(crate) version: i64,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) head: String,
}

/// A step's record as JSON, and what it is found by.
#[derive(Clone, Debug)]
pub(crate) struct StepRow {
    pub(crate) path: String,
    pub(crate) active: bool,
    pub(crate) owner: Option<OwnerId>,
    pub(crate) due_at: Option<i64>,
    pub(crate) record: String,
}

/// A suspension that begins, as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct SuspensionRow {
    pub(crate) id: SuspensionId,
    pub(crate) path: String,
    /// A JSON array; nothing for no labels, as most suspensions have none.
    pub(crate) labels: Option<String>,
    pub(crate) takes_answer: bool,
    pub(crate) since: i64,
    pub(crate) due_at: Option<i64>,
}

impl CommitRows {
    /// Encodes a commit.
    pub(crate) fn encode(commit: Commit) -> Result<Self, StoreError> {
        let Commit { run, expected, steps, opened, closed, images, dropped_images, durability: _ } = commit;
        if expected.is_some_and(|expected| run.version <= expected) {
            let reason =
                format!("run {} would stay at version {}: a change must raise it", run.id, run.version);
            return Err(StoreError::Refused(reason));
        }
        Ok(Self {
            expected: expected.map(|version| number(version, "version")).transpose()?,
            steps: steps.iter().map(|(path, step)| StepRow::encode(path, step)).collect::<Result<_, _>>()?,
            run: RunRow::encode(run)?,
            opened: opened.into_iter().map(SuspensionRow::encode).collect::<Result<_, _>>()?,
            closed,
            images,
            dropped_images,
        })
    }

    /// About how many bytes are to be written.
    pub(crate) fn bytes(&self) -> usize {
        let steps: usize = self.steps.iter().map(|step| step.record.len()).sum();
        let images: usize = self.images.iter().map(|(_, image)| image.len()).sum();
        self.run.head.len() + steps + images
    }
}

impl RunRow {
    fn encode(run: Run) -> Result<Self, StoreError> {
        Ok(Self {
            id: run.id,
            status: run.status(),
            version: number(run.version, "version")?,
            created_at: column(run.created_at),
            updated_at: column(run.updated_at),
            head: json(&run)?,
            tenant: run.tenant,
            workflow: run.workflow,
            workflow_id: run.workflow_id,
            resource_id: run.resource_id,
        })
    }

    /// The run as lists show it.
    pub(crate) fn summary(&self) -> Result<RunSummary, StoreError> {
        Ok(RunSummary {
            id: self.id,
            workflow_id: self.workflow_id.clone(),
            workflow: self.workflow,
            status: self.status,
            resource_id: self.resource_id.clone(),
            created_at: instant(self.created_at)?,
            updated_at: instant(self.updated_at)?,
        })
    }
}

impl StepRow {
    fn encode(path: &StepPath, step: &Step) -> Result<Self, StoreError> {
        Ok(Self {
            path: path.to_string(),
            active: step.is_active(),
            owner: step.owner(),
            due_at: step.due_at().map(column),
            record: json(step)?,
        })
    }
}

impl SuspensionRow {
    fn encode(suspension: NewSuspension) -> Result<Self, StoreError> {
        let NewSuspension { id, path, labels, takes_answer, since, due_at } = suspension;
        Ok(Self {
            id,
            path: path.to_string(),
            labels: if labels.is_empty() { None } else { Some(json(&labels)?) },
            takes_answer,
            since: column(since),
            due_at: due_at.map(column),
        })
    }
}

/// Reads the head of a run, and checks that it is the one asked for.
pub(crate) fn decode_run(id: RunId, tenant: &TenantId, head: &[u8]) -> Result<Run, StoreError> {
    let run: Run = serde_json::from_slice(head).map_err(|e| damaged(format_args!("run {id}"), e))?;
    if run.id != id || run.tenant != *tenant {
        let found = format_args!("it is the head of {} of tenant {}", run.id, run.tenant);
        return Err(damaged(format_args!("run {id}"), found));
    }
    Ok(run)
}

/// Reads the path and the record of a step.
pub(crate) fn decode_step(run: RunId, path: &str, record: &[u8]) -> Result<(StepPath, Step), StoreError> {
    let what = || format!("step `{path}` of run {run}");
    let step = serde_json::from_slice(record).map_err(|e| damaged(what(), e))?;
    Ok((path.parse().map_err(|e| damaged(what(), e))?, step))
}

/// Reads the labels of a suspension.
pub(crate) fn decode_labels(
    suspension: SuspensionId,
    labels: Option<&[u8]>,
) -> Result<Vec<String>, StoreError> {
    let labels = labels.map_or(Ok(Vec::new()), serde_json::from_slice);
    labels.map_err(|e| damaged(format_args!("labels of suspension {suspension}"), e))
}

/// The error for stored data that cannot be what was written.
pub(crate) fn damaged(what: impl ToString, reason: impl ToString) -> StoreError {
    StoreError::Damaged { what: what.to_string(), reason: reason.to_string() }
}

/// An instant as the number that is stored. Those beyond the range of 64 signed bits are kept as its last one: what is
/// due then is due never.
pub(crate) fn column(at: Timestamp) -> i64 {
    i64::try_from(at.0).unwrap_or(i64::MAX)
}

/// The instant that a stored number means.
pub(crate) fn instant(stored: i64) -> Result<Timestamp, StoreError> {
    u64::try_from(stored).map(Timestamp).map_err(|_| damaged("instant", format_args!("it is {stored}")))
}

fn number(value: u64, what: &str) -> Result<i64, StoreError> {
    i64::try_from(value)
        .map_err(|_| StoreError::Refused(format!("{what} {value} is larger than {}", i64::MAX)))
}

fn json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|e| StoreError::Refused(format!("not storable as JSON: {e}")))
}

/// Statuses and the numbers they are stored as. A number never changes its meaning.
const STATUS_CODES: [(RunStatus, i64); 7] = [
    (RunStatus::Pending, 0),
    (RunStatus::Running, 1),
    (RunStatus::Waiting, 2),
    (RunStatus::Suspended, 3),
    (RunStatus::Success, 4),
    (RunStatus::Failed, 5),
    (RunStatus::Canceled, 6),
];

/// Ends of suspensions and the numbers they are stored as. A number never changes its meaning.
const END_CODES: [(SuspensionEnd, i64); 3] =
    [(SuspensionEnd::Answered, 1), (SuspensionEnd::Elapsed, 2), (SuspensionEnd::Closed, 3)];

/// The number of a status.
pub(crate) fn status_code(status: RunStatus) -> i64 {
    code(&STATUS_CODES, status).expect("every status has a number: tested below")
}

/// The status of a number.
pub(crate) fn status_of(stored: i64) -> Result<RunStatus, StoreError> {
    meaning(&STATUS_CODES, stored, "status")
}

/// The number of an end.
pub(crate) fn end_code(end: SuspensionEnd) -> i64 {
    code(&END_CODES, end).expect("every end has a number: tested below")
}

/// The end of a number.
pub(crate) fn end_of(stored: i64) -> Result<SuspensionEnd, StoreError> {
    meaning(&END_CODES, stored, "end of a suspension")
}

fn code<T: PartialEq>(codes: &[(T, i64)], value: T) -> Option<i64> {
    codes.iter().find(|(known, _)| *known == value).map(|(_, code)| *code)
}

fn meaning<T: Copy>(codes: &[(T, i64)], stored: i64, what: &str) -> Result<T, StoreError> {
    let found = codes.iter().find(|(_, code)| *code == stored).map(|(value, _)| *value);
    found.ok_or_else(|| damaged(what, format_args!("nothing is stored as {stored}")))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_status_and_end_has_a_number_of_its_own() {
        for status in RunStatus::ALL {
            assert_eq!(status_of(status_code(status)).unwrap(), status);
        }
        for end in [SuspensionEnd::Answered, SuspensionEnd::Elapsed, SuspensionEnd::Closed] {
            assert_eq!(end_of(end_code(end)).unwrap(), end);
        }
        assert_eq!(status_of(7).unwrap_err().to_string(), "stored status is damaged: nothing is stored as 7");
    }

    #[test]
    fn the_end_of_time_is_kept_in_order() {
        assert_eq!(column(Timestamp(u64::MAX)), i64::MAX);
        assert_eq!(instant(column(Timestamp(7))).unwrap(), Timestamp(7));
        assert!(instant(-1).is_err());
    }
}
