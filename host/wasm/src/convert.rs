//! Between the generated types and those of reentry-core. Whatever comes out of a guest is checked here.

use std::fmt::Write as _;

use reentry_core::error::chain;
use reentry_core::json::Json;
use reentry_core::retry::RetryPolicy;
use reentry_core::step;
use reentry_core::time::{AHEAD_MS_MAX, Timestamp};

use crate::bindings::exports::reentry::step::guest as wit;
use crate::bindings::reentry::step::types;
use crate::error::CallError;
use crate::host::Level;
use crate::limits::{LimitReached, Limits};

/// Why the host ends a call from within. Travels through wasmtime as an error and comes out again as a [`CallError`].
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// The guest broke the contract.
    #[error("{0}")]
    Contract(String),
    /// The guest ran into a limit.
    #[error("{0}")]
    Limit(LimitReached),
    /// The embedder could not answer.
    #[error("{0}")]
    Host(crate::host::BoxError),
    /// The call took too long.
    #[error("timed out")]
    TimedOut,
    /// The embedder has no room for the guest's memory.
    #[error("no room")]
    NoRoom {
        /// What the guest would have had.
        bytes: u64,
    },
}

impl Fault {
    pub(crate) fn into_call_error(self, limits: &Limits) -> CallError {
        match self {
            Self::Contract(problem) => CallError::Contract(problem),
            Self::Limit(limit) => CallError::Limit(limit),
            Self::Host(error) => CallError::Host(chain(&*error)),
            Self::TimedOut => CallError::TimedOut { at_most: limits.call },
            Self::NoRoom { bytes } => CallError::NoRoom { bytes },
        }
    }
}

/// Longest code of a failure, in bytes; what is longer is cut.
const CODE_BYTES_MAX: usize = 128;

/// Longest message of a failure, in bytes; what is longer is cut.
const MESSAGE_BYTES_MAX: usize = 8 << 10;

/// Longest title of a step, in bytes.
const TITLE_BYTES_MAX: usize = 256;

/// Longest description of a step, in bytes.
const DESCRIPTION_BYTES_MAX: usize = 4 << 10;

/// Longest metadata of a step, in bytes.
const METADATA_BYTES_MAX: usize = 64 << 10;

/// Takes a text of the guest's as JSON. `field` says where it stood.
pub(crate) fn json(field: &str, text: String, limits: &Limits) -> Result<Json, Fault> {
    if text.len() > limits.value_bytes {
        return Err(Fault::Limit(LimitReached {
            what: "bytes of one value".into(),
            asked: text.len() as u64,
            at_most: limits.value_bytes as u64,
        }));
    }
    Json::parse(text).map_err(|error| Fault::Contract(format!("`{field}`: {error}")))
}

fn json_option(field: &str, text: Option<String>, limits: &Limits) -> Result<Option<Json>, Fault> {
    text.map(|text| json(field, text, limits)).transpose()
}

fn text(json: &Json) -> String {
    json.text().to_owned()
}

pub(crate) fn level(level: crate::bindings::reentry::step::host::Level) -> Level {
    use crate::bindings::reentry::step::host::Level as Wit;
    match level {
        Wit::Trace => Level::Trace,
        Wit::Debug => Level::Debug,
        Wit::Info => Level::Info,
        Wit::Warn => Level::Warn,
        Wit::Error => Level::Error,
    }
}

// Into the guest.

fn facts(facts: step::Facts) -> types::Facts {
    types::Facts {
        step: facts.step,
        run_id: facts.run_id,
        workflow_id: facts.workflow_id,
        path: facts.path,
        attempt: facts.attempt,
        resource_id: facts.resource_id,
        idempotency_key: facts.idempotency_key,
        now_ms: facts.now.0,
        entropy: facts.entropy.to_vec(),
        trace: facts
            .trace
            .map(|trace| types::TraceContext { trace_id: trace.trace_id, span_id: trace.span_id }),
    }
}

pub(crate) fn invocation(call: step::Invocation) -> wit::Invocation {
    wit::Invocation { facts: facts(call.facts), input: text(&call.input) }
}

pub(crate) fn resumption(call: step::Resumption) -> wit::Resumption {
    wit::Resumption {
        facts: facts(call.facts),
        resolved: call.resolved.into_iter().map(resolved).collect(),
        input: text(&call.input),
        suspend_payload: call.suspend_payload.as_ref().map(text),
    }
}

fn resolved(resolved: step::Resolved) -> types::Resolved {
    let resolution = match resolved.resolution {
        step::Resolution::Answered(json) => types::Resolution::Answered(text(&json)),
        step::Resolution::TimedOut => types::Resolution::TimedOut,
        step::Resolution::Elapsed => types::Resolution::Elapsed,
        step::Resolution::Received(json) => types::Resolution::Received(text(&json)),
        step::Resolution::Completed(json) => types::Resolution::Completed(text(&json)),
        step::Resolution::Failed(failure) => types::Resolution::Failed(failure_in(failure)),
        step::Resolution::Recorded => types::Resolution::Recorded,
    };
    types::Resolved { wait: resolved.wait, resolution }
}

pub(crate) fn failure_in(failure: step::Failure) -> types::Failure {
    types::Failure {
        message: failure.message,
        code: failure.code,
        retryable: failure.retryable,
        retry_after_ms: failure.retry_after_ms,
        details: failure.details.as_ref().map(text),
    }
}

// Out of the guest.

pub(crate) fn failure_out(failure: types::Failure, limits: &Limits) -> Result<step::Failure, Fault> {
    if let Some(asked) = failure.retry_after_ms.filter(|ms| *ms > AHEAD_MS_MAX) {
        let what = "milliseconds until a further try (`failure.retry-after-ms`)".into();
        return Err(Fault::Limit(LimitReached { what, asked, at_most: AHEAD_MS_MAX }));
    }
    Ok(step::Failure {
        message: cut(failure.message, limits.log_line_bytes.min(MESSAGE_BYTES_MAX)),
        code: failure.code.map(|code| cut(code, CODE_BYTES_MAX)),
        retryable: failure.retryable,
        retry_after_ms: failure.retry_after_ms,
        details: json_option("failure.details", failure.details, limits)?,
    })
}

pub(crate) fn outcome(outcome: types::Outcome, limits: &Limits) -> Result<step::Outcome, Fault> {
    Ok(match outcome {
        types::Outcome::Completed(output) => step::Outcome::Completed(json("completed", output, limits)?),
        types::Outcome::Bailed(result) => step::Outcome::Bailed(json("bailed", result, limits)?),
        types::Outcome::Suspended(suspension) => step::Outcome::Suspended(waits(suspension, limits)?),
    })
}

fn waits(suspension: types::Suspension, limits: &Limits) -> Result<step::Waits, Fault> {
    let asked = suspension.waits.len();
    if asked == 0 {
        return Err(Fault::Contract("`suspended.waits` is empty: the step would never go on".to_owned()));
    }
    if asked > limits.waits {
        return Err(Fault::Limit(LimitReached {
            what: "waits of one suspension".into(),
            asked: asked as u64,
            at_most: limits.waits as u64,
        }));
    }
    let mut seen = std::collections::HashSet::with_capacity(asked);
    let mut waits = Vec::with_capacity(asked);
    for one in suspension.waits {
        if !seen.insert(one.id) {
            return Err(Fault::Contract(format!("`suspended.waits` has two waits with the id {}", one.id)));
        }
        waits.push(step::Wait { id: one.id, what: wait_for(one.id, one.what, limits)? });
    }
    let wake = match suspension.wake {
        types::Wake::Any => step::Wake::Any,
        types::Wake::All => step::Wake::All,
    };
    Ok(step::Waits { waits, wake })
}

fn wait_for(id: u32, what: types::WaitFor, limits: &Limits) -> Result<step::WaitFor, Fault> {
    let field = |name: &str| format!("suspended.waits[{id}].{name}");
    Ok(match what {
        types::WaitFor::Answer(answer) => step::WaitFor::Answer(step::AnswerWait {
            payload: json(&field("payload"), answer.payload, limits)?,
            assignees: Vec::new(),
            labels: answer.labels,
            resume_schema: json_option(&field("resume-schema"), answer.resume_schema, limits)?,
            deadline: deadline(&field("deadline"), answer.deadline, limits)?,
        }),
        types::WaitFor::Time(at) => step::WaitFor::Time(Timestamp(at)),
        types::WaitFor::Event(event) => step::WaitFor::Event(step::EventWait {
            name: event.name,
            key: event.key,
            deadline: deadline(&field("deadline"), event.deadline, limits)?,
        }),
        types::WaitFor::Run(run) => step::WaitFor::Run(step::RunWait {
            target: match run.target {
                types::RunTarget::Step(id) => step::RunTarget::Step(id),
                types::RunTarget::Workflow(id) => step::RunTarget::Workflow(id),
            },
            input: json(&field("input"), run.input, limits)?,
        }),
        types::WaitFor::Checkpoint => step::WaitFor::Checkpoint,
    })
}

fn deadline(
    field: &str,
    deadline: Option<types::Deadline>,
    limits: &Limits,
) -> Result<Option<step::Deadline>, Fault> {
    let Some(deadline) = deadline else { return Ok(None) };
    let otherwise = match deadline.otherwise {
        types::DeadlineOutcome::TimeOut => step::DeadlineOutcome::TimeOut,
        types::DeadlineOutcome::Answer(answer) => {
            step::DeadlineOutcome::Answer(json(&format!("{field}.otherwise"), answer, limits)?)
        }
    };
    Ok(Some(step::Deadline { at: Timestamp(deadline.at_ms), otherwise }))
}

pub(crate) fn descriptor(from: types::Descriptor, limits: &Limits) -> Result<step::Descriptor, String> {
    reentry_core::id::check_name("step", &from.id).map_err(|error| error.to_string())?;
    let id = from.id;
    let schema = |name: &str, text: Option<String>| {
        json_option(name, text, limits).map_err(|fault| format!("step `{id}`: {fault}"))
    };
    let retry = from.retry.map(|retry| RetryPolicy {
        retries: retry.retries,
        delay_ms: retry.delay_ms,
        backoff: retry.backoff,
        max_delay_ms: retry.max_delay_ms,
        jitter: retry.jitter,
    });
    if let Some(policy) = &retry {
        policy.check().map_err(|error| format!("step `{id}`: {error}"))?;
    }
    let metadata = from.metadata.as_deref();
    for (what, text, at_most) in [
        ("title", from.title.as_deref(), TITLE_BYTES_MAX),
        ("description", from.description.as_deref(), DESCRIPTION_BYTES_MAX),
        ("metadata", metadata, METADATA_BYTES_MAX),
    ] {
        if let Some(found) = text.map(str::len).filter(|found| *found > at_most) {
            return Err(format!("step `{id}`: `{what}` has {found} bytes, at most {at_most} are allowed"));
        }
    }
    if let Some(ms) = from.timeout_ms.filter(|ms| !(1..=AHEAD_MS_MAX).contains(ms)) {
        return Err(format!("step `{id}`: `timeout-ms` is {ms}, expected 1 to {AHEAD_MS_MAX} (ten years)"));
    }
    let metadata = schema("metadata", from.metadata)?;
    if metadata.as_ref().is_some_and(|json| !json.text().trim_start().starts_with('{')) {
        return Err(format!("step `{id}`: `metadata` must be a JSON object"));
    }
    Ok(step::Descriptor {
        title: from.title,
        description: from.description,
        input_schema: schema("input-schema", from.input_schema)?,
        output_schema: schema("output-schema", from.output_schema)?,
        suspend_schema: schema("suspend-schema", from.suspend_schema)?,
        resume_schema: schema("resume-schema", from.resume_schema)?,
        state_schema: schema("state-schema", from.state_schema)?,
        request_context_schema: schema("request-context-schema", from.request_context_schema)?,
        retry,
        timeout_ms: from.timeout_ms,
        resume_mode: match from.resume_mode {
            types::ResumeMode::Restore => step::ResumeMode::Restore,
            types::ResumeMode::ReEnter => step::ResumeMode::ReEnter,
        },
        metadata,
        id,
    })
}

/// Cuts a text to at most `at_most` bytes, at a character boundary, and says so at its end.
pub(crate) fn cut(mut text: String, at_most: usize) -> String {
    if text.len() > at_most {
        let found = text.len();
        let end = (0..=at_most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
        let _ = write!(text, "... ({found} bytes, cut)");
    }
    text
}
