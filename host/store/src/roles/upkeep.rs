//! Upkeep: what operators and hosts look after, for all tenants.

use std::path::Path;

use async_trait::async_trait;
use reentry_core::digest::ComponentDigest;
use reentry_core::id::{OwnerId, RunId, TenantId};
use reentry_core::time::Timestamp;

use crate::claims::Except;
use crate::{RemoveError, StoreError, TenantSummary};

/// Figures that benches and operators read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreStats {
    /// Commits stored.
    pub commits: u64,
    /// Groups in which they were stored: one transaction each.
    pub groups: u64,
    /// Bytes that stored commits consist of: heads, records, payloads, memories, logs and savepoints, before a
    /// database adds its own.
    pub bytes: u64,
    /// Bytes of heads, records, payloads and memories that were read, lists aside.
    pub bytes_read: u64,
    /// Calls of fsync or fdatasync made to make commits durable, those of checkpoints included.
    pub fsyncs: u64,
}

/// Upkeep: what operators and hosts look after, for all tenants.
///
/// What hosts look for is *claimed*: it comes to one owner alone, until the run's version rises, the owner is dead,
/// it lets go, or [`CLAIM_MS`](crate::claims::CLAIM_MS) have passed. What an owner has claimed comes to it again,
/// unless it is among `except`. A claim keeps other owners from the same work, and no commit from its run. It is
/// visible, never durable.
#[async_trait]
pub trait Upkeep: Send + Sync + 'static {
    /// Claims runs, of any tenant, in which a step that nobody holds is due at `now` or before; at most `limit`, the
    /// earliest first, and a quarter of that of one tenant while others have some. Those of `except` are passed over
    /// and do not count, so that runs which cannot go on do not stand in the way of others.
    async fn claim_due(
        &self,
        owner: OwnerId,
        now: Timestamp,
        except: &Except<RunId>,
        limit: usize,
    ) -> Result<Vec<(TenantId, RunId)>, StoreError>;

    /// The earliest instant after another one at which a step that nobody holds is due.
    async fn next_due(&self, after: Timestamp) -> Result<Option<Timestamp>, StoreError>;

    /// Claims runs, of any tenant, with a call whose owner is dead, and tells that owner; at most `limit`, and a
    /// quarter of that of one tenant while others have some. Those of `except` are passed over and do not count.
    async fn claim_orphans(
        &self,
        owner: OwnerId,
        now: Timestamp,
        except: &Except<RunId>,
        limit: usize,
    ) -> Result<Vec<(TenantId, RunId, OwnerId)>, StoreError>;

    /// Lets go of runs that an owner has claimed and not brought on: others may claim them.
    async fn let_go(&self, owner: OwnerId, runs: &[RunId]) -> Result<(), StoreError>;

    /// Deletes runs, of any tenant, that have ended and changed last before an instant; at most `limit`, of each
    /// definition those that ended longest ago. Those with forks that are kept are left out. Returns the deleted
    /// ones. Visible on return.
    async fn delete_runs_before(&self, before: Timestamp, limit: usize) -> Result<Vec<RunId>, StoreError>;

    /// Gives the space of what was deleted back to the file system, as far as it can; returns how many bytes. Others
    /// may write meanwhile. A store that keeps no free space gives back nothing.
    async fn give_back_space(&self) -> Result<u64, StoreError>;

    /// Lists the tenants that were added or of which anything is kept, by name. Grows with all runs and messages.
    async fn list_tenants(&self) -> Result<Vec<TenantSummary>, StoreError>;

    /// Drops all that is kept of a tenant without runs: what it holds and has applied, its messages; durable on
    /// return. Returns the components that are not kept any more, as
    /// [`remove_component`](crate::Library::remove_component) does. What is published stays, whoever published it.
    ///
    /// # Errors
    /// [`RemoveError::TenantUsed`] when runs of it are kept. Nothing is dropped then.
    async fn delete_tenant(&self, tenant: &TenantId) -> Result<Vec<ComponentDigest>, RemoveError>;

    /// Reads the fingerprint of the key with which what is kept is sealed.
    async fn key_fingerprint(&self) -> Result<Option<[u8; 32]>, StoreError>;

    /// Keeps the fingerprint of the key; durable on return. The first one stays.
    async fn keep_key_fingerprint(&self, fingerprint: [u8; 32]) -> Result<(), StoreError>;

    /// Writes a copy of all that is kept, as it is at one moment, to a file that is not there yet; durable on return.
    /// Others go on meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for a store that is not a file.
    async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        Err(StoreError::Refused(format!(
            "it is not kept in a file, so there is no backup to write to {}",
            to.display()
        )))
    }

    /// Figures since this store was opened.
    fn stats(&self) -> StoreStats;
}
