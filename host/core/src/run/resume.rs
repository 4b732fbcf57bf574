//! Suspensions are answered.

use std::collections::{BTreeMap, BTreeSet};

use super::change::Change;
use super::decision::SuspensionEnd;
use super::doing::Doing;
use super::known::NoDecision;
use super::limits::{REFUSALS_TOLD_MAX, RUN_SETTINGS_BYTES_MAX};
use super::log::LogKind;
use super::refused::{Refused, RequestPart};
use super::settings::{Map, merged, too_large};
use super::start::{checked, let_in, let_in_all};
use super::suspension::{Claim, Replacement, Suspension};
use crate::id::SuspensionId;
use crate::json::Json;
use crate::path::StepPath;
use crate::resume::{ResumeRequest, find_all};
use crate::schema::{Schema, SchemaCache};
use crate::step::{Resolution, WaitFor};
use crate::trace::{FreshIds, root_span};

pub(super) fn resume(change: &mut Change<'_>, request: ResumeRequest) -> Result<(), NoDecision> {
    let found = find_all(&change.run, &request.target).map_err(Refused::from)?;
    let found: Vec<(StepPath, Suspension)> =
        found.into_iter().map(|(path, suspension)| (path.clone(), suspension.clone())).collect();

    request.data.iter().try_for_each(|data| let_in(RequestPart::ResumeData, data))?;
    let_in_all(RequestPart::RequestContext, &request.request_context)?;
    let before = change.run.request_context.clone();
    let given: Vec<String> = request.request_context.keys().cloned().collect();
    let mut context = merged(&before, request.request_context);
    if let Some(bytes) = too_large(&context) {
        let what = "request context of the run";
        return Err(Refused::TooLarge { what, bytes, at_most: RUN_SETTINGS_BYTES_MAX }.into());
    }
    let mut answers = Vec::with_capacity(found.len());
    for (path, suspension) in found {
        let place = change.place(&path)?;
        let data = answer(&change.program.schemas, &suspension, place.answer_schema(), request.data.clone())?;
        context = change
            .request_context_at(&path, context)
            .map_err(|violations| Refused::Invalid { part: RequestPart::RequestContext, violations })?;
        let allowed = place.step().map_or(0, |step| step.retry.retries);
        if request.retry_count > allowed {
            let found = request.retry_count;
            return Err(Refused::RetryCount { path, found, allowed }.into());
        }
        answers.push((path, suspension, data));
    }
    let earlier = change.run.span.as_ref();
    let fresh = FreshIds::of_resume(change.run.id, change.next_version());
    let span = root_span(&request.tracing_context, &request.tracing_options, earlier, fresh)
        .map_err(Refused::from)?;

    if let [(_, suspension, _)] = answers.as_slice() {
        change.save_before(suspension.id);
    }
    let replaced = replaced(given, &before, &context);
    change.run.request_context = context;
    change.is_quiet = answers.iter().all(|(_, suspension, _)| suspension.refusals >= REFUSALS_TOLD_MAX);
    let span = change.begin_span(span, request.tracing_options);
    let suspensions = answers.iter().map(|(_, suspension, _)| suspension.id).collect();
    change.log(&StepPath::root(), LogKind::Resumed { span, suspensions });
    // All of them before the first step is called: one that waits for any of several is told of each.
    let mut paths = BTreeSet::new();
    for (path, suspension, data) in answers {
        let (request, by) = (request.request.clone(), request.by.clone());
        let (earlier, context) = (None, replaced.clone());
        let claim = Claim { version: change.next_version(), at: change.now, request, earlier, context, by };
        change.claim(&path, suspension.id, claim)?;
        change.settle(&path, suspension.id, Resolution::Answered(data), SuspensionEnd::Answered)?;
        paths.insert(path);
    }
    for path in paths {
        // An answer before may have closed it.
        if !change.run.steps.contains_key(&path) {
            continue;
        }
        let step = change.step_mut(&path)?;
        // The tries of a call that is under way for another reason are counted on.
        if matches!(step.doing, Doing::Waiting(_)) {
            step.attempt = request.retry_count;
        }
        change.wake(&path)?;
    }
    Ok(())
}

impl Change<'_> {
    /// Notes what a caller's answer is about to change, so that it can be given back.
    fn claim(&mut self, path: &StepPath, id: SuspensionId, claim: Claim) -> Result<(), Refused> {
        let step = self.step_mut(path)?;
        let earlier = step.entry.resume_payload.clone().zip(step.entry.resumed_at);
        if let Some(suspension) = step.suspensions.iter_mut().find(|suspension| suspension.id == id) {
            suspension.claim = Some(Box::new(Claim { earlier, ..claim }));
        }
        Ok(())
    }
}

/// The keys of the request context that a caller gave, with the values before and since.
fn replaced(given: Vec<String>, before: &Map, since: &Map) -> BTreeMap<String, Replacement> {
    let of = |key: String| {
        let (before, since) = (before.get(&key).cloned(), since.get(&key).cloned()?);
        Some((key, Replacement { before, since }))
    };
    given.into_iter().filter_map(of).collect()
}

/// The answer as the step will see it. The schema of the very suspension wins over that of the step.
fn answer(
    schemas: &SchemaCache,
    suspension: &Suspension,
    declared: Option<&Schema>,
    data: Option<Json>,
) -> Result<Json, Refused> {
    let data = data.unwrap_or_else(Json::null);
    let own = match &suspension.wait.what {
        WaitFor::Answer(answer) => answer.resume_schema.as_ref(),
        _ => None,
    };
    // It was let in when the suspension began.
    let own = own.map(|text| schemas.stored(text)).transpose();
    let own = own.map_err(|source| Refused::Schema { suspension: suspension.id, source })?;
    checked(RequestPart::ResumeData, own.as_deref().or(declared), data)
}
