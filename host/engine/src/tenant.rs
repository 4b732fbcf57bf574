//! The handle of one tenant: what may be done for it, and nothing else.

use std::sync::Arc;

use reentry_core::id::TenantId;

use crate::error::Error;
use crate::policy::TenantPolicy;
use crate::shared::Shared;

/// What one tenant has on a host: its components, workflows, runs, inbox and messages, and the components that are
/// published to all. Cheap to clone; made by [`Host::tenant`](crate::Host::tenant).
///
/// A handle reaches nothing of other tenants and nothing of the host's: code that serves a tenant is given this,
/// never the host.
#[derive(Clone)]
pub struct Tenant {
    pub(crate) shared: Arc<Shared>,
    pub(crate) id: TenantId,
}

impl std::fmt::Debug for Tenant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Tenant").field(&self.id).finish()
    }
}

impl Tenant {
    /// Returns the tenant's id.
    pub fn id(&self) -> &TenantId {
        &self.id
    }

    /// What this tenant may use.
    ///
    /// # Errors
    /// As [`Policies::policy`].
    pub(crate) async fn policy(&self) -> Result<Arc<TenantPolicy>, Error> {
        self.shared.policy(&self.id).await
    }
}
