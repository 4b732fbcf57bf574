//! The operator's handle: what is set up once, and what concerns all tenants.

use std::sync::Arc;
use std::time::Duration;

use reentry_core::id::TenantId;
use reentry_store::StoreStats;

use crate::clock::within;
use crate::error::Error;
use crate::memory_budget::MemoryUse;
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

    /// Returns how much is used of the budget for the memory of guests.
    pub fn memory(&self) -> MemoryUse {
        self.shared.memory.used()
    }

    /// Waits until this process drives no run: whatever was begun has come as far as it could. The background may
    /// begin again.
    pub async fn quiet(&self) {
        self.shared.flights.quiet().await;
    }

    /// Waits until the background has looked at the store and found nothing that it could do, while this process
    /// drives no run. Timers that are not due yet do not count, nor runs that other processes drive. Never ends
    /// without a background.
    pub async fn idle(&self) {
        self.shared.stop.idle().await;
    }

    /// Begins no further call into a guest, lets those in flight end for as long as `grace`, and returns how many
    /// runs are left at work: once this process has ended, whoever looks after runs takes them over. The host, and
    /// all its handles, are of no further use for running steps: a start or resume that needs one returns with the
    /// run `running`.
    ///
    /// # Errors
    /// `Unavailable` when what is left cannot be counted.
    pub async fn stop(&self, grace: Duration) -> Result<usize, Error> {
        self.shared.stop.ask();
        // What has not ended by then ends with the process.
        within(&*self.shared.clock, grace, self.shared.flights.quiet()).await;
        Ok(self.shared.store.owned(self.shared.owner).await?.len())
    }
}
