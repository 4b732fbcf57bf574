//! Tenants as the operator of a host sees them.

use reentry_core::id::TenantId;
use reentry_core::run::{Refused, RunStatus};
use reentry_core::time::Timestamp;
use reentry_store::{RemoveError, RunFilter, TenantRecord, TenantState, TenantSummary};

use crate::error::Error;
use crate::host::Host;
use crate::prune::Prune;
use crate::tenant::Tenant;

/// How often a tenant is deleted anew because runs of it began meanwhile.
const TRIES_MAX: usize = 8;

/// What becomes of runs that have not ended when their tenant is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenRuns {
    /// They stay, and so does the tenant.
    Refuse,
    /// They are canceled.
    Cancel,
}

impl Host {
    /// Lists the tenants that were added or of which anything is kept, by name, with how much that is. The cost grows
    /// with all runs.
    ///
    /// # Errors
    /// `Unavailable`, `Damaged`.
    pub async fn tenants(&self) -> Result<Vec<TenantSummary>, Error> {
        Ok(self.shared.store.list_tenants().await?)
    }

    /// Adds a tenant, for which nothing is stored yet; durable on return. Returns whether it is new. A tenant need not
    /// be added: it is there with the first thing that is stored for it.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn add_tenant(&self, tenant: &TenantId) -> Result<bool, Error> {
        let added_at = Some(self.shared.clock.now());
        Ok(self
            .shared
            .store
            .add_tenant(TenantRecord { added_at, ..TenantRecord::new(tenant.clone()) })
            .await?)
    }

    /// Returns how a tenant stands. One that is not known is active.
    ///
    /// # Errors
    /// `Unavailable`, `Damaged`.
    pub async fn tenant_state(&self, tenant: &TenantId) -> Result<TenantState, Error> {
        let record = self.shared.store.tenant_record(tenant).await?;
        Ok(record.map_or(TenantState::Active, |record| record.state))
    }

    /// Sets whether anything may begin for a tenant; durable on return. While it may not, nothing is started,
    /// answered, sent or called for it, and its runs stay as they are: they can be read, canceled and deleted, and
    /// continue when it is active again. Calls that are under way end. Other processes notice within a second.
    ///
    /// # Errors
    /// `NotFound` for a tenant that was not added and of which nothing is kept; `Unavailable`, `Damaged`.
    pub async fn set_tenant_state(&self, tenant: &TenantId, state: TenantState) -> Result<(), Error> {
        if !self.tenants().await?.iter().any(|of| of.tenant == *tenant) {
            return Err(Error::NoTenant(tenant.clone()));
        }
        let record = self.shared.store.tenant_record(tenant).await?;
        let record = record.unwrap_or_else(|| TenantRecord::new(tenant.clone()));
        self.shared.store.put_tenant(TenantRecord { state, ..record }).await?;
        self.shared.tenant_states.note(tenant, state, self.shared.clock.uptime());
        Ok(())
    }

    /// Deletes all that is kept of a tenant: its runs, workflows, components and events; what it published stays
    /// published. Returns what was there. Durable on return. Does not keep the tenant from beginning anew.
    ///
    /// # Errors
    /// `NotFound` when nothing is kept of it; `Conflict` while runs of it have not ended and are to stay, and when
    /// new ones keep beginning; nothing is deleted in the first case. `Unavailable`, `Damaged`; part of it may be
    /// deleted then.
    pub async fn delete_tenant(&self, tenant: &TenantId, open: OpenRuns) -> Result<TenantSummary, Error> {
        let found = self.tenants().await?.into_iter().find(|of| of.tenant == *tenant);
        let found = found.ok_or_else(|| Error::NoTenant(tenant.clone()))?;
        if found.open_runs > 0 && open == OpenRuns::Refuse {
            let TenantSummary { runs, open_runs, .. } = found;
            return Err(RemoveError::TenantUsed { tenant: tenant.clone(), runs, open_runs }.into());
        }
        // So that nothing begins meanwhile.
        self.set_tenant_state(tenant, TenantState::Deleting).await?;
        let of_tenant = self.tenant(tenant.clone());
        let mut tries = 0;
        loop {
            if open == OpenRuns::Cancel {
                of_tenant.cancel_open_runs().await?;
            }
            of_tenant.prune(&Prune { before: Timestamp(u64::MAX), workflow_id: None }).await?;
            tries += 1;
            match self.shared.store.delete_tenant(tenant).await {
                Err(RemoveError::TenantUsed { .. }) if tries < TRIES_MAX => {}
                Err(error) => return Err(error.into()),
                Ok(gone) => {
                    self.shared.tenant_states.note(tenant, TenantState::Active, self.shared.clock.uptime());
                    self.shared.registry.forget(gone);
                    return Ok(found);
                }
            }
        }
    }
}

impl Tenant {
    async fn cancel_open_runs(&self) -> Result<(), Error> {
        for status in RunStatus::ALL.into_iter().filter(|status| !status.is_final()) {
            loop {
                // What is canceled is not in the list any more.
                let filter = RunFilter::default().status(status);
                let page = self.runs(filter).await?;
                if page.rows.is_empty() {
                    break;
                }
                for run in page.rows {
                    match self.run(run.id).await?.cancel().await {
                        Ok(_) | Err(Error::Refused(Refused::Ended { .. })) => {}
                        Err(error) => return Err(error),
                    }
                }
            }
        }
        Ok(())
    }
}
