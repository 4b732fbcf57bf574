//! What operators count: one value each time.

use reentry_core::event::{CallEnd, Event};
use reentry_core::run::{Call, RunState, RunStatus, refuses_answer};

use crate::cause::Cause;

/// Something that counts once. Times are in milliseconds. Runs that began and were restarted, less those that ended,
/// are open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Counted {
    /// A run began: it was started, or forked from another one.
    Began,
    /// A run took an answer.
    Resumed,
    /// A run ended, with this status.
    Ended(RunStatus),
    /// A run that had ended goes on.
    Restarted,
    /// A run was blocked: nothing brings it on any more.
    Blocked,
    /// A run was woken because a time had come.
    Woken {
        /// How much later than that.
        late_ms: u64,
    },
    /// A run's calls were taken over from an owner that makes them no more.
    TookOver,
    /// A decision about a run was stored.
    Committed,
    /// A decision was dropped, to be made anew: the run had changed meanwhile.
    Conflicted,
    /// A call got its turn, and room for its memory. Calls that move a step to another version are not counted, neither here nor when they end.
    Admitted {
        /// How long it waited for both.
        waited_ms: u64,
    },
    /// A call was stopped, as there was no room for its guest's memory. Nothing of it is kept, and it is admitted again
    /// when there is room for all that it may use.
    MadeAgain,
    /// A try of a call ended.
    Called {
        /// How.
        outcome: CallOutcome,
        /// How long it took, from when it got its turn.
        ms: u64,
    },
}

/// How a try of a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallOutcome {
    /// The step is done.
    Completed,
    /// The step waits.
    Suspended,
    /// The call failed, whether or not it is tried again.
    Failed,
    /// The step refused the answer that it was given.
    Refused,
    /// It was interrupted, as nothing wanted its end any more.
    Canceled,
}

impl CallOutcome {
    pub(crate) fn of(call: &Call, end: &CallEnd) -> Self {
        match end {
            CallEnd::Completed(_) | CallEnd::Bailed(_) => Self::Completed,
            CallEnd::Suspended { .. } => Self::Suspended,
            CallEnd::Failed(failure) if refuses_answer(call, failure) => Self::Refused,
            CallEnd::Failed(_) => Self::Failed,
        }
    }
}

/// What a decision that is stored counts as.
pub(crate) fn counted(cause: &Cause, before: &RunState, after: &RunState) -> impl Iterator<Item = Counted> {
    let what = match cause {
        Cause::Event(Event::Started(..)) | Cause::Fork(_) => Some(Counted::Began),
        Cause::Event(Event::Resumed(..)) => Some(Counted::Resumed),
        Cause::Event(Event::TakenOver { .. }) => Some(Counted::TookOver),
        Cause::Event(Event::TimePassed { .. }) => {
            let due = before.steps.values().filter_map(|step| step.due_at()).min();
            due.map(|due| Counted::Woken { late_ms: after.updated_at.ms_since(due) })
        }
        Cause::Event(_) | Cause::CallEnded(..) => None,
    };
    let stands = match (before.has_ended(), after.has_ended()) {
        (false, true) => Some(Counted::Ended(after.status())),
        (true, false) => Some(Counted::Restarted),
        _ => None,
    };
    let is_blocked = before.blocked.is_none() && after.blocked.is_some();
    let blocked = is_blocked.then_some(Counted::Blocked);
    [Some(Counted::Committed), what, stands, blocked].into_iter().flatten()
}
