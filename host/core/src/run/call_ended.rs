//! A call into a guest ended.

use std::collections::BTreeMap;

use super::change::{Change, invalid, merged};
use super::waits::the_wait;
use super::{Call, Doing, Refused, ResumeCall, StepStatus, Suspension};
use crate::event::{CallEnd, CallEnded};
use crate::id::{OwnerId, SnapshotId, SuspensionId};
use crate::json::Json;
use crate::path::StepPath;
use crate::step::{Failure, Resolution, Resolved, Wait, WaitFor};
use crate::workflow::StepNode;

pub(super) fn call_ended(change: &mut Change<'_>, ended: CallEnded) -> Result<(), Refused> {
    let path = ended.path;
    let stale = || Refused::Stale { path: path.clone(), call: ended.call };
    let step = change.run.steps.get(&path).filter(|step| step.calls == ended.call).ok_or_else(stale)?;
    let (owner, call) = match &step.doing {
        Doing::Calling(owner, call) | Doing::Retrying(owner, _, call) => (*owner, call.clone()),
        _ => return Err(stale()),
    };
    let node = change.node(&path)?;
    let next = match ended.end {
        CallEnd::Failed(failure) => Err(failure),
        good => next_move(change, &path, node, good).and_then(|next| {
            keep_settings(change, &path, ended.state, ended.request_context)?;
            Ok(next)
        }),
    };
    match next {
        Err(failure) => failed(change, &path, node, failure, (owner, call), ended.random),
        Ok(Move::Complete(output)) => change.complete(&path, output, owner),
        Ok(Move::Bail(result)) => bailed(change, &path, result, owner),
        Ok(Move::Wait(wait, suspension, image)) => {
            change.release_image(&call);
            suspended(change, &path, wait, (suspension, image), owner)
        }
    }
}

/// How a run goes on after a call that ended well, once the end is checked.
enum Move {
    Complete(Json),
    Bail(Json),
    Wait(Wait, SuspensionId, Option<SnapshotId>),
}

/// Checks the end of a call before anything of it is taken over. What breaks a rule is a failure of the step.
fn next_move(change: &Change<'_>, path: &StepPath, node: &StepNode, end: CallEnd) -> Result<Move, Failure> {
    match end {
        CallEnd::Failed(failure) => Err(failure),
        CallEnd::Bailed(result) => Ok(Move::Bail(result)),
        CallEnd::Completed(output) => match &node.contract.output {
            None => Ok(Move::Complete(output)),
            Some(schema) => schema
                .check(&output)
                .map(Move::Complete)
                .map_err(|violations| invalid("invalid-output", "step output", &violations)),
        },
        CallEnd::Suspended { waits, suspension, image } => {
            Ok(Move::Wait(the_wait(change, path, node, waits)?, suspension, image))
        }
    }
}

/// Takes over what the call set. What breaks a schema is a failure of the step, and nothing is taken over: a request context that
/// was let in here would make each later resume fail.
fn keep_settings(
    change: &mut Change<'_>,
    path: &StepPath,
    state: BTreeMap<String, Json>,
    request_context: BTreeMap<String, Json>,
) -> Result<(), Failure> {
    let state = match state.is_empty() {
        true => None,
        false => {
            let all = merged(&change.run.state, state);
            let checked = change.state_at(path, all);
            Some(checked.map_err(|violations| invalid("invalid-state", "step state data", &violations))?)
        }
    };
    if !request_context.is_empty() {
        let all = merged(&change.run.request_context, request_context);
        let checked = change.request_context_at(path, all);
        change.run.request_context = checked
            .map_err(|violations| invalid("invalid-request-context", "request context", &violations))?;
    }
    if let Some(state) = state {
        change.run.state = state;
    }
    Ok(())
}

fn failed(
    change: &mut Change<'_>,
    path: &StepPath,
    node: &StepNode,
    failure: Failure,
    (owner, call): (OwnerId, Call),
    random: u32,
) -> Result<(), Refused> {
    let now = change.now;
    let step = change.step_mut(path)?;
    if !(failure.retryable && node.retry.allows(step.attempt)) {
        return change.fail(path, failure);
    }
    let wait = node.retry.delay_ms(step.attempt, random).max(failure.retry_after_ms.unwrap_or(0));
    let until = now.plus_ms(wait);
    step.attempt += 1;
    step.entry.error = Some(failure);
    step.doing = Doing::Retrying(owner, until, call);
    change.call(path, Some(until));
    Ok(())
}

fn bailed(change: &mut Change<'_>, path: &StepPath, result: Json, owner: OwnerId) -> Result<(), Refused> {
    let misfit = || Refused::Misfit { path: path.clone() };
    change.end_step(path, StepStatus::Success)?.entry.output = Some(result.clone());
    let parent = path.parent().ok_or_else(misfit)?;
    let workflow = change.workflow;
    let sequence = workflow.sequence(&parent).ok_or_else(misfit)?;
    change.complete_sequence(&parent, sequence, result, owner)
}

fn suspended(
    change: &mut Change<'_>,
    path: &StepPath,
    wait: Wait,
    (id, image): (SuspensionId, Option<SnapshotId>),
    owner: OwnerId,
) -> Result<(), Refused> {
    let since = change.now;
    change.step_mut(path)?.entry.error = None;
    if wait.what != WaitFor::Checkpoint {
        return change.suspend(path, Suspension { id, wait, image, since });
    }
    let resolved = vec![Resolved { wait: wait.id, resolution: Resolution::Recorded }];
    let step = change.step_mut(path)?;
    step.calls += 1;
    step.attempt = 0;
    step.doing = Doing::Calling(
        owner,
        Call::Resume(ResumeCall { suspension: id, image, resolved, suspend_payload: None }),
    );
    change.require_durable();
    change.call(path, None);
    Ok(())
}
