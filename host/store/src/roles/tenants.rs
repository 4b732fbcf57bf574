//! Tenants: how each stands, and what is set for it.

use async_trait::async_trait;
use reentry_core::id::TenantId;

use crate::{StoreError, TenantRecord};

/// Tenants: how each stands, and what is set for it. What is kept for them is in the other roles.
#[async_trait]
pub trait Tenants: Send + Sync + 'static {
    /// Reads the record of a tenant.
    async fn tenant_record(&self, tenant: &TenantId) -> Result<Option<TenantRecord>, StoreError>;

    /// Reads all records, by name.
    async fn tenant_records(&self) -> Result<Vec<TenantRecord>, StoreError>;

    /// Keeps a record unless there is one of that tenant; durable on return. Returns whether there was none.
    async fn add_tenant(&self, record: TenantRecord) -> Result<bool, StoreError>;

    /// Keeps a record in the place of the one there is, if any; durable on return. When it was added stays as it was.
    /// [`delete_tenant`](crate::Upkeep::delete_tenant) drops it.
    async fn put_tenant(&self, record: TenantRecord) -> Result<(), StoreError>;
}
