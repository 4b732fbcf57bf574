//! Components that are published to all tenants.

use reentry_core::digest::ComponentDigest;
use reentry_core::id::TenantId;
use reentry_store::RemoveError;

use crate::error::Error;
use crate::host::Host;

impl Host {
    /// Publishes a component of a tenant's to all tenants: each that has none of the name itself finds this one by
    /// it. The name defaults to the tenant's own for it, and is returned; published again, the component has the new
    /// one. Durable on return.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` for one that is published and not the tenant's own.
    pub async fn publish_component(
        &self,
        tenant: &TenantId,
        digest: ComponentDigest,
        name: Option<&str>,
    ) -> Result<String, Error> {
        let (store, now) = (&self.shared.store, self.shared.clock.now());
        let seen = store.component_of(tenant, &digest).await?.ok_or(Error::NoComponent(digest))?;
        let name = name.map_or(seen.name, str::to_owned);
        match store.publish_component(tenant, &digest, &name, now).await? {
            true => Ok(name),
            false => Err(RemoveError::Published { component: digest }.into()),
        }
    }

    /// Ends that a component is published: tenants that do not have it themselves do not find it any more. Durable on
    /// return.
    ///
    /// # Errors
    /// `NotFound` for one that is not published; `Conflict` while a tenant that does not have it itself needs it for
    /// a current version of a workflow or a kept run.
    pub async fn unpublish_component(&self, digest: ComponentDigest) -> Result<(), Error> {
        let gone = self.shared.store.unpublish_component(&digest).await?;
        self.shared.registry.forget(gone);
        Ok(())
    }
}
