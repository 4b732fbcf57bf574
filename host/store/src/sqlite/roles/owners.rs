//! Owners, kept in the database.

use std::sync::Arc;

use async_trait::async_trait;
use reentry_core::id::{OwnerId, RunId, TenantId};

use crate::sqlite::{SqliteStore, held};
use crate::{OwnerGuard, Owners, StoreError};

#[async_trait]
impl Owners for SqliteStore {
    async fn register_owner(&self, owner: OwnerId) -> Result<Box<dyn OwnerGuard>, StoreError> {
        let owners = Arc::clone(&self.owners);
        self.blocking(None, move || owners.register(owner)).await
    }

    async fn is_dead(&self, owner: OwnerId) -> Result<bool, StoreError> {
        let owners = Arc::clone(&self.owners);
        self.blocking(None, move || owners.is_dead(owner)).await
    }

    async fn owned(&self, owner: OwnerId) -> Result<Vec<(TenantId, RunId)>, StoreError> {
        self.scan(None, move |connection| held::owned(connection, owner)).await
    }
}
