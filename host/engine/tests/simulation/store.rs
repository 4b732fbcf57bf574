//! One simulated process's way to the store: a place to be held up, and, in engines that are broken on purpose, to go
//! wrong.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use reentry::core::digest::{ComponentDigest, WorkflowDigest};
use reentry::core::id::{BlobId, MessageId, OwnerId, RunId, SuspensionId, TenantId};
use reentry::core::json::Json;
use reentry::core::path::StepPath;
use reentry::core::run::{Blocked, EntryRecord, RunState, RunStatus};
use reentry::core::time::Timestamp;
use reentry::store::*;

use crate::broken::{Broken, Mixed, is_only_delayed, other_image, rewritten, without_deadlines};
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

#[async_trait]
impl Library for HeldStore {
    async fn put_component(
        &self,
        tenant: &TenantId,
        name: &str,
        at: Timestamp,
        component: ComponentRecord,
    ) -> Result<(), StoreError> {
        now(self.inner().put_component(tenant, name, at, component))
    }

    async fn component(&self, digest: &ComponentDigest) -> Result<Option<ComponentRecord>, StoreError> {
        now(self.inner().component(digest))
    }

    async fn component_of(
        &self,
        tenant: &TenantId,
        digest: &ComponentDigest,
    ) -> Result<Option<ComponentSummary>, StoreError> {
        now(self.inner().component_of(tenant, digest))
    }

    async fn component_named(
        &self,
        tenant: &TenantId,
        name: &str,
    ) -> Result<Option<ComponentDigest>, StoreError> {
        now(self.inner().component_named(tenant, name))
    }

    async fn list_components(&self, tenant: &TenantId) -> Result<Vec<ComponentSummary>, StoreError> {
        now(self.inner().list_components(tenant))
    }

    async fn has_components(&self) -> Result<bool, StoreError> {
        now(self.inner().has_components())
    }

    async fn publish_component(
        &self,
        tenant: &TenantId,
        component: &ComponentDigest,
        name: &str,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        now(self.inner().publish_component(tenant, component, name, at))
    }

    async fn unpublish_component(
        &self,
        component: &ComponentDigest,
    ) -> Result<Vec<ComponentDigest>, RemoveError> {
        now(self.inner().unpublish_component(component))
    }

    async fn usage(
        &self,
        tenant: &TenantId,
        component: &ComponentDigest,
    ) -> Result<ComponentUsage, StoreError> {
        now(self.inner().usage(tenant, component))
    }

    async fn unneeded_components(&self, tenant: &TenantId) -> Result<Vec<ComponentSummary>, StoreError> {
        now(self.inner().unneeded_components(tenant))
    }

    async fn remove_component(
        &self,
        tenant: &TenantId,
        component: &ComponentDigest,
    ) -> Result<Vec<ComponentDigest>, RemoveError> {
        now(self.inner().remove_component(tenant, component))
    }

    async fn put_workflow(&self, tenant: &TenantId, workflow: WorkflowRecord) -> Result<(), StoreError> {
        now(self.inner().put_workflow(tenant, workflow.clone()))?;
        self.disk.wrote(Written::Workflow(workflow), Durability::Durable);
        Ok(())
    }

    async fn workflow(&self, digest: &WorkflowDigest) -> Result<Option<WorkflowRecord>, StoreError> {
        now(self.inner().workflow(digest))
    }

    async fn holds_workflow(&self, tenant: &TenantId, digest: &WorkflowDigest) -> Result<bool, StoreError> {
        now(self.inner().holds_workflow(tenant, digest))
    }

    async fn missing_component(
        &self,
        tenant: &TenantId,
        workflow: &WorkflowDigest,
    ) -> Result<Option<ComponentDigest>, StoreError> {
        now(self.inner().missing_component(tenant, workflow))
    }

    async fn apply_workflow(
        &self,
        tenant: &TenantId,
        workflow: WorkflowRecord,
        at: Timestamp,
    ) -> Result<Option<WorkflowDigest>, StoreError> {
        now(self.inner().apply_workflow(tenant, workflow, at))
    }

    async fn current_workflow(
        &self,
        tenant: &TenantId,
        id: &str,
    ) -> Result<Option<WorkflowDigest>, StoreError> {
        now(self.inner().current_workflow(tenant, id))
    }

    async fn list_workflows(&self, tenant: &TenantId) -> Result<Vec<WorkflowSummary>, StoreError> {
        now(self.inner().list_workflows(tenant))
    }

    async fn retire_workflow(
        &self,
        tenant: &TenantId,
        id: &str,
    ) -> Result<Option<WorkflowDigest>, StoreError> {
        now(self.inner().retire_workflow(tenant, id))
    }

    async fn remove_workflow(&self, tenant: &TenantId, workflow: &WorkflowDigest) -> Result<(), RemoveError> {
        now(self.inner().remove_workflow(tenant, workflow))
    }
}

#[async_trait]
impl Mail for HeldStore {
    async fn send(&self, message: Message) -> Result<Sent, StoreError> {
        self.stage.gate(self.process, 3, "a message").await;
        if self.is(Broken::MessagesLost) && self.stage.one_in(2) {
            return Ok(Sent::Kept);
        }
        let sent = now(self.inner().send(message.clone()))?;
        if sent == Sent::Kept {
            self.disk.wrote(Written::Message(message), Durability::Durable);
        }
        self.stage.gate(self.process, 3, "what follows a message").await;
        Ok(sent)
    }

    async fn mail(
        &self,
        tenant: &TenantId,
        name: &str,
        key: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Message>, StoreError> {
        let mail = now(self.inner().mail(tenant, name, key, limit));
        self.stage.gate(self.process, 4, "what follows a look at the mail").await;
        mail
    }

    async fn message(&self, tenant: &TenantId, id: MessageId) -> Result<Option<Message>, StoreError> {
        now(self.inner().message(tenant, id))
    }

    async fn waiting_for(
        &self,
        tenant: &TenantId,
        topic: &Topic,
    ) -> Result<Vec<(RunId, SuspensionId)>, StoreError> {
        let waiting = now(self.inner().waiting_for(tenant, topic));
        self.stage.gate(self.process, 4, "what follows a look at who waits").await;
        waiting
    }

    async fn claim_mail(
        &self,
        owner: OwnerId,
        at: Timestamp,
        except: &HashSet<MessageId>,
        limit: usize,
    ) -> Result<Vec<(TenantId, MessageId)>, StoreError> {
        now(self.inner().claim_mail(owner, at, except, limit))
    }

    async fn let_go_of_mail(&self, owner: OwnerId, messages: &[MessageId]) -> Result<(), StoreError> {
        now(self.inner().let_go_of_mail(owner, messages))
    }

    async fn expire_mail(&self, at: Timestamp, taken_before: Timestamp) -> Result<u64, StoreError> {
        let expired = now(self.inner().expire_mail(at, taken_before))?;
        if expired > 0 {
            self.disk.wrote(Written::ExpiredMail(at, taken_before), Durability::Visible);
        }
        Ok(expired)
    }
}

#[async_trait]
impl Owners for HeldStore {
    async fn register_owner(&self, owner: OwnerId) -> Result<Box<dyn OwnerGuard>, StoreError> {
        let guard = now(self.inner().register_owner(owner))?;
        Ok(Box::new(self.disk.lease(self.process, owner, guard)))
    }

    async fn is_dead(&self, owner: OwnerId) -> Result<bool, StoreError> {
        if self.is(Broken::TakeOversForgotten) {
            return Ok(false);
        }
        now(self.inner().is_dead(owner))
    }

    async fn owned(&self, owner: OwnerId) -> Result<Vec<(TenantId, RunId)>, StoreError> {
        if self.is(Broken::GivenUpForgotten) {
            return Ok(Vec::new());
        }
        let mut owned = now(self.inner().owned(owner))?;
        if self.is(Broken::BlockedWoken) {
            owned.extend(self.blocked());
        }
        Ok(owned)
    }
}

#[async_trait]
impl Tenants for HeldStore {
    async fn tenant_record(&self, tenant: &TenantId) -> Result<Option<TenantRecord>, StoreError> {
        now(self.inner().tenant_record(tenant))
    }

    async fn tenant_records(&self) -> Result<Vec<TenantRecord>, StoreError> {
        now(self.inner().tenant_records())
    }

    async fn add_tenant(&self, record: TenantRecord) -> Result<bool, StoreError> {
        now(self.inner().add_tenant(record))
    }

    async fn put_tenant(&self, record: TenantRecord) -> Result<(), StoreError> {
        now(self.inner().put_tenant(record))
    }
}

#[async_trait]
impl Upkeep for HeldStore {
    async fn claim_due(
        &self,
        owner: OwnerId,
        at: Timestamp,
        except: &HashSet<RunId>,
        limit: usize,
    ) -> Result<Vec<(TenantId, RunId)>, StoreError> {
        if self.is(Broken::TimersForgotten) && self.process > 0 {
            return Ok(Vec::new());
        }
        let mut due = now(self.inner().claim_due(owner, at, except, limit))?;
        if self.is(Broken::DelaysForgotten) {
            due.retain(|(tenant, run)| {
                let run = now(self.inner.run(tenant, *run)).ok().flatten();
                !run.is_some_and(|run| is_only_delayed(&run, at))
            });
        }
        Ok(due)
    }

    async fn let_go(&self, owner: OwnerId, runs: &[RunId]) -> Result<(), StoreError> {
        now(self.inner().let_go(owner, runs))
    }

    async fn next_due(&self, after: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        now(self.inner().next_due(after))
    }

    async fn claim_orphans(
        &self,
        owner: OwnerId,
        at: Timestamp,
        except: &HashSet<RunId>,
        limit: usize,
    ) -> Result<Vec<(TenantId, RunId, OwnerId)>, StoreError> {
        if self.is(Broken::OrphansForgotten) {
            return Ok(Vec::new());
        }
        let mut orphans = now(self.inner().claim_orphans(owner, at, except, limit))?;
        if self.is(Broken::LeasesIgnored) {
            for owner in self.disk.other_owners(self.process) {
                let owned = now(self.inner().owned(owner))?;
                orphans.extend(owned.into_iter().map(|(tenant, run)| (tenant, run, owner)));
            }
        }
        Ok(orphans)
    }

    async fn delete_runs_before(&self, before: Timestamp, limit: usize) -> Result<Vec<RunId>, StoreError> {
        now(self.inner().delete_runs_before(before, limit))
    }

    async fn give_back_space(&self) -> Result<u64, StoreError> {
        now(self.inner().give_back_space())
    }

    async fn list_tenants(&self) -> Result<Vec<TenantSummary>, StoreError> {
        now(self.inner().list_tenants())
    }

    async fn delete_tenant(&self, tenant: &TenantId) -> Result<Vec<ComponentDigest>, RemoveError> {
        now(self.inner().delete_tenant(tenant))
    }

    async fn key_fingerprint(&self) -> Result<Option<[u8; 32]>, StoreError> {
        now(self.inner().key_fingerprint())
    }

    async fn keep_key_fingerprint(&self, fingerprint: [u8; 32]) -> Result<(), StoreError> {
        now(self.inner().keep_key_fingerprint(fingerprint))
    }

    fn stats(&self) -> StoreStats {
        self.inner.stats()
    }
}
