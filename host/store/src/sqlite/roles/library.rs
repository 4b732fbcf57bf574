//! The library, kept in the database.

use async_trait::async_trait;
use reentry_core::digest::{ComponentDigest, WorkflowDigest};
use reentry_core::id::TenantId;
use reentry_core::time::Timestamp;
use rusqlite::Connection;

use crate::sqlite::fault::store_error;
use crate::sqlite::{SMALL, SqliteStore, components, holds, workflows};
use crate::{
    ComponentRecord, ComponentSummary, ComponentUsage, Durability, Library, RemoveError, StoreError,
    WorkflowRecord, WorkflowSummary,
};

#[async_trait]
impl Library for SqliteStore {
    async fn put_component(
        &self,
        tenant: &TenantId,
        name: &str,
        at: Timestamp,
        component: ComponentRecord,
    ) -> Result<(), StoreError> {
        let (of, name) = (tenant.clone(), name.to_owned());
        let bytes = component.bytes.len() + component.base.len();
        let work = move |connection: &Connection| {
            components::store(connection, &component, &name)?;
            Ok(holds::store(connection, &of, component.digest, &name, at)?)
        };
        self.write(Some(tenant), Durability::Durable, bytes, work).await
    }

    async fn component(&self, digest: &ComponentDigest) -> Result<Option<ComponentRecord>, StoreError> {
        let digest = *digest;
        self.scan(None, move |connection| components::read(connection, &digest)).await
    }

    async fn component_of(
        &self,
        tenant: &TenantId,
        digest: &ComponentDigest,
    ) -> Result<Option<ComponentSummary>, StoreError> {
        self.readers.read(|connection| holds::one(connection, tenant, *digest))
    }

    async fn component_named(
        &self,
        tenant: &TenantId,
        name: &str,
    ) -> Result<Option<ComponentDigest>, StoreError> {
        self.readers.read(|connection| holds::named(connection, tenant, name))
    }

    async fn list_components(&self, tenant: &TenantId) -> Result<Vec<ComponentSummary>, StoreError> {
        let of = tenant.clone();
        self.scan(Some(tenant), move |connection| holds::list(connection, &of)).await
    }

    async fn has_components(&self) -> Result<bool, StoreError> {
        self.readers.read(|connection| components::any(connection))
    }

    async fn publish_component(
        &self,
        tenant: &TenantId,
        component: &ComponentDigest,
        name: &str,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let (of, component, name) = (tenant.clone(), *component, name.to_owned());
        let work = move |connection: &Connection| holds::publish(connection, &of, component, &name, at);
        self.write(Some(tenant), Durability::Durable, SMALL, work).await
    }

    async fn unpublish_component(
        &self,
        component: &ComponentDigest,
    ) -> Result<Vec<ComponentDigest>, RemoveError> {
        let component = *component;
        let work = move |connection: &Connection| holds::unpublish(connection, component);
        self.write(None, Durability::Durable, SMALL, work).await?
    }

    async fn usage(
        &self,
        tenant: &TenantId,
        component: &ComponentDigest,
    ) -> Result<ComponentUsage, StoreError> {
        let (of, component) = (tenant.clone(), *component);
        self.scan(Some(tenant), move |connection| {
            holds::usage(connection, &of, component).map_err(store_error)
        })
        .await
    }

    async fn unneeded_components(&self, tenant: &TenantId) -> Result<Vec<ComponentSummary>, StoreError> {
        let of = tenant.clone();
        self.scan(Some(tenant), move |connection| holds::unneeded(connection, &of)).await
    }

    async fn remove_component(
        &self,
        tenant: &TenantId,
        component: &ComponentDigest,
    ) -> Result<Vec<ComponentDigest>, RemoveError> {
        let (of, component) = (tenant.clone(), *component);
        let work = move |connection: &Connection| holds::remove(connection, &of, component);
        self.write(Some(tenant), Durability::Durable, SMALL, work).await?
    }

    async fn put_workflow(&self, tenant: &TenantId, workflow: WorkflowRecord) -> Result<(), StoreError> {
        let (of, bytes) = (tenant.clone(), workflow.definition.text().len());
        let work = move |connection: &Connection| workflows::store(connection, &of, &workflow);
        self.write(Some(tenant), Durability::Durable, bytes, work).await
    }

    async fn workflow(&self, digest: &WorkflowDigest) -> Result<Option<WorkflowRecord>, StoreError> {
        self.readers.read(|connection| workflows::read(connection, digest))
    }

    async fn holds_workflow(&self, tenant: &TenantId, digest: &WorkflowDigest) -> Result<bool, StoreError> {
        self.readers.read(|connection| workflows::is_held(connection, tenant, digest).map_err(store_error))
    }

    async fn missing_component(
        &self,
        tenant: &TenantId,
        workflow: &WorkflowDigest,
    ) -> Result<Option<ComponentDigest>, StoreError> {
        self.readers.read(|connection| holds::missing(connection, tenant, workflow))
    }

    async fn apply_workflow(
        &self,
        tenant: &TenantId,
        workflow: WorkflowRecord,
        at: Timestamp,
    ) -> Result<Option<WorkflowDigest>, StoreError> {
        let (of, bytes) = (tenant.clone(), workflow.definition.text().len());
        let work = move |connection: &Connection| workflows::apply(connection, &of, &workflow, at);
        self.write(Some(tenant), Durability::Durable, bytes, work).await
    }

    async fn current_workflow(
        &self,
        tenant: &TenantId,
        id: &str,
    ) -> Result<Option<WorkflowDigest>, StoreError> {
        self.readers.read(|connection| workflows::current(connection, tenant, id))
    }

    async fn list_workflows(&self, tenant: &TenantId) -> Result<Vec<WorkflowSummary>, StoreError> {
        let of = tenant.clone();
        self.scan(Some(tenant), move |connection| workflows::list(connection, &of)).await
    }

    async fn retire_workflow(
        &self,
        tenant: &TenantId,
        id: &str,
    ) -> Result<Option<WorkflowDigest>, StoreError> {
        let (of, id) = (tenant.clone(), id.to_owned());
        let work = move |connection: &Connection| workflows::retire(connection, &of, &id);
        self.write(Some(tenant), Durability::Durable, SMALL, work).await
    }

    async fn remove_workflow(&self, tenant: &TenantId, workflow: &WorkflowDigest) -> Result<(), RemoveError> {
        let (of, workflow) = (tenant.clone(), *workflow);
        let work = move |connection: &Connection| workflows::remove(connection, &of, workflow);
        self.write(Some(tenant), Durability::Durable, SMALL, work).await?
    }
}
