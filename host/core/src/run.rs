//! Runs: one execution of a workflow, and where it stands.
//!
//! A [`Run`] is split so that no write grows with what has already happened: the head is small, each step has a record of
//! its own, and only the steps that are not done yet are held with the head.

mod apply;
mod around;
mod asked;
mod block;
mod blocked;
mod call_ended;
mod cancel;
mod change;
mod complete;
mod enter;
mod expressions;
mod fail;
mod foreach;
mod fork;
mod known;
mod log;
mod loops;
mod migrate;
mod pause;
mod put_back;
mod refused;
mod resolve;
mod resume;
mod savepoint;
mod shown;
mod start;
mod structure;
mod take_over;
mod time_passed;
mod travel;
mod waits;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use apply::{Closed, Decision, Durability, SuspensionEnd, apply};
pub use blocked::TROUBLES_MAX;
pub use change::{MOVES_MAX, RUN_SETTINGS_BYTES_MAX};
pub use fork::{Fork, fork};
pub use known::{Known, Missing, Stop};
pub use log::{LogEntry, LogKind};
pub use put_back::{REFUSALS_TOLD_MAX, Reopened};
pub use refused::Refused;
pub use savepoint::{SAVED_STEPS_MAX, Saved, SavedKind};
pub use take_over::TRIALS_MAX;
pub use waits::{CALLS_MAX, LABEL_BYTES_MAX, LABELS_MAX, WAITS_MAX};

use crate::actor::By;
use crate::digest::WorkflowDigest;
use crate::id::{OwnerId, RunId, SnapshotId, SuspensionId, TenantId};
use crate::json::{Json, present};
use crate::path::StepPath;
use crate::step::{Failure, Resolution, Resolved, Wait, WaitFor, Wake};
use crate::time::Timestamp;
use crate::trace::{RootSpan, SpanId};

/// One execution of a workflow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// The run.
    pub id: RunId,
    /// On whose behalf it exists.
    pub tenant: TenantId,
    /// The definition it follows to its end, whatever happens to newer ones.
    pub workflow: WorkflowDigest,
    /// Id of that definition, for people.
    pub workflow_id: String,
    /// Whom or what the run is about, as its creator said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
    /// Counts the decisions about this run; every commit names the one it builds on.
    pub version: u64,
    /// How far it is.
    pub phase: Phase,
    /// The workflow's shared state, by key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub state: BTreeMap<String, Json>,
    /// What callers of start and resume said beside the input, by key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub request_context: BTreeMap<String, Json>,
    /// The root span of the latest start or resume.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<RootSpan>,
    /// The version of the run whose entry in the log has the tags and metadata of that span; 0 when it has none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub span_noted: u64,
    /// Workflows that steps have called and that are not done, by the path at which they stand.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub called: BTreeMap<StepPath, WorkflowDigest>,
    /// Whether no guest is to be called for the time being.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub paused: bool,
    /// Where it was forked from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fork_of: Option<ForkOf>,
    /// How often it was sent back to an earlier entry. Calls made since have idempotency keys of their own.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub travels: u32,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Why nothing brings it on any more, if nothing does. Kept beside the head, so that a run can be blocked whose head cannot be read.
    #[serde(skip)]
    pub blocked: Option<String>,
    /// The steps that are not done, the workflow itself (the root path) among them. Stored one record each, not with the head.
    #[serde(skip)]
    pub steps: BTreeMap<StepPath, Step>,
}

/// The beginnings of a forked run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ForkOf {
    /// The run that it goes on from.
    pub run: RunId,
    /// The version of that run, up to which their past is one.
    pub version: u64,
}

/// Whether a number need not be written, as it is what is read where nothing was.
fn is_zero<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// Created, not started.
    Pending,
    /// Started, not ended.
    Live,
    /// Ended with a result.
    Succeeded,
    /// Ended with an error.
    Failed,
    /// Ended by request.
    Canceled,
}

/// The status of a run, as callers see it. On the wire in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum RunStatus {
    /// Created, not started.
    Pending,
    /// A step is being called, or is about to be tried again by the one who called it.
    Running,
    /// Nothing to do before some instant.
    Waiting,
    /// At least one step waits for an answer, and nothing runs.
    Suspended,
    /// Ended with a result.
    Success,
    /// Ended with an error.
    Failed,
    /// Ended by request.
    Canceled,
    /// Not ended, and no guest is called until somebody lets it go on.
    Paused,
    /// Not ended, and nothing brings it on: bringing it on went wrong again and again. A restart tries once more.
    Blocked,
}

impl RunStatus {
    /// The wire name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Suspended => "suspended",
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::Paused => "paused",
            Self::Blocked => "blocked",
        }
    }

    /// Every status, in the order of life.
    pub const ALL: [Self; 9] = [
        Self::Pending,
        Self::Running,
        Self::Waiting,
        Self::Suspended,
        Self::Success,
        Self::Failed,
        Self::Canceled,
        Self::Paused,
        Self::Blocked,
    ];

    /// Whether nothing more can happen to the run.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Success | Self::Failed | Self::Canceled)
    }

    /// Whether nothing happens to the run by itself and nobody can answer it: it has ended, or is blocked.
    pub fn stands_still(self) -> bool {
        self.is_final() || self == Self::Blocked
    }
}

impl std::fmt::Display for RunStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One entry of a run: what results show of it, and what it is doing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// What results show.
    pub entry: StepEntry,
    /// Where its payload is kept if that is not in its record, being large. A run is read without such payloads: the one in `entry` is
    /// `null` then. See [`Self::payload`].
    #[serde(skip)]
    pub apart: Option<SnapshotId>,
    /// Calls into the guest so far: the start and each resume. Tries of one call count once.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub calls: u32,
    /// Tries of the current call before this one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub attempt: u32,
    /// How often the current call went from a dead owner to another.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub take_overs: u32,
    /// How often the current call was made with no other one in the process, since a process had ended that made it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub trials: u32,
    /// Steps and workflows that it has had run on its behalf so far.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub children: u32,
    /// When it fails if it is not done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
    /// What it is doing.
    pub doing: Doing,
    /// The span of the call that is under way, if one is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span_id: Option<SpanId>,
    /// What it waits for. While it is called, those that it has not said yet whether it goes on waiting for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suspensions: Vec<Suspension>,
}

/// What an entry of a run is doing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Doing {
    /// It is an item that has not begun.
    Queued,
    /// It holds other entries.
    Holding(Held),
    /// A guest is called, by the owner.
    Calling(OwnerId, Call),
    /// A guest is to be called as soon as the run is not paused any more.
    Ready(Call),
    /// A call failed and is made again at the instant, by the owner.
    Retrying(OwnerId, Timestamp, Call),
    /// A call failed and is made again at the instant, by whoever looks after the run then.
    Delayed(Timestamp, Call),
    /// A guest waits for its suspensions, or an entry without a component for its only one.
    Waiting(Waiting),
    /// It is a wait of the workflow's, until the instant.
    Sleeping(Timestamp),
    /// It is about to be entered, by the owner: one decision does only so much.
    Continuing(OwnerId),
    /// It is done.
    Ended,
}

/// How far a block is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Held {
    /// A workflow, or the body of a block that repeats.
    Scope,
    /// Arms at once.
    Parallel {
        /// Arms that are not done.
        open: u32,
    },
    /// Arms at once, of which not all have to be done.
    First {
        /// How many have to be.
        needed: u32,
        /// Arms that are not done.
        open: u32,
        /// The last entries of those that are, by their ids, in the order in which they were done.
        done: Vec<String>,
    },
    /// Arms with conditions.
    Branch {
        /// Conditions that have been asked.
        asked: u32,
        /// Arms whose conditions hold.
        chosen: Vec<u32>,
        /// Of these, the ones that are not done.
        open: u32,
    },
    /// The same for each item.
    ForEach {
        /// Items.
        count: u32,
        /// Items that have begun.
        begun: u32,
        /// Of these, the ones that are not done.
        open: u32,
    },
    /// A loop.
    Loop {
        /// The repetition it is in, from 0.
        iteration: u32,
    },
    /// Entries with a way out.
    Try {
        /// Whether it is on the way out.
        caught: bool,
    },
}

/// How a guest waits.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Waiting {
    /// The guest's memory; `None` in re-entry mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<SnapshotId>,
    /// When it is called again, if it waits for several things.
    pub wake: Wake,
}

/// A call into a guest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Call {
    /// The first one.
    Start,
    /// One that goes on after a suspension.
    Resume(ResumeCall),
}

/// What a resuming call needs, beside the step's record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResumeCall {
    /// The guest's memory when it suspended; `None` in re-entry mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<SnapshotId>,
    /// The suspensions that are over, each with how it ended. They are kept until the call has ended: an answer that the guest refuses
    /// is given back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub over: Vec<Suspension>,
    /// When the step was to be called again.
    #[serde(default = "any", skip_serializing_if = "is_any")]
    pub wake: Wake,
    /// What was waited for, in records that were written when `over` was not kept.
    #[serde(default, rename = "resolved", skip_serializing_if = "Vec::is_empty")]
    pub old_resolved: Vec<Resolved>,
    /// The payload of the suspension that was answered, in such records.
    #[serde(
        default,
        rename = "suspendPayload",
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub old_payload: Option<Json>,
}

fn any() -> Wake {
    Wake::Any
}

fn is_any(wake: &Wake) -> bool {
    *wake == Wake::Any
}

/// One thing that a step waits for, with its single-use address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Suspension {
    /// Its address.
    pub id: SuspensionId,
    /// What the step waits for, under the guest's own name for it.
    pub wait: Wait,
    /// Since when.
    pub since: Timestamp,
    /// The version of the run with which it was opened: who saw that version or a later one has seen it. 0 in records that were written
    /// when this was not kept.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub version: u64,
    /// How it ended, if the step waits on for something else, or is being told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<Resolution>,
    /// What came with the answer, if it is over because a caller answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<Box<Claim>>,
    /// How often its step refused an answer.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub refusals: u32,
    /// Where what is run on the step's behalf stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child: Option<StepPath>,
}

/// What a caller's answer changed beside its suspension: undone when the step refuses the answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Claim {
    /// The version of the run with which the answer came.
    pub version: u64,
    /// When it came.
    pub at: Timestamp,
    /// The key under which it was asked for, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// The answer that the step got before, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<(Json, Timestamp)>,
    /// What it set in the request context, by key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub context: BTreeMap<String, Replaced>,
    /// Who gave it.
    #[serde(default, skip_serializing_if = "By::is_empty")]
    pub by: By,
}

/// A value that took the place of another one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Replaced {
    /// The value before, if there was one.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub before: Option<Json>,
    /// The value since.
    pub since: Json,
}

impl ResumeCall {
    /// What was waited for, as the guest is told.
    pub fn resolved(&self) -> Vec<Resolved> {
        let over = self.over.iter().filter_map(|suspension| {
            Some(Resolved { wait: suspension.wait.id, resolution: suspension.over.clone()? })
        });
        self.old_resolved.iter().cloned().chain(over).collect()
    }

    /// The payload of the suspension that was answered, if one was.
    pub fn suspend_payload(&self) -> Option<&Json> {
        self.old_payload.as_ref().or_else(|| self.over.iter().find_map(Suspension::payload))
    }
}

impl Call {
    /// The memory that it begins with; `None` for a fresh one.
    pub fn image(&self) -> Option<SnapshotId> {
        match self {
            Self::Start => None,
            Self::Resume(resume) => resume.image,
        }
    }
}

impl Doing {
    /// The suspensions of which a guest is being told, or is about to be.
    pub fn over(&self) -> &[Suspension] {
        match self {
            Self::Calling(_, Call::Resume(call))
            | Self::Ready(Call::Resume(call))
            | Self::Delayed(_, Call::Resume(call))
            | Self::Retrying(_, _, Call::Resume(call)) => &call.over,
            _ => &[],
        }
    }

    fn over_mut(&mut self) -> &mut [Suspension] {
        match self {
            Self::Calling(_, Call::Resume(call))
            | Self::Ready(Call::Resume(call))
            | Self::Delayed(_, Call::Resume(call))
            | Self::Retrying(_, _, Call::Resume(call)) => &mut call.over,
            _ => &mut [],
        }
    }

    /// The memory that it refers to.
    pub fn image(&self) -> Option<SnapshotId> {
        match self {
            Self::Calling(_, call)
            | Self::Ready(call)
            | Self::Delayed(_, call)
            | Self::Retrying(_, _, call) => call.image(),
            Self::Waiting(waiting) => waiting.image,
            Self::Queued | Self::Holding(_) | Self::Sleeping(_) | Self::Continuing(_) | Self::Ended => None,
        }
    }
}

impl Suspension {
    /// When it was opened, as suspensions of one run are compared: ids follow the clocks of the hosts that gave them, which differ.
    fn opened(&self) -> (u64, SuspensionId) {
        (self.version, self.id)
    }

    /// When something happens by itself: the instant waited for, or the deadline. `None` when it is over.
    pub fn due_at(&self) -> Option<Timestamp> {
        match &self.wait.what {
            _ if self.over.is_some() => None,
            WaitFor::Time(at) => Some(*at),
            what => what.deadline().map(|deadline| deadline.at),
        }
    }

    /// Labels by which the answer may be addressed.
    pub fn labels(&self) -> &[String] {
        match &self.wait.what {
            WaitFor::Answer(answer) => &answer.labels,
            _ => &[],
        }
    }

    /// The payload, for those who answer.
    pub fn payload(&self) -> Option<&Json> {
        match &self.wait.what {
            WaitFor::Answer(answer) => Some(&answer.payload),
            _ => None,
        }
    }

    /// Whether `resume` may end this suspension.
    pub fn takes_answer(&self) -> bool {
        self.over.is_none() && matches!(self.wait.what, WaitFor::Answer(_))
    }
}

/// The status of a step in results. On the wire in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum StepStatus {
    /// It is an item whose turn has not come.
    Pending,
    /// It is being called, or holds a step that is.
    Running,
    /// Nothing to do before some instant.
    Waiting,
    /// It waits for an answer.
    Suspended,
    /// It ended with an output.
    Success,
    /// It ended with an error.
    Failed,
    /// It was ended by request, or because the run ended without it.
    Canceled,
}

/// What results show of a step. Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepEntry {
    /// How it stands.
    pub status: StepStatus,
    /// Its input, as the step got it.
    pub payload: Json,
    /// Its output.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub output: Option<Json>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    /// When it was first called.
    pub started_at: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// What it shows to the one who answers, while it waits.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub suspend_payload: Option<Json>,
    /// Since when it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspended_at: Option<Timestamp>,
    /// The latest answer.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub resume_payload: Option<Json>,
    /// When the latest answer came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumed_at: Option<Timestamp>,
}

impl Step {
    /// Its payload, unless that is still to be read from where it is kept apart.
    pub fn payload(&self) -> Option<&Json> {
        let payload = &self.entry.payload;
        (self.apart.is_none() || !payload.is_null()).then_some(payload)
    }

    /// Whether it has begun and is not done.
    pub fn is_active(&self) -> bool {
        !matches!(self.doing, Doing::Ended | Doing::Queued)
    }

    /// Who has to bring it on, if somebody has.
    pub fn owner(&self) -> Option<OwnerId> {
        match &self.doing {
            Doing::Calling(owner, _) | Doing::Retrying(owner, ..) | Doing::Continuing(owner) => Some(*owner),
            _ => None,
        }
    }

    /// What it waits for and is not over.
    pub fn open(&self) -> impl Iterator<Item = &Suspension> {
        self.suspensions.iter().filter(|suspension| suspension.over.is_none())
    }

    /// When something happens to it by itself: a sleep is over, a further try is made, a deadline passes.
    pub fn due_at(&self) -> Option<Timestamp> {
        let until = match self.doing {
            Doing::Sleeping(until) | Doing::Delayed(until, _) => Some(until),
            _ => None,
        };
        let waits = self.suspensions.iter().filter_map(Suspension::due_at);
        waits.chain(until).chain(self.deadline.filter(|_| self.is_active())).min()
    }

    /// What results show: the stored entry, with the payload of the open suspension, which is stored only once.
    pub fn shown(&self) -> StepEntry {
        let mut entry = self.entry.clone();
        if let Some(suspension) = self.open().find(|suspension| suspension.takes_answer()) {
            entry.suspend_payload = suspension.payload().cloned();
        }
        entry
    }
}

impl Run {
    /// A run that waits to be started.
    pub fn new(id: RunId, tenant: TenantId, workflow: (WorkflowDigest, String), now: Timestamp) -> Self {
        let (workflow, workflow_id) = workflow;
        Self {
            id,
            tenant,
            workflow,
            workflow_id,
            resource_id: None,
            version: 0,
            phase: Phase::Pending,
            state: BTreeMap::new(),
            request_context: BTreeMap::new(),
            span: None,
            span_noted: 0,
            called: BTreeMap::new(),
            paused: false,
            fork_of: None,
            travels: 0,
            created_at: now,
            updated_at: now,
            blocked: None,
            steps: BTreeMap::new(),
        }
    }

    /// The status that callers see.
    pub fn status(&self) -> RunStatus {
        match self.phase {
            Phase::Pending => RunStatus::Pending,
            Phase::Succeeded => RunStatus::Success,
            Phase::Failed => RunStatus::Failed,
            Phase::Canceled => RunStatus::Canceled,
            Phase::Live if self.blocked.is_some() => RunStatus::Blocked,
            Phase::Live if self.steps.values().any(|step| step.owner().is_some()) => RunStatus::Running,
            Phase::Live if self.paused => RunStatus::Paused,
            Phase::Live if self.answerable().next().is_some() => RunStatus::Suspended,
            Phase::Live => RunStatus::Waiting,
        }
    }

    /// All that steps wait for, with the step, in the order of the paths.
    pub fn waiting(&self) -> impl Iterator<Item = (&StepPath, &Suspension)> {
        self.steps.iter().flat_map(|(path, step)| step.open().map(move |suspension| (path, suspension)))
    }

    /// The suspensions with which a run begins that goes on from this one: those that are open, and those whose answers may be refused.
    pub fn suspensions_of_fork(&self) -> impl Iterator<Item = &Suspension> {
        let over = self.steps.values().flat_map(|step| step.doing.over());
        self.waiting().map(|(_, open)| open).chain(over.filter(|over| over.claim.is_some()))
    }

    /// When something happens to it by itself next, if nothing is being called: a sleep is over, a further try is made, a deadline passes.
    pub fn next_due(&self) -> Option<Timestamp> {
        let due = self.steps.values().filter_map(Step::due_at).min();
        due.filter(|_| matches!(self.status(), RunStatus::Waiting | RunStatus::Suspended))
    }

    /// Whether something is due at `now`: a sleep is over, a further try is to be made, a deadline has passed.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.steps.values().any(|step| step.due_at().is_some_and(|at| at <= now))
    }

    /// The workflow or step around a path, or at it, whose time is over first, and when; `None` if none has a deadline.
    pub fn deadline_around(&self, path: &StepPath) -> Option<(StepPath, Timestamp)> {
        let mut above = Some(path.clone());
        let mut first: Option<(StepPath, Timestamp)> = None;
        while let Some(at) = above {
            above = at.parent();
            if let Some(deadline) = self.steps.get(&at).and_then(|step| step.deadline)
                // Of several at one instant the outermost counts.
                && first.as_ref().is_none_or(|(_, other)| deadline <= *other)
            {
                first = Some((at, deadline));
            }
        }
        first
    }

    /// When a suspension of a step is over by itself: when its own deadline passes, or the time of what it stands in is over.
    pub fn expires_at(&self, path: &StepPath, suspension: &Suspension) -> Option<Timestamp> {
        let around = self.deadline_around(path).map(|(_, at)| at);
        suspension.due_at().into_iter().chain(around).min()
    }

    /// Memories that the run refers to.
    pub fn images(&self) -> impl Iterator<Item = SnapshotId> {
        self.steps.values().filter_map(|step| step.doing.image())
    }

    /// The suspensions that an answer may end.
    pub fn answerable(&self) -> impl Iterator<Item = (&StepPath, &Suspension)> {
        self.waiting().filter(|(_, suspension)| suspension.takes_answer())
    }
}
