//! Suspensions are answered.

use std::collections::BTreeSet;

use super::change::{Change, merged};
use super::start::{checked, let_in, let_in_all};
use super::{Doing, LogKind, Refused, Stop, Suspension, SuspensionEnd};
use crate::event::Caller;
use crate::json::Json;
use crate::path::StepPath;
use crate::resume::{ResumeRequest, find_all};
use crate::schema::Schema;
use crate::step::{Resolution, WaitFor};
use crate::trace::root_span;

pub(super) fn resume(change: &mut Change<'_>, request: ResumeRequest, caller: Caller) -> Result<(), Stop> {
    let found = find_all(&change.run, &request.target).map_err(Refused::from)?;
    let found: Vec<(StepPath, Suspension)> =
        found.into_iter().map(|(path, suspension)| (path.clone(), suspension.clone())).collect();

    request.data.iter().try_for_each(|data| let_in("resume data", data))?;
    let_in_all("request context", &request.request_context)?;
    let mut context = merged(&change.run.request_context, request.request_context);
    let mut answers = Vec::with_capacity(found.len());
    for (path, suspension) in found {
        let step = change.step_at(&path)?;
        let data = answer(&suspension, step.contract.resume.as_ref(), request.data.clone())?;
        context = change
            .request_context_at(&path, context)
            .map_err(|violations| Refused::Invalid { what: "request context", violations })?;
        if request.retry_count > step.retry.retries {
            let (found, allowed) = (request.retry_count, step.retry.retries);
            return Err(Refused::RetryCount { path, found, allowed }.into());
        }
        answers.push((path, suspension, data));
    }
    let earlier = change.run.span.as_ref();
    let span = root_span(&request.tracing_context, &request.tracing_options, earlier, caller.fresh)
        .map_err(Refused::from)?;

    if let [(_, suspension, _)] = answers.as_slice() {
        change.save_before(suspension.id);
    }
    change.run.request_context = context;
    change.run.span = Some(span);
    change.log(&StepPath::root(), LogKind::Resumed);
    // All of them before the first step is called: one that waits for any of several is told of each.
    let mut paths = BTreeSet::new();
    for (path, suspension, data) in answers {
        change.settle(&path, suspension.id, Resolution::Answered(data), SuspensionEnd::Answered)?;
        paths.insert(path);
    }
    for path in paths {
        let step = change.step_mut(&path)?;
        // The tries of a call that is under way for another reason are counted on.
        if matches!(step.doing, Doing::Waiting(_)) {
            step.attempt = request.retry_count;
        }
        change.wake(&path, caller.owner)?;
    }
    Ok(())
}

/// The answer as the step will see it. The schema of the very suspension wins over that of the step.
fn answer(suspension: &Suspension, declared: Option<&Schema>, data: Option<Json>) -> Result<Json, Refused> {
    let data = data.unwrap_or_else(Json::null);
    let own = match &suspension.wait.what {
        WaitFor::Answer(answer) => answer.resume_schema.as_ref(),
        _ => None,
    };
    // It was let in when the suspension began.
    let own = own.map(Schema::stored).transpose();
    let own = own.map_err(|source| Refused::Schema { suspension: suspension.id, source })?;
    checked("resume data", own.as_ref().or(declared), data)
}
