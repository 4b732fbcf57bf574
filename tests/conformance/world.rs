//! Where a case is played: a store that outlives its hosts, a clock that stands still, a log, a gate.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, Result};
use async_trait::async_trait;
use reentry::core::json::Json;
use reentry::core::time::Timestamp;
use reentry::fault::FaultPoint;
use reentry::store::Store;
use reentry::store::memory::MemoryStore;
use reentry::{Clock, Host, Level, Observer, Source};
use reentry_tests::folders::data_folder;
use reentry_tests::guests;

/// When all cases begin.
pub const BEGIN: Timestamp = Timestamp(1_767_225_600_000);

#[path = "../../host/engine/tests/wire/mod.rs"]
mod wire;

/// Which store a case is played on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreKind {
    /// In memory, kept over hosts.
    Memory,
    /// A file.
    Sqlite,
}

/// Where the guests of a case run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    /// In the process of the host.
    Here,
    /// At the other end of a wire.
    OverAWire,
}

/// Everything of a case that is there before its first command.
pub struct World {
    dir: tempfile::TempDir,
    store: Option<Arc<dyn Store>>,
    guests: Where,
    pub clock: Arc<Clocked>,
    pub watcher: Arc<Watcher>,
}

/// The component of all cases.
static COMPONENT: LazyLock<Result<Vec<u8>, String>> =
    LazyLock::new(|| guests::component("scripted").map_err(|error| format!("{error:#}")));

impl World {
    pub fn new(kind: StoreKind, guests: Where) -> Result<Self> {
        let dir = data_folder()?;
        let store: Option<Arc<dyn Store>> = match kind {
            StoreKind::Memory => Some(Arc::new(MemoryStore::new())),
            StoreKind::Sqlite => None,
        };
        Ok(Self { dir, store, guests, clock: Arc::default(), watcher: Arc::default() })
    }

    /// A host on the store.
    pub async fn host(&self) -> Result<Host> {
        let mut builder = Host::builder()
            .data_dir(self.dir.path() as &Path)
            .clock(self.clock.clone())
            .observer(self.watcher.clone())
            .background(false)
            .on_fault_point({
                let watcher = Arc::clone(&self.watcher);
                Arc::new(move |point| watcher.pass(point))
            });
        if let Some(store) = &self.store {
            builder = builder.store(Arc::clone(store));
        }
        if self.guests == Where::OverAWire {
            builder = builder.guests(wire::Near::guests);
        }
        let host = builder.build().await?;
        let bytes = COMPONENT.as_ref().map_err(|error| anyhow::anyhow!("{error}"))?;
        host.default_tenant().add_component("scripted", bytes).await.context("adding the component")?;
        Ok(host)
    }
}

/// A clock that only commands move.
#[derive(Default)]
pub struct Clocked {
    passed: Mutex<u64>,
    moved: tokio::sync::Notify,
}

impl Clocked {
    pub fn pass_ms(&self, ms: u64) {
        *lock(&self.passed) += ms;
        self.moved.notify_waiters();
    }
}

#[async_trait]
impl Clock for Clocked {
    fn now(&self) -> Timestamp {
        BEGIN.plus_ms(*lock(&self.passed))
    }

    async fn wait_until(&self, at: Timestamp) {
        loop {
            let moved = self.moved.notified();
            if at <= self.now() {
                return;
            }
            moved.await;
        }
    }
}

/// Keeps the lines that steps log, and steps that log `hold`.
#[derive(Default)]
pub struct Watcher {
    seen: Mutex<Seen>,
    changed: Condvar,
    crashes: AtomicBool,
}

#[derive(Default)]
struct Seen {
    lines: Vec<String>,
    /// Steps that are held.
    held: usize,
    open: bool,
}

impl Watcher {
    /// The lines since the last time.
    pub fn lines(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.seen).lines)
    }

    /// Shuts the gate.
    pub fn shut(&self) {
        lock(&self.seen).open = false;
    }

    /// Opens the gate.
    pub fn open(&self) {
        lock(&self.seen).open = true;
        self.changed.notify_all();
    }

    /// Whether the host falls over when a guest has returned and nobody knows yet.
    pub fn crash(&self, crash: bool) {
        self.crashes.store(crash, Ordering::SeqCst);
    }

    fn pass(&self, point: FaultPoint) {
        assert!(
            point != FaultPoint::AfterCall || !self.crashes.load(Ordering::SeqCst),
            "as the case wants it"
        );
    }

    /// Whether a step is held.
    pub fn holds(&self) -> bool {
        lock(&self.seen).held > 0
    }
}

impl Observer for Watcher {
    fn log(&self, source: &Source, _: Level, message: &str, _: Option<&Json>) {
        let mut seen = lock(&self.seen);
        if message != "hold" {
            seen.lines.push(format!("{}: {message}", source.path));
            return;
        }
        seen.held += 1;
        while !seen.open {
            seen = self.changed.wait(seen).unwrap_or_else(PoisonError::into_inner);
        }
        seen.held -= 1;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
