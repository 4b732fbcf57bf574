//! What guests say while they run, and what a host does, for those who listen: lines, chunks, spans, counts.

use reentry_core::id::{RunId, TenantId};
use reentry_core::json::Json;
use reentry_core::path::StepPath;
use reentry_core::run::RunStatus;
pub use reentry_wasm::Level;

use crate::counted::Counted;
use crate::span::Span;

/// Where in which run something was said.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Source {
    /// Whose run it is.
    pub tenant: TenantId,
    /// The run.
    pub run: RunId,
    /// The step.
    pub path: StepPath,
}

/// Something that a host did for a run without a request about that run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Upkeep {
    /// Whose run it is.
    pub tenant: TenantId,
    /// The run.
    pub run: RunId,
    /// What was done.
    pub did: Did,
    /// The steps that are called now or, once the run can go no further, wait; at most [`Self::STEPS_MAX`] of them.
    pub steps: Vec<StepPath>,
}

impl Source {
    /// Makes a source, for tests of observers.
    pub fn new(tenant: TenantId, run: RunId, path: StepPath) -> Self {
        Self { tenant, run, path }
    }
}

impl Upkeep {
    /// Makes one without steps, for tests of observers.
    pub fn new(tenant: TenantId, run: RunId, did: Did) -> Self {
        Self { tenant, run, did, steps: Vec::new() }
    }

    /// Most steps that are named: a run may have any number of them.
    pub const STEPS_MAX: usize = 10;
}

/// What a host does for a run. Each but the last two is stored before it is reported, and is followed by one of those.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Did {
    /// It took over the calls of a process that died.
    TookOver,
    /// It let the run know that a time has come.
    Woke,
    /// It handed the run an event that was sent.
    Delivered,
    /// It drove the run as far as it could: how the run stands.
    Brought(RunStatus),
    /// It could not continue the run: why.
    GaveUp(String),
}

/// Listens to guests and to the host. Called on the task that runs the guest: an observer that blocks, blocks the step.
pub trait Observer: Send + Sync + 'static {
    /// A line of a step's log.
    fn log(&self, source: &Source, level: Level, message: &str, fields: Option<&Json>) {
        let (run, path, fields) = (&source.run, &source.path, fields.map(Json::text).unwrap_or_default());
        match level {
            Level::Error => tracing::error!(target: "reentry::guest", %run, %path, fields, "{message}"),
            Level::Warn => tracing::warn!(target: "reentry::guest", %run, %path, fields, "{message}"),
            Level::Info => tracing::info!(target: "reentry::guest", %run, %path, fields, "{message}"),
            Level::Debug => tracing::debug!(target: "reentry::guest", %run, %path, fields, "{message}"),
            Level::Trace => tracing::trace!(target: "reentry::guest", %run, %path, fields, "{message}"),
        }
    }

    /// A chunk that a step emits for watchers. Not stored.
    fn emit(&self, source: &Source, chunk: &Json) {
        let (run, path) = (&source.run, &source.path);
        tracing::debug!(target: "reentry::guest", %run, %path, %chunk, "emitted");
    }

    /// Whether [`Self::span`] does anything. Defaults to no: nothing is collected for it then.
    fn wants_spans(&self) -> bool {
        false
    }

    /// A span that has ended; each does once, but for those of a process that was killed. Called where
    /// [`Self::wants_spans`] says so, also while a panic is under way: it must not panic. Spans are open for
    /// `tracing` as well, around the lines of the log; this is for those who send them elsewhere.
    fn span(&self, span: &Span) {
        let _ = span;
    }

    /// Something that counts, for a run of this tenant. Comes often, and each time on the task that does it.
    fn count(&self, tenant: &TenantId, counted: Counted) {
        let _ = (tenant, counted);
    }

    /// Something that the host did by itself.
    fn upkeep(&self, upkeep: &Upkeep) {
        let Upkeep { tenant, run, did, .. } = upkeep;
        match did {
            Did::GaveUp(error) => tracing::error!(%tenant, %run, error, "a run could not be continued"),
            did => tracing::info!(%tenant, %run, ?did, "looked after a run"),
        }
    }
}

/// Hands everything to `tracing`.
#[derive(Clone, Copy, Debug, Default)]
pub struct TracingObserver;

impl Observer for TracingObserver {}
