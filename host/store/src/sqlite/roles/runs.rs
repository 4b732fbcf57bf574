//! Runs, kept in the database.

use async_trait::async_trait;
use reentry_core::id::{RunId, SuspensionId, TenantId};
use reentry_core::json::Json;
use reentry_core::path::StepPath;
use reentry_core::run::{Blocked, EntryRecord, RunState};
use rusqlite::Connection;

use crate::rows::CommitRows;
use crate::sqlite::writer::Change;
use crate::sqlite::{
    INLINE_RECORDS_MAX, SMALL, SqliteStore, call_logs, deletion, forks, log, records, requests, run_lists,
    runs, savepoints, suspensions, tries, troubles,
};
use crate::{
    Ancestor, CallLogFilter, CallLogs, Commit, CommitError, Counts, DeleteError, Durability, LateTry, LogRow,
    Page, RequestRecord, RunFilter, RunGroups, RunSummary, Runs, Savepoint, SavepointKind, SavepointSummary,
    StoreError, SuspensionFilter, SuspensionGroups, SuspensionRecord,
};

#[async_trait]
impl Runs for SqliteStore {
    async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        let durability = commit.durability;
        let rows = CommitRows::encode(commit)?;
        self.threads.store(Change::Run(Box::new(rows)), durability).await
    }

    async fn note_trouble(
        &self,
        tenant: &TenantId,
        run: RunId,
        why: &Blocked,
        blocks_at: u32,
    ) -> Result<u32, StoreError> {
        let (tenant, why) = (tenant.clone(), why.clone());
        let work = move |connection: &Connection| troubles::note(connection, &tenant, run, &why, blocks_at);
        self.write(Durability::Visible, SMALL, work).await
    }

    async fn note_late_try(
        &self,
        tenant: &TenantId,
        run: RunId,
        late: LateTry,
        times: u64,
    ) -> Result<(), StoreError> {
        let tenant = tenant.clone();
        let work = move |connection: &Connection| tries::note_late(connection, &tenant, run, &late, times);
        self.write(Durability::Visible, SMALL, work).await
    }

    async fn run(&self, tenant: &TenantId, id: RunId) -> Result<Option<RunState>, StoreError> {
        self.readers.read(|connection| runs::read(connection, tenant, id))
    }

    async fn lineage(&self, tenant: &TenantId, run: RunId) -> Result<Vec<Ancestor>, StoreError> {
        self.readers.read(|connection| forks::lineage(connection, tenant, run))
    }

    async fn step(
        &self,
        tenant: &TenantId,
        run: RunId,
        path: &StepPath,
    ) -> Result<Option<EntryRecord>, StoreError> {
        self.readers.read(|connection| records::one(connection, tenant, run, path))
    }

    async fn steps(&self, tenant: &TenantId, run: RunId) -> Result<Vec<(StepPath, EntryRecord)>, StoreError> {
        let tenant = tenant.clone();
        self.scan(move |connection| records::every(connection, &tenant, run)).await
    }

    async fn outputs(
        &self,
        tenant: &TenantId,
        run: RunId,
        paths: &[StepPath],
    ) -> Result<Vec<(StepPath, Option<EntryRecord>)>, StoreError> {
        if paths.len() <= INLINE_RECORDS_MAX {
            return self.readers.read(|connection| records::named(connection, tenant, run, paths));
        }
        let (tenant, paths) = (tenant.clone(), paths.to_vec());
        self.scan(move |connection| records::named(connection, &tenant, run, &paths)).await
    }

    async fn old_step(
        &self,
        tenant: &TenantId,
        run: RunId,
        path: &StepPath,
        version: u64,
    ) -> Result<Option<EntryRecord>, StoreError> {
        self.readers.read(|connection| records::old(connection, tenant, run, path, version))
    }

    async fn children(
        &self,
        tenant: &TenantId,
        run: RunId,
        path: &StepPath,
    ) -> Result<Vec<(StepPath, EntryRecord)>, StoreError> {
        let (tenant, path) = (tenant.clone(), path.clone());
        self.scan(move |connection| records::children(connection, &tenant, run, &path)).await
    }

    async fn log(
        &self,
        tenant: &TenantId,
        run: RunId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<LogRow>, StoreError> {
        let tenant = tenant.clone();
        self.scan(move |connection| log::read(connection, &tenant, run, after, limit)).await
    }

    async fn call_logs(
        &self,
        tenant: &TenantId,
        run: RunId,
        filter: &CallLogFilter,
    ) -> Result<CallLogs, StoreError> {
        let (tenant, filter) = (tenant.clone(), filter.clone());
        self.scan(move |connection| call_logs::read(connection, &tenant, run, &filter)).await
    }

    async fn savepoint(
        &self,
        tenant: &TenantId,
        run: RunId,
        suspension: SuspensionId,
    ) -> Result<Option<Savepoint>, StoreError> {
        let tenant = tenant.clone();
        self.scan(move |connection| savepoints::of_suspension(connection, &tenant, run, suspension)).await
    }

    async fn last_savepoint(
        &self,
        tenant: &TenantId,
        run: RunId,
        kind: SavepointKind,
    ) -> Result<Option<Savepoint>, StoreError> {
        let tenant = tenant.clone();
        self.scan(move |connection| savepoints::last(connection, &tenant, run, kind)).await
    }

    async fn savepoints(&self, tenant: &TenantId, run: RunId) -> Result<Vec<SavepointSummary>, StoreError> {
        let tenant = tenant.clone();
        self.scan(move |connection| savepoints::list(connection, &tenant, run)).await
    }

    async fn list_runs(&self, tenant: &TenantId, filter: RunFilter) -> Result<Page<RunSummary>, StoreError> {
        let tenant = tenant.clone();
        self.scan(move |connection| run_lists::list(connection, &tenant, &filter)).await
    }

    async fn count_runs(
        &self,
        tenant: &TenantId,
        filter: RunFilter,
        by: Option<RunGroups>,
    ) -> Result<Counts, StoreError> {
        let tenant = tenant.clone();
        self.scan(move |connection| run_lists::count(connection, &tenant, &filter, by)).await
    }

    async fn runs_with_digits(
        &self,
        tenant: &TenantId,
        digits: &str,
        limit: usize,
    ) -> Result<Vec<RunId>, StoreError> {
        let (tenant, digits) = (tenant.clone(), digits.to_ascii_lowercase());
        self.scan(move |connection| runs::with_digits(connection, &tenant, &digits, limit)).await
    }

    async fn last_run(&self, tenant: &TenantId) -> Result<Option<RunId>, StoreError> {
        let tenant = tenant.clone();
        self.scan(move |connection| runs::last(connection, &tenant)).await
    }

    async fn list_suspensions(
        &self,
        tenant: &TenantId,
        filter: SuspensionFilter,
    ) -> Result<Page<SuspensionRecord>, StoreError> {
        let tenant = tenant.clone();
        self.scan(move |connection| suspensions::list(connection, &tenant, &filter)).await
    }

    async fn count_suspensions(
        &self,
        tenant: &TenantId,
        filter: SuspensionFilter,
        by: Option<SuspensionGroups>,
    ) -> Result<Counts, StoreError> {
        let tenant = tenant.clone();
        self.scan(move |connection| suspensions::count(connection, &tenant, &filter, by)).await
    }

    async fn delete_run(&self, tenant: &TenantId, id: RunId) -> Result<(), DeleteError> {
        let tenant = tenant.clone();
        let work = move |connection: &Connection| deletion::delete_run(connection, &tenant, id);
        self.write(Durability::Durable, SMALL, work).await?
    }

    async fn request(&self, tenant: &TenantId, key: &str) -> Result<Option<RequestRecord>, StoreError> {
        self.readers.read(|connection| requests::read(connection, tenant, key))
    }

    async fn answer_request(&self, tenant: &TenantId, key: &str, answer: Json) -> Result<(), StoreError> {
        let (tenant, key, bytes) = (tenant.clone(), key.to_owned(), answer.text().len());
        let work = move |connection: &Connection| requests::answer(connection, &tenant, &key, &answer);
        self.write(Durability::Visible, bytes, work).await
    }
}
