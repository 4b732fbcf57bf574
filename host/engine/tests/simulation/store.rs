//! One simulated process's way to the store: a place to be held up, and, in engines that are broken on purpose, to go
//! wrong.

mod library;
mod mail;
mod upkeep;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use reentry::core::id::{BlobId, RunId, SuspensionId, TenantId};
use reentry::core::json::Json;
use reentry::core::path::StepPath;
use reentry::core::run::{Blocked, EntryRecord, RunState, RunStatus};
use reentry::store::*;

use crate::broken::{Broken, Mixed, other_image, rewritten, without_deadlines};
use crate::disk::{Disk, Written, now};
use crate::stage::Stage;

pub(crate) struct HeldStore {
    process: usize,
    inner: Arc<dyn Store>,
    disk: Arc<Disk>,
    stage: Arc<Stage>,
    broken: Option<Broken>,
    mixed: Arc<Mixed>,
    /// What a broken engine has acknowledged and not stored yet.
    late: Mutex<Option<Commit>>,
    /// The last two versions of the run that were read.
    read: Mutex<[Option<RunState>; 2]>,
}

impl HeldStore {
    pub(crate) fn new(
        process: usize,
        disk: &Arc<Disk>,
        stage: &Arc<Stage>,
        broken: Option<Broken>,
        mixed: &Arc<Mixed>,
    ) -> Self {
        Self {
            process,
            inner: disk.open(),
            disk: Arc::clone(disk),
            stage: Arc::clone(stage),
            broken,
            mixed: Arc::clone(mixed),
            late: Mutex::default(),
            read: Mutex::default(),
        }
    }

    fn is(&self, broken: Broken) -> bool {
        self.broken == Some(broken)
    }

    fn inner(&self) -> &dyn Store {
        let late = self.late.lock().unwrap().take();
        if let Some(commit) = late {
            let _ = self.store(commit);
        }
        &*self.inner
    }

    fn blocked(&self) -> Vec<(TenantId, RunId)> {
        let filter = RunFilter::default().status(RunStatus::Blocked);
        let blocked = now(self.inner.list_runs(&TenantId::default(), filter)).unwrap().rows;
        blocked.into_iter().map(|run| (TenantId::default(), run.id)).collect()
    }

    fn store(&self, commit: Commit) -> Result<(), CommitError> {
        let safe = match self.is(Broken::AcknowledgedTooEarly) {
            true => Durability::Visible,
            false => commit.durability,
        };
        let images = commit.images.iter().map(|(id, _)| (commit.run.id, *id));
        let images: Vec<_> = images.collect();
        let written = self.disk.may_lose_power().then(|| Written::Commit(Box::new(commit.clone())));
        now(self.inner.commit(commit))?;
        self.disk.images.lock().unwrap().extend(images);
        if let Some(written) = written {
            self.disk.wrote(written, safe);
        }
        Ok(())
    }
}

/// What a change is, in a line.
fn line(commit: &Commit) -> String {
    let (run, done) = (&commit.run, commit.steps.iter().filter(|(_, step)| !step.is_active()).count());
    let counts = [commit.opened.len(), commit.closed.len(), commit.images.len(), commit.took.len(), done];
    let [opened, closed, images, took, done] = counts;
    format!(
        "{} v{} {} opened {opened} closed {closed} images {images} took {took} done {done}",
        run.id,
        run.version,
        run.status()
    )
}

#[async_trait]
impl Runs for HeldStore {
    async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        self.stage.gate(self.process, 2, "a commit").await;
        let inner = self.inner();
        let commit = match self.broken {
            Some(broken) => rewritten(broken, commit, inner, &self.stage, &self.mixed),
            None => commit,
        };
        let line = line(&commit);
        let done = match self.is(Broken::StoredTooLate) && commit.expected.is_some() {
            true => {
                *self.late.lock().unwrap() = Some(commit);
                Ok(())
            }
            false => self.store(commit),
        };
        let said = done.as_ref().err().map(ToString::to_string).unwrap_or_default();
        self.stage.tell(&format!("  p{} commits {line} {said}", self.process));
        self.stage.gate(self.process, 3, "what follows a commit").await;
        done
    }

    async fn note_trouble(
        &self,
        tenant: &TenantId,
        run: RunId,
        why: &Blocked,
        blocks_at: u32,
    ) -> Result<u32, StoreError> {
        self.stage.gate(self.process, 3, "what went wrong").await;
        if self.is(Broken::TroublesForgotten) {
            return Ok(1);
        }
        let count = now(self.inner().note_trouble(tenant, run, why, blocks_at))?;
        if count >= blocks_at {
            self.stage.tell(&format!("  p{} blocks {run}: {why}", self.process));
        }
        Ok(count)
    }

    async fn note_late_try(
        &self,
        tenant: &TenantId,
        run: RunId,
        late: LateTry,
        times: u64,
    ) -> Result<(), StoreError> {
        now(self.inner().note_late_try(tenant, run, late, times))
    }

    async fn run(&self, tenant: &TenantId, id: RunId) -> Result<Option<RunState>, StoreError> {
        let mut run = now(self.inner().run(tenant, id))?;
        if self.is(Broken::DeadlinesForgotten) {
            run.iter_mut().for_each(without_deadlines);
        }
        if self.is(Broken::BlocksIgnored) || self.is(Broken::BlockedWoken) {
            run.iter_mut().for_each(|run| run.blocked = None);
        }
        self.stage.gate(self.process, 8, "what follows a look at the run").await;
        if self.is(Broken::StaleReads) {
            let mut read = self.read.lock().unwrap();
            if read[1].as_ref().map(|run| run.version) != run.as_ref().map(|run| run.version) {
                read[0] = read[1].take();
                read[1] = run.clone();
            }
            if let (Some(stale), true) = (&read[0], self.stage.one_in(3)) {
                return Ok(Some(stale.clone()));
            }
        }
        Ok(run)
    }

    async fn lineage(&self, tenant: &TenantId, run: RunId) -> Result<Vec<Ancestor>, StoreError> {
        now(self.inner().lineage(tenant, run))
    }

    async fn step(
        &self,
        tenant: &TenantId,
        run: RunId,
        path: &StepPath,
    ) -> Result<Option<EntryRecord>, StoreError> {
        now(self.inner().step(tenant, run, path))
    }

    async fn steps(&self, tenant: &TenantId, run: RunId) -> Result<Vec<(StepPath, EntryRecord)>, StoreError> {
        now(self.inner().steps(tenant, run))
    }

    async fn outputs(
        &self,
        tenant: &TenantId,
        run: RunId,
        paths: &[StepPath],
    ) -> Result<Vec<(StepPath, Option<EntryRecord>)>, StoreError> {
        now(self.inner().outputs(tenant, run, paths))
    }

    async fn old_step(
        &self,
        tenant: &TenantId,
        run: RunId,
        path: &StepPath,
        version: u64,
    ) -> Result<Option<EntryRecord>, StoreError> {
        now(self.inner().old_step(tenant, run, path, version))
    }

    async fn children(
        &self,
        tenant: &TenantId,
        run: RunId,
        path: &StepPath,
    ) -> Result<Vec<(StepPath, EntryRecord)>, StoreError> {
        now(self.inner().children(tenant, run, path))
    }

    async fn log(
        &self,
        tenant: &TenantId,
        run: RunId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<LogRow>, StoreError> {
        now(self.inner().log(tenant, run, after, limit))
    }

    async fn call_logs(
        &self,
        tenant: &TenantId,
        run: RunId,
        filter: &CallLogFilter,
    ) -> Result<CallLogs, StoreError> {
        now(self.inner().call_logs(tenant, run, filter))
    }

    async fn savepoint(
        &self,
        tenant: &TenantId,
        run: RunId,
        suspension: SuspensionId,
    ) -> Result<Option<Savepoint>, StoreError> {
        now(self.inner().savepoint(tenant, run, suspension))
    }

    async fn last_savepoint(
        &self,
        tenant: &TenantId,
        run: RunId,
        kind: SavepointKind,
    ) -> Result<Option<Savepoint>, StoreError> {
        now(self.inner().last_savepoint(tenant, run, kind))
    }

    async fn savepoints(&self, tenant: &TenantId, run: RunId) -> Result<Vec<SavepointSummary>, StoreError> {
        now(self.inner().savepoints(tenant, run))
    }

    async fn list_runs(&self, tenant: &TenantId, filter: RunFilter) -> Result<Page<RunSummary>, StoreError> {
        now(self.inner().list_runs(tenant, filter))
    }

    async fn count_runs(
        &self,
        tenant: &TenantId,
        filter: RunFilter,
        by: Option<RunGroups>,
    ) -> Result<Counts, StoreError> {
        now(self.inner().count_runs(tenant, filter, by))
    }

    async fn runs_with_digits(
        &self,
        tenant: &TenantId,
        digits: &str,
        limit: usize,
    ) -> Result<Vec<RunId>, StoreError> {
        now(self.inner().runs_with_digits(tenant, digits, limit))
    }

    async fn last_run(&self, tenant: &TenantId) -> Result<Option<RunId>, StoreError> {
        now(self.inner().last_run(tenant))
    }

    async fn list_suspensions(
        &self,
        tenant: &TenantId,
        filter: SuspensionFilter,
    ) -> Result<Page<SuspensionRecord>, StoreError> {
        now(self.inner().list_suspensions(tenant, filter))
    }

    async fn count_suspensions(
        &self,
        tenant: &TenantId,
        filter: SuspensionFilter,
        by: Option<SuspensionGroups>,
    ) -> Result<Counts, StoreError> {
        now(self.inner().count_suspensions(tenant, filter, by))
    }

    async fn delete_run(&self, tenant: &TenantId, id: RunId) -> Result<(), DeleteError> {
        now(self.inner().delete_run(tenant, id))
    }

    async fn request(&self, tenant: &TenantId, key: &str) -> Result<Option<RequestRecord>, StoreError> {
        let record = now(self.inner().request(tenant, key));
        self.stage.gate(self.process, 4, "what follows a look at a request").await;
        record
    }

    async fn answer_request(&self, tenant: &TenantId, key: &str, answer: Json) -> Result<(), StoreError> {
        self.stage.gate(self.process, 4, "the answer to a request").await;
        now(self.inner().answer_request(tenant, key, answer.clone()))?;
        let written = Written::Answer(tenant.clone(), key.to_owned(), answer);
        self.disk.wrote(written, Durability::Visible);
        Ok(())
    }
}

#[async_trait]
impl Blobs for HeldStore {
    async fn blob(&self, id: BlobId) -> Result<Option<Vec<u8>>, StoreError> {
        if self.is(Broken::ImagesMixedUp)
            && self.stage.one_in(3)
            && let Some(other) = other_image(&self.disk, self.inner(), id)
        {
            return Ok(Some(other));
        }
        let mut image = now(self.inner().blob(id))?;
        if self.is(Broken::DamageStays) || self.stage.damages() {
            self.stage.tell(&format!("  p{} reads image {id}, which is damaged", self.process));
            // Somewhere behind what says what it is.
            image.iter_mut().for_each(|bytes| *bytes.last_mut().unwrap() ^= 1);
        }
        Ok(image)
    }
}
