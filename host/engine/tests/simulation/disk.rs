//! What outlives simulated processes: the store, and what of it a loss of power leaves.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, LazyLock, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use reentry::core::id::{BlobId, OwnerId, RunId, TenantId};
use reentry::core::json::Json;
use reentry::core::time::Timestamp;
use reentry::store::memory::MemoryStore;
use reentry::store::sqlite::SqliteStore;
use reentry::store::{Commit, Durability, Library, Mail, Message, OwnerGuard, Runs, Store, WorkflowRecord};
use tempfile::TempDir;
use tokio::runtime::{Builder, Handle, Runtime};

use crate::chance::Chance;
use crate::guest::guest;

/// Something that was written.
pub(crate) enum Written {
    Workflow(WorkflowRecord),
    Commit(Box<Commit>),
    Message(Message),
    Answer(TenantId, String, Json),
    ExpiredMail(Timestamp, Timestamp),
}

/// All that was written, in order.
#[derive(Default)]
struct Journal {
    written: Vec<Written>,
    /// So many of them survive a loss of power.
    safe: usize,
}

/// An owner, and what keeps it alive.
type Alive = (OwnerId, Box<dyn OwnerGuard>);

pub(crate) struct Disk {
    /// There when the store is a file.
    folder: Option<TempDir>,
    memory: Mutex<MemoryStore>,
    /// There when power may be lost.
    journal: Option<Mutex<Journal>>,
    /// What keeps the owner of each process alive.
    leases: Mutex<BTreeMap<usize, Alive>>,
    /// Every memory of a guest that was ever stored.
    pub(crate) images: Mutex<Vec<(RunId, BlobId)>>,
}

impl Disk {
    /// An empty store that knows the component. `is_file`: SQLite; else in memory, and with `loses_power` kept
    /// account of.
    pub(crate) fn new(is_file: bool, loses_power: bool) -> Self {
        let disk = Self {
            folder: is_file.then(|| tempfile::tempdir().unwrap()),
            memory: Mutex::new(MemoryStore::new()),
            journal: (loses_power && !is_file).then(Mutex::default),
            leases: Mutex::default(),
            images: Mutex::default(),
        };
        keep_component(&*disk.open());
        disk
    }

    /// Opens the store, as a process does that begins.
    pub(crate) fn open(&self) -> Arc<dyn Store> {
        match &self.folder {
            Some(folder) => Arc::new(SqliteStore::open(folder.path().join("reentry.db")).unwrap()),
            None => Arc::new(self.memory.lock().unwrap().clone()),
        }
    }

    pub(crate) fn may_lose_power(&self) -> bool {
        self.journal.is_some()
    }

    /// Takes down what was written; all of it is safe if this was stored durably.
    pub(crate) fn wrote(&self, written: Written, durability: Durability) {
        if let Some(journal) = &self.journal {
            let mut journal = journal.lock().unwrap();
            journal.written.push(written);
            if durability == Durability::Durable {
                journal.safe = journal.written.len();
            }
        }
    }

    /// Loses everything that was written after some moment since the last durable write. Nobody may have the store
    /// open.
    pub(crate) fn lose_power(&self, chance: &mut Chance) -> usize {
        let mut journal = self.journal.as_ref().unwrap().lock().unwrap();
        let kept = journal.safe + chance.below(journal.written.len() - journal.safe + 1);
        let lost = journal.written.len() - kept;
        journal.written.truncate(kept);
        journal.safe = kept;
        let store = MemoryStore::new();
        keep_component(&store);
        for written in &journal.written {
            again(&store, written);
        }
        *self.memory.lock().unwrap() = store;
        lost
    }

    /// Keeps a process's owner alive until its lease is dropped or lost.
    pub(crate) fn lease(
        self: &Arc<Self>,
        process: usize,
        owner: OwnerId,
        guard: Box<dyn OwnerGuard>,
    ) -> Lease {
        self.leases.lock().unwrap().insert(process, (owner, guard));
        Lease { process, disk: Arc::clone(self) }
    }

    /// Takes a living process to be dead. Says whether it was alive.
    pub(crate) fn lose_lease(&self, process: usize) -> bool {
        self.leases.lock().unwrap().remove(&process).is_some()
    }

    /// Whether a process is taken to be alive.
    pub(crate) fn is_alive(&self, process: usize) -> bool {
        self.leases.lock().unwrap().contains_key(&process)
    }

    /// Owners that are alive, other than that of a process.
    pub(crate) fn other_owners(&self, process: usize) -> Vec<OwnerId> {
        let leases = self.leases.lock().unwrap();
        leases.iter().filter(|(other, _)| **other != process).map(|(_, (owner, _))| *owner).collect()
    }
}

/// What a process has of its lease.
pub(crate) struct Lease {
    process: usize,
    disk: Arc<Disk>,
}

impl OwnerGuard for Lease {}

impl Drop for Lease {
    fn drop(&mut self) {
        self.disk.lose_lease(self.process);
    }
}

/// Has the one tenant hold the component.
fn keep_component(store: &dyn Store) {
    let component = guest().component.clone();
    now(store.put_component(&TenantId::default(), "scripted", component.created_at, component)).unwrap();
}

fn again(store: &MemoryStore, written: &Written) {
    match written {
        Written::Workflow(workflow) => {
            now(store.put_workflow(&TenantId::default(), workflow.clone())).unwrap()
        }
        Written::Commit(commit) => now(store.commit((**commit).clone())).unwrap(),
        Written::Message(message) => {
            now(store.send(message.clone())).unwrap();
        }
        Written::Answer(tenant, key, answer) => {
            now(store.answer_request(tenant, key, answer.clone())).unwrap();
        }
        Written::ExpiredMail(at, taken_before) => {
            now(store.expire_mail(*at, *taken_before)).unwrap();
        }
    }
}

/// Waits right here: the threads of a store must not decide who goes on first.
pub(crate) fn now<T>(work: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    // Stores may want a place for work that blocks; that of whoever asks, or this one.
    static PLACE: LazyLock<Runtime> = LazyLock::new(|| Builder::new_current_thread().build().unwrap());
    let _entered = Handle::try_current().is_err().then(|| PLACE.enter());
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut work = pin!(work);
    loop {
        if let Poll::Ready(done) = work.as_mut().poll(&mut Context::from_waker(&waker)) {
            return done;
        }
        thread::park();
    }
}
