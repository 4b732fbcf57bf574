//! What each tenant may use. It is asked for each time, so that it may differ between tenants and change while the
//! host lives.

use std::sync::Arc;

use async_trait::async_trait;
use reentry_core::id::TenantId;
use reentry_core::run::RunQuotas;
use reentry_wasm::{Grants, Limits};

use crate::error::Error;

/// What a tenant may use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TenantPolicy {
    /// What one call into a guest of the tenant's may use. `value_bytes` also bounds the values that come in.
    ///
    /// Of `memory_bytes`, `table_elements` and `instances` a call gets at most what the host itself allows
    /// ([`HostBuilder::limits`](crate::HostBuilder::limits)), as the slots for calls have that size. Of `value_bytes`
    /// at most 16 MiB count.
    pub limits: Limits,
    /// What the tenant's components may import beyond the step contract.
    pub grants: Grants,
    /// What one run of the tenant's may use in all.
    pub quotas: RunQuotas,
    /// Bytes of the host's memory budget that calls of the tenant may hold at once; further ones wait. A call that is the
    /// tenant's only one may hold more, as far as `limits` allow. Three quarters of the budget if it is `None`.
    pub memory_at_once: Option<u64>,
}

impl TenantPolicy {
    /// Sets what one call may use. Defaults to [`Limits::default`].
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets what components may import. Defaults to nothing.
    pub fn grants(mut self, grants: Grants) -> Self {
        self.grants = grants;
        self
    }

    /// Sets what one run may use in all. Defaults to [`RunQuotas::default`].
    pub fn quotas(mut self, quotas: RunQuotas) -> Self {
        self.quotas = quotas;
        self
    }

    /// Sets how much of the host's memory budget calls may hold at once, in bytes. Defaults to three quarters of it.
    pub fn memory_at_once(mut self, bytes: u64) -> Self {
        self.memory_at_once = Some(bytes);
        self
    }
}

/// Knows what each tenant may use.
#[async_trait]
pub trait Policies: Send + Sync + 'static {
    /// Returns what a tenant may use now. Called whenever a component is opened, a call is made, a value comes in or a
    /// decision about a run is made, so it must be quick: an implementation that reads from
    /// elsewhere must keep what it has read.
    ///
    /// # Errors
    /// Whatever keeps it from knowing. What asked for it fails with that error then, and the run stays as it is stored.
    async fn policy(&self, tenant: &TenantId) -> Result<Arc<TenantPolicy>, Error>;
}

/// One policy for all tenants.
pub(crate) struct SameForAll(pub(crate) Arc<TenantPolicy>);

#[async_trait]
impl Policies for SameForAll {
    async fn policy(&self, _: &TenantId) -> Result<Arc<TenantPolicy>, Error> {
        Ok(Arc::clone(&self.0))
    }
}
