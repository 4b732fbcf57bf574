//! Which calls an event leads to: what they need is looked at before anything of the event is stored.

use reentry_core::event::Event;
use reentry_core::id::BlobId;
use reentry_core::path::StepPath;
use reentry_core::resume::{Target, find_all};
use reentry_core::run::{Call, Doing, EntryRecord, RunState};
use reentry_core::time::Timestamp;
use reentry_core::workflow::Program;

use crate::cause::Cause;
use crate::error::Error;
use crate::ready::{Ready, make_ready};
use crate::shared::Shared;

/// A step that will be called, and the memory that the call begins with.
type ToBeCalled = (StepPath, Option<BlobId>);

/// What the calls need that follow from a cause, whole and checked. Only that of answered steps is kept for the
/// calls: whoever answers waits for them, while of the others there may be many.
///
/// # Errors
/// As [`make_ready`].
pub(crate) async fn ready_for(
    host: &Shared,
    run: &RunState,
    program: &Program,
    cause: &Cause,
) -> Result<Vec<Ready>, Error> {
    if let Some(target) = answered(cause) {
        let mut ready = Vec::new();
        for (path, image) in answered_by(run, program, target) {
            ready.push(make_ready(host, run, program, &path, image).await?);
        }
        return Ok(ready);
    }
    let Cause::Event(event) = cause else { return Ok(Vec::new()) };
    let run = match event {
        Event::Restarted(restarted) => &*restarted.saved,
        _ => run,
    };
    for (path, image) in called_by(event, run, program, host.clock.now()) {
        make_ready(host, run, program, &path, image).await?;
    }
    Ok(Vec::new())
}

/// The target of the answer that is given, if one is.
fn answered(cause: &Cause) -> Option<&Target> {
    match cause {
        Cause::Event(Event::Resumed(request, _)) => Some(&request.target),
        Cause::Fork(fork) => fork.answer.as_ref().map(|answer| &answer.target),
        Cause::Event(_) | Cause::CallEnded(..) => None,
    }
}

/// The steps whose suspensions a target means. With no such suspension, the decision will say so in its own words.
fn answered_by(run: &RunState, program: &Program, target: &Target) -> Vec<ToBeCalled> {
    let mut steps: Vec<ToBeCalled> = Vec::new();
    for (path, _) in find_all(run, target).unwrap_or_default() {
        if let Some(Doing::Waiting(waiting)) = run.steps.get(path).map(|step| &step.doing)
            && !steps.iter().any(|(other, _)| other == path)
            && !needs_no_call(run, program, path)
        {
            steps.push((path.clone(), waiting.image));
        }
    }
    steps
}

/// Whether what waits at a path goes on without a call: an entry that has no component.
fn needs_no_call(run: &RunState, program: &Program, path: &StepPath) -> bool {
    program.place(&run.called, path).is_some_and(|place| place.wait().is_some())
}

/// The steps of a run that an event may have called.
fn called_by(event: &Event, run: &RunState, program: &Program, now: Timestamp) -> Vec<ToBeCalled> {
    let steps = run.steps.iter().filter(|(path, _)| !needs_no_call(run, program, path));
    let called = steps.filter_map(|(path, step)| Some((path.clone(), image_of_call(event, step, now)?)));
    called.collect()
}

/// The memory with which an event may have a step called, if it may.
fn image_of_call(event: &Event, step: &EntryRecord, now: Timestamp) -> Option<Option<BlobId>> {
    let of_call = |call: &Call| Some(call.image());
    match (event, &step.doing) {
        (
            Event::Unblocked { .. },
            Doing::Calling(_, call) | Doing::Retrying(_, _, call) | Doing::Ready(call),
        ) => of_call(call),
        (Event::TakenOver { from, .. }, Doing::Calling(owner, call) | Doing::Retrying(owner, _, call)) => {
            if owner == from {
                of_call(call)
            } else {
                None
            }
        }
        (
            Event::Restarted(_),
            Doing::Calling(_, call) | Doing::Retrying(_, _, call) | Doing::Delayed(_, call),
        ) => of_call(call),
        (Event::TimePassed { .. }, Doing::Delayed(until, call)) if *until <= now => of_call(call),
        (Event::Restarted(_) | Event::Unpaused { .. }, Doing::Ready(call)) => of_call(call),
        (Event::TimePassed { .. }, Doing::Waiting(waiting)) => {
            step.due_at().is_some_and(|at| at <= now).then_some(waiting.image)
        }
        (Event::Received(received), Doing::Waiting(waiting)) => {
            step.open().any(|open| open.id == received.suspension).then_some(waiting.image)
        }
        _ => None,
    }
}
