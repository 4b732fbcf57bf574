//! A run itself: its head, and the entries that are not done.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::entry::EntryRecord;
use super::quotas::Spent;
use super::status::{Phase, RunStatus};
use super::suspension::Suspension;
use super::verdict::Blocked;
use crate::digest::WorkflowDigest;
use crate::id::{BlobId, RunId, TenantId};
use crate::json::{Json, is_zero};
use crate::path::StepPath;
use crate::time::Timestamp;
use crate::trace::RootSpan;

/// One execution of a workflow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunState {
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
    /// Where large values of the state are kept, by their key: `state` has them, too, but not as it is stored.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub state_apart: BTreeMap<String, BlobId>,
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
    /// What it has used of its quotas.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub spent: Spent,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Why nothing brings it on any more, if nothing does. Kept beside the head, so that a run can be blocked whose
    /// head cannot be read.
    #[serde(skip)]
    pub blocked: Option<Blocked>,
    /// The steps that are not done, the workflow itself (the root path) among them. Stored one record each, not with
    /// the head.
    #[serde(skip)]
    pub steps: BTreeMap<StepPath, EntryRecord>,
}

impl RunState {
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
            state_apart: BTreeMap::new(),
            request_context: BTreeMap::new(),
            span: None,
            span_noted: 0,
            called: BTreeMap::new(),
            paused: false,
            fork_of: None,
            travels: 0,
            spent: Spent::default(),
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

    /// Whether nothing more can happen to it, as [`RunStatus::is_final`] says of its status, and without a look at its
    /// steps.
    pub fn has_ended(&self) -> bool {
        matches!(self.phase, Phase::Succeeded | Phase::Failed | Phase::Canceled)
    }

    /// All that steps wait for, with the step, in the order of the paths.
    pub fn waiting(&self) -> impl Iterator<Item = (&StepPath, &Suspension)> {
        self.steps.iter().flat_map(|(path, step)| step.open().map(move |suspension| (path, suspension)))
    }

    /// The suspensions with which a run begins that goes on from this one: those that are open, and those whose
    /// answers may be refused.
    pub fn suspensions_of_fork(&self) -> impl Iterator<Item = &Suspension> {
        let over = self.steps.values().flat_map(|step| step.doing.over());
        self.waiting().map(|(_, open)| open).chain(over.filter(|over| over.claim.is_some()))
    }

    /// When something happens to it by itself next, if nothing is being called: a sleep is over, a further try is
    /// made, a deadline passes.
    pub fn next_due(&self) -> Option<Timestamp> {
        let due = self.steps.values().filter_map(EntryRecord::due_at).min();
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

    /// When a suspension of a step is over by itself: when its own deadline passes, or the time of what it stands in
    /// is over.
    pub fn expires_at(&self, path: &StepPath, suspension: &Suspension) -> Option<Timestamp> {
        let around = self.deadline_around(path).map(|(_, at)| at);
        suspension.due_at().into_iter().chain(around).min()
    }

    /// Memories that the run refers to.
    pub fn images(&self) -> impl Iterator<Item = BlobId> {
        self.steps.values().filter_map(|step| step.doing.image())
    }

    /// The suspensions that an answer may end.
    pub fn answerable(&self) -> impl Iterator<Item = (&StepPath, &Suspension)> {
        self.waiting().filter(|(_, suspension)| suspension.takes_answer())
    }
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
