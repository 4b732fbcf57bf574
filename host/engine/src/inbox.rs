//! What waits for an answer, as the one who answers needs to see it.

use std::collections::BTreeMap;

use reentry_core::id::TenantId;
use reentry_core::json::Json;
use reentry_core::step::WaitFor;
use reentry_core::workflow::Place;
use reentry_store::{Counts, Page, SuspensionFilter, SuspensionGroups, SuspensionRecord};

use crate::error::{Error, chain};
use crate::shared::Shared;
use crate::tenant::Tenant;
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

impl Waiting {
    /// Makes one of which nothing is known but this, for tests of what shows it.
    pub fn new(record: SuspensionRecord, title: impl Into<String>) -> Self {
        Self {
            record,
            payload: None,
            resume_schema: None,
            title: title.into(),
            description: None,
            assignees: Vec::new(),
        }
    }
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

impl Tenant {
    /// Lists what waits for an answer, oldest first: payload, schema of the answer, labels, age. A page may be short,
    /// or empty, and have a `next` all the same: see [`Page`].
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/doc.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (host, tenant, ask) = asks().await?;
    /// use reentry::{StartOptions, SuspensionFilter};
    /// use serde_json::json;
    ///
    /// # let workflow = tenant.workflow("approval").then(ask.step("ask")).commit().await?;
    /// workflow.new_run().start(StartOptions::input(json!({"amount": 120}))).await?;
    /// let waiting = tenant.inbox(SuspensionFilter::default()).await?.rows;
    /// assert_eq!(waiting[0].title, "ask");
    /// assert_eq!(waiting[0].payload.as_ref().unwrap().text(), r#"{"amount":120}"#);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `Refused` for a filter that nothing can pass and for an invalid cursor; `Unavailable`, `Damaged`.
    pub async fn inbox(&self, filter: SuspensionFilter) -> Result<Page<Waiting>, Error> {
        let page = self.shared.store.list_suspensions(&self.id, filter).await?;
        let mut rows = Vec::with_capacity(page.rows.len());
        for record in page.rows {
            rows.push(waiting(&self.shared, &self.id, record).await?);
        }
        Ok(Page { rows, next: page.next })
    }

    /// Counts what waits for an answer, as [`Self::count_runs`] counts runs.
    ///
    /// # Errors
    /// As [`Self::inbox`].
    pub async fn count_inbox(
        &self,
        filter: SuspensionFilter,
        by: Option<SuspensionGroups>,
    ) -> Result<Counts, Error> {
        Ok(self.shared.store.count_suspensions(&self.id, filter, by).await?)
    }
}
