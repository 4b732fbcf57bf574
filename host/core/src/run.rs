//! Runs: one execution of a workflow, and where it stands.
//!
//! A [`Run`] is split so that no write grows with what has already happened: the head is small, each step has a record of
//! its own, and only the steps that are not done yet are held with the head.

mod apply;
mod call_ended;
mod cancel;
mod change;
mod refused;
mod resume;
mod start;
mod take_over;
mod time_passed;
mod waits;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use apply::{Decision, Durability, SuspensionEnd, apply};
pub use refused::Refused;
pub use waits::{CALLS_MAX, LABEL_BYTES_MAX, LABELS_MAX};

use crate::digest::WorkflowDigest;
use crate::id::{OwnerId, RunId, SnapshotId, SuspensionId, TenantId};
use crate::json::{Json, present};
use crate::path::StepPath;
use crate::step::{Failure, Resolved, Wait, WaitFor};
use crate::time::Timestamp;
use crate::trace::RootSpan;

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
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// The steps that are not done, the workflow itself (the root path) among them. Stored one record each, not with the head.
    #[serde(skip)]
    pub steps: BTreeMap<StepPath, Step>,
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
    /// A step is being called, or is about to be tried again.
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
        }
    }

    /// Every status, in the order of life.
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::Running,
        Self::Waiting,
        Self::Suspended,
        Self::Success,
        Self::Failed,
        Self::Canceled,
    ];

    /// Whether nothing more can happen to the run.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Success | Self::Failed | Self::Canceled)
    }
}

impl std::fmt::Display for RunStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One step of a run: what results show of it, and what it is doing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// What results show.
    pub entry: StepEntry,
    /// Calls into the guest so far: the start and each resume. Tries of one call count once.
    #[serde(default)]
    pub calls: u32,
    /// Tries of the current call before this one.
    #[serde(default)]
    pub attempt: u32,
    /// What it is doing.
    pub doing: Doing,
}

/// What a step is doing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Doing {
    /// It holds other steps: a workflow.
    Holding,
    /// A guest is called, by the owner.
    Calling(OwnerId, Call),
    /// A call failed and is made again at the instant, by the owner.
    Retrying(OwnerId, Timestamp, Call),
    /// It waits.
    Waiting(Suspension),
    /// It is done.
    Ended,
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
    /// The suspension that is over.
    pub suspension: SuspensionId,
    /// The guest's memory at that suspension; `None` in re-entry mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<SnapshotId>,
    /// What was waited for.
    pub resolved: Vec<Resolved>,
    /// The payload of the suspension, if it was one for an answer.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub suspend_payload: Option<Json>,
}

/// One stop of one step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Suspension {
    /// Its single-use address.
    pub id: SuspensionId,
    /// What the step waits for, under the guest's own name for it.
    pub wait: Wait,
    /// The guest's memory; `None` in re-entry mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<SnapshotId>,
    /// Since when.
    pub since: Timestamp,
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

impl Suspension {
    /// When something happens by itself: the instant waited for, or the deadline.
    pub fn due_at(&self) -> Option<Timestamp> {
        match &self.wait.what {
            WaitFor::Time(at) => Some(*at),
            WaitFor::Answer(answer) => answer.deadline.as_ref().map(|deadline| deadline.at),
            WaitFor::Event(event) => event.deadline.as_ref().map(|deadline| deadline.at),
            WaitFor::Run(_) | WaitFor::Checkpoint => None,
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
        matches!(self.wait.what, WaitFor::Answer(_))
    }
}

/// The status of a step in results. On the wire in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum StepStatus {
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
    /// Whether the step is not done.
    pub fn is_active(&self) -> bool {
        self.doing != Doing::Ended
    }

    /// Who performs its call, if it is called.
    pub fn owner(&self) -> Option<OwnerId> {
        match &self.doing {
            Doing::Calling(owner, _) | Doing::Retrying(owner, ..) => Some(*owner),
            Doing::Holding | Doing::Waiting(_) | Doing::Ended => None,
        }
    }

    /// The suspension it waits in.
    pub fn suspension(&self) -> Option<&Suspension> {
        match &self.doing {
            Doing::Waiting(suspension) => Some(suspension),
            _ => None,
        }
    }

    /// When something happens to it by itself, with nobody holding on to it.
    pub fn due_at(&self) -> Option<Timestamp> {
        self.suspension().and_then(Suspension::due_at)
    }

    /// What results show: the stored entry, with the payload of the open suspension, which is stored only once.
    pub fn shown(&self) -> StepEntry {
        let mut entry = self.entry.clone();
        if let Some(suspension) = self.suspension() {
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
            created_at: now,
            updated_at: now,
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
            Phase::Live if self.steps.values().any(|step| step.owner().is_some()) => RunStatus::Running,
            Phase::Live if self.waiting().any(|(_, suspension)| suspension.takes_answer()) => {
                RunStatus::Suspended
            }
            Phase::Live => RunStatus::Waiting,
        }
    }

    /// The steps that wait, with what they wait for, in the order of their paths.
    pub fn waiting(&self) -> impl Iterator<Item = (&StepPath, &Suspension)> {
        self.steps.iter().filter_map(|(path, step)| Some((path, step.suspension()?)))
    }

    /// The suspensions that an answer may end.
    pub fn answerable(&self) -> impl Iterator<Item = (&StepPath, &Suspension)> {
        self.waiting().filter(|(_, suspension)| suspension.takes_answer())
    }
}
