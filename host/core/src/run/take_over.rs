//! The calls of a host process that died go to another one.

use super::change::{Change, final_failure};
use super::fail::Because;
use super::{Doing, LogKind, Refused, Stop};
use crate::effect::Effect;
use crate::id::OwnerId;
use crate::path::StepPath;

/// How often one call goes from a dead process to another. A call that has seen this many die is taken to be what kills them.
pub const TAKE_OVERS_MAX: u32 = 5;

/// Makes every call of `from` one of `by`, to be performed again from the same memory, with the same idempotency key.
pub(super) fn take_over(change: &mut Change<'_>, from: OwnerId, by: OwnerId) -> Result<(), Stop> {
    let theirs: Vec<StepPath> = change
        .run
        .steps
        .iter()
        .filter(|(_, step)| step.owner() == Some(from))
        .map(|(path, _)| path.clone())
        .collect();
    if theirs.is_empty() {
        return Err(Refused::Idle.into());
    }
    change.log(&StepPath::root(), LogKind::TakenOver);
    for path in theirs {
        if change.run.steps.contains_key(&path) {
            take(change, &path, by)?;
        }
    }
    Ok(())
}

fn take(change: &mut Change<'_>, path: &StepPath, by: OwnerId) -> Result<(), Stop> {
    if change.time_out_around(path, by)? {
        return Ok(());
    }
    let step = change.step_mut(path)?;
    match step.doing.clone() {
        Doing::Calling(_, call) => {
            step.take_overs += 1;
            if step.take_overs > TAKE_OVERS_MAX {
                let message =
                    format!("{TAKE_OVERS_MAX} host processes in a row ended while they performed this call");
                return change.fail(path, final_failure("host-lost", message), Because::of(by));
            }
            change.call(path, call, by, None)?;
        }
        Doing::Retrying(_, until, call) => change.call(path, call, by, Some(until))?,
        Doing::Continuing(_) => {
            step.doing = Doing::Continuing(by);
            change.ask(Effect::Continue { path: path.clone() });
        }
        _ => {}
    }
    Ok(())
}
