//! How much room a call asks for before it begins.

use reentry_core::digest::ComponentDigest;
use reentry_core::id::TenantId;
use reentry_wasm::LoadError;

use crate::error::Error;
use crate::memory_budget::{Asked, Reservation};
use crate::policy::TenantPolicy;
use crate::shared::Shared;

/// How much of what its limits allow a call reserves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// What it is likely to need. As its guest grows beyond that, it may be stopped.
    Likely,
    /// All of it: such a call is never stopped for want of room.
    Whole,
}

impl Shared {
    /// Waits for room for a call into a component; for one that is not open yet, of which nothing is known, for all.
    ///
    /// # Errors
    /// `Unavailable` when the host is gone.
    pub(crate) async fn room(
        &self,
        tenant: &TenantId,
        policy: &TenantPolicy,
        component: Option<ComponentDigest>,
        room: Room,
    ) -> Result<Reservation, Error> {
        let whole = policy.limits.memory_bytes;
        let bytes = match (component, room) {
            (Some(component), Room::Likely) => self.memory.likely(component).min(whole),
            _ => whole,
        };
        let at_once = policy.memory_at_once.unwrap_or_else(|| self.memory.usual_at_once());
        let reserved = self.memory.reserve(Asked { tenant: tenant.clone(), at_once, component, bytes });
        Ok(reserved.await.map_err(|_| LoadError::Interrupted)?)
    }
}
