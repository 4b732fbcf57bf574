//! What an event changes, as it is stored.

use std::collections::BTreeMap;

use super::entry::EntryRecord;
use super::head::RunState;
use super::log::LogEntry;
use super::suspension::Suspension;
use crate::actor::By;
use crate::effect::Effect;
use crate::id::{BlobId, MessageId, SuspensionId};
use crate::json::Json;
use crate::path::StepPath;
use crate::step::Resolution;

/// What must have happened to a decision before its caller is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Seen by every process; survives their kill, not the loss of power.
    Visible,
    /// Survives the loss of power too.
    Durable,
}

/// How a suspension ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuspensionEnd {
    /// Somebody answered.
    Answered,
    /// Its time came: a sleep was over or a deadline passed.
    Elapsed,
    /// The run ended without it, or the step waits for it no more.
    Closed,
    /// The event came.
    Received,
    /// What was run on the step's behalf ended.
    Finished,
}

/// A suspension that ends, with what is kept of it as long as its run.
#[derive(Clone, Debug, PartialEq)]
pub struct ClosedSuspension {
    /// The suspension.
    pub suspension: SuspensionId,
    /// How it ends.
    pub end: SuspensionEnd,
    /// What was shown to those who answer; `None` for what no answer ends.
    pub question: Option<Json>,
    /// What it ends with: the answer, the default of a deadline, the payload of an event.
    pub answer: Option<Json>,
    /// Who gave that. Empty for what came by itself.
    pub by: By,
}

impl ClosedSuspension {
    /// Of a suspension whose end is written down in it, if it has one.
    pub(super) fn of(suspension: &Suspension, end: SuspensionEnd, sender: &By) -> Self {
        let answer = match &suspension.over {
            Some(Resolution::Answered(data) | Resolution::Received(data)) => Some(data.clone()),
            _ => None,
        };
        let by = match (&suspension.claim, end) {
            (Some(claim), _) => claim.by.clone(),
            (None, SuspensionEnd::Received) => sender.clone(),
            _ => By::default(),
        };
        Self { suspension: suspension.id, end, question: suspension.payload().cloned(), answer, by }
    }
}

/// What an event changes, and what has to be done once that is stored.
#[derive(Clone, Debug)]
pub struct Decision {
    /// The run after the event, one version on. Steps that are done are not in it any more.
    pub run: RunState,
    /// Records of steps that are new or changed, those that are done among them.
    pub steps: Vec<(StepPath, EntryRecord)>,
    /// Records to delete, with all below them: the run went back to before they began.
    pub dropped_steps: Vec<StepPath>,
    /// Suspensions that begin, with the step that waits.
    pub opened: Vec<(StepPath, Suspension)>,
    /// Of those that begin in a fork, the suspension of its parent that each goes on from.
    pub continues: BTreeMap<SuspensionId, SuspensionId>,
    /// Suspensions that end.
    pub closed: Vec<ClosedSuspension>,
    /// Suspensions that were answered and are open again: the step refused the answer.
    pub reopened: Vec<ReopenedSuspension>,
    /// Memories that the run refers to no more.
    pub dropped_images: Vec<BlobId>,
    /// Memories that are kept already, to which the run refers from now on.
    pub shared_images: Vec<BlobId>,
    /// Messages that somebody got.
    pub took: Vec<MessageId>,
    /// The run as it was at a moment to which one may want to go back.
    pub saved: Option<SavedRun>,
    /// What watchers see.
    pub log: Vec<LogEntry>,
    /// What has to be done.
    pub effects: Vec<Effect>,
    /// How safely it must be stored before anything is done or said.
    pub durability: Durability,
}

/// A suspension that is open again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReopenedSuspension {
    /// The step.
    pub path: StepPath,
    /// The suspension.
    pub suspension: SuspensionId,
    /// The version of the run with which the refused answer came; 0 when a fork has it from its parent.
    pub claim: u64,
    /// The key under which it was asked for, which is free again.
    pub request: Option<String>,
    /// Why it was refused, in the step's words.
    pub message: String,
}

/// A run as it was before a decision.
#[derive(Clone, Debug)]
pub struct SavedRun {
    /// What for.
    pub kind: SaveReason,
    /// The run, its open entries included.
    pub run: RunState,
}

/// What a run was saved for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaveReason {
    /// This suspension ended: a fork may give another answer.
    Suspension(SuspensionId),
    /// The run failed or was cancelled: it may be restarted.
    End,
}

impl SavedRun {
    /// The memories that it refers to.
    pub fn images(&self) -> Vec<BlobId> {
        self.run.images().collect()
    }
}
