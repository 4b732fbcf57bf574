//! A run and all that is kept of it, and the questions about single runs.

use std::collections::{BTreeMap, BTreeSet};

use reentry_core::digest::WorkflowDigest;
use reentry_core::id::{RunId, SuspensionId, TenantId};
use reentry_core::json::Json;
use reentry_core::path::StepPath;
use reentry_core::run::{Run, RunStatus, Step};

use super::Data;
use super::call_logs::KeptCallLog;
use crate::rows::{
    Payload, RunRow, SavepointRow, StepRow, SuspensionRow, count, decode_run, decode_step, decode_whole_step,
    instant,
};
use crate::{LogRow, Savepoint, SavepointSummary, StoreError, SuspensionEnd};

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
    /// How often bringing it on went wrong, and why it did last.
    pub(super) troubles: Option<(u32, String)>,
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
    pub(super) ended: Option<(SuspensionEnd, i64)>,
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

    /// Whether it follows one of these definitions, or did when one of its savepoints was made, or its steps have called one.
    pub(super) fn needs(&self, workflows: &[WorkflowDigest]) -> bool {
        let followed_at = |version: &i64| {
            let before = self.followed.iter().find(|(until, _)| version < until);
            before.map_or(self.row.workflow, |(_, workflow)| *workflow)
        };
        workflows.contains(&self.row.workflow)
            || workflows.iter().any(|workflow| self.called.contains(workflow))
            || self.savepoints.keys().any(|version| workflows.contains(&followed_at(version)))
    }

    pub(super) fn reopen(&mut self, id: SuspensionId) {
        self.suspensions.iter_mut().filter(|kept| kept.what.id == id).for_each(|kept| kept.ended = None);
    }

    pub(super) fn open_suspension(&mut self, id: SuspensionId) -> Option<&mut KeptSuspension> {
        self.suspensions.iter_mut().find(|kept| kept.is_open() && kept.what.id == id)
    }
}

impl KeptSuspension {
    pub(super) fn is_answered(&self) -> bool {
        self.ended.is_some_and(|(end, _)| end == SuspensionEnd::Answered)
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

    /// The forks of a run and the versions from which they began, in the order of storing.
    pub(super) fn origin(&self, run: RunId) -> Option<RunId> {
        let mut first = self.runs.get(&run)?;
        while let Some(parent) = first.fork_of.and_then(|(parent, _)| self.runs.get(&parent)) {
            first = parent;
        }
        Some(first.row.id)
    }

    pub(super) fn forks_of(&self, parent: RunId) -> Vec<(RunId, i64)> {
        let fork =
            |run: &&KeptRun| run.fork_of.filter(|(of, _)| *of == parent).map(|(_, at)| (run.row.id, at));
        self.runs_in_order().iter().filter_map(fork).collect()
    }

    pub(super) fn run(&self, tenant: &TenantId, id: RunId) -> Result<Option<Run>, StoreError> {
        let Some(kept) = self.run_of(tenant, id) else { return Ok(None) };
        self.count(kept.row.head.len());
        let mut run = decode_run(id, tenant, kept.row.head.as_bytes())?;
        if kept.row.status == RunStatus::Blocked {
            run.blocked = kept.troubles.as_ref().map(|(_, reason)| reason.clone());
        }
        let active = kept.steps.values().filter(|step| step.row.active);
        let active = active.inspect(|step| {
            self.count(step.row.record.len() + step.row.payload.text().map_or(0, str::len));
        });
        run.steps = active.map(|step| step.decode(id)).collect::<Result<_, _>>()?;
        Ok(Some(run))
    }

    pub(super) fn note_trouble(&mut self, tenant: &TenantId, id: RunId, reason: &str, blocks_at: u32) -> u32 {
        let run =
            self.runs.get_mut(&id).filter(|run| run.row.tenant == *tenant && !run.row.status.is_final());
        let Some(run) = run else { return 0 };
        let count = run.troubles.as_ref().map_or(0, |(count, _)| *count) + 1;
        run.troubles = Some((count, reason.to_owned()));
        if count >= blocks_at {
            run.row.status = RunStatus::Blocked;
        }
        count
    }

    pub(super) fn log(&self, run: RunId, after: u64, limit: usize) -> Result<Vec<LogRow>, StoreError> {
        let rows = self.runs.get(&run).into_iter().flat_map(|run| &run.log);
        let rows = rows.filter(|(version, _)| u64::try_from(**version).is_ok_and(|version| version > after));
        let row = |(version, (at, entries)): (&i64, &(i64, Json))| {
            Ok(LogRow { version: count(*version)?, at: instant(*at)?, entries: entries.clone() })
        };
        rows.take(limit).map(row).collect()
    }

    pub(super) fn last_savepoint(
        &self,
        run: RunId,
        wanted: impl Fn(&SavepointRow) -> bool,
    ) -> Result<Option<Savepoint>, StoreError> {
        let mut rows = self.runs.get(&run).into_iter().flat_map(|run| run.savepoints.values().rev());
        rows.find(|row| wanted(row)).cloned().map(SavepointRow::decode).transpose()
    }

    pub(super) fn savepoints(&self, run: RunId) -> Result<Vec<SavepointSummary>, StoreError> {
        let rows = self.runs.get(&run).into_iter().flat_map(|run| run.savepoints.values());
        rows.map(SavepointRow::summary).collect()
    }
}

impl Data {
    /// Reads the path and the record of a step, with its payload wherever that is kept.
    pub(super) fn whole_step(&self, run: RunId, step: &KeptStep) -> Result<(StepPath, Step), StoreError> {
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
    pub(super) fn decode(&self, run: RunId) -> Result<(StepPath, Step), StoreError> {
        let row = &self.row;
        let payload = row.payload.text().map(str::as_bytes);
        decode_step(run, &row.path, row.record.as_bytes(), payload, row.payload.part())
    }
}
