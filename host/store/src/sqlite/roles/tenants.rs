//! Tenants, kept in the database.

use async_trait::async_trait;
use reentry_core::id::TenantId;
use rusqlite::Connection;

use crate::sqlite::{SMALL, SqliteStore, tenant_records};
use crate::{Durability, StoreError, TenantRecord, Tenants};

#[async_trait]
impl Tenants for SqliteStore {
    async fn tenant_record(&self, tenant: &TenantId) -> Result<Option<TenantRecord>, StoreError> {
        self.readers.read(|connection| tenant_records::read(connection, tenant))
    }

    async fn tenant_records(&self) -> Result<Vec<TenantRecord>, StoreError> {
        self.scan(None, |connection| tenant_records::list(connection)).await
    }

    async fn add_tenant(&self, record: TenantRecord) -> Result<bool, StoreError> {
        let work = move |connection: &Connection| tenant_records::add(connection, &record);
        self.write(None, Durability::Durable, SMALL, work).await
    }

    async fn put_tenant(&self, record: TenantRecord) -> Result<(), StoreError> {
        let work = move |connection: &Connection| tenant_records::put(connection, &record);
        self.write(None, Durability::Durable, SMALL, work).await
    }
}
