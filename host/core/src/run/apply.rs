//! The one place at which an event meets a run.

use super::change::Change;
use super::{Refused, Run, Step, Suspension, call_ended, cancel, resume, start, take_over, time_passed};
use crate::effect::Effect;
use crate::event::Event;
use crate::id::{SnapshotId, SuspensionId};
use crate::path::StepPath;
use crate::time::Timestamp;
use crate::workflow::Workflow;

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
    /// The run ended without it.
    Closed,
}

/// What an event changes, and what has to be done once that is stored.
#[derive(Clone, Debug)]
pub struct Decision {
    /// The run after the event, one version on. Steps that are done are not in it any more.
    pub run: Run,
    /// Records of steps that are new or changed, those that are done among them.
    pub steps: Vec<(StepPath, Step)>,
    /// Suspensions that begin, with the step that waits.
    pub opened: Vec<(StepPath, Suspension)>,
    /// Suspensions that end.
    pub closed: Vec<(SuspensionId, SuspensionEnd)>,
    /// Guests' memories that nobody needs any more.
    pub dropped_images: Vec<SnapshotId>,
    /// What has to be done.
    pub effects: Vec<Effect>,
    /// How safely it must be stored before anything is done or said.
    pub durability: Durability,
}

/// Applies one event to a run and says what changes and what must happen next.
///
/// Pure: reads no clock and performs nothing. The caller stores the decision before acting on it. `workflow` must be the
/// definition that the run is pinned to.
///
/// # Errors
/// [`Refused`] when the event does not fit the run; the run as it is stored stays as it is.
pub fn apply(run: Run, workflow: &Workflow, event: Event, now: Timestamp) -> Result<Decision, Refused> {
    let mut change = Change::new(run, workflow, now);
    match event {
        Event::Started(request, caller) => start::start(&mut change, request, caller)?,
        Event::Resumed(request, caller) => resume::resume(&mut change, request, caller)?,
        Event::CallEnded(ended) => call_ended::call_ended(&mut change, ended)?,
        Event::TimePassed { owner } => time_passed::time_passed(&mut change, owner)?,
        Event::CancelRequested => cancel::cancel(&mut change)?,
        Event::TakenOver { from, by } => take_over::take_over(&mut change, from, by)?,
    }
    Ok(change.decide())
}
