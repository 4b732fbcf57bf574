//! Upkeep, kept in memory.

use async_trait::async_trait;
use reentry_core::digest::ComponentDigest;
use reentry_core::id::{OwnerId, RunId, TenantId};
use reentry_core::time::Timestamp;

use crate::claims::Except;
use crate::memory::MemoryStore;
use crate::{RemoveError, StoreError, StoreStats, TenantSummary, Upkeep};

#[async_trait]
impl Upkeep for MemoryStore {
    async fn claim_due(
        &self,
        owner: OwnerId,
        now: Timestamp,
        except: &Except<RunId>,
        limit: usize,
    ) -> Result<Vec<(TenantId, RunId)>, StoreError> {
        Ok(self.data().claim_due(owner, now, except, limit))
    }

    async fn next_due(&self, after: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        self.data().next_due(after)
    }

    async fn claim_orphans(
        &self,
        owner: OwnerId,
        now: Timestamp,
        except: &Except<RunId>,
        limit: usize,
    ) -> Result<Vec<(TenantId, RunId, OwnerId)>, StoreError> {
        Ok(self.data().claim_orphans(owner, now, except, limit))
    }

    async fn let_go(&self, owner: OwnerId, runs: &[RunId]) -> Result<(), StoreError> {
        self.data().unclaim(owner, runs.iter().map(RunId::as_bytes));
        Ok(())
    }

    async fn delete_runs_before(&self, before: Timestamp, limit: usize) -> Result<Vec<RunId>, StoreError> {
        Ok(self.data().delete_runs_before(before, limit))
    }

    async fn give_back_space(&self) -> Result<u64, StoreError> {
        Ok(0)
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

    fn stats(&self) -> StoreStats {
        let data = self.data();
        StoreStats { bytes_read: data.bytes_read.get(), ..data.stats }
    }
}
