//! What callers may say when they start or resume a run.

use std::collections::BTreeMap;

use reentry_core::actor::{Actor, By};
use reentry_core::event::StartRequest;
use reentry_core::json::Json;
use reentry_core::resume::{ResumeRequest, Target};
use reentry_core::trace::{TracingContext, TracingOptions};

/// What the result shows beside what it always shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutputOptions {
    /// The workflow's shared state.
    pub include_state: bool,
    /// The labels by which the open suspensions may be addressed.
    pub include_resume_labels: bool,
}

reentry_core::setters!(OutputOptions { include_state: bool, include_resume_labels: bool });

/// How a run is started.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct StartOptions {
    /// The workflow's input; `None` is `null`.
    pub input_data: Option<Json>,
    /// The shared state to begin with: a JSON object.
    pub initial_state: Option<Json>,
    /// What the input does not say, by key.
    pub request_context: BTreeMap<String, Json>,
    /// The caller's span.
    pub tracing_context: TracingContext,
    /// What the caller asks of the run's root span.
    pub tracing_options: TracingOptions,
    /// What the result shows.
    pub output_options: OutputOptions,
    /// The idempotency key, unique within the tenant, 1 to 256 bytes: a request that is repeated under one key is
    /// done once, and each gets the same answer.
    pub idempotency_key: Option<String>,
    /// Who starts it. Not recorded by default; see [`os_actor`](crate::os_actor).
    pub actor: Option<Actor>,
    /// The way in, 1 to 256 bytes. Defaults to `library`.
    pub channel: Option<String>,
    /// A comment, at most 4 KiB.
    pub comment: Option<String>,
}

reentry_core::setters!(StartOptions {
    initial_state: Option<Json>,
    request_context: BTreeMap<String, Json>,
    tracing_context: TracingContext,
    tracing_options: TracingOptions,
    output_options: OutputOptions,
    idempotency_key: Option<String>,
    actor: Option<Actor>,
    channel: Option<String>,
    comment: Option<String>,
});

/// How a run is resumed: the complete request of `run.resume`.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ResumeOptions {
    /// Which suspension is answered; may be left out when there is only one.
    pub step: Target,
    /// The answer; `None` is `null`.
    pub resume_data: Option<Json>,
    /// Merged key by key over what the run has stored. The caller wins.
    pub request_context: BTreeMap<String, Json>,
    /// The attempt number to account to the resumed call; at most the retries of the step's policy.
    pub retry_count: u32,
    /// The caller's span.
    pub tracing_context: TracingContext,
    /// What the caller asks of the resume's root span.
    pub tracing_options: TracingOptions,
    /// What the result shows.
    pub output_options: OutputOptions,
    /// The idempotency key, unique within the tenant, 1 to 256 bytes: a request that is repeated under one key is
    /// done once, and each gets the same answer.
    pub idempotency_key: Option<String>,
    /// Who answers. Not recorded by default; see [`os_actor`](crate::os_actor).
    pub actor: Option<Actor>,
    /// The way in, 1 to 256 bytes. Defaults to `library`.
    pub channel: Option<String>,
    /// A comment, at most 4 KiB.
    pub comment: Option<String>,
}

reentry_core::setters!(ResumeOptions {
    request_context: BTreeMap<String, Json>,
    retry_count: u32,
    tracing_context: TracingContext,
    tracing_options: TracingOptions,
    output_options: OutputOptions,
    idempotency_key: Option<String>,
    actor: Option<Actor>,
    channel: Option<String>,
    comment: Option<String>,
});

/// How a run is canceled.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct CancelOptions {
    /// Who cancels it. Not recorded by default; see [`os_actor`](crate::os_actor).
    pub actor: Option<Actor>,
    /// The way in, 1 to 256 bytes. Defaults to `library`.
    pub channel: Option<String>,
    /// A comment, at most 4 KiB.
    pub comment: Option<String>,
}

reentry_core::setters!(CancelOptions {
    actor: Option<Actor>,
    channel: Option<String>,
    comment: Option<String>,
});

impl StartOptions {
    /// Makes the options of a start with this input.
    pub fn input(data: impl Into<Json>) -> Self {
        Self { input_data: Some(data.into()), ..Self::default() }
    }

    /// Sets who starts the run. The host adds by what it knows the caller.
    pub fn by(self, name: impl Into<String>) -> Self {
        self.actor(Actor::asserted(name))
    }

    /// Sets one key of the request context.
    pub fn context(mut self, key: impl Into<String>, value: impl Into<Json>) -> Self {
        self.request_context.insert(key.into(), value.into());
        self
    }

    pub(crate) fn request(self, by: By) -> StartRequest {
        StartRequest {
            input: self.input_data,
            initial_state: self.initial_state,
            request_context: self.request_context,
            tracing_context: self.tracing_context,
            tracing_options: self.tracing_options,
            by,
        }
    }
}

impl ResumeOptions {
    /// Makes the options of a resume with this answer.
    pub fn data(data: impl Into<Json>) -> Self {
        Self { resume_data: Some(data.into()), ..Self::default() }
    }

    /// Names the suspension that is answered.
    pub fn step(mut self, target: Target) -> Self {
        self.step = target;
        self
    }

    /// Sets the version of the run that the caller has seen: suspensions that were opened later are not meant.
    /// Defaults to that of the last result that the handle returned.
    pub fn seen(mut self, version: u64) -> Self {
        self.step.seen = Some(version);
        self
    }

    /// Sets who answers. The host adds by what it knows the caller.
    pub fn by(self, name: impl Into<String>) -> Self {
        self.actor(Actor::asserted(name))
    }

    /// Sets one key of the request context.
    pub fn context(mut self, key: impl Into<String>, value: impl Into<Json>) -> Self {
        self.request_context.insert(key.into(), value.into());
        self
    }

    pub(crate) fn request(self, by: By) -> ResumeRequest {
        ResumeRequest {
            target: self.step,
            data: self.resume_data,
            request_context: self.request_context,
            request: None,
            by,
            retry_count: self.retry_count,
            tracing_context: self.tracing_context,
            tracing_options: self.tracing_options,
        }
    }
}
