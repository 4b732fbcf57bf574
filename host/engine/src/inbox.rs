//! What waits for an answer, as the one who answers needs to see it.

use std::collections::BTreeMap;

use reentry_core::id::TenantId;
use reentry_core::json::Json;
use reentry_core::step::WaitFor;
use reentry_core::workflow::Place;
use reentry_store::SuspensionRecord;

use crate::error::{Error, chain};
use crate::shared::Shared;
use crate::told::{question, read_texts};

/// A suspension in the inbox, or in a run's history. The texts of its past are at hand.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
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

/// What is found out about a suspension.
#[derive(Default)]
struct About {
    payload: Option<Json>,
    resume_schema: Option<Json>,
    title: Option<String>,
    description: Option<String>,
    assignees: Vec<String>,
}

/// Completes a record. One whose run cannot be read stays in the list, with what is wrong: it does not hide the others.
///
/// # Errors
/// What is wrong with the host.
pub(crate) async fn waiting(
    host: &Shared,
    tenant: &TenantId,
    mut record: SuspensionRecord,
) -> Result<Waiting, Error> {
    let found = match completed(host, tenant, &mut record).await {
        Err(error) if error.is_unreadable() => {
            record.damage.get_or_insert_with(|| chain(&error));
            About::default()
        }
        found => found?,
    };
    let About { payload, resume_schema, title, description, assignees } = found;
    let title = title.unwrap_or_else(|| record.path.to_string());
    Ok(Waiting { record, payload, resume_schema, title, description, assignees })
}

async fn completed(host: &Shared, tenant: &TenantId, record: &mut SuspensionRecord) -> Result<About, Error> {
    read_texts(&*host.store, record.id, &mut record.past).await?;
    about(host, tenant, record).await
}

async fn about(host: &Shared, tenant: &TenantId, record: &SuspensionRecord) -> Result<About, Error> {
    let (own, assignees) = match record.open().map(|open| &open.wait.what) {
        Some(WaitFor::Answer(answer)) => (answer.resume_schema.clone(), answer.assignees.clone()),
        _ => (None, Vec::new()),
    };
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
    Ok(About {
        payload: question(record).cloned(),
        resume_schema: own.or(declared),
        title: place.and_then(Place::title).map(str::to_owned),
        description: place.and_then(Place::wait).and_then(|wait| wait.description.clone()),
        assignees,
    })
}
