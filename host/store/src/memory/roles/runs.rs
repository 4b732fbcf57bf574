//! Runs, kept in memory.

use async_trait::async_trait;
use reentry_core::id::{RunId, SuspensionId, TenantId};
use reentry_core::json::Json;
use reentry_core::path::StepPath;
use reentry_core::run::{Blocked, EntryRecord, RunState};

use crate::memory::MemoryStore;
use crate::rows::CommitRows;
use crate::{
    Ancestor, CallLogFilter, CallLogs, Commit, CommitError, Counts, DeleteError, LateTry, LogRow, Page,
    RequestRecord, RunFilter, RunGroups, RunSummary, Runs, Savepoint, SavepointKind, SavepointSummary,
    StoreError, SuspensionFilter, SuspensionGroups, SuspensionRecord,
};

#[async_trait]
impl Runs for MemoryStore {
    async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        let rows = CommitRows::encode(commit)?;
        self.data().commit(rows)
    }

    async fn note_trouble(
        &self,
        tenant: &TenantId,
        run: RunId,
        why: &Blocked,
        blocks_at: u32,
    ) -> Result<u32, StoreError> {
        Ok(self.data().note_trouble(tenant, run, why, blocks_at))
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

    async fn run(&self, tenant: &TenantId, id: RunId) -> Result<Option<RunState>, StoreError> {
        self.data().run(tenant, id)
    }

    async fn lineage(&self, tenant: &TenantId, run: RunId) -> Result<Vec<Ancestor>, StoreError> {
        self.data().lineage(tenant, run)
    }

    async fn step(
        &self,
        tenant: &TenantId,
        run: RunId,
        path: &StepPath,
    ) -> Result<Option<EntryRecord>, StoreError> {
        self.data().step(tenant, run, path)
    }

    async fn steps(&self, tenant: &TenantId, run: RunId) -> Result<Vec<(StepPath, EntryRecord)>, StoreError> {
        self.data().steps(tenant, run, |_| true)
    }

    async fn outputs(
        &self,
        tenant: &TenantId,
        run: RunId,
        paths: &[StepPath],
    ) -> Result<Vec<(StepPath, Option<EntryRecord>)>, StoreError> {
        let data = self.data();
        paths.iter().map(|path| Ok((path.clone(), data.step(tenant, run, path)?))).collect()
    }

    async fn old_step(
        &self,
        tenant: &TenantId,
        run: RunId,
        path: &StepPath,
        version: u64,
    ) -> Result<Option<EntryRecord>, StoreError> {
        self.data().old_step(tenant, run, path, version)
    }

    async fn children(
        &self,
        tenant: &TenantId,
        run: RunId,
        path: &StepPath,
    ) -> Result<Vec<(StepPath, EntryRecord)>, StoreError> {
        self.data().children(tenant, run, path)
    }

    async fn log(
        &self,
        tenant: &TenantId,
        run: RunId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<LogRow>, StoreError> {
        self.data().log(tenant, run, after, limit)
    }

    async fn call_logs(
        &self,
        tenant: &TenantId,
        run: RunId,
        filter: &CallLogFilter,
    ) -> Result<CallLogs, StoreError> {
        self.data().call_logs(tenant, run, filter)
    }

    async fn savepoint(
        &self,
        tenant: &TenantId,
        run: RunId,
        suspension: SuspensionId,
    ) -> Result<Option<Savepoint>, StoreError> {
        self.data().last_savepoint(tenant, run, |savepoint| savepoint.suspension == Some(suspension))
    }

    async fn last_savepoint(
        &self,
        tenant: &TenantId,
        run: RunId,
        kind: SavepointKind,
    ) -> Result<Option<Savepoint>, StoreError> {
        self.data().last_savepoint(tenant, run, |savepoint| savepoint.kind == kind)
    }

    async fn savepoints(&self, tenant: &TenantId, run: RunId) -> Result<Vec<SavepointSummary>, StoreError> {
        self.data().savepoints(tenant, run)
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

    async fn delete_run(&self, tenant: &TenantId, id: RunId) -> Result<(), DeleteError> {
        self.data().delete_run(tenant, id)
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
}
