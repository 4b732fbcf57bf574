//! How tenants stand, as this process read it last.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reentry_core::id::TenantId;
use reentry_store::TenantState;

use crate::error::Error;
use crate::shared::Shared;

/// For how long what was read counts. What another process sets is known here so much later.
pub(crate) const KNOWN_FOR: Duration = Duration::from_secs(1);

/// Beyond so many tenants those are forgotten whose state would be read anew.
const KNOWN_MAX: usize = 10_000;

/// How tenants stood, and when that was read.
#[derive(Default)]
pub(crate) struct TenantStates(Mutex<HashMap<TenantId, (TenantState, Duration)>>);

impl TenantStates {
    fn known(&self, tenant: &TenantId, now: Duration) -> Option<TenantState> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (state, read_at) = known.get(tenant)?;
        (now.saturating_sub(*read_at) < KNOWN_FOR).then_some(*state)
    }

    /// Notes how a tenant stands from now on.
    pub(crate) fn note(&self, tenant: &TenantId, state: TenantState, now: Duration) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KNOWN_MAX {
            known.retain(|_, (_, read_at)| now.saturating_sub(*read_at) < KNOWN_FOR);
        }
        known.insert(tenant.clone(), (state, now));
    }
}

impl Shared {
    /// How a tenant stands.
    ///
    /// # Errors
    /// `Unavailable`, `Damaged`.
    pub(crate) async fn tenant_state(&self, tenant: &TenantId) -> Result<TenantState, Error> {
        let now = self.clock.uptime();
        if let Some(state) = self.tenant_states.known(tenant, now) {
            return Ok(state);
        }
        let record = self.store.tenant_record(tenant).await?;
        let state = record.map_or(TenantState::Active, |record| record.state);
        self.tenant_states.note(tenant, state, now);
        Ok(state)
    }

    /// Refuses to begin anything for a tenant that is not active.
    ///
    /// # Errors
    /// `Unavailable` for such a tenant; `Damaged`.
    pub(crate) async fn check_active(&self, tenant: &TenantId) -> Result<(), Error> {
        match self.tenant_state(tenant).await? {
            TenantState::Active => Ok(()),
            state => Err(Error::TenantNotActive { tenant: tenant.clone(), state }),
        }
    }
}
