//! Owners, and what is found by those who look for something to bring on.

use async_trait::async_trait;
use reentry::core::digest::ComponentDigest;
use reentry::core::id::{OwnerId, RunId, TenantId};
use reentry::core::time::Timestamp;
use reentry::store::*;

use super::HeldStore;
use crate::broken::{Broken, is_only_delayed};
use crate::disk::now;

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
        except: &Except<RunId>,
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
        except: &Except<RunId>,
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
