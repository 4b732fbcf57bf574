//! One step as its author declares it: a function, and what others should know of it.

use std::future::Future;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::bindings::reentry::step::types::{Descriptor, Outcome, ResumeMode, Resumption};
use crate::context::Context;
use crate::error::Result;
use crate::json;
use crate::progress::Progress;
use crate::reentrant::{Next, Resumed, next_id};
use crate::retry::Retry;
use crate::schema::Described;
use crate::task::Task;
use crate::timestamp::millis;

/// One step of a component, for [`export!`](crate::export).
///
/// The JSON Schemas of input, output, form and answer are those of the types in the function's signature.
pub struct Step {
    descriptor: Descriptor,
    schemas: Schemas,
    pub(crate) body: Body,
}

/// Made only when the host asks for descriptions, as making them takes longer than many a step.
struct Schemas {
    input: fn() -> Option<String>,
    output: fn() -> Option<String>,
    form: fn() -> Option<String>,
    answer: fn() -> Option<String>,
    state: fn() -> Option<String>,
    request_context: fn() -> Option<String>,
}

/// What is called, with the input as JSON text or with the whole resumption.
pub(crate) enum Body {
    /// One future from start to end. Begins with the input, or also with the progress of another version.
    Lasting { begin: Begin, is_migratable: bool },
    /// A function for each call.
    ReEntrant { start: Function<str, Outcome>, resume: Function<Resumption, Outcome> },
}

/// From the input, and from what another version saved if the step moves here, to the future.
pub(crate) type Begin = Box<dyn FnOnce(&str, Option<&str>) -> Result<Task>>;

type Function<Argument, Value> = Box<dyn FnOnce(&Argument) -> Result<Value>>;

impl Step {
    /// A step that is one async function: `async fn(Context<Form, Answer>, Input) -> Result<Output>`.
    ///
    /// `id` names the step within its component: letters, digits, `-` and `_`, at most 128 bytes.
    pub fn new<Form, Answer, Input, Output, Fut>(
        id: &str,
        function: impl FnOnce(Context<Form, Answer>, Input) -> Fut + 'static,
    ) -> Self
    where
        Form: Described,
        Answer: Described,
        Input: DeserializeOwned + JsonSchema + 'static,
        Output: Serialize + JsonSchema + 'static,
        Fut: Future<Output = Result<Output>> + 'static,
    {
        let begin =
            move |input: &str, _: Option<&str>| Ok(task(function(Context::new(), read_input(input)?)));
        let schemas = Schemas::of::<Input, Output, Form, Answer>();
        let body = Body::Lasting { begin: Box::new(begin), is_migratable: false };
        Self::with_body(id, ResumeMode::Restore, schemas, body)
    }

    /// A step whose waiting runs can move to other versions of its component, and from those to this one:
    /// `async fn(Context<Form, Answer>, Input, Progress<State>) -> Result<Output>`.
    ///
    /// The function saves before each wait what a later version needs to wait there again, and when it is given
    /// what another version saved, it goes to that wait without doing again what is done. See [`Progress`].
    pub fn migratable<Form, Answer, Input, State, Output, Fut>(
        id: &str,
        function: impl FnOnce(Context<Form, Answer>, Input, Progress<State>) -> Fut + 'static,
    ) -> Self
    where
        Form: Described,
        Answer: Described,
        Input: DeserializeOwned + JsonSchema + 'static,
        State: Serialize + DeserializeOwned + 'static,
        Output: Serialize + JsonSchema + 'static,
        Fut: Future<Output = Result<Output>> + 'static,
    {
        let begin = move |input: &str, moved: Option<&str>| {
            let progress = Progress::begin(moved)?;
            Ok(task(function(Context::new(), read_input(input)?, progress)))
        };
        let schemas = Schemas::of::<Input, Output, Form, Answer>();
        let body = Body::Lasting { begin: Box::new(begin), is_migratable: true };
        Self::with_body(id, ResumeMode::Restore, schemas, body)
    }

    /// A step whose memory is not kept over a suspension: `start` is called at the start and `resume`, in a
    /// fresh instance, with each answer. Neither is async, as there is nothing for an `await` to go on with.
    pub fn re_entrant<Form, Answer, Input, Output>(
        id: &str,
        start: impl FnOnce(Context<Form, Answer>, Input) -> Result<Next<Output, Answer>> + 'static,
        resume: impl FnOnce(Context<Form, Answer>, Resumed<Input, Form, Answer>) -> Result<Next<Output, Answer>>
        + 'static,
    ) -> Self
    where
        Form: DeserializeOwned + JsonSchema + 'static,
        Answer: DeserializeOwned + JsonSchema + 'static,
        Input: DeserializeOwned + JsonSchema + 'static,
        Output: Serialize + JsonSchema + 'static,
    {
        let start = |input: &str| {
            start(Context::new(), json::read("the input", "bad-input", input)?)?.into_outcome(1)
        };
        let resume =
            |call: &Resumption| resume(Context::new(), Resumed::read(call)?)?.into_outcome(next_id(call));
        let body = Body::ReEntrant { start: Box::new(start), resume: Box::new(resume) };
        Self::with_body(id, ResumeMode::ReEnter, Schemas::of::<Input, Output, Form, Answer>(), body)
    }

    /// A short name for people.
    pub fn title(mut self, title: &str) -> Self {
        self.descriptor.title = Some(title.into());
        self
    }

    /// What the step does, for people.
    pub fn description(mut self, description: &str) -> Self {
        self.descriptor.description = Some(description.into());
        self
    }

    /// How failures are retried, unless the workflow says otherwise.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.descriptor.retry = Some(retry.policy());
        self
    }

    /// The longest time that one call may run, waits not counted. The host's own limit holds as well.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.descriptor.timeout_ms = Some(millis(timeout));
        self
    }

    /// The part of the workflow's state that the step reads and writes has this shape.
    pub fn state<State: JsonSchema>(mut self) -> Self {
        self.schemas.state = State::schema_read;
        self
    }

    /// The part of the request context that the step needs has this shape. The host checks it.
    pub fn request_context<RequestContext: JsonSchema>(mut self) -> Self {
        self.schemas.request_context = RequestContext::schema_read;
        self
    }

    /// Anything else, as a JSON object, for those who list steps.
    pub fn metadata(mut self, metadata: &serde_json::Map<String, serde_json::Value>) -> Self {
        self.descriptor.metadata = serde_json::to_string(metadata).ok();
        self
    }

    pub(crate) fn id(&self) -> &str {
        &self.descriptor.id
    }

    /// The descriptor with its schemas.
    pub(crate) fn describe(self) -> Descriptor {
        let schemas = self.schemas;
        Descriptor {
            input_schema: (schemas.input)(),
            output_schema: (schemas.output)(),
            suspend_schema: (schemas.form)(),
            resume_schema: (schemas.answer)(),
            state_schema: (schemas.state)(),
            request_context_schema: (schemas.request_context)(),
            ..self.descriptor
        }
    }

    fn with_body(id: &str, resume_mode: ResumeMode, schemas: Schemas, body: Body) -> Self {
        let descriptor = Descriptor {
            id: id.into(),
            title: None,
            description: None,
            input_schema: None,
            output_schema: None,
            suspend_schema: None,
            resume_schema: None,
            state_schema: None,
            request_context_schema: None,
            retry: None,
            timeout_ms: None,
            resume_mode,
            metadata: None,
        };
        Self { descriptor, schemas, body }
    }
}

fn read_input<Input: DeserializeOwned>(input: &str) -> Result<Input> {
    json::read("the input", "bad-input", input)
}

/// A running function as a task, whose output is JSON text.
fn task<Output: Serialize>(running: impl Future<Output = Result<Output>> + 'static) -> Task {
    Box::pin(async move { json::write("the output", &running.await?) })
}

impl Schemas {
    fn of<Input: Described, Output: Described, Form: Described, Answer: Described>() -> Self {
        Self {
            input: Input::schema_read,
            output: Output::schema_written,
            form: Form::schema_written,
            answer: Answer::schema_read,
            state: || None,
            request_context: || None,
        }
    }
}
