//! The one place at which an event meets a run.

use super::decision::Decision;

use super::blocked;
use super::call_ended;
use super::cancel;
use super::change::Change;
use super::enter;
use super::fork;
use super::head::RunState;
use super::known::{Known, NoDecision};
use super::migrate;
use super::pause;
use super::resolve;
use super::resume;
use super::start;
use super::take_over;
use super::time_passed;
use super::travel;
use crate::event::Event;
use crate::time::Timestamp;
use crate::workflow::Program;

/// Applies one event to a run and says what changes and what must happen next.
///
/// What is due at `now` comes before what others bring: see [`NoDecision::Due`].
///
/// Pure: reads no clock and performs nothing. The caller stores the decision before acting on it. `program` must hold
/// the definition that the run is pinned to and those of `run.called`; for [`Event::Migrated`], the new one.
///
/// # Errors
/// [`NoDecision::Refused`] when the event does not fit the run; the run as it is stored stays as it is.
/// [`NoDecision::Missing`] when something beside the run must be known: the caller adds it to `known` and asks again.
/// [`NoDecision::Due`] when [`Event::TimePassed`] must be applied and stored before.
pub fn apply(
    run: RunState,
    program: &Program,
    event: Event,
    now: Timestamp,
    known: &Known,
) -> Result<Decision, NoDecision> {
    // Whether an answer or a message came in time must not depend on who looked first.
    if matches!(event, Event::Resumed(..) | Event::Received(_)) && run.is_due(now) {
        return Err(NoDecision::Due);
    }
    let mut change = Change::new(run, program, now, known, event.owner());
    blocked::check(&change, &event)?;
    match event {
        Event::Started(request, _) => start::start(&mut change, request)?,
        Event::Resumed(request, _) => resume::resume(&mut change, request)?,
        Event::CallEnded(ended) => call_ended::call_ended(&mut change, ended)?,
        Event::Continued { path, .. } => enter::continued(&mut change, &path)?,
        Event::TimePassed { .. } => time_passed::time_passed(&mut change)?,
        Event::Received(received) => resolve::received(&mut change, received)?,
        Event::CancelRequested(by) => cancel::cancel(&mut change, *by)?,
        Event::PauseRequested(by) => pause::pause(&mut change, *by)?,
        Event::Unpaused { by, .. } => pause::unpause(&mut change, *by)?,
        Event::Unblocked { by, .. } => blocked::unblock(&mut change, *by)?,
        Event::Tried { path, call, .. } => take_over::tried(&mut change, &path, call)?,
        Event::TakenOver { from, .. } => take_over::take_over(&mut change, from)?,
        Event::Restarted(restarted) => fork::restart(&mut change, restarted)?,
        Event::Traveled(traveled) => travel::travel(&mut change, traveled)?,
        Event::Migrated(migrated) => migrate::migrate(&mut change, migrated)?,
    }
    change.enter_all()?;
    Ok(change.decide())
}
