//! Events: what can happen to a run.

use std::collections::BTreeMap;

use crate::id::{OwnerId, SnapshotId, SuspensionId};
use crate::json::Json;
use crate::path::StepPath;
use crate::resume::ResumeRequest;
use crate::step::{Failure, Waits};
use crate::trace::{FreshIds, TracingContext, TracingOptions};

/// Something that happened. Random choices and ids are part of it, so that deciding stays a pure function.
#[derive(Clone, Debug)]
pub enum Event {
    /// Somebody starts the run.
    Started(StartRequest, Caller),
    /// Somebody answers a suspension.
    Resumed(ResumeRequest, Caller),
    /// A call into a guest ended.
    CallEnded(CallEnded),
    /// Time has passed: what is due happens.
    TimePassed {
        /// Who performs the calls that follow.
        owner: OwnerId,
    },
    /// Somebody wants the run to end.
    CancelRequested,
    /// The calls of an owner that died go to another one.
    TakenOver {
        /// The dead one.
        from: OwnerId,
        /// The new one.
        by: OwnerId,
    },
}

/// Who performs what a request leads to, and the ids drawn for its span.
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    /// The host process.
    pub owner: OwnerId,
    /// Ids for the root span.
    pub fresh: FreshIds,
}

/// A request to start a run.
#[derive(Clone, Debug, Default)]
pub struct StartRequest {
    /// The workflow's input; `None` is `null`.
    pub input: Option<Json>,
    /// The shared state to begin with: a JSON object.
    pub initial_state: Option<Json>,
    /// What the input does not say, by key.
    pub request_context: BTreeMap<String, Json>,
    /// The caller's span.
    pub tracing_context: TracingContext,
    /// What the caller asks of the run's root span.
    pub tracing_options: TracingOptions,
}

/// The end of a call into a guest.
#[derive(Clone, Debug)]
pub struct CallEnded {
    /// The step.
    pub path: StepPath,
    /// The number of the call (`Step::calls`), by which an end that comes too late is recognised.
    pub call: u32,
    /// How it ended.
    pub end: CallEnd,
    /// What the call set, by key; dropped when it failed.
    pub state: BTreeMap<String, Json>,
    /// What the call set in the request context; dropped when it failed.
    pub request_context: BTreeMap<String, Json>,
    /// Decides the jitter of a retry.
    pub random: u32,
}

/// How a call into a guest ended.
#[derive(Clone, Debug)]
pub enum CallEnd {
    /// The step is done.
    Completed(Json),
    /// The workflow that the step stands in is done.
    Bailed(Json),
    /// The step waits.
    Suspended {
        /// What for.
        waits: Waits,
        /// Id of the new suspension.
        suspension: SuspensionId,
        /// Under which the guest's memory will be kept; `None` in re-entry mode.
        image: Option<SnapshotId>,
    },
    /// The call failed.
    Failed(Failure),
}
