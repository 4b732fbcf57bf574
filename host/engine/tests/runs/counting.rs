//! A store that notes what it is asked, on the way to another one.

use std::path::Path;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use reentry::core::digest::{ComponentDigest, WorkflowDigest};
use reentry::core::id::{BlobId, MessageId, OwnerId, RunId, SuspensionId, TenantId};
use reentry::core::json::Json;
use reentry::core::path::StepPath;
use reentry::core::run::{Blocked, EntryRecord, RunState};
use reentry::core::time::Timestamp;
use reentry::store::*;

/// A store that notes the names of the methods that are called.
pub(crate) struct Counting {
    inner: Arc<dyn Store>,
    asked: Mutex<Vec<&'static str>>,
}

impl Counting {
    pub(crate) fn new(inner: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self { inner, asked: Mutex::default() })
    }

    /// What was asked since the last time, in the order in which it was.
    pub(crate) fn take(&self) -> Vec<&'static str> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

macro_rules! noted {
    ($($role:ident { $($method:ident($($name:ident: $type:ty),* $(,)?) -> $returned:ty;)* $({ $($own:tt)* })? })*) => { $(
        #[async_trait]
        impl $role for Counting {
            $(async fn $method(&self, $($name: $type),*) -> $returned {
                self.asked.lock().unwrap().push(stringify!($method));
                self.inner.$method($($name),*).await
            })*
            $($($own)*)?
        }
    )* };
}

noted! {
    Runs {
        commit(commit: Commit) -> Result<(), CommitError>;
        note_trouble(tenant: &TenantId, run: RunId, why: &Blocked, blocks_at: u32)
            -> Result<u32, StoreError>;
        note_late_try(tenant: &TenantId, run: RunId, late: LateTry, times: u64) -> Result<(), StoreError>;
        run(tenant: &TenantId, id: RunId) -> Result<Option<RunState>, StoreError>;
        lineage(tenant: &TenantId, run: RunId) -> Result<Vec<Ancestor>, StoreError>;
        step(tenant: &TenantId, run: RunId, path: &StepPath) -> Result<Option<EntryRecord>, StoreError>;
        steps(tenant: &TenantId, run: RunId) -> Result<Vec<(StepPath, EntryRecord)>, StoreError>;
        outputs(tenant: &TenantId, run: RunId, paths: &[StepPath])
            -> Result<Vec<(StepPath, Option<EntryRecord>)>, StoreError>;
        old_step(tenant: &TenantId, run: RunId, path: &StepPath, version: u64)
            -> Result<Option<EntryRecord>, StoreError>;
        children(tenant: &TenantId, run: RunId, path: &StepPath)
            -> Result<Vec<(StepPath, EntryRecord)>, StoreError>;
        log(tenant: &TenantId, run: RunId, after: u64, limit: usize) -> Result<Vec<LogRow>, StoreError>;
        call_logs(tenant: &TenantId, run: RunId, filter: &CallLogFilter) -> Result<CallLogs, StoreError>;
        savepoint(tenant: &TenantId, run: RunId, suspension: SuspensionId)
            -> Result<Option<Savepoint>, StoreError>;
        last_savepoint(tenant: &TenantId, run: RunId, kind: SavepointKind)
            -> Result<Option<Savepoint>, StoreError>;
        savepoints(tenant: &TenantId, run: RunId) -> Result<Vec<SavepointSummary>, StoreError>;
        list_runs(tenant: &TenantId, filter: RunFilter) -> Result<Page<RunSummary>, StoreError>;
        count_runs(tenant: &TenantId, filter: RunFilter, by: Option<RunGroups>)
            -> Result<Counts, StoreError>;
        runs_with_digits(tenant: &TenantId, digits: &str, limit: usize) -> Result<Vec<RunId>, StoreError>;
        last_run(tenant: &TenantId) -> Result<Option<RunId>, StoreError>;
        list_suspensions(tenant: &TenantId, filter: SuspensionFilter)
            -> Result<Page<SuspensionRecord>, StoreError>;
        count_suspensions(tenant: &TenantId, filter: SuspensionFilter, by: Option<SuspensionGroups>)
            -> Result<Counts, StoreError>;
        delete_run(tenant: &TenantId, id: RunId) -> Result<(), DeleteError>;
        request(tenant: &TenantId, key: &str) -> Result<Option<RequestRecord>, StoreError>;
        answer_request(tenant: &TenantId, key: &str, answer: Json) -> Result<(), StoreError>;
    }
    Blobs {
        blob(id: BlobId) -> Result<Option<Vec<u8>>, StoreError>;
    }
    Library {
        put_component(tenant: &TenantId, name: &str, at: Timestamp, component: ComponentRecord)
            -> Result<(), StoreError>;
        component(digest: &ComponentDigest) -> Result<Option<ComponentRecord>, StoreError>;
        component_of(tenant: &TenantId, digest: &ComponentDigest)
            -> Result<Option<ComponentSummary>, StoreError>;
        component_named(tenant: &TenantId, name: &str) -> Result<Option<ComponentDigest>, StoreError>;
        list_components(tenant: &TenantId) -> Result<Vec<ComponentSummary>, StoreError>;
        has_components() -> Result<bool, StoreError>;
        publish_component(tenant: &TenantId, component: &ComponentDigest, name: &str, at: Timestamp)
            -> Result<bool, StoreError>;
        unpublish_component(component: &ComponentDigest) -> Result<Vec<ComponentDigest>, RemoveError>;
        usage(tenant: &TenantId, component: &ComponentDigest) -> Result<ComponentUsage, StoreError>;
        unneeded_components(tenant: &TenantId) -> Result<Vec<ComponentSummary>, StoreError>;
        remove_component(tenant: &TenantId, component: &ComponentDigest)
            -> Result<Vec<ComponentDigest>, RemoveError>;
        put_workflow(tenant: &TenantId, workflow: WorkflowRecord) -> Result<(), StoreError>;
        workflow(digest: &WorkflowDigest) -> Result<Option<WorkflowRecord>, StoreError>;
        holds_workflow(tenant: &TenantId, digest: &WorkflowDigest) -> Result<bool, StoreError>;
        missing_component(tenant: &TenantId, workflow: &WorkflowDigest)
            -> Result<Option<ComponentDigest>, StoreError>;
        apply_workflow(tenant: &TenantId, workflow: WorkflowRecord, at: Timestamp)
            -> Result<Option<WorkflowDigest>, StoreError>;
        current_workflow(tenant: &TenantId, id: &str) -> Result<Option<WorkflowDigest>, StoreError>;
        list_workflows(tenant: &TenantId) -> Result<Vec<WorkflowSummary>, StoreError>;
        retire_workflow(tenant: &TenantId, id: &str) -> Result<Option<WorkflowDigest>, StoreError>;
        remove_workflow(tenant: &TenantId, workflow: &WorkflowDigest) -> Result<(), RemoveError>;
    }
    Mail {
        send(message: Message) -> Result<Sent, StoreError>;
        mail(tenant: &TenantId, name: &str, key: Option<&str>, limit: usize)
            -> Result<Vec<Message>, StoreError>;
        message(tenant: &TenantId, id: MessageId) -> Result<Option<Message>, StoreError>;
        waiting_for(tenant: &TenantId, topic: &Topic) -> Result<Vec<(RunId, SuspensionId)>, StoreError>;
        claim_mail(owner: OwnerId, now: Timestamp, except: &Except<MessageId>, limit: usize)
            -> Result<Vec<(TenantId, MessageId)>, StoreError>;
        let_go_of_mail(owner: OwnerId, messages: &[MessageId]) -> Result<(), StoreError>;
        expire_mail(now: Timestamp, taken_before: Timestamp) -> Result<u64, StoreError>;
    }
    Owners {
        register_owner(owner: OwnerId) -> Result<Box<dyn OwnerGuard>, StoreError>;
        is_dead(owner: OwnerId) -> Result<bool, StoreError>;
        owned(owner: OwnerId) -> Result<Vec<(TenantId, RunId)>, StoreError>;
    }
    Tenants {
        tenant_records() -> Result<Vec<TenantRecord>, StoreError>;
        add_tenant(record: TenantRecord) -> Result<bool, StoreError>;
        put_tenant(record: TenantRecord) -> Result<(), StoreError>;
        {
            // Not noted, as how often it is asked depends on the time: once a second at most.
            async fn tenant_record(&self, tenant: &TenantId) -> Result<Option<TenantRecord>, StoreError> {
                self.inner.tenant_record(tenant).await
            }
        }
    }
    Upkeep {
        claim_due(owner: OwnerId, now: Timestamp, except: &Except<RunId>, limit: usize)
            -> Result<Vec<(TenantId, RunId)>, StoreError>;
        next_due(after: Timestamp) -> Result<Option<Timestamp>, StoreError>;
        claim_orphans(owner: OwnerId, now: Timestamp, except: &Except<RunId>, limit: usize)
            -> Result<Vec<(TenantId, RunId, OwnerId)>, StoreError>;
        let_go(owner: OwnerId, runs: &[RunId]) -> Result<(), StoreError>;
        delete_runs_before(before: Timestamp, limit: usize) -> Result<Vec<RunId>, StoreError>;
        give_back_space() -> Result<u64, StoreError>;
        list_tenants() -> Result<Vec<TenantSummary>, StoreError>;
        delete_tenant(tenant: &TenantId) -> Result<Vec<ComponentDigest>, RemoveError>;
        key_fingerprint() -> Result<Option<[u8; 32]>, StoreError>;
        keep_key_fingerprint(fingerprint: [u8; 32]) -> Result<(), StoreError>;
        backup(to: &Path) -> Result<(), StoreError>;
        {
            fn stats(&self) -> StoreStats {
                self.inner.stats()
            }
        }
    }
}
