//! Owners: the processes that perform calls, dead or alive.

use async_trait::async_trait;
use reentry_core::id::{OwnerId, RunId, TenantId};

use crate::StoreError;

/// Keeps an owner alive while it is held.
///
/// Dropping it, or the end of the process in whatever way, makes the owner dead.
pub trait OwnerGuard: Send + Sync {}

/// Owners: the processes that perform calls, dead or alive.
#[async_trait]
pub trait Owners: Send + Sync + 'static {
    /// Registers a live owner. See [`OwnerGuard`].
    async fn register_owner(&self, owner: OwnerId) -> Result<Box<dyn OwnerGuard>, StoreError>;

    /// Whether an owner is dead: not registered, or its process has ended.
    async fn is_dead(&self, owner: OwnerId) -> Result<bool, StoreError>;

    /// Running runs, of any tenant, with a call of this owner, in the order of storing. Grows with all running runs.
    async fn owned(&self, owner: OwnerId) -> Result<Vec<(TenantId, RunId)>, StoreError>;
}
