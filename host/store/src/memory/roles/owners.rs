//! Owners, kept in memory.

use std::sync::Arc;

use async_trait::async_trait;
use reentry_core::id::{OwnerId, RunId, TenantId};

use crate::memory::{MemoryGuard, MemoryStore};
use crate::{OwnerGuard, Owners, StoreError};

#[async_trait]
impl Owners for MemoryStore {
    async fn register_owner(&self, owner: OwnerId) -> Result<Box<dyn OwnerGuard>, StoreError> {
        if !self.data().live_owners.insert(owner) {
            return Err(StoreError::Refused(format!("owner {owner} is registered already")));
        }
        Ok(Box::new(MemoryGuard { data: Arc::clone(&self.data), owner }))
    }

    async fn is_dead(&self, owner: OwnerId) -> Result<bool, StoreError> {
        Ok(!self.data().live_owners.contains(&owner))
    }

    async fn owned(&self, owner: OwnerId) -> Result<Vec<(TenantId, RunId)>, StoreError> {
        Ok(self.data().owned(owner))
    }
}
