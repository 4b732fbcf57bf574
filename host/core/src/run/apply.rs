//! The one place at which an event meets a run.

use std::collections::BTreeMap;

use super::change::Change;
use super::{
    Known, LogEntry, Reopened, Run, Saved, Step, Stop, Suspension, blocked, call_ended, cancel, enter, fork,
    migrate, pause, resolve, resume, start, take_over, time_passed, travel,
};
use crate::actor::By;
use crate::effect::Effect;
use crate::event::Event;
use crate::id::{MessageId, SnapshotId, SuspensionId};
use crate::json::Json;
use crate::path::StepPath;
use crate::step::Resolution;
use crate::time::Timestamp;
use crate::workflow::Program;

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
pub struct Closed {
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

impl Closed {
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
    pub run: Run,
    /// Records of steps that are new or changed, those that are done among them.
    pub steps: Vec<(StepPath, Step)>,
    /// Records to delete, with all below them: the run went back to before they began.
    pub dropped_steps: Vec<StepPath>,
    /// Suspensions that begin, with the step that waits.
    pub opened: Vec<(StepPath, Suspension)>,
    /// Of those that begin in a fork, the suspension of its parent that each goes on from.
    pub continues: BTreeMap<SuspensionId, SuspensionId>,
    /// Suspensions that end.
    pub closed: Vec<Closed>,
    /// Suspensions that were answered and are open again: the step refused the answer.
    pub reopened: Vec<Reopened>,
    /// Memories that the run refers to no more.
    pub dropped_images: Vec<SnapshotId>,
    /// Memories that are kept already, to which the run refers from now on.
    pub shared_images: Vec<SnapshotId>,
    /// Messages that somebody got.
    pub took: Vec<MessageId>,
    /// The run as it was at a moment to which one may want to go back.
    pub saved: Option<Saved>,
    /// What watchers see.
    pub log: Vec<LogEntry>,
    /// What has to be done.
    pub effects: Vec<Effect>,
    /// How safely it must be stored before anything is done or said.
    pub durability: Durability,
}

/// Applies one event to a run and says what changes and what must happen next.
///
/// What is due at `now` comes before what others bring: see [`Stop::Due`].
///
/// Pure: reads no clock and performs nothing. The caller stores the decision before acting on it. `program` must hold the
/// definition that the run is pinned to and those of `run.called`; for [`Event::Migrated`], the new one.
///
/// # Errors
/// [`Stop::Refused`] when the event does not fit the run; the run as it is stored stays as it is. [`Stop::Missing`] when
/// something beside the run must be known: the caller adds it to `known` and asks again. [`Stop::Due`] when [`Event::TimePassed`] must be
/// applied and stored before.
pub fn apply(
    run: Run,
    program: &Program,
    event: Event,
    now: Timestamp,
    known: &Known,
) -> Result<Decision, Stop> {
    // Whether an answer or a message came in time must not depend on who looked first.
    if matches!(event, Event::Resumed(..) | Event::Received(_)) && run.is_due(now) {
        return Err(Stop::Due);
    }
    let mut change = Change::new(run, program, now, known);
    blocked::check(&change, &event)?;
    match event {
        Event::Started(request, owner) => start::start(&mut change, request, owner)?,
        Event::Resumed(request, owner) => resume::resume(&mut change, request, owner)?,
        Event::CallEnded(ended) => call_ended::call_ended(&mut change, ended)?,
        Event::Continued { path, owner } => enter::continued(&mut change, &path, owner)?,
        Event::TimePassed { owner } => time_passed::time_passed(&mut change, owner)?,
        Event::Received(received) => resolve::received(&mut change, received)?,
        Event::CancelRequested(by) => cancel::cancel(&mut change, *by)?,
        Event::PauseRequested => pause::pause(&mut change)?,
        Event::Unpaused { owner } => pause::unpause(&mut change, owner)?,
        Event::Unblocked { owner } => blocked::unblock(&mut change, owner)?,
        Event::Tried { path, call, owner } => take_over::tried(&mut change, &path, call, owner)?,
        Event::TakenOver { from, by } => take_over::take_over(&mut change, from, by)?,
        Event::Restarted(restarted) => fork::restart(&mut change, restarted)?,
        Event::Traveled(traveled) => travel::travel(&mut change, traveled)?,
        Event::Migrated(migrated) => migrate::migrate(&mut change, migrated)?,
    }
    change.enter_all()?;
    Ok(change.decide())
}
