//! What a caller gets back.

use std::collections::BTreeMap;

use reentry_core::id::{RunId, SuspensionId};
use reentry_core::json::Json;
use reentry_core::path::StepPath;
use reentry_core::run::{Blocked, EntryRecord, RunState, RunStatus, StepResult, StepStatus};
use reentry_core::step::Failure;
use reentry_core::time::Timestamp;
use reentry_core::trace::{SpanId, TraceId};
use reentry_core::workflow::Program;
use serde::{Deserialize, Serialize};

use crate::options::OutputOptions;

/// How a start or a resume ended: with the run done, or suspended again.
///
/// The records of single steps are not part of it, so that its cost does not grow with the steps that were done before;
/// [`Run::steps`](crate::Run::steps) reads them.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RunResult {
    /// The run.
    pub run_id: RunId,
    /// How it stands. `running` when another step of it is still being called on someone else's behalf.
    pub status: RunStatus,
    /// The workflow's result, with status `success`.
    pub result: Option<Json>,
    /// Why it failed, with status `failed`, or why it is blocked, with status `blocked`.
    pub error: Option<Failure>,
    /// The version of the run that this shows. An answer that is given in view of it reaches no suspension that was
    /// opened later.
    pub version: u64,
    /// The suspensions that wait for an answer, in the order of the definition, then of the items; those of one step
    /// in the step's own order.
    pub suspended: Vec<SuspendedStep>,
    /// When something happens in it by itself, at the earliest: a sleep is over, a failed call is tried again, a
    /// deadline passes. There with status `waiting` or `suspended`, if there is such an instant. The worker continues
    /// it then.
    pub due_at: Option<Timestamp>,
    /// The workflow's shared state, if asked for.
    pub state: Option<BTreeMap<String, Json>>,
    /// The labels of the open suspensions, if asked for, each with the steps that have it.
    pub resume_labels: Option<BTreeMap<String, Vec<StepPath>>>,
    /// The trace of this start or resume.
    pub trace_id: Option<TraceId>,
    /// Its root span.
    pub span_id: Option<SpanId>,
}

/// A step that waits for an answer; one that waits for several is there once for each. Stored with the request that a
/// result answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SuspendedStep {
    /// The step.
    pub path: StepPath,
    /// The suspension: the single-use address of the answer.
    pub suspension: SuspensionId,
    /// What the one who answers gets to see.
    pub payload: Json,
    /// Labels by which it may be addressed.
    pub labels: Vec<String>,
    /// Since when it waits.
    pub since: Timestamp,
    /// When the deadline passes.
    pub deadline: Option<Timestamp>,
}

impl RunResult {
    /// Describes a run as it is stored. `root` is the record of the workflow itself, for a run that has ended.
    pub(crate) fn of(
        run: &RunState,
        program: &Program,
        root: Option<&EntryRecord>,
        options: OutputOptions,
    ) -> Self {
        let mut suspended: Vec<SuspendedStep> = run
            .answerable()
            .map(|(path, suspension)| SuspendedStep {
                path: path.clone(),
                suspension: suspension.id,
                payload: suspension.payload().cloned().unwrap_or_else(Json::null),
                labels: suspension.labels().to_vec(),
                since: suspension.since,
                deadline: suspension.due_at(),
            })
            .collect();
        // Stable: what one step waits for stays in the step's own order.
        suspended.sort_by_cached_key(|step| program.order_of(&run.called, &step.path));
        let labels = || labels(&suspended);
        let entry = root.map(|root| &root.entry);
        let blocked = run.blocked.as_ref().filter(|_| run.status() == RunStatus::Blocked);
        let blocked = blocked.map(Blocked::failure);
        Self {
            run_id: run.id,
            status: run.status(),
            version: run.version,
            result: entry.and_then(|entry| entry.output.clone()),
            error: blocked.or_else(|| entry.and_then(|entry| entry.error.clone())),
            due_at: run.next_due(),
            state: options.include_state.then(|| run.state.clone()),
            resume_labels: options.include_resume_labels.then(labels),
            trace_id: run.span.as_ref().map(|span| span.trace_id),
            span_id: run.span.as_ref().map(|span| span.span_id),
            suspended,
        }
    }
}

/// The labels by which suspensions may be addressed.
pub(crate) fn labels(suspended: &[SuspendedStep]) -> BTreeMap<String, Vec<StepPath>> {
    let mut labels: BTreeMap<String, Vec<StepPath>> = BTreeMap::new();
    for step in suspended {
        for label in &step.labels {
            labels.entry(label.clone()).or_default().push(step.path.clone());
        }
    }
    labels
}

/// The records of a run's steps.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct StepResults {
    /// The workflow's input.
    pub input: Option<Json>,
    /// Each step's entry, in the order of the first calls. A nested workflow is an entry too.
    pub steps: Vec<(StepPath, StepResult)>,
}

impl StepResults {
    /// Describes the records of a run as they are stored; `statuses` are those of what is not done.
    pub(crate) fn of(
        records: Vec<(StepPath, EntryRecord)>,
        statuses: &BTreeMap<StepPath, StepStatus>,
    ) -> Self {
        let mut results = Self::default();
        for (path, step) in records {
            let mut entry = step.shown();
            if path.is_root() {
                results.input = Some(entry.payload);
                continue;
            }
            if let (true, Some(status)) = (step.is_active(), statuses.get(&path)) {
                entry.status = *status;
            }
            results.steps.push((path, entry));
        }
        results
    }

    /// Returns the entry of one step.
    pub fn get(&self, path: &StepPath) -> Option<&StepResult> {
        self.steps.iter().find(|(other, _)| other == path).map(|(_, entry)| entry)
    }
}
