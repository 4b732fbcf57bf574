//! What a commit becomes before it is stored, and how it is read back: columns to search by, and JSON texts.
//!
//! Every back end stores these rows, so that what is read is the same everywhere. Encoding happens on the caller's
//! task, never on the thread that writes.

use std::collections::BTreeSet;
use std::sync::Arc;

use reentry_core::actor::By;
use reentry_core::digest::WorkflowDigest;
use reentry_core::id::{BlobId, MessageId, OwnerId, RunId, SuspensionId, TenantId};
use reentry_core::json::Json;
use reentry_core::path::StepPath;
use reentry_core::run::{Blocked, EntryRecord, RunState, RunStatus};
use serde::Serialize;

use crate::StoreError;
use crate::columns::{column, column_of, count, instant};
use crate::commit::{
    CallLog, ClosedSuspension, Commit, NewSuspension, ReopenedSuspension, RequestKey, SuspensionEnd,
};
use crate::filter::without_indexes;
use crate::past::{Text, WITHIN_BYTES_MAX};
use crate::query::RunSummary;
use crate::savepoint::{Savepoint, SavepointKind, SavepointSummary};
use crate::topic::Topic;

/// A commit, ready to be stored.
#[derive(Debug)]
pub(crate) struct CommitRows {
    pub(crate) run: RunRow,
    /// Definitions that its steps have called, each once.
    pub(crate) called: Vec<WorkflowDigest>,
    pub(crate) expected: Option<i64>,
    pub(crate) was_blocked: bool,
    pub(crate) blocked: Option<Blocked>,
    pub(crate) steps: Vec<StepRow>,
    pub(crate) dropped_steps: Vec<String>,
    pub(crate) opened: Vec<SuspensionRow>,
    pub(crate) closed: Vec<ClosedRow>,
    pub(crate) reopened: Vec<ReopenedRow>,
    pub(crate) images: Vec<(BlobId, Arc<Vec<u8>>)>,
    pub(crate) parts: Vec<(BlobId, Json)>,
    pub(crate) shared_images: Vec<BlobId>,
    pub(crate) dropped_images: Vec<BlobId>,
    pub(crate) log: Option<Json>,
    pub(crate) call_log: Option<NewCallLog>,
    pub(crate) savepoint: Option<SavepointRow>,
    pub(crate) savepoints_max: u32,
    pub(crate) request: Option<RequestKey>,
    pub(crate) took: Vec<MessageId>,
    pub(crate) fork_of: Option<(RunId, i64)>,
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
    /// The version of the run that the record is of.
    pub(crate) version: i64,
    /// The record with `null` in the place of its payload.
    pub(crate) record: String,
    pub(crate) payload: Payload,
}

/// The payload of a step, a question or an answer, as it is stored.
#[derive(Clone, Debug)]
pub(crate) enum Payload {
    /// In the row.
    Within(Json),
    /// Apart, under this id; without a text if it is kept already.
    Apart(BlobId, Option<Json>),
}

/// A suspension that begins, as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct SuspensionRow {
    pub(crate) id: SuspensionId,
    pub(crate) path: String,
    /// The path without the indexes of repetitions.
    pub(crate) step: String,
    /// A JSON array; nothing for no labels, as most suspensions have none.
    pub(crate) labels: Option<String>,
    /// The same of those who are asked.
    pub(crate) assignees: Option<String>,
    pub(crate) takes_answer: bool,
    pub(crate) since: i64,
    pub(crate) version: i64,
    pub(crate) continues: Option<SuspensionId>,
    pub(crate) due_at: Option<i64>,
    pub(crate) topic: Option<Topic>,
}

/// A suspension that ends, as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct ClosedRow {
    pub(crate) id: SuspensionId,
    pub(crate) end: SuspensionEnd,
    pub(crate) question: Option<Payload>,
    pub(crate) answer: Option<Payload>,
    pub(crate) by: By,
}

impl ClosedRow {
    fn encode(run: RunId, closed: ClosedSuspension) -> Self {
        let ClosedSuspension { suspension, end, question, answer, by } = closed;
        let placed = |text: Json| Payload::placed(run, text);
        Self { id: suspension, end, question: question.map(placed), answer: answer.map(placed), by }
    }

    /// The texts that it brings.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &Payload> {
        self.question.iter().chain(&self.answer)
    }
}

/// A suspension that is open again.
#[derive(Clone, Debug)]
pub(crate) struct ReopenedRow {
    pub(crate) id: SuspensionId,
    /// The version with which the answer came.
    pub(crate) claim: i64,
    /// The version of the savepoint that was made when it was answered.
    pub(crate) savepoint: i64,
    /// The key of the request that gave the answer.
    pub(crate) request: Option<String>,
    /// Why it was refused.
    pub(crate) message: String,
}

impl ReopenedRow {
    fn encode(reopened: ReopenedSuspension) -> Self {
        let ReopenedSuspension { suspension, claim, request, message, .. } = reopened;
        let savepoint = column_of(claim.saturating_sub(1));
        Self { id: suspension, claim: column_of(claim), savepoint, request, message }
    }
}

/// What a guest logged during a call, as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct NewCallLog {
    pub(crate) path: String,
    pub(crate) call: u32,
    pub(crate) attempt: u32,
    pub(crate) lines: i64,
    pub(crate) text: Arc<str>,
}

impl NewCallLog {
    fn encode(log: CallLog) -> Self {
        let CallLog { path, call, attempt, lines, text } = log;
        Self { path: path.to_string(), call, attempt, lines: column_of(lines), text }
    }

    pub(crate) fn bytes(&self) -> i64 {
        column_of(self.text.len())
    }
}

/// A savepoint, as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct SavepointRow {
    pub(crate) suspension: Option<SuspensionId>,
    pub(crate) version: i64,
    pub(crate) kind: SavepointKind,
    pub(crate) at: i64,
    pub(crate) images: Vec<BlobId>,
    pub(crate) parts: Vec<(BlobId, Vec<u8>)>,
    pub(crate) state: Json,
}

impl CommitRows {
    /// Encodes a commit.
    pub(crate) fn encode(commit: Commit) -> Result<Self, StoreError> {
        let called: BTreeSet<WorkflowDigest> = commit.run.called.values().copied().collect();
        let run = RunRow::encode(&commit.run)?;
        let expected = commit.expected.map(|version| number(version, "version")).transpose()?;
        if expected.is_some_and(|expected| run.version <= expected) {
            let reason =
                format!("run {} would stay at version {}: a change must raise it", run.id, run.version);
            return Err(StoreError::Refused(reason));
        }
        if commit.savepoint.as_ref().is_some_and(|savepoint| column_of(savepoint.version) >= run.version) {
            let reason = format!("a savepoint shows run {} as it was before version {}", run.id, run.version);
            return Err(StoreError::Refused(reason));
        }
        if expected.is_some() && commit.fork_of.is_some() {
            return Err(StoreError::Refused(format!("run {} exists: only a new run is a fork", run.id)));
        }
        let steps = commit.steps.into_iter().map(|(path, step)| StepRow::encode(&path, step, run.version));
        let savepoint = commit.savepoint.map(|savepoint| SavepointRow::encode(savepoint, run.updated_at));
        let fork_of = commit
            .fork_of
            .map(|(parent, version)| Ok::<_, StoreError>((parent, number(version, "version")?)));
        Ok(Self {
            expected,
            was_blocked: commit.was_blocked,
            blocked: commit.run.blocked.clone().filter(|_| run.status == RunStatus::Blocked),
            steps: steps.collect::<Result<_, _>>()?,
            dropped_steps: commit.dropped_steps.iter().map(ToString::to_string).collect(),
            opened: commit.opened.into_iter().map(SuspensionRow::encode).collect::<Result<_, _>>()?,
            closed: commit.closed.into_iter().map(|closed| ClosedRow::encode(run.id, closed)).collect(),
            reopened: commit.reopened.into_iter().map(ReopenedRow::encode).collect(),
            images: commit.images,
            parts: commit.parts,
            shared_images: commit.shared_images,
            dropped_images: commit.dropped_images,
            log: commit.log,
            call_log: commit.call_log.map(NewCallLog::encode),
            savepoint: savepoint.transpose()?,
            savepoints_max: commit.savepoints_max,
            request: commit.request,
            took: commit.took,
            fork_of: fork_of.transpose()?,
            called: called.into_iter().collect(),
            run,
        })
    }

    /// Bytes that are written whatever is stored already.
    pub(crate) fn bytes_always(&self) -> usize {
        let steps: usize = self.steps.iter().map(|step| step.record.len()).sum();
        let images: usize = self.images.iter().map(|(_, image)| image.len()).sum();
        let log = self.log.as_ref().map_or(0, |log| log.text().len());
        let savepoint = self.savepoint.as_ref().map_or(0, |savepoint| savepoint.state.text().len());
        let call_log = self.call_log.as_ref().map_or(0, |log| log.text.len());
        let ended = self.closed.iter().flat_map(ClosedRow::texts);
        let ended: usize =
            ended.filter(|text| text.part().is_none()).filter_map(Payload::text).map(str::len).sum();
        self.run.head.len() + steps + images + log + call_log + savepoint + ended
    }

    /// Bytes that are written at most: with the payloads, and with the parts of the savepoint.
    pub(crate) fn bytes_max(&self) -> usize {
        let payloads = self.steps.iter().filter_map(|step| step.payload.text());
        let payloads: usize = payloads.map(str::len).sum();
        let ended = self.closed.iter().flat_map(ClosedRow::texts).filter(|text| text.part().is_some());
        let ended: usize = ended.filter_map(Payload::text).map(str::len).sum();
        let of_head: usize = self.parts.iter().map(|(_, text)| text.text().len()).sum();
        let parts = self.savepoint.iter().flat_map(|savepoint| &savepoint.parts);
        self.bytes_always() + payloads + ended + of_head + parts.map(|(_, part)| part.len()).sum::<usize>()
    }
}

impl RunRow {
    fn encode(run: &RunState) -> Result<Self, StoreError> {
        let head = json(run)?;
        debug_assert!(is_head_of(&head, run), "run {} would be read as another one: {head}", run.id);
        Ok(Self {
            id: run.id,
            status: run.status(),
            version: number(run.version, "version")?,
            created_at: column(run.created_at),
            updated_at: column(run.updated_at),
            head,
            tenant: run.tenant.clone(),
            workflow: run.workflow,
            workflow_id: run.workflow_id.clone(),
            resource_id: run.resource_id.clone(),
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
    fn encode(path: &StepPath, mut step: EntryRecord, version: i64) -> Result<Self, StoreError> {
        let text = step.payload().cloned();
        step.entry.payload = Json::null();
        let payload = match step.apart {
            Some(part) => Payload::Apart(part, text),
            None => Payload::Within(text.unwrap_or_else(Json::null)),
        };
        let record = json(&step)?;
        debug_assert!(is_record_of(&record, &step), "step `{path}` would be read as another one: {record}");
        Ok(Self {
            path: path.to_string(),
            active: step.is_active(),
            owner: step.owner(),
            due_at: step.due_at().map(column),
            version,
            record,
            payload,
        })
    }
}

impl Payload {
    /// A text of a run, apart if it is large.
    fn placed(run: RunId, text: Json) -> Self {
        match text.text().len() > WITHIN_BYTES_MAX {
            true => Self::Apart(BlobId::of_part(run, text.text()), Some(text)),
            false => Self::Within(text),
        }
    }

    /// As it is read.
    pub(crate) fn as_read(&self) -> Text {
        match self {
            Self::Within(text) => Text::Here(text.clone()),
            Self::Apart(part, _) => Text::Apart(*part),
        }
    }

    /// The text that there is to write.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Within(text) | Self::Apart(_, Some(text)) => Some(text.text()),
            Self::Apart(_, None) => None,
        }
    }

    /// Where it is kept, if that is apart.
    pub(crate) fn part(&self) -> Option<BlobId> {
        match self {
            Self::Within(_) => None,
            Self::Apart(part, _) => Some(*part),
        }
    }
}

impl SuspensionRow {
    fn encode(suspension: NewSuspension) -> Result<Self, StoreError> {
        let NewSuspension {
            id,
            path,
            labels,
            assignees,
            takes_answer,
            since,
            version,
            continues,
            due_at,
            topic,
        } = suspension;
        let list = |names: Vec<String>| if names.is_empty() { Ok(None) } else { json(&names).map(Some) };
        Ok(Self {
            id,
            path: path.to_string(),
            step: without_indexes(&path),
            labels: list(labels)?,
            assignees: list(assignees)?,
            takes_answer,
            since: column(since),
            version: number(version, "version")?,
            continues,
            due_at: due_at.map(column),
            topic,
        })
    }
}

impl SavepointRow {
    fn encode(savepoint: Savepoint, at: i64) -> Result<Self, StoreError> {
        let Savepoint { suspension, version, kind, state, images, parts } = savepoint;
        Ok(Self { suspension, version: number(version, "version")?, kind, at, images, parts, state })
    }

    /// The savepoint as it was.
    pub(crate) fn decode(self) -> Result<Savepoint, StoreError> {
        let Self { suspension, version, kind, at: _, images, parts: _, state } = self;
        Ok(Savepoint { suspension, version: count(version)?, kind, state, images, parts: Vec::new() })
    }

    /// The savepoint as lists show it.
    pub(crate) fn summary(&self) -> Result<SavepointSummary, StoreError> {
        let &Self { suspension, version, kind, at, .. } = self;
        Ok(SavepointSummary { suspension, version: count(version)?, kind, at: instant(at)? })
    }
}

/// Whether a path is another one or lies below it, a repetition of it included.
pub(crate) fn is_within(path: &str, above: &str) -> bool {
    let below = path.strip_prefix(above);
    above.is_empty() || below.is_some_and(|below| below.is_empty() || below.starts_with(['.', '[']))
}

/// Whether a text is read as the head of a run, which goes without its steps and without why it is blocked.
fn is_head_of(text: &str, run: &RunState) -> bool {
    let read = serde_json::from_str::<RunState>(text);
    read.is_ok_and(|read| RunState { steps: run.steps.clone(), blocked: run.blocked.clone(), ..read } == *run)
}

/// Whether a text is read as the record of a step, whose place apart is a column of its own.
fn is_record_of(text: &str, step: &EntryRecord) -> bool {
    let read = serde_json::from_str::<EntryRecord>(text);
    read.is_ok_and(|read| EntryRecord { apart: step.apart, ..read } == *step)
}

fn number(value: u64, what: &str) -> Result<i64, StoreError> {
    i64::try_from(value)
        .map_err(|_| StoreError::Refused(format!("{what} {value} is larger than {}", i64::MAX)))
}

fn json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|e| StoreError::Refused(format!("not storable as JSON: {e}")))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_below_a_path_is_told_from_what_begins_like_it() {
        for (path, above, wanted) in [
            ("a", "a", true),
            ("a.b", "a", true),
            ("a[3]", "a", true),
            ("a[3].b", "a[3]", true),
            ("a[30].b", "a[3]", false),
            ("ab", "a", false),
            ("a-b", "a", false),
            ("a", "a.b", false),
            ("a.b", "", true),
            ("", "a", false),
        ] {
            assert_eq!(is_within(path, above), wanted, "{path} {above}");
        }
    }
}
