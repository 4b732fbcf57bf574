//! What waits for an answer, as the one who answers needs to see it.

use std::collections::BTreeMap;

use reentry_core::id::TenantId;
use reentry_core::json::Json;
use reentry_core::step::WaitFor;
use reentry_core::workflow::Place;
use reentry_store::SuspensionRecord;

use crate::error::Error;
use crate::host::Inner;

/// A suspension in the inbox.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiting {
    /// Where it is and since when.
    pub record: SuspensionRecord,
    /// What the step shows to the one who answers.
    pub payload: Option<Json>,
    /// JSON Schema of the answer, if the step has one.
    pub resume_schema: Option<Json>,
    /// The title of the step or question, or else its path.
    pub title: String,
    /// What a question of the workflow itself is about.
    pub description: Option<String>,
    /// Who is asked, if that is said.
    pub assignees: Vec<String>,
}

pub(crate) async fn waiting(
    host: &Inner,
    tenant: &TenantId,
    record: SuspensionRecord,
) -> Result<Waiting, Error> {
    let found =
        record.step.as_ref().and_then(|step| step.suspensions.iter().find(|open| open.id == record.id));
    let suspension = found.cloned();
    let (own, assignees) = match suspension.as_ref().map(|suspension| &suspension.wait.what) {
        Some(WaitFor::Answer(answer)) => (answer.resume_schema.clone(), answer.assignees.clone()),
        _ => (None, Vec::new()),
    };
    let payload = suspension.as_ref().and_then(|suspension| suspension.payload().cloned());
    let mut called = BTreeMap::new();
    let mut program = host.registry.program_of(record.workflow, &called).await?;
    if program.place(&called, &record.path).is_none()
        && let Some(run) = host.store.run(tenant, record.run).await?
    {
        // It stands in a workflow that a step has called.
        called = run.called;
        program = host.registry.program_of(record.workflow, &called).await?;
    }
    let place = program.place(&called, &record.path);
    let declared = place.and_then(Place::answer_schema).map(|schema| schema.text().clone());
    let title = place.and_then(Place::title).map(str::to_owned);
    Ok(Waiting {
        payload,
        resume_schema: own.or(declared),
        title: title.unwrap_or_else(|| record.path.to_string()),
        description: place.and_then(Place::wait).and_then(|wait| wait.description.clone()),
        assignees,
        record,
    })
}
