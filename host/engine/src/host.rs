//! The operator's handle: what is set up once, and what concerns all tenants.

use std::sync::Arc;

use reentry_core::id::TenantId;
use reentry_store::StoreStats;

use crate::builder::HostBuilder;
use crate::error::Error;
use crate::shared::Shared;
use crate::tenant::Tenant;

/// A host of workflows, as its operator sees it: one store and one WebAssembly runtime. Cheap to clone.
///
/// What is done for one tenant is done with [`Host::tenant`]. Several hosts, in one process or in many, may share a
/// store.
#[derive(Clone)]
pub struct Host {
    pub(crate) shared: Arc<Shared>,
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").field("owner", &self.shared.owner).finish()
    }
}

impl Host {
    /// Begins a host.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/doc.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use reentry::Host;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = dir.path();
    /// let host = Host::builder().data_dir(dir).background(false).build().await?;
    /// assert_eq!(host.tenants().await?, []);
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder() -> HostBuilder {
        HostBuilder::default()
    }

    /// Returns the handle of a tenant, with its own runs, components and workflows, and those components that are
    /// published to all. Nothing is stored: a tenant exists from the first thing that is kept for it. Bytes that
    /// several tenants have are kept once, which none of them can observe.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/doc.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (host, tenant, ask) = asks().await?;
    /// use reentry::TenantId;
    ///
    /// let acme = host.tenant(TenantId::new("acme")?);
    /// assert_eq!(acme.id().as_str(), "acme");
    /// // What `default` has added is not seen here.
    /// assert_eq!(acme.components().await?, []);
    /// assert_eq!(host.default_tenant().components().await?.len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn tenant(&self, id: TenantId) -> Tenant {
        Tenant { shared: Arc::clone(&self.shared), id }
    }

    /// Returns the handle of the tenant `default`, for hosts that have only one.
    pub fn default_tenant(&self) -> Tenant {
        self.tenant(TenantId::default())
    }

    /// Returns the space of deleted data to the file system, and says how many bytes. The time it takes grows with
    /// that space; other processes can write meanwhile. A data folder of an early version is rewritten once, while
    /// all hosts on it wait. That is postponed while other hosts are alive and it would take long.
    ///
    /// # Errors
    /// `Unavailable`, `Damaged`.
    pub async fn give_back_space(&self) -> Result<u64, Error> {
        Ok(self.shared.store.give_back_space().await?)
    }

    /// Returns figures of the store since this host was built.
    pub fn store_stats(&self) -> StoreStats {
        self.shared.store.stats()
    }
}
