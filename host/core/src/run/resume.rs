//! A suspension is answered.

use super::apply::SuspensionEnd;
use super::change::{Change, merged};
use super::start::checked;
use super::{Call, Doing, Refused, ResumeCall, StepStatus, Suspension};
use crate::event::Caller;
use crate::id::OwnerId;
use crate::json::Json;
use crate::path::StepPath;
use crate::resume::{ResumeRequest, find};
use crate::schema::Schema;
use crate::step::{Resolution, Resolved, WaitFor};
use crate::trace::root_span;

pub(super) fn resume(change: &mut Change<'_>, request: ResumeRequest, caller: Caller) -> Result<(), Refused> {
    let (path, suspension) = find(&change.run, &request.target)?;
    let (path, suspension) = (path.clone(), suspension.clone());
    let node = change.node(&path)?;

    let data = answer(&suspension, node.contract.resume.as_ref(), request.data)?;
    let context = merged(&change.run.request_context, request.request_context);
    let context = change
        .request_context_at(&path, context)
        .map_err(|violations| Refused::Invalid { what: "request context", violations })?;
    if request.retry_count > node.retry.retries {
        let (found, allowed) = (request.retry_count, node.retry.retries);
        return Err(Refused::RetryCount { path, found, allowed });
    }
    let earlier = change.run.span.as_ref();
    let span = root_span(&request.tracing_context, &request.tracing_options, earlier, caller.fresh)?;

    change.run.request_context = context;
    change.run.span = Some(span);
    change.close(suspension.id, SuspensionEnd::Answered);
    let now = change.now;
    let entry = &mut change.step_mut(&path)?.entry;
    entry.resume_payload = Some(data.clone());
    entry.resumed_at = Some(now);
    re_enter(change, &path, suspension, Resolution::Answered(data), request.retry_count, caller.owner)
}

/// Calls a step again because what it waited for is over.
pub(super) fn re_enter(
    change: &mut Change<'_>,
    path: &StepPath,
    suspension: Suspension,
    resolution: Resolution,
    attempt: u32,
    owner: OwnerId,
) -> Result<(), Refused> {
    let call = Call::Resume(ResumeCall {
        suspension: suspension.id,
        image: suspension.image,
        suspend_payload: suspension.payload().cloned(),
        resolved: vec![Resolved { wait: suspension.wait.id, resolution }],
    });
    let step = change.step_mut(path)?;
    step.entry.status = StepStatus::Running;
    step.entry.suspended_at = None;
    step.calls += 1;
    step.attempt = attempt;
    step.doing = Doing::Calling(owner, call);
    change.call(path, None);
    Ok(())
}

/// The answer as the step will see it. The schema of the very suspension wins over that of the step.
fn answer(suspension: &Suspension, declared: Option<&Schema>, data: Option<Json>) -> Result<Json, Refused> {
    let data = data.unwrap_or_else(Json::null);
    let own = match &suspension.wait.what {
        WaitFor::Answer(answer) => answer.resume_schema.as_ref(),
        _ => None,
    };
    let own = own.map(Schema::compile).transpose();
    // It was compiled once when the suspension began; a schema that does not compile suspends nothing.
    let own = own.map_err(|source| Refused::Schema { suspension: suspension.id, source })?;
    checked("resume data", own.as_ref().or(declared), data)
}
