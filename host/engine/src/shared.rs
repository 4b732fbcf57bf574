//! What all handles of a host share: the store, the runtime, the clock, and what is under way in this process.

use std::sync::Arc;
use std::time::Duration;

use reentry_core::id::{OwnerId, TenantId};
use reentry_core::run::Durability;
use reentry_store::turns::{Place, Share, Turns};
use reentry_store::{OwnerGuard, Store};
use reentry_wasm::Limits;

use crate::bounds::VALUE_BYTES_MAX;
use crate::chance::Chance;
use crate::checks::Checks;
use crate::clock::Clock;
use crate::error::Error;
#[cfg(feature = "fault")]
use crate::fault::FaultHook;
use crate::fault::FaultPoint;
use crate::flights::Flights;
use crate::inputs::Inputs;
use crate::late_counts::LateCounts;
use crate::live::Live;
use crate::memory_budget::MemoryBudget;
use crate::observer::Observer;
use crate::policy::{Policies, TenantPolicy};
use crate::recent::Recent;
use crate::registry::Registry;
use crate::stop::Stop;
use crate::tenant_states::TenantStates;

/// What all handles of a host share.
pub(crate) struct Shared {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) registry: Registry,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) chance: Chance,
    pub(crate) observer: Arc<dyn Observer>,
    /// Secret from which the keys of all seals are made.
    pub(crate) key: [u8; 32],
    /// Names this host in the records of the calls it performs.
    pub(crate) owner: OwnerId,
    /// Held as long as the host lives: when it is gone, others may take its calls over.
    pub(crate) _alive: Box<dyn OwnerGuard>,
    /// One place a call into a guest; as many as the runtime has slots.
    pub(crate) calls: Turns<TenantId>,
    /// One place a guest that computes; as many as there are processors.
    pub(crate) slices: Turns<TenantId>,
    /// What is shared by the memory of all guests.
    pub(crate) memory: Arc<MemoryBudget>,
    /// The turns of tenants at what takes long.
    pub(crate) checks: Arc<Checks>,
    /// Runs that this process is driving.
    pub(crate) flights: Flights,
    /// Whether no further call is to be begun, and what is left to do.
    pub(crate) stop: Stop,
    /// Runs as they were stored last.
    pub(crate) recent: Recent,
    /// Large inputs of workflows that were used lately.
    pub(crate) inputs: Inputs,
    /// Late tries that are only counted.
    pub(crate) late: LateCounts,
    /// How tenants stand.
    pub(crate) tenant_states: TenantStates,
    /// Tells those in this process who listen.
    pub(crate) live: Arc<Live>,
    /// How many savepoints a run keeps.
    pub(crate) savepoints_max: u32,
    /// What each tenant may use, and the most that any can.
    pub(crate) policies: Arc<dyn Policies>,
    pub(crate) limits: Limits,
    /// How long a call that nobody wants any more may go on.
    pub(crate) cancel_grace: Duration,
    /// The longest delay before a further try for which a driver stays with its run, in milliseconds.
    pub(crate) sit_through_ms: u64,
    /// How safely a result is stored before it is acknowledged.
    pub(crate) durability: Durability,
    #[cfg(feature = "fault")]
    pub(crate) faults: Option<FaultHook>,
}

impl Shared {
    pub(crate) fn fault(&self, point: FaultPoint) {
        #[cfg(feature = "fault")]
        if let Some(hook) = &self.faults {
            hook(point);
        }
        let _ = point;
    }

    /// Waits until a tenant may make a call into a guest, or may make one while no other call is made.
    pub(crate) async fn turn(&self, tenant: &TenantId, share: Share, alone: bool) -> Place<TenantId> {
        match alone {
            true => self.calls.take_all(tenant, share).await,
            false => self.calls.take(tenant, share).await,
        }
    }

    /// What a tenant may use of this host.
    ///
    /// # Errors
    /// As [`Policies::policy`].
    pub(crate) async fn policy(&self, tenant: &TenantId) -> Result<Arc<TenantPolicy>, Error> {
        let policy = self.policies.policy(tenant).await?;
        let (asked, most) = (&policy.limits, &self.limits);
        let limits = asked
            .clone()
            .memory_bytes(asked.memory_bytes.min(most.memory_bytes))
            .table_elements(asked.table_elements.min(most.table_elements))
            .instances(asked.instances.min(most.instances))
            .value_bytes(asked.value_bytes.min(VALUE_BYTES_MAX));
        Ok(if limits == *asked { policy } else { Arc::new(TenantPolicy { limits, ..(*policy).clone() }) })
    }
}
