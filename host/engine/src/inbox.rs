//! What waits for an answer, as the one who answers needs to see it.

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

pub(crate) async fn waiting(host: &Inner, record: SuspensionRecord) -> Result<Waiting, Error> {
    let suspension = record.step.as_ref().and_then(|step| step.suspension());
    let own = match suspension.map(|suspension| &suspension.wait.what) {
        Some(WaitFor::Answer(answer)) => answer.resume_schema.clone(),
        _ => None,
    };
    let payload = suspension.and_then(|suspension| suspension.payload().cloned());
    let workflow = host.registry.workflow(record.workflow).await?;
    let descriptor = workflow.step(&record.path).map(|step| &step.contract.descriptor);
    Ok(Waiting {
        payload,
        resume_schema: own.or_else(|| descriptor.and_then(|descriptor| descriptor.resume_schema.clone())),
        title: descriptor
            .and_then(|descriptor| descriptor.title.clone())
            .unwrap_or_else(|| record.path.to_string()),
        record,
    })
}
