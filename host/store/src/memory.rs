//! A store in memory: the reference that other back ends are compared with, and the one for tests and simulations.
//!
//! It keeps the very rows a database would keep, and looks through all of them for most questions: obviously right
//! before fast. Nothing in it outlives the process; "durable" means nothing more here than "visible".

mod call_logs;
mod claims;
mod commit;
mod deletion;
mod library;
mod lists;
mod mail;
mod roles;
mod runs;
mod steps;
mod tenants;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};

use reentry_core::digest::WorkflowDigest;
use reentry_core::id::{BlobId, OwnerId, RunId, TenantId};

use crate::{ComponentRecord, OwnerGuard, RequestRecord, StoreStats, TenantRecord, WorkflowRecord};
use claims::Claim;
use library::{AppliedVersion, Hold};
use mail::KeptMessage;
use runs::KeptRun;

/// A store in memory. Clones are handles to the same data, as two processes would have them to one database.
#[derive(Clone, Default)]
pub struct MemoryStore {
    data: Arc<Mutex<Data>>,
}

/// All that is kept; lists are in the order of storing.
#[derive(Default)]
struct Data {
    runs: BTreeMap<RunId, KeptRun>,
    /// Runs and steps stored so far: gives each its place.
    stored: u64,
    images: HashMap<BlobId, KeptImage>,
    requests: BTreeMap<(TenantId, String), RequestRecord>,
    messages: Vec<KeptMessage>,
    components: Vec<ComponentRecord>,
    holds: Vec<Hold>,
    workflows: Vec<WorkflowRecord>,
    workflow_holds: BTreeSet<(TenantId, WorkflowDigest)>,
    applied: Vec<AppliedVersion>,
    tenants: BTreeMap<TenantId, TenantRecord>,
    live_owners: BTreeSet<OwnerId>,
    claims: BTreeMap<[u8; 16], Claim>,
    key_fingerprint: Option<[u8; 32]>,
    stats: StoreStats,
    bytes_read: Cell<u64>,
}

/// A guest's memory, and how many steps and savepoints need it.
struct KeptImage {
    uses: u64,
    data: Arc<Vec<u8>>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn data(&self) -> MutexGuard<'_, Data> {
        self.data.lock().expect("no method panics while it holds the data")
    }
}

impl Data {
    /// The place of what is stored next.
    fn next_place(&mut self) -> u64 {
        self.stored += 1;
        self.stored
    }

    /// Counts what is read.
    fn count(&self, bytes: usize) {
        self.bytes_read.set(self.bytes_read.get() + bytes as u64);
    }

    /// Reads an image.
    fn image(&self, id: BlobId) -> Option<&[u8]> {
        let image = self.images.get(&id)?;
        self.count(image.data.len());
        Some(&image.data)
    }

    /// One user more of a part, which is kept from now on if it was not; returns how many bytes it took.
    fn keep_part(&mut self, id: BlobId, data: &[u8]) -> usize {
        let mut bytes = 0;
        let kept = self.images.entry(id).or_insert_with(|| {
            bytes = data.len();
            KeptImage { uses: 0, data: Arc::new(data.to_vec()) }
        });
        kept.uses += 1;
        bytes
    }

    /// One user less of an image.
    fn drop_image(&mut self, id: BlobId) {
        if let Some(image) = self.images.get_mut(&id) {
            image.uses -= 1;
            if image.uses == 0 {
                self.images.remove(&id);
            }
        }
    }
}

struct MemoryGuard {
    data: Arc<Mutex<Data>>,
    owner: OwnerId,
}

impl OwnerGuard for MemoryGuard {}

impl Drop for MemoryGuard {
    fn drop(&mut self) {
        if let Ok(mut data) = self.data.lock() {
            data.live_owners.remove(&self.owner);
        }
    }
}
