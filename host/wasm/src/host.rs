//! What the embedder answers while a guest runs: the `host` interface, without its WIT types.

use async_trait::async_trait;
use reentry_core::json::Json;
use reentry_core::step::Failure;
use reentry_core::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Any error of the embedder's.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// How much a line of the log matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it all")]
pub enum Level {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

impl Level {
    /// All levels, the gravest last.
    pub const ALL: [Self; 5] = [Self::Trace, Self::Debug, Self::Info, Self::Warn, Self::Error];

    /// The name of the level, as it is on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// The questions and orders of one call into a guest.
///
/// One value serves one call. Sizes were checked and texts parsed before a method is called. What is set through
/// it counts only when the call ends without failure: the embedder keeps it apart until then.
///
/// The random bytes and the idempotency key that a guest may ask for need no method: they come from the
/// operating system and from the facts of the call.
#[async_trait]
pub trait HostCalls: Send + Sync {
    /// A line of the guest's log, or of its standard output or standard error. At most
    /// [`Limits::log_line_bytes`](crate::Limits) long.
    fn log(&self, level: Level, message: &str, fields: Option<Json>);

    /// The host's clock.
    fn now(&self) -> Timestamp;

    /// The whole request context, a JSON object.
    fn request_context(&self) -> Json;

    /// Sets one key of the request context.
    ///
    /// # Errors
    /// A failure that the guest gets to see.
    fn set_request_context(&self, key: String, value: Json) -> Result<(), Failure>;

    /// The workflow's shared state, a JSON object, with what this call has set so far.
    fn state(&self) -> Json;

    /// Sets one key of the workflow's shared state.
    ///
    /// # Errors
    /// A failure that the guest gets to see.
    fn set_state(&self, key: String, value: Json) -> Result<(), Failure>;

    /// The output of a step of this run that is done.
    ///
    /// # Errors
    /// Any: the call then ends with [`CallError::Host`](crate::CallError::Host), the guest does not see it.
    async fn step_result(&self, path: &str) -> Result<Option<Json>, BoxError>;

    /// The input of the workflow.
    fn init_data(&self) -> Json;

    /// Whether there is room for so many bytes of memory, all memories of the guest together. Asked before they are
    /// there: when the call begins, when memory is put back, and each time that it grows. Must not wait.
    ///
    /// If there is none, the call ends with [`CallError::NoRoom`](crate::CallError::NoRoom), and the guest does not
    /// see why. Defaults to yes: then the limits of the call are all that bounds it.
    fn may_have_memory(&self, bytes: u64) -> bool {
        let _ = bytes;
        true
    }

    /// A chunk for those who watch the run.
    fn emit(&self, chunk: Json);

    /// Whether somebody asked for the run to be cancelled.
    ///
    /// # Errors
    /// Any: the call then ends with [`CallError::Host`](crate::CallError::Host), the guest does not see it.
    async fn cancelled(&self) -> Result<bool, BoxError>;
}
