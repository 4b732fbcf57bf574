//! Kept memory that is not what was written: refused with a typed error, and the run stays suspended.

use std::collections::HashSet;
use std::sync::Mutex;

use anyhow::{Context as _, Result};
use async_trait::async_trait;
use reentry::core::digest::{ComponentDigest, WorkflowDigest};
use reentry::core::error::ErrorKind;
use reentry::core::id::{BlobId, MessageId, OwnerId, RunId, SuspensionId, TenantId};
use reentry::core::json::Json;
use reentry::core::path::StepPath;
use reentry::core::run::{EntryRecord, RunState, RunStatus};
use reentry::core::time::Timestamp;
use reentry::store::memory::MemoryStore;
use reentry::store::*;
use reentry::{Error, ResumeOptions, Run, StartOptions};
use reentry_tests::{host, json, workflow_of};
use serde_json::json;
use std::sync::Arc;

/// What becomes of an image that is read.
type Damage = Box<dyn Fn(Vec<u8>) -> Option<Vec<u8>> + Send>;

/// A store whose images come back as a function makes them.
struct Damaging {
    store: MemoryStore,
    damage: Mutex<Damage>,
}

impl Damaging {
    fn set(&self, damage: impl Fn(Vec<u8>) -> Option<Vec<u8>> + Send + 'static) {
        *self.damage.lock().unwrap() = Box::new(damage);
    }
}

#[async_trait]
impl Runs for Damaging {
    async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        self.store.commit(commit).await
    }

    async fn note_trouble(
        &self,
        tenant: &TenantId,
        run: RunId,
        reason: &str,
        blocks_at: u32,
    ) -> Result<u32, StoreError> {
        self.store.note_trouble(tenant, run, reason, blocks_at).await
    }

    async fn note_late_try(
        &self,
        tenant: &TenantId,
        run: RunId,
        late: LateTry,
        times: u64,
    ) -> Result<(), StoreError> {
        self.store.note_late_try(tenant, run, late, times).await
    }

    async fn run(&self, tenant: &TenantId, id: RunId) -> Result<Option<RunState>, StoreError> {
        self.store.run(tenant, id).await
    }

    async fn lineage(&self, tenant: &TenantId, run: RunId) -> Result<Vec<Ancestor>, StoreError> {
        self.store.lineage(tenant, run).await
    }

    async fn step(
        &self,
        tenant: &TenantId,
        run: RunId,
        path: &StepPath,
    ) -> Result<Option<EntryRecord>, StoreError> {
        self.store.step(tenant, run, path).await
    }

    async fn steps(&self, tenant: &TenantId, run: RunId) -> Result<Vec<(StepPath, EntryRecord)>, StoreError> {
        self.store.steps(tenant, run).await
    }

    async fn outputs(
        &self,
        tenant: &TenantId,
        run: RunId,
        paths: &[StepPath],
    ) -> Result<Vec<(StepPath, Option<EntryRecord>)>, StoreError> {
        self.store.outputs(tenant, run, paths).await
    }

    async fn children(
        &self,
        tenant: &TenantId,
        run: RunId,
        path: &StepPath,
    ) -> Result<Vec<(StepPath, EntryRecord)>, StoreError> {
        self.store.children(tenant, run, path).await
    }

    async fn log(
        &self,
        tenant: &TenantId,
        run: RunId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<LogRow>, StoreError> {
        self.store.log(tenant, run, after, limit).await
    }

    async fn call_logs(
        &self,
        tenant: &TenantId,
        run: RunId,
        filter: &CallLogFilter,
    ) -> Result<CallLogs, StoreError> {
        self.store.call_logs(tenant, run, filter).await
    }

    async fn savepoint(
        &self,
        tenant: &TenantId,
        run: RunId,
        suspension: SuspensionId,
    ) -> Result<Option<Savepoint>, StoreError> {
        self.store.savepoint(tenant, run, suspension).await
    }

    async fn last_savepoint(
        &self,
        tenant: &TenantId,
        run: RunId,
        kind: SavepointKind,
    ) -> Result<Option<Savepoint>, StoreError> {
        self.store.last_savepoint(tenant, run, kind).await
    }

    async fn savepoints(&self, tenant: &TenantId, run: RunId) -> Result<Vec<SavepointSummary>, StoreError> {
        self.store.savepoints(tenant, run).await
    }

    async fn list_runs(&self, tenant: &TenantId, filter: RunFilter) -> Result<Page<RunSummary>, StoreError> {
        self.store.list_runs(tenant, filter).await
    }

    async fn count_runs(
        &self,
        tenant: &TenantId,
        filter: RunFilter,
        by: Option<RunGroups>,
    ) -> Result<Counts, StoreError> {
        self.store.count_runs(tenant, filter, by).await
    }

    async fn runs_with_digits(
        &self,
        tenant: &TenantId,
        digits: &str,
        limit: usize,
    ) -> Result<Vec<RunId>, StoreError> {
        self.store.runs_with_digits(tenant, digits, limit).await
    }

    async fn last_run(&self, tenant: &TenantId) -> Result<Option<RunId>, StoreError> {
        self.store.last_run(tenant).await
    }

    async fn list_suspensions(
        &self,
        tenant: &TenantId,
        filter: SuspensionFilter,
    ) -> Result<Page<SuspensionRecord>, StoreError> {
        self.store.list_suspensions(tenant, filter).await
    }

    async fn count_suspensions(
        &self,
        tenant: &TenantId,
        filter: SuspensionFilter,
        by: Option<SuspensionGroups>,
    ) -> Result<Counts, StoreError> {
        self.store.count_suspensions(tenant, filter, by).await
    }

    async fn delete_run(&self, tenant: &TenantId, id: RunId) -> Result<(), DeleteError> {
        self.store.delete_run(tenant, id).await
    }

    async fn request(&self, tenant: &TenantId, key: &str) -> Result<Option<RequestRecord>, StoreError> {
        self.store.request(tenant, key).await
    }

    async fn answer_request(&self, tenant: &TenantId, key: &str, answer: Json) -> Result<(), StoreError> {
        self.store.answer_request(tenant, key, answer).await
    }
}

#[async_trait]
impl Blobs for Damaging {
    async fn blob(&self, id: BlobId) -> Result<Option<Vec<u8>>, StoreError> {
        let image = self.store.blob(id).await?;
        Ok(image.and_then(|image| (self.damage.lock().unwrap())(image)))
    }
}

#[async_trait]
impl Library for Damaging {
    async fn put_component(
        &self,
        tenant: &TenantId,
        name: &str,
        at: Timestamp,
        component: ComponentRecord,
    ) -> Result<(), StoreError> {
        self.store.put_component(tenant, name, at, component).await
    }

    async fn component(&self, digest: &ComponentDigest) -> Result<Option<ComponentRecord>, StoreError> {
        self.store.component(digest).await
    }

    async fn component_of(
        &self,
        tenant: &TenantId,
        digest: &ComponentDigest,
    ) -> Result<Option<ComponentSummary>, StoreError> {
        self.store.component_of(tenant, digest).await
    }

    async fn component_named(
        &self,
        tenant: &TenantId,
        name: &str,
    ) -> Result<Option<ComponentDigest>, StoreError> {
        self.store.component_named(tenant, name).await
    }

    async fn list_components(&self, tenant: &TenantId) -> Result<Vec<ComponentSummary>, StoreError> {
        self.store.list_components(tenant).await
    }

    async fn has_components(&self) -> Result<bool, StoreError> {
        self.store.has_components().await
    }

    async fn publish_component(
        &self,
        tenant: &TenantId,
        component: &ComponentDigest,
        name: &str,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.store.publish_component(tenant, component, name, at).await
    }

    async fn unpublish_component(
        &self,
        component: &ComponentDigest,
    ) -> Result<Vec<ComponentDigest>, RemoveError> {
        self.store.unpublish_component(component).await
    }

    async fn usage(
        &self,
        tenant: &TenantId,
        component: &ComponentDigest,
    ) -> Result<ComponentUsage, StoreError> {
        self.store.usage(tenant, component).await
    }

    async fn unneeded_components(&self, tenant: &TenantId) -> Result<Vec<ComponentSummary>, StoreError> {
        self.store.unneeded_components(tenant).await
    }

    async fn remove_component(
        &self,
        tenant: &TenantId,
        component: &ComponentDigest,
    ) -> Result<Vec<ComponentDigest>, RemoveError> {
        self.store.remove_component(tenant, component).await
    }

    async fn put_workflow(&self, tenant: &TenantId, workflow: WorkflowRecord) -> Result<(), StoreError> {
        self.store.put_workflow(tenant, workflow).await
    }

    async fn workflow(&self, digest: &WorkflowDigest) -> Result<Option<WorkflowRecord>, StoreError> {
        self.store.workflow(digest).await
    }

    async fn holds_workflow(&self, tenant: &TenantId, digest: &WorkflowDigest) -> Result<bool, StoreError> {
        self.store.holds_workflow(tenant, digest).await
    }

    async fn missing_component(
        &self,
        tenant: &TenantId,
        workflow: &WorkflowDigest,
    ) -> Result<Option<ComponentDigest>, StoreError> {
        self.store.missing_component(tenant, workflow).await
    }

    async fn apply_workflow(
        &self,
        tenant: &TenantId,
        workflow: WorkflowRecord,
        at: Timestamp,
    ) -> Result<Option<WorkflowDigest>, StoreError> {
        self.store.apply_workflow(tenant, workflow, at).await
    }

    async fn current_workflow(
        &self,
        tenant: &TenantId,
        id: &str,
    ) -> Result<Option<WorkflowDigest>, StoreError> {
        self.store.current_workflow(tenant, id).await
    }

    async fn list_workflows(&self, tenant: &TenantId) -> Result<Vec<WorkflowSummary>, StoreError> {
        self.store.list_workflows(tenant).await
    }

    async fn retire_workflow(
        &self,
        tenant: &TenantId,
        id: &str,
    ) -> Result<Option<WorkflowDigest>, StoreError> {
        self.store.retire_workflow(tenant, id).await
    }

    async fn remove_workflow(&self, tenant: &TenantId, workflow: &WorkflowDigest) -> Result<(), RemoveError> {
        self.store.remove_workflow(tenant, workflow).await
    }
}

#[async_trait]
impl Mail for Damaging {
    async fn send(&self, message: Message) -> Result<Sent, StoreError> {
        self.store.send(message).await
    }

    async fn mail(
        &self,
        tenant: &TenantId,
        name: &str,
        key: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Message>, StoreError> {
        self.store.mail(tenant, name, key, limit).await
    }

    async fn message(&self, tenant: &TenantId, id: MessageId) -> Result<Option<Message>, StoreError> {
        self.store.message(tenant, id).await
    }

    async fn waiting_for(
        &self,
        tenant: &TenantId,
        topic: &Topic,
    ) -> Result<Vec<(RunId, SuspensionId)>, StoreError> {
        self.store.waiting_for(tenant, topic).await
    }

    async fn claim_mail(
        &self,
        owner: OwnerId,
        now: Timestamp,
        except: &HashSet<MessageId>,
        limit: usize,
    ) -> Result<Vec<(TenantId, MessageId)>, StoreError> {
        self.store.claim_mail(owner, now, except, limit).await
    }

    async fn let_go_of_mail(&self, owner: OwnerId, messages: &[MessageId]) -> Result<(), StoreError> {
        self.store.let_go_of_mail(owner, messages).await
    }

    async fn expire_mail(&self, now: Timestamp, taken_before: Timestamp) -> Result<u64, StoreError> {
        self.store.expire_mail(now, taken_before).await
    }
}

#[async_trait]
impl Owners for Damaging {
    async fn register_owner(&self, owner: OwnerId) -> Result<Box<dyn OwnerGuard>, StoreError> {
        self.store.register_owner(owner).await
    }

    async fn is_dead(&self, owner: OwnerId) -> Result<bool, StoreError> {
        self.store.is_dead(owner).await
    }

    async fn owned(&self, owner: OwnerId) -> Result<Vec<(TenantId, RunId)>, StoreError> {
        self.store.owned(owner).await
    }
}

#[async_trait]
impl Upkeep for Damaging {
    async fn claim_due(
        &self,
        owner: OwnerId,
        now: Timestamp,
        except: &HashSet<RunId>,
        limit: usize,
    ) -> Result<Vec<(TenantId, RunId)>, StoreError> {
        self.store.claim_due(owner, now, except, limit).await
    }

    async fn let_go(&self, owner: OwnerId, runs: &[RunId]) -> Result<(), StoreError> {
        self.store.let_go(owner, runs).await
    }

    async fn next_due(&self, after: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        self.store.next_due(after).await
    }

    async fn claim_orphans(
        &self,
        owner: OwnerId,
        now: Timestamp,
        except: &HashSet<RunId>,
        limit: usize,
    ) -> Result<Vec<(TenantId, RunId, OwnerId)>, StoreError> {
        self.store.claim_orphans(owner, now, except, limit).await
    }

    async fn delete_runs_before(&self, before: Timestamp, limit: usize) -> Result<Vec<RunId>, StoreError> {
        self.store.delete_runs_before(before, limit).await
    }

    async fn give_back_space(&self) -> Result<u64, StoreError> {
        self.store.give_back_space().await
    }

    async fn list_tenants(&self) -> Result<Vec<TenantSummary>, StoreError> {
        self.store.list_tenants().await
    }

    async fn delete_tenant(&self, tenant: &TenantId) -> Result<Vec<ComponentDigest>, RemoveError> {
        self.store.delete_tenant(tenant).await
    }

    async fn key_fingerprint(&self) -> Result<Option<[u8; 32]>, StoreError> {
        self.store.key_fingerprint().await
    }

    async fn keep_key_fingerprint(&self, fingerprint: [u8; 32]) -> Result<(), StoreError> {
        self.store.keep_key_fingerprint(fingerprint).await
    }

    fn stats(&self) -> StoreStats {
        self.store.stats()
    }
}

/// A suspended run of the probe, and the store that damages its image.
async fn suspended() -> Result<(Run, Arc<Damaging>)> {
    let store = Arc::new(Damaging { store: MemoryStore::new(), damage: Mutex::new(Box::new(Some)) });
    let tenant = host().store(store.clone()).secret([7; 32]).build().await?.default_tenant();
    let run = workflow_of(&tenant, "memory-probe", "probe").await?.create_run().await?;
    run.start(StartOptions::input(json(json!({"suspends": 1, "touch_bytes": 5000})))).await?;
    Ok((run, store))
}

async fn assert_refused(run: &Run, what: &str) {
    let error = run.resume(ResumeOptions::data(json(json!(1)))).await.expect_err(what);
    assert!(matches!(error, Error::Snapshot { .. } | Error::Damaged { .. }), "{what}: {error:?}");
    assert_eq!(error.kind(), ErrorKind::Damaged, "{what}");
    assert_eq!(run.status().await.unwrap(), RunStatus::Suspended, "{what}");
}

/// The good image still resumes, after all that.
async fn assert_resumes(run: &Run, store: &Damaging) -> Result<()> {
    store.set(Some);
    let result = run.resume(ResumeOptions::data(json(json!(1)))).await?;
    assert_eq!(result.status, RunStatus::Success);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_flipped_bits_are_refused_one_by_one_and_the_run_stays_suspended() -> Result<()> {
    let (run, store) = suspended().await?;
    // Knuth's MMIX generator: the same flips on every machine.
    let mut state = 42u64;
    for turn in 0..1000 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let drawn = usize::try_from(state >> 33)?;
        store.set(move |mut image| {
            let bit = drawn % (image.len() * 8);
            image[bit / 8] ^= 1 << (bit % 8);
            Some(image)
        });
        assert_refused(&run, &format!("flip {turn}")).await;
    }
    assert_resumes(&run, &store).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_byte_of_the_header_and_every_truncation_is_checked() -> Result<()> {
    let (run, store) = suspended().await?;
    for at in 0..reentry::core::snapshot::HEADER_BYTES {
        store.set(move |mut image| {
            image[at] = image[at].wrapping_add(1);
            Some(image)
        });
        assert_refused(&run, &format!("header byte {at}")).await;
    }
    for keep in 0..400 {
        store.set(move |mut image| {
            // The first bytes one by one, then larger and larger parts.
            let len = if keep < 200 { keep } else { image.len() * (keep - 200) / 200 };
            image.truncate(len);
            Some(image)
        });
        assert_refused(&run, &format!("truncation {keep}")).await;
    }
    store.set(|mut image| {
        image.push(0);
        Some(image)
    });
    assert_refused(&run, "a byte too many").await;
    store.set(|_| None);
    assert_refused(&run, "a missing image").await;
    assert_resumes(&run, &store).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_image_of_another_run_is_refused() -> Result<()> {
    let (run, store) = suspended().await?;
    let (other, theirs) = suspended().await?;
    let image_of = |run: RunState| run.images().next();
    let id = image_of(other.state().await?).context("an image")?;
    let image = theirs.blob(id).await?.context("an image")?;
    store.set(move |_| Some(image.clone()));
    assert_refused(&run, "an image of another run").await;
    assert_resumes(&run, &store).await
}
