//! A store in memory: the reference that other back ends are compared with, and the one for tests and simulations.
//!
//! It keeps the very rows a database would keep, and looks through all of them for most questions: obviously right before
//! fast. Nothing in it outlives the process; "durable" means nothing more here than "visible".

mod call_logs;
mod commit;
mod deletion;
mod library;
mod lists;
mod mail;
mod runs;
mod steps;
mod tenants;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use reentry_core::digest::{ComponentDigest, WorkflowDigest};
use reentry_core::id::{MessageId, OwnerId, RunId, SnapshotId, SuspensionId, TenantId};
use reentry_core::json::Json;
use reentry_core::path::StepPath;
use reentry_core::run::{Run, Step};
use reentry_core::time::Timestamp;

use crate::rows::CommitRows;
use crate::{
    Ancestor, CallLogFilter, CallLogs, Commit, CommitError, ComponentRecord, ComponentSummary,
    ComponentUsage, Counts, DeleteError, LateTry, LogRow, Message, OwnerGuard, Page, RemoveError,
    RequestRecord, RunFilter, RunGroups, RunSummary, Savepoint, SavepointKind, SavepointSummary, Sent, Store,
    StoreError, StoreStats, SuspensionFilter, SuspensionGroups, SuspensionRecord, TenantSummary,
    WorkflowRecord, WorkflowSummary,
};
use library::{Applied, Hold};
use mail::KeptMessage;
use runs::KeptRun;

/// A store in memory. Clones are handles to the same data, as two processes would have them to one database.
#[derive(Clone, Default)]
pub struct MemoryStore {
    data: Arc<Mutex<Data>>,
}

/// All that is kept; lists are in the order of storing.
#[derive(Default)]
struct Data {
    runs: BTreeMap<RunId, KeptRun>,
    /// Runs and steps stored so far: gives each its place.
    stored: u64,
    images: HashMap<SnapshotId, KeptImage>,
    requests: BTreeMap<(TenantId, String), RequestRecord>,
    messages: Vec<KeptMessage>,
    components: Vec<ComponentRecord>,
    holds: Vec<Hold>,
    workflows: Vec<WorkflowRecord>,
    workflow_holds: BTreeSet<(TenantId, WorkflowDigest)>,
    applied: Vec<Applied>,
    live_owners: BTreeSet<OwnerId>,
    key_fingerprint: Option<[u8; 32]>,
    stats: StoreStats,
    bytes_read: Cell<u64>,
}

/// A guest's memory, and how many steps and savepoints need it.
struct KeptImage {
    uses: u64,
    data: Vec<u8>,
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
    /// The place of what is stored next.
    fn next_place(&mut self) -> u64 {
        self.stored += 1;
        self.stored
    }

    /// Counts what is read.
    fn count(&self, bytes: usize) {
        self.bytes_read.set(self.bytes_read.get() + bytes as u64);
    }

    /// Reads an image.
    fn image(&self, id: SnapshotId) -> Option<&[u8]> {
        let image = self.images.get(&id)?;
        self.count(image.data.len());
        Some(&image.data)
    }

    /// One user more of a part, which is kept from now on if it was not; returns how many bytes it took.
    fn keep_part(&mut self, id: SnapshotId, data: &[u8]) -> usize {
        let mut bytes = 0;
        let kept = self.images.entry(id).or_insert_with(|| {
            bytes = data.len();
            KeptImage { uses: 0, data: data.to_vec() }
        });
        kept.uses += 1;
        bytes
    }

    /// One user less of an image.
    fn drop_image(&mut self, id: SnapshotId) {
        if let Some(image) = self.images.get_mut(&id) {
            image.uses -= 1;
            if image.uses == 0 {
                self.images.remove(&id);
            }
        }
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

    async fn note_trouble(
        &self,
        tenant: &TenantId,
        run: RunId,
        reason: &str,
        blocks_at: u32,
    ) -> Result<u32, StoreError> {
        Ok(self.data().note_trouble(tenant, run, reason, blocks_at))
    }

    async fn note_late_try(
        &self,
        tenant: &TenantId,
        run: RunId,
        late: LateTry,
        times: u64,
    ) -> Result<(), StoreError> {
        self.data().note_late_try(tenant, run, late, times);
        Ok(())
    }

    async fn run(&self, tenant: &TenantId, id: RunId) -> Result<Option<Run>, StoreError> {
        self.data().run(tenant, id)
    }

    async fn lineage(&self, run: RunId) -> Result<Vec<Ancestor>, StoreError> {
        self.data().lineage(run)
    }

    async fn step(&self, run: RunId, path: &StepPath) -> Result<Option<Step>, StoreError> {
        self.data().step(run, path)
    }

    async fn steps(&self, run: RunId) -> Result<Vec<(StepPath, Step)>, StoreError> {
        self.data().steps(run, |_| true)
    }

    async fn outputs(
        &self,
        run: RunId,
        paths: &[StepPath],
    ) -> Result<Vec<(StepPath, Option<Step>)>, StoreError> {
        let data = self.data();
        paths.iter().map(|path| Ok((path.clone(), data.step(run, path)?))).collect()
    }

    async fn children(&self, run: RunId, path: &StepPath) -> Result<Vec<(StepPath, Step)>, StoreError> {
        self.data().children(run, path)
    }

    async fn image(&self, id: SnapshotId) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.data().image(id).map(<[u8]>::to_vec))
    }

    async fn log(&self, run: RunId, after: u64, limit: usize) -> Result<Vec<LogRow>, StoreError> {
        self.data().log(run, after, limit)
    }

    async fn call_logs(&self, run: RunId, filter: &CallLogFilter) -> Result<CallLogs, StoreError> {
        self.data().call_logs(run, filter)
    }

    async fn savepoint(&self, run: RunId, suspension: SuspensionId) -> Result<Option<Savepoint>, StoreError> {
        self.data().last_savepoint(run, |savepoint| savepoint.suspension == Some(suspension))
    }

    async fn last_savepoint(&self, run: RunId, kind: SavepointKind) -> Result<Option<Savepoint>, StoreError> {
        self.data().last_savepoint(run, |savepoint| savepoint.kind == kind)
    }

    async fn savepoints(&self, run: RunId) -> Result<Vec<SavepointSummary>, StoreError> {
        self.data().savepoints(run)
    }

    async fn list_runs(&self, tenant: &TenantId, filter: RunFilter) -> Result<Page<RunSummary>, StoreError> {
        self.data().list_runs(tenant, &filter)
    }

    async fn count_runs(
        &self,
        tenant: &TenantId,
        filter: RunFilter,
        by: Option<RunGroups>,
    ) -> Result<Counts, StoreError> {
        self.data().count_runs(tenant, &filter, by)
    }

    async fn runs_with_digits(
        &self,
        tenant: &TenantId,
        digits: &str,
        limit: usize,
    ) -> Result<Vec<RunId>, StoreError> {
        Ok(self.data().runs_with_digits(tenant, &digits.to_ascii_lowercase(), limit))
    }

    async fn last_run(&self, tenant: &TenantId) -> Result<Option<RunId>, StoreError> {
        Ok(self.data().last_run(tenant))
    }

    async fn give_back_space(&self) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn delete_run(&self, tenant: &TenantId, id: RunId) -> Result<(), DeleteError> {
        self.data().delete_run(tenant, id)
    }

    async fn delete_runs_before(&self, before: Timestamp, limit: usize) -> Result<Vec<RunId>, StoreError> {
        Ok(self.data().delete_runs_before(before, limit))
    }

    async fn list_suspensions(
        &self,
        tenant: &TenantId,
        filter: SuspensionFilter,
    ) -> Result<Page<SuspensionRecord>, StoreError> {
        self.data().list_suspensions(tenant, &filter)
    }

    async fn count_suspensions(
        &self,
        tenant: &TenantId,
        filter: SuspensionFilter,
        by: Option<SuspensionGroups>,
    ) -> Result<Counts, StoreError> {
        self.data().count_suspensions(tenant, &filter, by)
    }

    async fn due(
        &self,
        now: Timestamp,
        except: &HashSet<RunId>,
        limit: usize,
    ) -> Result<Vec<(TenantId, RunId)>, StoreError> {
        Ok(self.data().due(now, except, limit))
    }

    async fn next_due(&self, after: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        self.data().next_due(after)
    }

    async fn register_owner(&self, owner: OwnerId) -> Result<Box<dyn OwnerGuard>, StoreError> {
        if !self.data().live_owners.insert(owner) {
            return Err(StoreError::Refused(format!("owner {owner} is registered already")));
        }
        Ok(Box::new(MemoryGuard { data: Arc::clone(&self.data), owner }))
    }

    async fn is_dead(&self, owner: OwnerId) -> Result<bool, StoreError> {
        Ok(!self.data().live_owners.contains(&owner))
    }

    async fn list_tenants(&self) -> Result<Vec<TenantSummary>, StoreError> {
        Ok(self.data().list_tenants())
    }

    async fn delete_tenant(&self, tenant: &TenantId) -> Result<Vec<ComponentDigest>, RemoveError> {
        self.data().delete_tenant(tenant)
    }

    async fn key_fingerprint(&self) -> Result<Option<[u8; 32]>, StoreError> {
        Ok(self.data().key_fingerprint)
    }

    async fn keep_key_fingerprint(&self, fingerprint: [u8; 32]) -> Result<(), StoreError> {
        self.data().key_fingerprint.get_or_insert(fingerprint);
        Ok(())
    }

    async fn orphans(
        &self,
        except: &HashSet<RunId>,
        limit: usize,
    ) -> Result<Vec<(TenantId, RunId, OwnerId)>, StoreError> {
        Ok(self.data().orphans(except, limit))
    }

    async fn owned(&self, owner: OwnerId) -> Result<Vec<(TenantId, RunId)>, StoreError> {
        Ok(self.data().owned(owner))
    }

    async fn request(&self, tenant: &TenantId, key: &str) -> Result<Option<RequestRecord>, StoreError> {
        Ok(self.data().requests.get(&(tenant.clone(), key.to_owned())).cloned())
    }

    async fn answer_request(&self, tenant: &TenantId, key: &str, answer: Json) -> Result<(), StoreError> {
        if let Some(request) = self.data().requests.get_mut(&(tenant.clone(), key.to_owned())) {
            request.answer.get_or_insert(answer);
        }
        Ok(())
    }

    async fn send(&self, message: Message) -> Result<Sent, StoreError> {
        self.data().send(message)
    }

    async fn mail(
        &self,
        tenant: &TenantId,
        name: &str,
        key: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Message>, StoreError> {
        Ok(self.data().mail(tenant, name, key, limit))
    }

    async fn message(&self, tenant: &TenantId, id: MessageId) -> Result<Option<Message>, StoreError> {
        Ok(self.data().message(tenant, id))
    }

    async fn waiting_for(
        &self,
        tenant: &TenantId,
        name: &str,
        key: Option<&str>,
    ) -> Result<Vec<(RunId, SuspensionId)>, StoreError> {
        Ok(self.data().waiting_for(tenant, name, key))
    }

    async fn deliverable(
        &self,
        except: &HashSet<MessageId>,
        limit: usize,
    ) -> Result<Vec<(TenantId, MessageId)>, StoreError> {
        Ok(self.data().deliverable(except, limit))
    }

    async fn expire_mail(&self, now: Timestamp, taken_before: Timestamp) -> Result<u64, StoreError> {
        Ok(self.data().expire_mail(now, taken_before))
    }

    async fn put_component(
        &self,
        tenant: &TenantId,
        name: &str,
        at: Timestamp,
        component: ComponentRecord,
    ) -> Result<(), StoreError> {
        self.data().put_component(tenant, name, at, component);
        Ok(())
    }

    async fn component(&self, digest: &ComponentDigest) -> Result<Option<ComponentRecord>, StoreError> {
        Ok(self.data().components.iter().find(|kept| kept.digest == *digest).cloned())
    }

    async fn component_of(
        &self,
        tenant: &TenantId,
        digest: &ComponentDigest,
    ) -> Result<Option<ComponentSummary>, StoreError> {
        let listed = self.data().list_components(tenant);
        Ok(listed.into_iter().find(|component| component.digest == *digest))
    }

    async fn component_named(
        &self,
        tenant: &TenantId,
        name: &str,
    ) -> Result<Option<ComponentDigest>, StoreError> {
        Ok(self.data().component_named(tenant, name))
    }

    async fn list_components(&self, tenant: &TenantId) -> Result<Vec<ComponentSummary>, StoreError> {
        Ok(self.data().list_components(tenant))
    }

    async fn has_components(&self) -> Result<bool, StoreError> {
        Ok(!self.data().components.is_empty())
    }

    async fn publish_component(
        &self,
        tenant: &TenantId,
        component: &ComponentDigest,
        name: &str,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(self.data().publish_component(tenant, component, name, at))
    }

    async fn unpublish_component(
        &self,
        component: &ComponentDigest,
    ) -> Result<Vec<ComponentDigest>, RemoveError> {
        self.data().unpublish_component(component)
    }

    async fn usage(
        &self,
        tenant: &TenantId,
        component: &ComponentDigest,
    ) -> Result<ComponentUsage, StoreError> {
        Ok(self.data().usage(tenant, component))
    }

    async fn unneeded_components(&self, tenant: &TenantId) -> Result<Vec<ComponentSummary>, StoreError> {
        Ok(self.data().unneeded_components(tenant))
    }

    async fn remove_component(
        &self,
        tenant: &TenantId,
        component: &ComponentDigest,
    ) -> Result<Vec<ComponentDigest>, RemoveError> {
        self.data().remove_component(tenant, component)
    }

    async fn put_workflow(&self, tenant: &TenantId, workflow: WorkflowRecord) -> Result<(), StoreError> {
        self.data().put_workflow(tenant, workflow);
        Ok(())
    }

    async fn workflow(&self, digest: &WorkflowDigest) -> Result<Option<WorkflowRecord>, StoreError> {
        Ok(self.data().workflows.iter().find(|kept| kept.digest == *digest).cloned())
    }

    async fn holds_workflow(&self, tenant: &TenantId, digest: &WorkflowDigest) -> Result<bool, StoreError> {
        Ok(self.data().holds_workflow(tenant, digest))
    }

    async fn missing_component(
        &self,
        tenant: &TenantId,
        workflow: &WorkflowDigest,
    ) -> Result<Option<ComponentDigest>, StoreError> {
        Ok(self.data().missing_component(tenant, workflow))
    }

    async fn apply_workflow(
        &self,
        tenant: &TenantId,
        workflow: WorkflowRecord,
        at: Timestamp,
    ) -> Result<Option<WorkflowDigest>, StoreError> {
        Ok(self.data().apply_workflow(tenant, workflow, at))
    }

    async fn current_workflow(
        &self,
        tenant: &TenantId,
        id: &str,
    ) -> Result<Option<WorkflowDigest>, StoreError> {
        Ok(self.data().current_workflow(tenant, id))
    }

    async fn list_workflows(&self, tenant: &TenantId) -> Result<Vec<WorkflowSummary>, StoreError> {
        Ok(self.data().list_workflows(tenant))
    }

    async fn retire_workflow(
        &self,
        tenant: &TenantId,
        id: &str,
    ) -> Result<Option<WorkflowDigest>, StoreError> {
        Ok(self.data().retire_workflow(tenant, id))
    }

    async fn remove_workflow(&self, tenant: &TenantId, workflow: &WorkflowDigest) -> Result<(), RemoveError> {
        self.data().remove_workflow(tenant, workflow)
    }

    fn stats(&self) -> StoreStats {
        let data = self.data();
        StoreStats { bytes_read: data.bytes_read.get(), ..data.stats }
    }
}
