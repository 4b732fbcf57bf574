//! A run and all that is kept of it, and the questions about single runs.

use std::collections::{BTreeMap, BTreeSet};

use reentry_core::digest::WorkflowDigest;
use reentry_core::id::{BlobId, RunId, SuspensionId, TenantId};
use reentry_core::json::Json;
use reentry_core::path::StepPath;
use reentry_core::run::{Blocked, EntryRecord, RunState, RunStatus};

use super::Data;
use super::call_logs::KeptCallLog;
use crate::columns::{count, instant};
use crate::decode::{decode_run, decode_step, decode_whole_step};
use crate::past::{LATE_TRIES_KEPT_MAX, REFUSALS_BYTES_MAX, REFUSALS_KEPT_MAX};
use crate::rows::{ClosedRow, Payload, ReopenedRow, RunRow, SavepointRow, StepRow, SuspensionRow};
use crate::{
    Ancestor, LateTry, LogRow, Savepoint, SavepointSummary, StoreError, SuspensionEnd, SuspensionPast, Text,
    Try, TryKind,
};

/// A run as it is kept.
pub(super) struct KeptRun {
    /// Its place in the order of storing.
    pub(super) place: u64,
    pub(super) row: RunRow,
    pub(super) steps: BTreeMap<String, KeptStep>,
    /// Records that only forks still see.
    pub(super) old_steps: Vec<OldStep>,
    /// Steps of parents that do not show through any more, with all below them, and from which version on.
    pub(super) hidden: BTreeMap<String, i64>,
    pub(super) suspensions: Vec<KeptSuspension>,
    /// By the version that they show.
    pub(super) savepoints: BTreeMap<i64, SavepointRow>,
    /// Definitions that it followed before, each with the version that followed another one.
    pub(super) followed: Vec<(i64, WorkflowDigest)>,
    /// Definitions that its steps have called.
    pub(super) called: BTreeSet<WorkflowDigest>,
    /// By version: when, and what.
    pub(super) log: BTreeMap<i64, (i64, Json)>,
    /// What guests logged, by the version with which the call ended.
    pub(super) call_logs: BTreeMap<i64, KeptCallLog>,
    /// The parent and the version from which it began.
    pub(super) fork_of: Option<(RunId, i64)>,
    /// How often bringing it on went wrong, and why it did last or is blocked.
    pub(super) troubles: Option<(u32, Blocked)>,
}

/// A step's record as it is kept.
#[derive(Clone)]
pub(super) struct KeptStep {
    /// Its place in the order of storing.
    pub(super) place: u64,
    pub(super) row: StepRow,
}

/// The record of a step that was done, or had not begun, and that has another one now or none.
pub(super) struct OldStep {
    /// The version that had it no more.
    pub(super) until: i64,
    pub(super) step: KeptStep,
}

/// A suspension as it is kept.
pub(super) struct KeptSuspension {
    pub(super) what: SuspensionRow,
    pub(super) ended: Option<KeptEnd>,
    pub(super) tries: Vec<KeptTry>,
    pub(super) dropped_refusals: u64,
    pub(super) dropped_late: u64,
}

/// How a suspension ended.
pub(super) struct KeptEnd {
    pub(super) what: ClosedRow,
    pub(super) at: i64,
    pub(super) version: i64,
}

/// An answer that did not count, and how many bytes it has.
pub(super) struct KeptTry {
    pub(super) what: Try,
    pub(super) bytes: usize,
}

impl KeptRun {
    /// A run of which nothing but the head is kept.
    pub(super) fn new(place: u64, row: RunRow, fork_of: Option<(RunId, i64)>) -> Self {
        Self {
            place,
            row,
            steps: BTreeMap::new(),
            old_steps: Vec::new(),
            hidden: BTreeMap::new(),
            suspensions: Vec::new(),
            savepoints: BTreeMap::new(),
            followed: Vec::new(),
            called: BTreeSet::new(),
            log: BTreeMap::new(),
            call_logs: BTreeMap::new(),
            fork_of,
            troubles: None,
        }
    }

    /// Whether it follows one of these definitions, or did when one of its savepoints was made, or its steps have
    /// called one.
    pub(super) fn needs(&self, workflows: &[WorkflowDigest]) -> bool {
        let followed_at = |version: &i64| {
            let before = self.followed.iter().find(|(until, _)| version < until);
            before.map_or(self.row.workflow, |(_, workflow)| *workflow)
        };
        workflows.contains(&self.row.workflow)
            || workflows.iter().any(|workflow| self.called.contains(workflow))
            || self.savepoints.keys().any(|version| workflows.contains(&followed_at(version)))
    }

    pub(super) fn open_suspension(&mut self, id: SuspensionId) -> Option<&mut KeptSuspension> {
        self.suspensions.iter_mut().find(|kept| kept.is_open() && kept.what.id == id)
    }
}

impl KeptEnd {
    /// Where the texts are that are kept apart.
    pub(super) fn parts(&self) -> impl Iterator<Item = BlobId> {
        self.what.texts().filter_map(Payload::part)
    }
}

impl KeptTry {
    /// Where its answer is, if that is kept apart.
    pub(super) fn part(&self) -> Option<BlobId> {
        match self.what.answer {
            Some(Text::Apart(part)) => Some(part),
            _ => None,
        }
    }
}

impl KeptSuspension {
    pub(super) fn new(what: SuspensionRow) -> Self {
        Self { what, ended: None, tries: Vec::new(), dropped_refusals: 0, dropped_late: 0 }
    }

    pub(super) fn is_answered(&self) -> bool {
        self.ended.as_ref().is_some_and(|ended| ended.what.end == SuspensionEnd::Answered)
    }

    /// How many tries of a kind are kept, and how many bytes they have.
    fn kept(&self, kind: TryKind) -> (usize, usize) {
        let tries = self.tries.iter().filter(|kept| kept.what.kind == kind);
        tries.fold((0, 0), |(count, bytes), kept| (count + 1, bytes + kept.bytes))
    }

    /// Opens it again; its answer is one of its tries from then on. Returns the places of texts that it needs no more.
    pub(super) fn reopen(
        &mut self,
        reopened: &ReopenedRow,
        (version, refused_at): (i64, i64),
        size_of: impl Fn(BlobId) -> usize,
    ) -> Result<Vec<BlobId>, StoreError> {
        let Some(KeptEnd { what, at, .. }) = self.ended.take() else { return Ok(Vec::new()) };
        let mut left: Vec<BlobId> = what.question.iter().filter_map(Payload::part).collect();
        let (tries, bytes) = self.kept(TryKind::Refused);
        if tries >= REFUSALS_KEPT_MAX || bytes >= REFUSALS_BYTES_MAX {
            left.extend(what.answer.iter().filter_map(Payload::part));
            self.dropped_refusals += 1;
            return Ok(left);
        }
        let bytes = what.answer.as_ref().map_or(0, |answer| match answer {
            Payload::Within(text) => text.text().len(),
            Payload::Apart(part, _) => size_of(*part),
        });
        let refused = Try {
            kind: TryKind::Refused,
            version: count(reopened.claim)?,
            at: instant(at)?,
            refused: Some((count(version)?, instant(refused_at)?)),
            message: reopened.message.clone(),
            answer: what.answer.as_ref().map(Payload::as_read),
            by: what.by,
        };
        self.tries.push(KeptTry { what: refused, bytes });
        Ok(left)
    }

    /// Keeps an answer that came too late, or counts how many there were.
    fn note_late(&mut self, late: LateTry, times: u64) {
        let has_room = self.kept(TryKind::Late).0 < LATE_TRIES_KEPT_MAX;
        self.dropped_late += times.saturating_sub(u64::from(has_room));
        if has_room {
            let LateTry { suspension: _, version, at, message, by } = late;
            let what = Try { kind: TryKind::Late, version, at, refused: None, message, answer: None, by };
            self.tries.push(KeptTry { what, bytes: 0 });
        }
    }

    /// What is kept of what was asked and answered.
    pub(super) fn past(&self, with_tries: bool) -> Result<SuspensionPast, StoreError> {
        let ended = self.ended.as_ref();
        let text = |text: Option<&Payload>| text.map(Payload::as_read);
        Ok(SuspensionPast {
            version: Some(count(self.what.version)?),
            ended_version: ended.map(|ended| count(ended.version)).transpose()?,
            continues: self.what.continues,
            question: text(ended.and_then(|ended| ended.what.question.as_ref())),
            answer: text(ended.and_then(|ended| ended.what.answer.as_ref())),
            by: ended.map(|ended| ended.what.by.clone()).unwrap_or_default(),
            tries: self.tries.iter().filter(|_| with_tries).map(|kept| kept.what.clone()).collect(),
            dropped_refusals: self.dropped_refusals,
            dropped_late: self.dropped_late,
        })
    }

    pub(super) fn is_open(&self) -> bool {
        self.ended.is_none()
    }
}

impl Data {
    pub(super) fn run_of(&self, tenant: &TenantId, id: RunId) -> Option<&KeptRun> {
        self.runs.get(&id).filter(|run| run.row.tenant == *tenant)
    }

    /// Runs in the order of storing.
    pub(super) fn runs_in_order(&self) -> Vec<&KeptRun> {
        let mut runs: Vec<&KeptRun> = self.runs.values().collect();
        runs.sort_by_key(|run| run.place);
        runs
    }

    pub(super) fn lineage(&self, tenant: &TenantId, run: RunId) -> Result<Vec<Ancestor>, StoreError> {
        let (mut lineage, mut next) = (Vec::new(), Some((run, None)));
        while let Some((run, until)) = next {
            let Some(kept) = self.run_of(tenant, run) else { break };
            lineage.push(Ancestor { run, until: until.map(count).transpose()? });
            next = kept.fork_of.map(|(parent, version)| (parent, Some(version)));
        }
        lineage.reverse();
        Ok(lineage)
    }

    /// The forks of a run and the versions from which they began, in the order of storing.
    pub(super) fn forks_of(&self, parent: RunId) -> Vec<(RunId, i64)> {
        let fork =
            |run: &&KeptRun| run.fork_of.filter(|(of, _)| *of == parent).map(|(_, at)| (run.row.id, at));
        self.runs_in_order().iter().filter_map(fork).collect()
    }

    pub(super) fn run(&self, tenant: &TenantId, id: RunId) -> Result<Option<RunState>, StoreError> {
        let Some(kept) = self.run_of(tenant, id) else { return Ok(None) };
        self.count(kept.row.head.len());
        let mut run = decode_run(id, tenant, kept.row.head.as_bytes())?;
        if kept.row.status == RunStatus::Blocked {
            run.blocked = kept.troubles.as_ref().map(|(_, why)| why.clone());
        }
        let active = kept.steps.values().filter(|step| step.row.active);
        let active = active.inspect(|step| {
            self.count(step.row.record.len() + step.row.payload.text().map_or(0, str::len));
        });
        run.steps = active.map(|step| step.decode(id)).collect::<Result<_, _>>()?;
        Ok(Some(run))
    }

    pub(super) fn note_trouble(
        &mut self,
        tenant: &TenantId,
        id: RunId,
        why: &Blocked,
        blocks_at: u32,
    ) -> u32 {
        let run =
            self.runs.get_mut(&id).filter(|run| run.row.tenant == *tenant && !run.row.status.is_final());
        let Some(run) = run else { return 0 };
        let count = run.troubles.as_ref().map_or(0, |(count, _)| *count) + 1;
        run.troubles = Some((count, why.clone()));
        if count >= blocks_at {
            run.row.status = RunStatus::Blocked;
        }
        count
    }

    pub(super) fn note_late_try(&mut self, tenant: &TenantId, id: RunId, late: LateTry, times: u64) {
        let run = self.runs.get_mut(&id).filter(|run| run.row.tenant == *tenant);
        let suspensions = run.into_iter().flat_map(|run| &mut run.suspensions);
        if let Some(kept) = suspensions.into_iter().find(|kept| kept.what.id == late.suspension) {
            kept.note_late(late, times);
        }
    }

    pub(super) fn log(
        &self,
        tenant: &TenantId,
        run: RunId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<LogRow>, StoreError> {
        let rows = self.run_of(tenant, run).into_iter().flat_map(|run| &run.log);
        let rows = rows.filter(|(version, _)| u64::try_from(**version).is_ok_and(|version| version > after));
        let row = |(version, (at, entries)): (&i64, &(i64, Json))| {
            Ok(LogRow { version: count(*version)?, at: instant(*at)?, entries: entries.clone() })
        };
        rows.take(limit).map(row).collect()
    }

    pub(super) fn last_savepoint(
        &self,
        tenant: &TenantId,
        run: RunId,
        wanted: impl Fn(&SavepointRow) -> bool,
    ) -> Result<Option<Savepoint>, StoreError> {
        let mut rows = self.run_of(tenant, run).into_iter().flat_map(|run| run.savepoints.values().rev());
        rows.find(|row| wanted(row)).cloned().map(SavepointRow::decode).transpose()
    }

    pub(super) fn savepoints(
        &self,
        tenant: &TenantId,
        run: RunId,
    ) -> Result<Vec<SavepointSummary>, StoreError> {
        let rows = self.run_of(tenant, run).into_iter().flat_map(|run| run.savepoints.values());
        rows.map(SavepointRow::summary).collect()
    }
}

impl Data {
    /// Reads the path and the record of a step, with its payload wherever that is kept.
    pub(super) fn whole_step(
        &self,
        run: RunId,
        step: &KeptStep,
    ) -> Result<(StepPath, EntryRecord), StoreError> {
        let row = &step.row;
        let payload = match &row.payload {
            Payload::Within(text) => Some(text.text().as_bytes()),
            Payload::Apart(part, _) => self.images.get(part).map(|image| image.data.as_slice()),
        };
        self.count(row.record.len() + payload.map_or(0, <[u8]>::len));
        decode_whole_step(run, &row.path, row.record.as_bytes(), payload, row.payload.part())
    }
}

impl KeptStep {
    /// Reads the path and the record; a payload that is kept apart is left there.
    pub(super) fn decode(&self, run: RunId) -> Result<(StepPath, EntryRecord), StoreError> {
        let row = &self.row;
        let payload = row.payload.text().map(str::as_bytes);
        decode_step(run, &row.path, row.record.as_bytes(), payload, row.payload.part())
    }
}
