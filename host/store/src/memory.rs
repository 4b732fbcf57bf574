//! A store in memory: the reference that other back ends are compared with, and the one for tests and simulations.
//!
//! It keeps the very rows a database would keep, and looks through all of them for each question: obviously right before
//! fast. Nothing in it outlives the process; "durable" means nothing more here than "visible".

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use reentry_core::digest::{ComponentDigest, WorkflowDigest};
use reentry_core::id::{OwnerId, RunId, SnapshotId, SuspensionId, TenantId};
use reentry_core::path::StepPath;
use reentry_core::run::{Run, RunStatus, Step};
use reentry_core::time::Timestamp;

use crate::query::{no_such_place, page, page_rows, place};
use crate::rows::{
    CommitRows, RunRow, StepRow, SuspensionRow, column, damaged, decode_labels, decode_run, decode_step,
    instant,
};
use crate::{
    Commit, CommitError, ComponentRecord, ComponentSummary, OwnerGuard, Page, RunFilter, RunSummary, Store,
    StoreError, StoreStats, SuspensionEnd, SuspensionFilter, SuspensionRecord, SuspensionState,
    WorkflowRecord,
};

/// A store in memory. Clones are handles to the same data, as two processes would have them to one database.
#[derive(Clone, Default)]
pub struct MemoryStore {
    data: Arc<Mutex<Data>>,
}

/// All that is kept; lists are in the order of storing.
#[derive(Default)]
struct Data {
    runs: Vec<RunRow>,
    steps: BTreeMap<RunId, Vec<StepRow>>,
    suspensions: Vec<KeptSuspension>,
    images: HashMap<SnapshotId, Vec<u8>>,
    components: Vec<ComponentRecord>,
    workflows: Vec<WorkflowRecord>,
    live_owners: BTreeSet<OwnerId>,
    stats: StoreStats,
}

#[derive(Clone)]
struct KeptSuspension {
    run: RunId,
    what: SuspensionRow,
    ended: Option<(SuspensionEnd, i64)>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn data(&self) -> MutexGuard<'_, Data> {
        self.data.lock().expect("no method panics while it holds the data")
    }
}

impl Data {
    /// Checks everything, then changes everything.
    fn commit(&mut self, rows: CommitRows) -> Result<(), CommitError> {
        let id = rows.run.id;
        let at = self.runs.iter().position(|run| run.id == id);
        let mine = at.and_then(|at| self.runs.get(at)).filter(|run| run.tenant == rows.run.tenant);
        let found = mine.map(|run| run.version);
        if found != rows.expected || (at.is_some() && rows.expected.is_none()) {
            let version = |stored: Option<i64>| stored.and_then(|version| u64::try_from(version).ok());
            let (expected, found) = (version(rows.expected), version(found));
            return Err(CommitError::VersionConflict { run: id, expected, found });
        }
        let mut closing = BTreeSet::new();
        for (suspension, _) in &rows.closed {
            let open =
                self.suspensions.iter().any(|s| s.is_open() && s.run == id && s.what.id == *suspension);
            if !open || !closing.insert(*suspension) {
                return Err(CommitError::SuspensionTaken { run: id, suspension: *suspension });
            }
        }
        self.check_new_ids(&rows)?;

        let ended_at = rows.run.updated_at;
        for (suspension, end) in rows.closed {
            let row = self.suspensions.iter_mut().find(|s| s.run == id && s.what.id == suspension);
            row.expect("it was found open above").ended = Some((end, ended_at));
        }
        match at.and_then(|at| self.runs.get_mut(at)) {
            Some(run) => *run = rows.run,
            None => self.runs.push(rows.run),
        }
        let steps = self.steps.entry(id).or_default();
        for step in rows.steps {
            match steps.iter_mut().find(|kept| kept.path == step.path) {
                Some(kept) => *kept = step,
                None => steps.push(step),
            }
        }
        let opened = rows.opened.into_iter().map(|what| KeptSuspension { run: id, what, ended: None });
        self.suspensions.extend(opened);
        self.images.extend(rows.images);
        for image in rows.dropped_images {
            self.images.remove(&image);
        }
        self.stats.commits += 1;
        self.stats.groups += 1;
        Ok(())
    }

    /// Refuses a suspension that the run had before, and images that exist.
    fn check_new_ids(&self, rows: &CommitRows) -> Result<(), StoreError> {
        let mine = self.suspensions.iter().filter(|s| s.run == rows.run.id);
        let mut suspensions: BTreeSet<SuspensionId> = mine.map(|s| s.what.id).collect();
        for opened in &rows.opened {
            if !suspensions.insert(opened.id) {
                return Err(StoreError::Refused(format!("suspension {} exists", opened.id)));
            }
        }
        let mut images: BTreeSet<SnapshotId> = self.images.keys().copied().collect();
        for (image, _) in &rows.images {
            if !images.insert(*image) {
                return Err(StoreError::Refused(format!("image {image} exists")));
            }
        }
        Ok(())
    }

    fn run_of(&self, tenant: &TenantId, id: RunId) -> Option<&RunRow> {
        self.runs.iter().find(|run| run.id == id && run.tenant == *tenant)
    }

    fn steps_of(&self, run: RunId) -> impl Iterator<Item = &StepRow> {
        self.steps.get(&run).into_iter().flatten()
    }

    fn tenant_of(&self, id: RunId) -> Option<&TenantId> {
        self.runs.iter().find(|run| run.id == id).map(|run| &run.tenant)
    }

    fn suspension_record(&self, row: &KeptSuspension) -> Result<Option<SuspensionRecord>, StoreError> {
        let Some(run) = self.runs.iter().find(|run| run.id == row.run) else { return Ok(None) };
        let (id, path) = (row.what.id, &row.what.path);
        let step = self.steps_of(row.run).find(|step| step.path == *path && row.is_open());
        let step = step.map(|step| decode_step(row.run, &step.path, step.record.as_bytes())).transpose()?;
        let ended = row.ended.map(|(end, at)| Ok::<_, StoreError>((end, instant(at)?))).transpose()?;
        Ok(Some(SuspensionRecord {
            id,
            run: row.run,
            workflow_id: run.workflow_id.clone(),
            workflow: run.workflow,
            path: path.parse().map_err(|error| damaged(format_args!("path of {id}"), error))?,
            labels: row.labels()?,
            since: instant(row.what.since)?,
            due_at: row.what.due_at.map(instant).transpose()?,
            state: SuspensionState { ended },
            step: step.map(|(_, step)| step),
        }))
    }
}

impl KeptSuspension {
    fn is_open(&self) -> bool {
        self.ended.is_none()
    }

    fn labels(&self) -> Result<Vec<String>, StoreError> {
        decode_labels(self.what.id, self.what.labels.as_ref().map(String::as_bytes))
    }

    fn matches(&self, filter: &SuspensionFilter) -> bool {
        let labels = self.labels().unwrap_or_default();
        filter.run.is_none_or(|run| run == self.run)
            && filter.label.as_ref().is_none_or(|label| labels.contains(label))
            && (filter.with_ended || self.is_open())
            && (filter.with_timers || self.what.takes_answer)
    }
}

struct MemoryGuard {
    data: Arc<Mutex<Data>>,
    owner: OwnerId,
}

impl OwnerGuard for MemoryGuard {}

impl Drop for MemoryGuard {
    fn drop(&mut self) {
        if let Ok(mut data) = self.data.lock() {
            data.live_owners.remove(&self.owner);
        }
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        let rows = CommitRows::encode(commit)?;
        self.data().commit(rows)
    }

    async fn run(&self, tenant: &TenantId, id: RunId) -> Result<Option<Run>, StoreError> {
        let data = self.data();
        let Some(row) = data.run_of(tenant, id) else { return Ok(None) };
        let mut run = decode_run(id, tenant, row.head.as_bytes())?;
        let active = data.steps_of(id).filter(|step| step.active);
        run.steps = active
            .map(|step| decode_step(id, &step.path, step.record.as_bytes()))
            .collect::<Result<_, _>>()?;
        Ok(Some(run))
    }

    async fn step(&self, run: RunId, path: &StepPath) -> Result<Option<Step>, StoreError> {
        let (data, path) = (self.data(), path.to_string());
        let row = data.steps_of(run).find(|step| step.path == path);
        row.map(|row| decode_step(run, &row.path, row.record.as_bytes()).map(|(_, step)| step)).transpose()
    }

    async fn steps(&self, run: RunId) -> Result<Vec<(StepPath, Step)>, StoreError> {
        self.data().steps_of(run).map(|step| decode_step(run, &step.path, step.record.as_bytes())).collect()
    }

    async fn image(&self, id: SnapshotId) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.data().images.get(&id).cloned())
    }

    async fn list_runs(&self, tenant: &TenantId, filter: RunFilter) -> Result<Page<RunSummary>, StoreError> {
        let (data, wanted) = (self.data(), page_rows(filter.limit));
        let mine = || data.runs.iter().rev().filter(|run| run.tenant == *tenant);
        let skipped = match place::<RunId>(filter.after.as_deref())? {
            None => 0,
            Some(id) => 1 + mine().position(|run| run.id == id).ok_or_else(|| no_such_place(id))?,
        };
        let rows = mine().skip(skipped).filter(|run| {
            filter.status.is_none_or(|status| status == run.status)
                && filter.workflow_id.as_ref().is_none_or(|id| *id == run.workflow_id)
                && filter.resource_id.as_ref().is_none_or(|id| Some(id) == run.resource_id.as_ref())
        });
        let rows: Vec<_> = rows.take(wanted + 1).map(RunRow::summary).collect::<Result<_, _>>()?;
        Ok(page(rows, wanted, |row| row.id.to_string()))
    }

    async fn list_suspensions(
        &self,
        tenant: &TenantId,
        filter: SuspensionFilter,
    ) -> Result<Page<SuspensionRecord>, StoreError> {
        filter.check()?;
        let (data, wanted) = (self.data(), page_rows(filter.limit));
        let after = place::<SuspensionId>(filter.after.as_deref())?;
        let mut rows: Vec<&KeptSuspension> =
            data.suspensions.iter().filter(|s| data.tenant_of(s.run) == Some(tenant)).collect();
        rows.sort_by_key(|s| s.what.id);
        let rows =
            rows.into_iter().filter(|s| Some(s.what.id) > after && s.matches(&filter)).take(wanted + 1);
        let rows: Vec<_> =
            rows.filter_map(|s| data.suspension_record(s).transpose()).collect::<Result<_, _>>()?;
        Ok(page(rows, wanted, |row| row.id.to_string()))
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<(TenantId, RunId)>, StoreError> {
        let (data, now) = (self.data(), column(now));
        let mut due: Vec<(i64, TenantId, RunId)> = Vec::new();
        for run in &data.runs {
            let first = data.steps_of(run.id).filter_map(|step| step.due_at).min();
            due.extend(first.filter(|at| *at <= now).map(|at| (at, run.tenant.clone(), run.id)));
        }
        due.sort_by_key(|(at, ..)| *at);
        Ok(due.into_iter().take(limit).map(|(_, tenant, run)| (tenant, run)).collect())
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.data().steps.values().flatten().filter_map(|step| step.due_at).min().map(instant).transpose()
    }

    async fn register_owner(&self, owner: OwnerId) -> Result<Box<dyn OwnerGuard>, StoreError> {
        if !self.data().live_owners.insert(owner) {
            return Err(StoreError::Refused(format!("owner {owner} is registered already")));
        }
        Ok(Box::new(MemoryGuard { data: Arc::clone(&self.data), owner }))
    }

    async fn orphans(&self, limit: usize) -> Result<Vec<(TenantId, RunId, OwnerId)>, StoreError> {
        let data = self.data();
        let mut orphans = BTreeSet::new();
        for (order, run) in data.runs.iter().enumerate().filter(|(_, run)| run.status == RunStatus::Running) {
            let owners = data.steps_of(run.id).filter_map(|step| step.owner);
            let dead = owners.filter(|owner| !data.live_owners.contains(owner));
            orphans.extend(dead.map(|owner| (owner, order, run.tenant.clone(), run.id)));
        }
        Ok(orphans.into_iter().take(limit).map(|(owner, _, tenant, run)| (tenant, run, owner)).collect())
    }

    async fn put_component(&self, component: ComponentRecord) -> Result<(), StoreError> {
        let mut data = self.data();
        if !data.components.iter().any(|kept| kept.digest == component.digest) {
            data.components.push(component);
        }
        Ok(())
    }

    async fn component(&self, digest: &ComponentDigest) -> Result<Option<ComponentRecord>, StoreError> {
        Ok(self.data().components.iter().find(|kept| kept.digest == *digest).cloned())
    }

    async fn list_components(&self) -> Result<Vec<ComponentSummary>, StoreError> {
        let summary = |kept: &ComponentRecord| ComponentSummary {
            digest: kept.digest,
            name: kept.name.clone(),
            bytes: kept.bytes.len() as u64,
            meta: kept.meta.clone(),
            created_at: kept.created_at,
        };
        Ok(self.data().components.iter().rev().map(summary).collect())
    }

    async fn put_workflow(&self, workflow: WorkflowRecord) -> Result<(), StoreError> {
        let mut data = self.data();
        if !data.workflows.iter().any(|kept| kept.digest == workflow.digest) {
            data.workflows.push(workflow);
        }
        Ok(())
    }

    async fn workflow(&self, digest: &WorkflowDigest) -> Result<Option<WorkflowRecord>, StoreError> {
        Ok(self.data().workflows.iter().find(|kept| kept.digest == *digest).cloned())
    }

    fn stats(&self) -> StoreStats {
        self.data().stats
    }
}
