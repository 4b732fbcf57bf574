//! What waits for an answer, as the one who answers needs to see it.

use std::collections::BTreeMap;

use reentry_core::id::TenantId;
use reentry_core::json::Json;
use reentry_core::step::WaitFor;
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
    /// The step's title, or else its id.
    pub title: String,
}

pub(crate) async fn waiting(
    host: &Inner,
    tenant: &TenantId,
    record: SuspensionRecord,
) -> Result<Waiting, Error> {
    let found =
        record.step.as_ref().and_then(|step| step.suspensions.iter().find(|open| open.id == record.id));
    let suspension = found.cloned();
    let own = match suspension.as_ref().map(|suspension| &suspension.wait.what) {
        Some(WaitFor::Answer(answer)) => answer.resume_schema.clone(),
        _ => None,
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
    let descriptor = place.and_then(|place| place.step()).map(|step| &step.contract.descriptor);
    Ok(Waiting {
        payload,
        resume_schema: own.or_else(|| descriptor.and_then(|descriptor| descriptor.resume_schema.clone())),
        title: descriptor
            .and_then(|descriptor| descriptor.title.clone())
            .unwrap_or_else(|| record.path.to_string()),
        record,
    })
}
