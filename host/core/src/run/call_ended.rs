//! A call into a guest ended.

use std::collections::BTreeMap;

use super::change::{Change, invalid};
use super::{Call, Doing, Refused, ResumeCall, StepStatus, Suspension};
use crate::event::{CallEnd, CallEnded};
use crate::id::{OwnerId, SnapshotId, SuspensionId};
use crate::json::Json;
use crate::path::StepPath;
use crate::schema::Schema;
use crate::step::{AnswerWait, DeadlineOutcome, Failure, Resolution, Resolved, Wait, WaitFor, Waits};
use crate::workflow::StepNode;

/// Most labels of one suspension. Labels are looked up among all open suspensions of a run.
pub const LABELS_MAX: usize = 16;

/// Longest label, in bytes.
pub const LABEL_BYTES_MAX: usize = 256;

pub(super) fn call_ended(change: &mut Change<'_>, ended: CallEnded) -> Result<(), Refused> {
    let path = ended.path;
    let stale = || Refused::Stale { path: path.clone(), call: ended.call };
    let step = change.run.steps.get(&path).filter(|step| step.calls == ended.call).ok_or_else(stale)?;
    let (owner, call) = match &step.doing {
        Doing::Calling(owner, call) | Doing::Retrying(owner, _, call) => (*owner, call.clone()),
        _ => return Err(stale()),
    };
    let node = change.node(&path)?;
    let end = match ended.end {
        CallEnd::Failed(failure) => CallEnd::Failed(failure),
        good => keep_settings(change, ended.state, ended.request_context).map_or_else(CallEnd::Failed, |()| good),
    };
    match end {
        CallEnd::Failed(failure) => failed(change, &path, node, failure, (owner, call), ended.random),
        CallEnd::Completed(output) => match node.contract.output.as_ref().map(|schema| schema.check(&output)) {
            Some(Err(violations)) => {
                change.fail(&path, invalid("invalid-output", "step output", &violations))
            }
            Some(Ok(output)) => change.complete(&path, output, owner),
            None => change.complete(&path, output, owner),
        },
        CallEnd::Bailed(result) => bailed(change, &path, result, owner),
        CallEnd::Suspended { waits, suspension, image } => {
            match the_wait(change, &path, node, waits) {
                Ok(wait) => {
                    change.release_image(&call);
                    suspended(change, &path, wait, (suspension, image), owner)
                }
                Err(failure) => change.fail(&path, failure),
            }
        }
    }
}

/// Takes over what the call set. State that breaks the workflow's schema is a failure of the step, and nothing is taken over.
fn keep_settings(
    change: &mut Change<'_>,
    state: BTreeMap<String, Json>,
    request_context: BTreeMap<String, Json>,
) -> Result<(), Failure> {
    if !state.is_empty() {
        let mut merged = change.run.state.clone();
        merged.extend(state);
        if let (Some(schema), Ok(object)) = (&change.workflow.top().state, Json::of(&merged)) {
            schema
                .check(&object)
                .map_err(|violations| invalid("invalid-state", "step state data", &violations))?;
        }
        change.run.state = merged;
    }
    change.run.request_context.extend(request_context);
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
    step.doing =
        Doing::Calling(owner, Call::Resume(ResumeCall { suspension: id, image, resolved, suspend_payload: None }));
    change.require_durable();
    change.call(path, None);
    Ok(())
}

/// The one wait that a suspension is for, checked.
fn the_wait(
    change: &Change<'_>,
    path: &StepPath,
    node: &StepNode,
    waits: Waits,
) -> Result<Wait, Failure> {
    let count = waits.waits.len();
    let mut waits = waits.waits.into_iter();
    let wait = match (waits.next(), waits.next()) {
        (Some(wait), None) => wait,
        (None, _) => return Err(refused("no-wait", "the step suspended without waiting for anything".into())),
        _ => {
            let message = format!("the step waits for {count} things at once, this version serves one at a time");
            return Err(refused("unsupported-wait", message));
        }
    };
    match &wait.what {
        WaitFor::Answer(answer) => check_answer_wait(change, path, node, answer)?,
        WaitFor::Time(_) | WaitFor::Checkpoint => {}
        other @ (WaitFor::Event(_) | WaitFor::Run(_)) => {
            let message = format!("waits of kind `{}` are not served by this version", other.kind());
            return Err(refused("unsupported-wait", message));
        }
    }
    Ok(wait)
}

fn check_answer_wait(
    change: &Change<'_>,
    path: &StepPath,
    node: &StepNode,
    answer: &AnswerWait,
) -> Result<(), Failure> {
    let own = answer.resume_schema.as_ref().map(Schema::compile).transpose().map_err(|error| {
        refused("invalid-schema", format!("the resume schema of the suspension is {error}"))
    })?;
    if let (None, Some(suspend)) = (&own, &node.contract.suspend) {
        suspend
            .check(&answer.payload)
            .map_err(|violations| invalid("invalid-suspend-data", "step suspend data", &violations))?;
    }
    if let (Some(DeadlineOutcome::Answer(data)), Some(schema)) =
        (answer.deadline.as_ref().map(|deadline| &deadline.otherwise), own.as_ref().or(node.contract.resume.as_ref()))
    {
        schema
            .check(data)
            .map_err(|violations| invalid("invalid-deadline", "default answer of the deadline", &violations))?;
    }
    if answer.labels.len() > LABELS_MAX {
        let message = format!("{} labels given, at most {LABELS_MAX} are allowed", answer.labels.len());
        return Err(refused("invalid-label", message));
    }
    for label in &answer.labels {
        if label.is_empty() || label.len() > LABEL_BYTES_MAX {
            let message = format!("label `{label}` must have 1 to {LABEL_BYTES_MAX} bytes");
            return Err(refused("invalid-label", message));
        }
        let taken = change.run.answerable().find(|(other, s)| *other != path && s.labels().contains(label));
        if let Some((other, _)) = taken {
            let message = format!("label `{label}` is in use by the suspended step `{other}`");
            return Err(refused("label-in-use", message));
        }
    }
    Ok(())
}

fn refused(code: &str, message: String) -> Failure {
    Failure { message, code: Some(code.to_owned()), retryable: false, retry_after_ms: None, details: None }
}
