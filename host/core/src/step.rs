//! The contract with steps, as plain data: what `wit/step.wit` says, one type each.
//!
//! Only host/wasm knows how these types cross into a guest.

use serde::{Deserialize, Serialize};

use crate::json::{Json, present};
use crate::retry::RetryPolicy;
use crate::time::Timestamp;

/// How a step goes on after a suspension.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ResumeMode {
    /// Its memory is kept at the suspension and put back.
    #[default]
    Restore,
    /// Nothing is kept; `resume` is called on a fresh instance.
    ReEnter,
}

/// What a component says of one of its steps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Descriptor {
    /// Names the step within its component.
    pub id: String,
    /// A short name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What the step does, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// JSON Schema of the input.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub input_schema: Option<Json>,
    /// JSON Schema of the output.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub output_schema: Option<Json>,
    /// JSON Schema of the payload that the step suspends with.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub suspend_schema: Option<Json>,
    /// JSON Schema of the answer.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub resume_schema: Option<Json>,
    /// JSON Schema of the part of the workflow's state that the step uses.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub state_schema: Option<Json>,
    /// JSON Schema of the request context that the step needs.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub request_context_schema: Option<Json>,
    /// How failures are retried, unless the workflow says otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryPolicy>,
    /// Longest time one call may run, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// How the step goes on after a suspension.
    pub resume_mode: ResumeMode,
    /// Anything else the author says of the step: a JSON object.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Json>,
}

impl Descriptor {
    /// Every schema that there is.
    pub fn schemas(&self) -> impl Iterator<Item = &Json> {
        let data = self.input_schema.iter().chain(&self.output_schema);
        let waits = self.suspend_schema.iter().chain(&self.resume_schema);
        data.chain(waits).chain(&self.state_schema).chain(&self.request_context_schema)
    }
}

/// The trace that a call belongs to, as guests see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallTrace {
    /// 32 lower-case hexadecimal digits.
    pub trace_id: String,
    /// 16 lower-case hexadecimal digits: the span of this call.
    pub span_id: String,
}

/// The facts of one call into a guest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    /// Descriptor id of the step.
    pub step: String,
    /// The run, as text.
    pub run_id: String,
    /// Id of the workflow.
    pub workflow_id: String,
    /// Path of the step, as text.
    pub path: String,
    /// Tries of this call before this one.
    pub attempt: u32,
    /// Whom or what the run is about.
    pub resource_id: Option<String>,
    /// The same at each try of one call, different for each call.
    pub idempotency_key: String,
    /// When the host made the call.
    pub now: Timestamp,
    /// Fresh random bytes.
    pub entropy: [u8; 32],
    /// The trace that the call belongs to.
    pub trace: Option<CallTrace>,
}

/// The argument of a guest's `start`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Invocation {
    /// The facts of the call.
    pub facts: Facts,
    /// The step's input.
    pub input: Json,
}

/// The argument of a guest's `resume`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resumption {
    /// The facts of the call.
    pub facts: Facts,
    /// The waits that are over.
    pub resolved: Vec<Resolved>,
    /// The input of `start`, once more.
    pub input: Json,
    /// The payload of the wait that was answered.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub suspend_payload: Option<Json>,
}

/// How a call into a guest ended well.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// The step is done; its output.
    Completed(Json),
    /// The workflow that the step stands in is done; its result.
    Bailed(Json),
    /// The step waits.
    Suspended(Waits),
}

/// All that a step waits for from now on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Waits {
    /// The single waits.
    pub waits: Vec<Wait>,
    /// When the step is called again, if there are several.
    pub wake: Wake,
}

/// When a step with several waits is called again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Wake {
    /// As soon as one of them is over.
    Any,
    /// When all of them are over.
    All,
}

/// One thing that a step waits for, under the guest's own name for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Wait {
    /// The guest's own name for the wait.
    pub id: u32,
    /// What is waited for.
    pub what: WaitFor,
}

/// What a wait waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum WaitFor {
    /// A person or a system to call resume.
    Answer(AnswerWait),
    /// An instant.
    Time(Timestamp),
    /// An event sent to the host by name and key.
    Event(EventWait),
    /// A step or workflow that the host runs on the step's behalf.
    Run(RunWait),
    /// Nothing: what has been done is made durable, and the step goes on at once.
    Checkpoint,
}

impl WaitFor {
    /// The kind of wait, as messages name it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Answer(_) => "answer",
            Self::Time(_) => "time",
            Self::Event(_) => "event",
            Self::Run(_) => "run",
            Self::Checkpoint => "checkpoint",
        }
    }

    /// The end of patience, if the wait has one.
    pub fn deadline(&self) -> Option<&Deadline> {
        match self {
            Self::Answer(answer) => answer.deadline.as_ref(),
            Self::Event(event) => event.deadline.as_ref(),
            Self::Time(_) | Self::Run(_) | Self::Checkpoint => None,
        }
    }
}

/// Waiting for a person or a system to call resume.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AnswerWait {
    /// What the one who answers gets to see.
    pub payload: Json,
    /// Names by which the answer may be addressed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// Who is asked, for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assignees: Vec<String>,
    /// JSON Schema of this very answer, in place of the descriptor's.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub resume_schema: Option<Json>,
    /// The end of patience.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Deadline>,
}

/// Waiting for an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventWait {
    /// Name of the event.
    pub name: String,
    /// Tells events of one name apart; `None` takes any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The end of patience.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Deadline>,
}

/// Waiting for something that the host runs on the step's behalf.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunWait {
    /// What is run.
    pub target: RunTarget,
    /// Its input.
    pub input: Json,
}

/// What is run on a step's behalf.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RunTarget {
    /// A step of the same component, by descriptor id.
    Step(String),
    /// A workflow known to the host, by id.
    Workflow(String),
}

/// The end of patience.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deadline {
    /// When it is.
    pub at: Timestamp,
    /// What happens then.
    pub otherwise: DeadlineOutcome,
}

/// What a deadline does when nobody answered in time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DeadlineOutcome {
    /// The step is told and decides.
    TimeOut,
    /// The step is told this as if it had been the answer.
    Answer(Json),
}

/// How a call ended badly, or something waited for did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// For people.
    pub message: String,
    /// For programs: a short stable word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Whether trying the same again may help.
    #[serde(default)]
    pub retryable: bool,
    /// Wait at least this long before the next try, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// Anything else, for programs.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub details: Option<Json>,
}

/// How a wait ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Resolution {
    /// The answer.
    Answered(Json),
    /// The deadline passed.
    TimedOut,
    /// The instant has come.
    Elapsed,
    /// The payload of the event.
    Received(Json),
    /// The output of what was run.
    Completed(Json),
    /// What was run failed.
    Failed(Failure),
    /// The checkpoint is durable.
    Recorded,
}

/// A wait that is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resolved {
    /// The guest's own name for the wait.
    pub wait: u32,
    /// How it ended.
    pub resolution: Resolution,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Everything of a call can be written and read again, and `null` stays a value.
    #[track_caller]
    fn check<T: Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) {
        let text = serde_json::to_string(value).unwrap();
        assert_eq!(serde_json::from_str::<T>(&text).unwrap(), *value, "{text}");
    }

    #[test]
    fn what_goes_into_a_guest_and_comes_out_can_be_written_and_read_again() {
        let (at, null) = (Timestamp(7), Json::null);
        let trace = CallTrace { trace_id: "1".repeat(32), span_id: "2".repeat(16) };
        let facts = Facts {
            step: "ask".to_owned(),
            run_id: "run".to_owned(),
            workflow_id: "asks".to_owned(),
            path: "ask".to_owned(),
            attempt: 1,
            resource_id: Some("it".to_owned()),
            idempotency_key: "run/ask/1".to_owned(),
            now: at,
            entropy: [255; 32],
            trace: Some(trace),
        };
        let failure = Failure {
            message: "no".to_owned(),
            code: None,
            retryable: true,
            retry_after_ms: Some(u64::MAX),
            details: Some(null()),
        };
        check(&Invocation { facts: facts.clone(), input: null() });
        let resolutions = [
            Resolution::Answered(null()),
            Resolution::TimedOut,
            Resolution::Elapsed,
            Resolution::Received(null()),
            Resolution::Completed(null()),
            Resolution::Failed(failure.clone()),
            Resolution::Recorded,
        ];
        let resolved =
            (0..).zip(resolutions).map(|(wait, resolution)| Resolved { wait, resolution }).collect();
        let plain = Facts { resource_id: None, trace: None, ..facts };
        let mut resumption =
            Resumption { facts: plain, resolved, input: null(), suspend_payload: Some(null()) };
        check(&resumption);
        resumption.suspend_payload = None;
        check(&resumption);

        let deadline = |otherwise| Some(Deadline { at, otherwise });
        let answer = AnswerWait {
            payload: null(),
            labels: vec!["a".to_owned()],
            assignees: Vec::new(),
            resume_schema: Some(null()),
            deadline: deadline(DeadlineOutcome::Answer(null())),
        };
        let (name, key) = ("paid".to_owned(), Some(String::new()));
        let event = EventWait { name, key, deadline: deadline(DeadlineOutcome::TimeOut) };
        let run = |target| RunWait { target, input: null() };
        let waits = [
            WaitFor::Answer(answer),
            WaitFor::Time(at),
            WaitFor::Event(event),
            WaitFor::Run(run(RunTarget::Step("a".to_owned()))),
            WaitFor::Run(run(RunTarget::Workflow("b".to_owned()))),
            WaitFor::Checkpoint,
        ];
        let waits = (0..).zip(waits).map(|(id, what)| Wait { id, what }).collect();
        for outcome in [
            Outcome::Completed(null()),
            Outcome::Bailed(null()),
            Outcome::Suspended(Waits { waits, wake: Wake::All }),
        ] {
            check(&outcome);
        }
        check(&Err::<Outcome, _>(failure));
        let schema = Some(null());
        check(&Descriptor {
            id: "ask".to_owned(),
            input_schema: schema.clone(),
            output_schema: schema.clone(),
            suspend_schema: schema.clone(),
            resume_schema: schema.clone(),
            state_schema: schema.clone(),
            request_context_schema: schema.clone(),
            retry: Some(RetryPolicy::default()),
            resume_mode: ResumeMode::ReEnter,
            metadata: schema,
            ..Descriptor::default()
        });
    }
}
