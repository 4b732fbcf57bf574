//! What guests say while they run, for those who listen.

use reentry_core::id::RunId;
use reentry_core::json::Json;
use reentry_core::path::StepPath;
pub use reentry_wasm::Level;

/// Where in which run something was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The run.
    pub run: RunId,
    /// The step.
    pub path: StepPath,
}

/// Listens to guests. Called on the task that runs the guest: an observer that blocks, blocks the step.
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
}

/// Hands everything to `tracing`.
#[derive(Clone, Copy, Debug, Default)]
pub struct TracingObserver;

impl Observer for TracingObserver {}
