//! Upkeep, kept in the database.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use reentry_core::digest::ComponentDigest;
use reentry_core::id::{OwnerId, RunId, TenantId};
use reentry_core::time::Timestamp;
use rusqlite::Connection;

use crate::claims::Except;
use crate::sqlite::claims::Claimer;
use crate::sqlite::fault::store_error;
use crate::sqlite::reader::Reader;
use crate::sqlite::{SMALL, SqliteStore, backup, deletion, held, settings, space, tenants};
use crate::{Durability, RemoveError, StoreError, StoreStats, TenantSummary, Upkeep};

#[async_trait]
impl Upkeep for SqliteStore {
    async fn claim_due(
        &self,
        owner: OwnerId,
        now: Timestamp,
        except: &Except<RunId>,
        limit: usize,
    ) -> Result<Vec<(TenantId, RunId)>, StoreError> {
        let (except, rotation) = (except.clone(), Arc::clone(&self.due_of));
        let look =
            move |reader: &Reader, claimer: &Claimer| held::due(reader, claimer, &except, &rotation, limit);
        self.claim(owner, now, look).await
    }

    async fn next_due(&self, after: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        self.readers.read(|connection| held::next_due(connection, after))
    }

    async fn claim_orphans(
        &self,
        owner: OwnerId,
        now: Timestamp,
        except: &Except<RunId>,
        limit: usize,
    ) -> Result<Vec<(TenantId, RunId, OwnerId)>, StoreError> {
        let except = except.clone();
        self.claim(owner, now, move |reader, claimer| held::orphans(reader, claimer, &except, limit)).await
    }

    async fn let_go(&self, owner: OwnerId, runs: &[RunId]) -> Result<(), StoreError> {
        self.unclaim(owner, runs.iter().map(|run| *run.as_bytes()).collect()).await
    }

    async fn delete_runs_before(&self, before: Timestamp, limit: usize) -> Result<Vec<RunId>, StoreError> {
        let work = move |connection: &Connection| deletion::delete_before(connection, before, limit);
        self.write(None, Durability::Visible, SMALL, work).await
    }

    async fn give_back_space(&self) -> Result<u64, StoreError> {
        let size = || self.scan(None, |connection| space::bytes(connection).map_err(store_error));
        let before = size().await?;
        if !self.scan(None, |connection| space::is_prepared(connection).map_err(store_error)).await? {
            let (files, owners) = (self.files.clone(), Arc::clone(&self.owners));
            self.blocking(None, move || {
                let others_are_alive = owners.others_are_alive()?;
                space::write_anew(&files, others_are_alive).map_err(|fault| fault.at(&files.database))
            })
            .await?;
        }
        if self.scan(None, |connection| space::is_prepared(connection).map_err(store_error)).await? {
            while self.write(None, Durability::Visible, SMALL, space::step).await? {}
        }
        let files = self.files.clone();
        self.blocking(None, move || space::settle(&files).map_err(|fault| fault.at(&files.database))).await?;
        Ok(before.saturating_sub(size().await?))
    }

    async fn list_tenants(&self) -> Result<Vec<TenantSummary>, StoreError> {
        self.scan(None, |connection| tenants::list(connection)).await
    }

    async fn delete_tenant(&self, tenant: &TenantId) -> Result<Vec<ComponentDigest>, RemoveError> {
        let of = tenant.clone();
        let work = move |connection: &Connection| tenants::delete(connection, &of);
        self.write(Some(tenant), Durability::Durable, SMALL, work).await?
    }

    async fn key_fingerprint(&self) -> Result<Option<[u8; 32]>, StoreError> {
        self.readers.read(|connection| settings::key_fingerprint(connection))
    }

    async fn keep_key_fingerprint(&self, fingerprint: [u8; 32]) -> Result<(), StoreError> {
        let work = move |connection: &Connection| settings::keep_key_fingerprint(connection, fingerprint);
        self.write(None, Durability::Durable, SMALL, work).await
    }

    async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        let to = to.to_owned();
        self.scan(None, move |connection| backup::write(connection, &to)).await
    }

    fn stats(&self) -> StoreStats {
        StoreStats { bytes_read: self.readers.bytes(), ..self.threads.stats() }
    }
}
