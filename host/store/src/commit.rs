//! One change to one run: the unit of storing.

use std::sync::Arc;

use reentry_core::id::{BlobId, MessageId, RunId, SuspensionId};
use reentry_core::json::Json;
use reentry_core::path::StepPath;
use reentry_core::run::{EntryRecord, RunState, Suspension};
use reentry_core::step::WaitFor;
use reentry_core::time::Timestamp;

pub use reentry_core::run::{ClosedSuspension, Durability, ReopenedSuspension, SuspensionEnd};

use crate::savepoint::Savepoint;
use crate::topic::Topic;

/// Most bytes of call logs that are kept of a run. The oldest go: what was said last tells why the run stands as it
/// does.
pub const RUN_LOG_BYTES_MAX: u64 = 1 << 20;

/// All that one decision about a run changes. [`Commit::new`] makes one that changes the head alone.
#[derive(Clone, Debug)]
pub struct Commit {
    /// The run after the change, with why it is blocked if it is. Its `steps` must be all that are not done then: the
    /// status, by which lists and orphans are found, is taken from them. What is stored of steps comes from `steps`
    /// below.
    pub run: Arc<RunState>,
    /// The version that the change builds on, lower than that of `run`; `None` creates the run.
    pub expected: Option<u64>,
    /// Whether the run was blocked before the change. That is told beside the version, as a run is blocked without
    /// being changed.
    pub was_blocked: bool,
    /// What must have happened before the caller is told.
    pub durability: Durability,
    /// Records of steps that are new or changed. One whose step is done is kept, but no longer read with the run; nor
    /// is one whose step has not begun.
    ///
    /// The payload of a record is stored with the first one of its step, and with the first one after the step was
    /// done; in between it must stay the same. One with a place [`apart`](reentry_core::run::EntryRecord::apart) is
    /// kept there, as memories are, once however many steps and savepoints have it; a record without a payload names
    /// one that is kept already.
    pub steps: Vec<(StepPath, EntryRecord)>,
    /// Steps that never happened: their records go, with all below them, before `steps` are stored. A fork does not
    /// see those of its parents any more.
    pub dropped_steps: Vec<StepPath>,
    /// Suspensions that begin.
    pub opened: Vec<NewSuspension>,
    /// Suspensions that end, with what was asked and answered; that is kept as long as the run is. Each must be open.
    pub closed: Vec<ClosedSuspension>,
    /// Suspensions that were answered and are open again, as they were: their steps refused the answers. The last end
    /// of each must be an answer, which is kept as one of its tries. Its savepoint goes, and so does the request that
    /// gave the answer, unless it has got an answer of its own.
    pub reopened: Vec<ReopenedSuspension>,
    /// Guests' memories to keep, for one step each.
    pub images: Vec<(BlobId, Arc<Vec<u8>>)>,
    /// Parts of the head that are kept apart, under ids that follow from what they are: each gets one more user, and
    /// one that is kept already is not written again. They are let go of with the memories, and with the run.
    pub parts: Vec<(BlobId, Json)>,
    /// Kept memories that one more step of this run needs. Each must be kept.
    pub shared_images: Vec<BlobId>,
    /// Guests' memories that one step needs no more. They go when no step and no savepoint needs them.
    pub dropped_images: Vec<BlobId>,
    /// What watchers see of the change: a JSON array, kept under the version of `run`.
    pub log: Option<Json>,
    /// What the guest logged during the call that ends with the change. Those of earlier calls go, the oldest first,
    /// as far as all of them have more than [`RUN_LOG_BYTES_MAX`].
    pub call_log: Option<CallLog>,
    /// The run as it was before the change. A run has at most one for each version.
    pub savepoint: Option<Savepoint>,
    /// Most savepoints that the run has after adding that one, the oldest go; 0 for no bound.
    pub savepoints_max: u32,
    /// The key under which the tenant's request is known that this change answers.
    pub request: Option<RequestKey>,
    /// Messages that this change takes. Each must be the tenant's, and nobody must have taken it.
    pub took: Vec<MessageId>,
    /// The run, and the version of it, that this new one begins from: what it did until then counts as done here.
    /// Must be a run of the same tenant that is at that version, or has a savepoint of it.
    pub fork_of: Option<(RunId, u64)>,
}

impl Commit {
    /// A commit that stores the head of a run and nothing else; see the fields of the same names.
    pub fn new(run: impl Into<Arc<RunState>>, expected: Option<u64>, durability: Durability) -> Self {
        Self {
            run: run.into(),
            expected,
            was_blocked: false,
            durability,
            steps: Vec::new(),
            dropped_steps: Vec::new(),
            opened: Vec::new(),
            closed: Vec::new(),
            reopened: Vec::new(),
            images: Vec::new(),
            parts: Vec::new(),
            shared_images: Vec::new(),
            dropped_images: Vec::new(),
            log: None,
            call_log: None,
            savepoint: None,
            savepoints_max: 0,
            request: None,
            took: Vec::new(),
            fork_of: None,
        }
    }

    /// The run after the change, to be changed.
    pub fn run_mut(&mut self) -> &mut RunState {
        Arc::make_mut(&mut self.run)
    }
}

/// What a guest logged during one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallLog {
    /// The step.
    pub path: StepPath,
    /// The number of the call.
    pub call: u32,
    /// Which try of the call it was, from 0.
    pub attempt: u32,
    /// How many lines were logged, those that are not in the text included.
    pub lines: u64,
    /// The lines, in a form that no store looks into.
    pub text: Arc<str>,
}

/// A caller's own name for a request, so that asking twice does it once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestKey {
    /// The name, unique among those of the tenant.
    pub key: String,
    /// Digest of what was asked, to tell a repetition from another request under the same name.
    pub digest: [u8; 32],
}

/// A suspension that begins. What it shows to the one who answers is in the step's record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSuspension {
    /// The suspension.
    pub id: SuspensionId,
    /// The step that waits.
    pub path: StepPath,
    /// Labels by which it may be addressed.
    pub labels: Vec<String>,
    /// Those who are asked.
    pub assignees: Vec<String>,
    /// Whether a person or system may answer it (as opposed to a wait for time or an event).
    pub takes_answer: bool,
    /// Since when the step waits.
    pub since: Timestamp,
    /// The version of the run with which it begins.
    pub version: u64,
    /// The suspension of the run's parent that this one goes on from, if the run is a fork and has it from there.
    pub continues: Option<SuspensionId>,
    /// When something happens by itself.
    pub due_at: Option<Timestamp>,
    /// What it listens to.
    pub topic: Option<Topic>,
}

impl NewSuspension {
    /// What is stored of a suspension that begins at a step.
    pub fn of(path: StepPath, suspension: &Suspension) -> Self {
        let (topic, assignees) = match &suspension.wait.what {
            WaitFor::Event(event) => (Some(Topic::event(&event.name, event.key.clone())), Vec::new()),
            WaitFor::Answer(answer) => (None, answer.assignees.clone()),
            _ => (None, Vec::new()),
        };
        Self {
            id: suspension.id,
            path,
            labels: suspension.labels().to_vec(),
            assignees,
            takes_answer: suspension.takes_answer(),
            since: suspension.since,
            version: suspension.version,
            continues: None,
            due_at: suspension.due_at(),
            topic,
        }
    }
}

/// Why a commit was not stored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError {
    /// The tenant has asked under this key before. Looked at first: what it was answered, [`Store::request`] tells.
    ///
    /// [`Store::request`]: crate::Runs::request
    #[error("request `{key}` is known already")]
    RequestKnown {
        /// The key.
        key: String,
    },
    /// Another process or request changed the run first, or the run was blocked or is no more: its version may be the
    /// one that was expected. Read it again and decide again.
    #[error("{}", conflict(*run, *expected, *found))]
    VersionConflict {
        /// The run.
        run: RunId,
        /// The version that the change builds on; `None` for a new run.
        expected: Option<u64>,
        /// The version found; `None` when there is no such run.
        found: Option<u64>,
    },
    /// A suspension that was to end is not open: it ended before, or never was.
    #[error("suspension {suspension} of run {run} is not open")]
    SuspensionTaken {
        /// The run.
        run: RunId,
        /// The suspension.
        suspension: SuspensionId,
    },
    /// A suspension that was to be open again is not one that an answer ended.
    #[error("suspension {suspension} of run {run} cannot be open again: no answer ended it")]
    NotAnswered {
        /// The run.
        run: RunId,
        /// The suspension.
        suspension: SuspensionId,
    },
    /// A message that was to be taken is not there: somebody else took it, or it expired.
    #[error("message {message} is not there any more")]
    MessageTaken {
        /// The message.
        message: MessageId,
    },
    /// The run that a new one begins from went on meanwhile, and no savepoint shows it as it was: records that the
    /// new run would have to see may be gone. Read it again and fork that.
    #[error("run {parent} is not at version {version} any more, and no savepoint shows it as it was then")]
    ParentChanged {
        /// The run that was to be forked.
        parent: RunId,
        /// The version from which the new run was to begin.
        version: u64,
    },
    /// The store could not be used. Whether the change is stored is then unknown until the run is read again.
    #[error(transparent)]
    Store(#[from] crate::StoreError),
}

/// A conflict of versions in words.
fn conflict(run: RunId, expected: Option<u64>, found: Option<u64>) -> String {
    match (expected, found) {
        (None, _) => format!("run {run} exists already"),
        (Some(_), None) => format!("run {run} does not exist"),
        (Some(expected), Some(found)) => {
            format!("run {run} is at version {found}, expected version {expected}: it was changed meanwhile")
        }
    }
}
