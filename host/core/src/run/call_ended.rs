//! A call into a guest ended.

use super::change::Change;
use super::doing::{Call, Doing};
use super::fail::invalid;
use super::known::NoDecision;
use super::log::LogKind;
use super::put_back::{Refusal, refused};
use super::refused::Refused;
use super::settings::keep_settings;
use super::waiting::NewWaits;
use super::waits::checked_waits;
use crate::event::{CallEnd, CallEnded};
use crate::failure;
use crate::json::Json;
use crate::path::StepPath;
use crate::retry::RetryPolicy;
use crate::step::Failure;
use crate::workflow::StepAt;

pub(super) fn call_ended(change: &mut Change<'_>, ended: CallEnded) -> Result<(), NoDecision> {
    let path = ended.path;
    let stale = || Refused::Stale { path: path.clone(), call: ended.call };
    let step = change.run.steps.get(&path).filter(|step| step.calls == ended.call).ok_or_else(stale)?;
    let call = match &step.doing {
        Doing::Calling(owner, call) | Doing::Retrying(owner, _, call) if *owner == change.owner => {
            call.clone()
        }
        _ => return Err(stale().into()),
    };
    change.run.spent.call_micros += ended.micros;
    if change.time_out_around(&path)? {
        return Ok(());
    }
    let place = change.step_at(&path)?;
    let next = match ended.end {
        CallEnd::Failed(failure) => match refused(&call, failure) {
            Refusal::Answer(at, message) => return change.put_back(&path, call, at, &message),
            Refusal::None(failure) => Err(failure),
        },
        good => next_move(change, &path, place, good).and_then(|next| {
            keep_settings(change, &path, ended.state, ended.request_context)?;
            Ok(next)
        }),
    };
    match next {
        Err(failure) => {
            let tries =
                Tries { policy: place.retry, random: ended.random, sit_through_ms: ended.sit_through_ms };
            failed(change, &path, tries, failure, call)
        }
        Ok(Move::Complete(output)) => change.complete(&path, output),
        Ok(Move::Bail(result)) => change.bail(&path, result),
        Ok(Move::Wait(waits)) => {
            change.drop_image(call.image());
            change.step_mut(&path)?.entry.error = None;
            change.wait_for(&path, *waits)
        }
    }
}

/// How a run goes on after a call that ended well, once the end is checked.
enum Move {
    Complete(Json),
    Bail(Json),
    Wait(Box<NewWaits>),
}

/// Checks the end of a call before anything of it is taken over. What breaks a rule is a failure of the step.
fn next_move(change: &Change<'_>, path: &StepPath, step: StepAt<'_>, end: CallEnd) -> Result<Move, Failure> {
    match end {
        CallEnd::Failed(failure) => Err(failure),
        CallEnd::Bailed(result) => Ok(Move::Bail(result)),
        CallEnd::Completed(output) => match &step.contract.output {
            None => Ok(Move::Complete(output)),
            Some(schema) => schema
                .check(&output)
                .map(Move::Complete)
                .map_err(|violations| invalid(&failure::INVALID_OUTPUT, "step output", &violations)),
        },
        CallEnd::Suspended { waits, suspensions, image, workflows } => {
            let waits = checked_waits(change, path, step, waits)?;
            change.check_children(path, &waits, &workflows)?;
            Ok(Move::Wait(Box::new(NewWaits { waits, suspensions, image, workflows })))
        }
    }
}

/// How a failed call is tried again.
struct Tries<'w> {
    policy: &'w RetryPolicy,
    random: u32,
    sit_through_ms: u64,
}

fn failed(
    change: &mut Change<'_>,
    path: &StepPath,
    tries: Tries<'_>,
    failure: Failure,
    call: Call,
) -> Result<(), NoDecision> {
    let Tries { policy, random, sit_through_ms } = tries;
    let now = change.now;
    let step = change.step_mut(path)?;
    if !(failure.retryable && policy.allows(step.attempt)) {
        return change.fail(path, failure);
    }
    let wait = policy.delay_ms(step.attempt, random).max(failure.retry_after_ms.unwrap_or(0));
    let until = now.plus_ms(wait);
    step.attempt += 1;
    // The process outlived it.
    (step.take_overs, step.trials) = (0, 0);
    step.entry.error = Some(failure);
    let attempt = step.attempt;
    change.log(path, LogKind::Retrying { attempt, until });
    // A pause makes no delay shorter.
    if wait > sit_through_ms || (change.run.paused && wait > 0) {
        change.delay(path, call, until)?;
    } else {
        change.call(path, call, Some(until))?;
    }
    Ok(())
}
