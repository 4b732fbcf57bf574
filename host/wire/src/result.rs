//! Results of runs, with the field names of Mastra's.

use std::collections::{BTreeMap, BTreeSet};

use reentry::core::id::{RunId, SuspensionId};
use reentry::core::json::Json;
use reentry::core::path::StepPath;
use reentry::core::run::RunStatus;
use reentry::core::step::Failure;
use reentry::core::time::Timestamp;
use reentry::core::trace::{SpanId, TraceId};
use reentry::{RunResult, StepResults, SuspendedStep};
use serde::{Serialize, Serializer};

/// What came of a start, a resume, or of what else brings a run on.
#[derive(Clone, Debug, Serialize)]
pub struct RunOutcome<'a> {
    /// How far the run came.
    #[serde(flatten)]
    pub result: ResultFields<'a>,
    /// The run's input. Absent where the run has gone on since the result, as when a request is made again under its
    /// key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<&'a Json>,
    /// The steps. Absent like the input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<StepFields<'a>>,
}

impl<'a> RunOutcome<'a> {
    /// A result, with the steps of the run as they were then.
    pub fn of(result: &'a RunResult, steps: Option<&'a StepResults>) -> Self {
        let input = steps.and_then(|steps| steps.input.as_ref());
        Self { result: result.into(), input, steps: steps.map(StepFields) }
    }
}

/// How far a run came. What is said of questions is a list for each step, as one may ask several.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResultFields<'a> {
    /// How the run stands.
    pub status: RunStatus,
    /// The run.
    pub run_id: RunId,
    /// The version of the run that this shows: an answer that names it reaches no question that was asked later.
    pub version: u64,
    /// The workflow's result. Absent unless the status is `success`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<&'a Json>,
    /// Why it failed or is blocked. Absent with any other status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'a Failure>,
    /// The steps that ask something, each by the elements of its path. Absent where none does.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub suspended: Vec<Vec<String>>,
    /// What is asked, by step. Absent where nothing is.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub suspend_payload: BTreeMap<String, Vec<&'a Json>>,
    /// The questions, by step. Absent where there are none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub suspension_ids: BTreeMap<String, Vec<SuspensionId>>,
    /// When something happens in the run by itself, at the earliest, in milliseconds since 1970. Absent where nothing
    /// does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// The steps that may be addressed by a label, by label. Absent where they were not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resume_labels: Option<BTreeMap<&'a str, Vec<LabeledStep<'a>>>>,
    /// The workflow's shared state, by key. Absent where it was not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<&'a BTreeMap<String, Json>>,
    /// The trace of the start or resume. Absent where it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<TraceId>,
    /// Its root span. Absent like the trace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span_id: Option<SpanId>,
}

/// A step that has a label.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LabeledStep<'a> {
    /// The path of the step.
    pub step_id: &'a StepPath,
}

impl<'a> From<&'a RunResult> for ResultFields<'a> {
    fn from(result: &'a RunResult) -> Self {
        let mut seen = BTreeSet::new();
        let paths = result.suspended.iter().map(|step| &step.path).filter(|path| seen.insert(*path));
        let labels = result.resume_labels.as_ref().map(|labels| {
            let steps = |paths: &'a [StepPath]| paths.iter().map(|step_id| LabeledStep { step_id }).collect();
            labels.iter().map(|(label, paths)| (label.as_str(), steps(paths))).collect()
        });
        Self {
            status: result.status,
            run_id: result.run_id,
            version: result.version,
            result: result.result.as_ref(),
            error: result.error.as_ref(),
            suspended: paths.map(StepPath::elements).collect(),
            suspend_payload: by_path(result, |step| &step.payload),
            suspension_ids: by_path(result, |step| step.suspension),
            due_at: result.due_at,
            resume_labels: labels,
            state: result.state.as_ref(),
            trace_id: result.trace_id,
            span_id: result.span_id,
        }
    }
}

/// A list for each path, as a step may have several suspensions.
fn by_path<'a, T>(result: &'a RunResult, of: impl Fn(&'a SuspendedStep) -> T) -> BTreeMap<String, Vec<T>> {
    let mut found: BTreeMap<String, Vec<T>> = BTreeMap::new();
    for step in &result.suspended {
        found.entry(step.path.to_string()).or_default().push(of(step));
    }
    found
}

/// The steps of a run: an object by path, in the order of the first calls. Each has `status`, `payload`, `startedAt`,
/// and as far as they apply `output`, `error`, `endedAt`, `suspendPayload`, `suspendedAt`, `resumePayload`,
/// `resumedAt`.
#[derive(Clone, Copy, Debug)]
pub struct StepFields<'a>(pub &'a StepResults);

impl Serialize for StepFields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.steps.iter().map(|(path, entry)| (path.to_string(), entry)))
    }
}
