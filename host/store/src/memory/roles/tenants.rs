//! Tenants, kept in memory.

use std::collections::btree_map::Entry;

use async_trait::async_trait;
use reentry_core::id::TenantId;

use crate::memory::MemoryStore;
use crate::{StoreError, TenantRecord, Tenants};

#[async_trait]
impl Tenants for MemoryStore {
    async fn tenant_record(&self, tenant: &TenantId) -> Result<Option<TenantRecord>, StoreError> {
        Ok(self.data().tenants.get(tenant).cloned())
    }

    async fn tenant_records(&self) -> Result<Vec<TenantRecord>, StoreError> {
        Ok(self.data().tenants.values().cloned().collect())
    }

    async fn add_tenant(&self, record: TenantRecord) -> Result<bool, StoreError> {
        match self.data().tenants.entry(record.tenant.clone()) {
            Entry::Occupied(_) => Ok(false),
            Entry::Vacant(place) => {
                place.insert(record);
                Ok(true)
            }
        }
    }

    async fn put_tenant(&self, record: TenantRecord) -> Result<(), StoreError> {
        let mut data = self.data();
        let before = data.tenants.get(&record.tenant);
        let added_at = before.map_or(record.added_at, |before| before.added_at);
        data.tenants.insert(record.tenant.clone(), TenantRecord { added_at, ..record });
        Ok(())
    }
}
