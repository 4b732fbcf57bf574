//! Events: what can happen to a run.

use std::collections::BTreeMap;

use crate::actor::By;
use crate::digest::WorkflowDigest;
use crate::id::{BlobId, MessageId, OwnerId, SuspensionId};
use crate::json::Json;
use crate::path::StepPath;
use crate::resume::ResumeRequest;
use crate::run::RunState;
use crate::step::{Failure, Waits};
use crate::trace::{TracingContext, TracingOptions};

/// Something that happened. Random choices and ids are part of it, so that deciding stays a pure function.
#[derive(Clone, Debug)]
pub enum Event {
    /// Somebody starts the run.
    Started(StartRequest, OwnerId),
    /// Somebody answers a suspension.
    Resumed(ResumeRequest, OwnerId),
    /// A call into a guest ended.
    CallEnded(CallEnded),
    /// An entry that was put off is entered.
    Continued {
        /// The entry.
        path: StepPath,
        /// Who enters it.
        owner: OwnerId,
    },
    /// Time has passed: what is due happens.
    TimePassed {
        /// Who performs the calls that follow.
        owner: OwnerId,
    },
    /// A message came for a step that waits for an event.
    Received(Received),
    /// Somebody wants the run to end.
    CancelRequested(Box<By>),
    /// Somebody wants no further guest to be called.
    PauseRequested(Box<By>),
    /// Somebody lets a paused run go on.
    Unpaused {
        /// Who performs the calls that follow.
        owner: OwnerId,
        /// Who asks for it.
        by: Box<By>,
    },
    /// Somebody has a blocked run tried once more.
    Unblocked {
        /// Who performs the calls that follow.
        owner: OwnerId,
        /// Who asks for it.
        by: Box<By>,
    },
    /// The calls of an owner that died go to another one.
    TakenOver {
        /// The dead one.
        from: OwnerId,
        /// The new one.
        by: OwnerId,
    },
    /// A call that was taken over is about to be made, with no other one in the process.
    Tried {
        /// The step.
        path: StepPath,
        /// Number of the call.
        call: u32,
        /// Who makes it.
        owner: OwnerId,
    },
    /// A run that failed or was cancelled goes on from where it was right before.
    Restarted(Restarted),
    /// The run goes back to one of its entries.
    Traveled(Traveled),
    /// A run that waits moves to another version of its workflow.
    Migrated(Migrated),
}

impl Event {
    /// Who performs what follows from it; `None` when nothing does.
    pub fn owner(&self) -> Option<OwnerId> {
        match self {
            Self::Started(_, owner) | Self::Resumed(_, owner) => Some(*owner),
            Self::CallEnded(ended) => Some(ended.owner),
            Self::Continued { owner, .. } | Self::TimePassed { owner } => Some(*owner),
            Self::Unpaused { owner, .. } | Self::Unblocked { owner, .. } => Some(*owner),
            Self::TakenOver { by: owner, .. } | Self::Tried { owner, .. } => Some(*owner),
            Self::Received(received) => Some(received.owner),
            Self::Restarted(restarted) => Some(restarted.owner),
            Self::Traveled(traveled) => Some(traveled.owner),
            Self::CancelRequested(_) | Self::PauseRequested(_) | Self::Migrated(_) => None,
        }
    }
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
    /// Who starts it.
    pub by: By,
}

/// The end of a call into a guest.
#[derive(Clone, Debug)]
pub struct CallEnded {
    /// The step.
    pub path: StepPath,
    /// The number of the call (`Step::calls`), by which an end that comes too late is recognised.
    pub call: u32,
    /// Who made it; the end of a call that was taken over does not count.
    pub owner: OwnerId,
    /// How long the guest was at work, in microseconds; 0 when it was not called.
    pub micros: u64,
    /// How it ended.
    pub end: CallEnd,
    /// What the call set, by key; dropped when it failed.
    pub state: BTreeMap<String, Json>,
    /// What the call set in the request context; dropped when it failed.
    pub request_context: BTreeMap<String, Json>,
    /// Decides the jitter of a retry.
    pub random: u32,
    /// The longest delay before a further try, in milliseconds, for which the one who made the call stays with the
    /// run. After a longer one, whoever looks after the run makes it.
    pub sit_through_ms: u64,
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
        /// Ids for the new suspensions, one for each wait.
        suspensions: Vec<SuspensionId>,
        /// Under which the guest's memory will be kept; `None` in re-entry mode.
        image: Option<BlobId>,
        /// The workflows that waits name, by that name: the current version of each. One that is missing is not known.
        workflows: BTreeMap<String, WorkflowDigest>,
    },
    /// The call failed.
    Failed(Failure),
}

/// A message for a step that waits for an event.
#[derive(Clone, Debug)]
pub struct Received {
    /// The suspension that it ends.
    pub suspension: SuspensionId,
    /// The message; only one suspension ever gets it.
    pub message: MessageId,
    /// Its payload.
    pub payload: Json,
    /// Who sent it.
    pub by: By,
    /// Who performs the call that follows.
    pub owner: OwnerId,
}

/// A run that ended goes on.
#[derive(Clone, Debug)]
pub struct Restarted {
    /// The run as it was right before it ended.
    pub saved: Box<RunState>,
    /// Who performs the calls that follow.
    pub owner: OwnerId,
    /// Id of the first suspension that is opened again; the others get those after it.
    pub suspension: SuspensionId,
    /// Who asks for it.
    pub by: By,
}

/// A run goes back.
#[derive(Clone, Debug)]
pub struct Traveled {
    /// The entry that is done again, with all that follows it.
    pub to: StepPath,
    /// Its input; `None` for the recorded one.
    pub input: Option<Json>,
    /// Who performs the calls that follow.
    pub owner: OwnerId,
    /// Who asks for it.
    pub by: By,
}

/// A run moves to another version of its workflow.
#[derive(Clone, Debug)]
pub struct Migrated {
    /// The workflow it moves to: the program that the event is applied with.
    pub to: WorkflowDigest,
    /// The version of the run that was looked at: what was moved is moved from that one.
    pub version: u64,
    /// Steps with a memory whose component changes, all of them.
    pub moved: BTreeMap<StepPath, StepMigration>,
    /// Who asks for it.
    pub by: By,
}

/// A waiting step as it is in another version of its component.
#[derive(Clone, Debug)]
pub struct StepMigration {
    /// The memory that it waits with there.
    pub image: BlobId,
    /// What it waits for there.
    pub waits: Waits,
}
