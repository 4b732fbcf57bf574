//! What a running step talks to: the world outside, as far as a step may see it.

use std::marker::PhantomData;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::bindings::reentry::step::host::Level;
use crate::bindings::reentry::step::types::{Facts, RunTarget, WaitFor};
use crate::error::{Error, Result};
use crate::schema::{self, Never};
use crate::timestamp::Timestamp;
use crate::waiting::{Child, Event, Suspend, SuspendOptions, Timer};
use crate::{call, host, json, waits};

/// The step's link to its host. `Form` is what the step suspends with, `Answer` what it is resumed with; a step
/// that does not suspend leaves both out.
///
/// It holds nothing and may be copied freely. What its methods return is of the present call: do not keep the
/// [facts](Self::facts) or the [time](Self::now) over an `await`, ask again.
pub struct Context<Form = Never, Answer = Never> {
    types: PhantomData<fn(Form) -> Answer>,
}

impl<Form, Answer> Clone for Context<Form, Answer> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Form, Answer> Copy for Context<Form, Answer> {}

/// Waiting. Each of these suspends the step when awaited: its memory is kept, and nothing runs meanwhile.
/// Several may be awaited together, with any `join` or `select` of futures.
impl<Form, Answer> Context<Form, Answer> {
    /// Waits for an answer to `form`.
    #[track_caller]
    pub fn suspend(&self, form: Form) -> Suspend<Answer>
    where
        Form: Serialize,
    {
        Suspend::new(&form, None)
    }

    /// Waits for an answer to `form`, under labels and until a deadline that were collected at run time. Those that are
    /// known when the step is written read better as [`Suspend::label`] and [`Suspend::until`].
    #[track_caller]
    pub fn suspend_with(&self, form: Form, options: SuspendOptions) -> Suspend<Answer>
    where
        Form: Serialize,
        Answer: DeserializeOwned,
    {
        Suspend::new(&form, None).with(options)
    }

    /// Waits for an answer of type `Other` to a form of any type, in steps with more than one kind of
    /// question. The answer's schema goes with this wait.
    #[track_caller]
    pub fn suspend_as<Other: JsonSchema>(&self, form: &impl Serialize) -> Suspend<Other> {
        Suspend::new(form, Some(schema::of_read::<Other>()))
    }

    /// Gives the last answer back to the one who gave it, with the reason: `return ctx.refuse("no such account");` The question stays open,
    /// and what the step did since the answer is dropped.
    ///
    /// It travels as an `Err`, as [`bail`](Self::bail) does; code that catches errors lets it pass if it [is a refusal](Error::is_refusal).
    ///
    /// # Errors
    /// Always: the refusal, or `nothing-to-refuse` where no answer came in this call, or the step has waited since.
    pub fn refuse<T>(&self, reason: impl Into<String>) -> Result<T> {
        Err(match waits::last_answered() {
            Some(wait) => Error::refusal(reason, wait),
            None => Error::new(
                "there is no answer to refuse: ctx.refuse is for the answer that came in this call",
            )
            .code("nothing-to-refuse"),
        })
    }

    /// Waits this long.
    #[track_caller]
    pub fn sleep(&self, duration: Duration) -> Timer {
        self.sleep_until(self.now() + duration)
    }

    /// Waits until an instant. One that has passed makes this a [`checkpoint`](Self::checkpoint).
    #[track_caller]
    pub fn sleep_until(&self, at: Timestamp) -> Timer {
        Timer::new(WaitFor::Time(at.as_millis()))
    }

    /// Makes durable what has been done so far, and goes on at once: a crash later on comes back to here.
    #[track_caller]
    pub fn checkpoint(&self) -> Timer {
        Timer::new(WaitFor::Checkpoint)
    }

    /// Waits for an event that some system sends to the host under this name.
    #[track_caller]
    pub fn event<T: DeserializeOwned>(&self, name: impl Into<String>) -> Event<T> {
        Event::new(name.into())
    }

    /// Has the host run another step of this component, and waits for its output.
    #[track_caller]
    pub fn run_step<T: DeserializeOwned>(&self, id: impl Into<String>, input: &impl Serialize) -> Child<T> {
        Child::new(RunTarget::Step(id.into()), input)
    }

    /// Has the host run a workflow, and waits for its result.
    #[track_caller]
    pub fn run_workflow<T: DeserializeOwned>(
        &self,
        id: impl Into<String>,
        input: &impl Serialize,
    ) -> Child<T> {
        Child::new(RunTarget::Workflow(id.into()), input)
    }

    /// Ends the workflow that the step stands in, successfully, with this result: `return ctx.bail(result);`
    ///
    /// The result travels as an `Err`, so that `?` carries it out of nested functions.
    ///
    /// # Errors
    /// Always.
    pub fn bail<T>(&self, result: impl Serialize) -> Result<T> {
        Err(Error::bailed(json::write("the result", &result)?))
    }
}

/// The facts of the present call.
impl<Form, Answer> Context<Form, Answer> {
    pub(crate) fn new() -> Self {
        Self { types: PhantomData }
    }

    /// All of them.
    pub fn facts(&self) -> Facts {
        call::facts(Facts::clone)
    }

    /// The run that the call belongs to.
    pub fn run_id(&self) -> String {
        call::facts(|facts| facts.run_id.clone())
    }

    /// Tries of this call before this one: 0 at the first.
    pub fn attempt(&self) -> u32 {
        call::facts(|facts| facts.attempt)
    }

    /// The same at each try of one call, and different for each call. Hand it to services that deduplicate
    /// by key, as a call may be repeated after a crash.
    pub fn idempotency_key(&self) -> String {
        call::facts(|facts| facts.idempotency_key.clone())
    }
}

/// The host's services.
impl<Form, Answer> Context<Form, Answer> {
    /// The host's clock.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millis(host::now())
    }

    /// Random bytes fit for secrets, at most 65,536; asking for more traps.
    ///
    /// Seeds of generators that live on over a suspension should be refreshed from here: two restores of one
    /// suspension have the same memory, and so would draw the same numbers.
    pub fn random(&self, len: u32) -> Vec<u8> {
        host::random(len)
    }

    /// Whether somebody asked for the run to be cancelled. A long call looks now and then, and returns.
    pub fn cancelled(&self) -> bool {
        host::cancelled()
    }

    /// Sends a chunk to whoever watches the run. It is not stored: for progress, not for results.
    ///
    /// # Errors
    /// If the chunk cannot be written as JSON.
    pub fn emit(&self, chunk: &impl Serialize) -> Result<()> {
        host::emit(&json::write("the chunk", chunk)?);
        Ok(())
    }

    /// Adds a line to the run's log, at level debug.
    pub fn debug(&self, message: impl AsRef<str>) {
        host::log(Level::Debug, message.as_ref(), None);
    }

    /// Adds a line to the run's log, at level info.
    pub fn info(&self, message: impl AsRef<str>) {
        host::log(Level::Info, message.as_ref(), None);
    }

    /// Adds a line to the run's log, at level warn.
    pub fn warn(&self, message: impl AsRef<str>) {
        host::log(Level::Warn, message.as_ref(), None);
    }

    /// Adds a line to the run's log, at level error. It does not make the step fail.
    pub fn error(&self, message: impl AsRef<str>) {
        host::log(Level::Error, message.as_ref(), None);
    }

    /// Adds a line with fields, a value that is an object in JSON, for programs that read logs.
    ///
    /// # Errors
    /// If the fields cannot be written as JSON.
    pub fn log(&self, level: Level, message: &str, fields: &impl Serialize) -> Result<()> {
        host::log(level, message, Some(&json::write("the fields", fields)?));
        Ok(())
    }
}

/// What the run knows besides the input.
impl<Form, Answer> Context<Form, Answer> {
    /// The workflow's shared state, with what this call has set so far.
    ///
    /// # Errors
    /// `bad-state` if it does not fit the type.
    pub fn state<T: DeserializeOwned>(&self) -> Result<T> {
        json::read("the state", "bad-state", &host::state())
    }

    /// Sets one key of the workflow's shared state. It is kept when the call ends without failure.
    ///
    /// # Errors
    /// If the value cannot be written as JSON, or the host refuses it.
    pub fn set_state(&self, key: &str, value: &impl Serialize) -> Result<()> {
        host::set_state(key, &json::write("the value", value)?).map_err(Error::failed)
    }

    /// What the caller of start or resume knows and the input does not say.
    ///
    /// # Errors
    /// `bad-request-context` if it does not fit the type.
    pub fn request_context<T: DeserializeOwned>(&self) -> Result<T> {
        json::read("the request context", "bad-request-context", &host::request_context())
    }

    /// Sets one key of the request context, for later steps and resumes. It is kept when the call ends
    /// without failure.
    ///
    /// # Errors
    /// If the value cannot be written as JSON, or the host refuses it.
    pub fn set_request_context(&self, key: &str, value: &impl Serialize) -> Result<()> {
        host::set_request_context(key, &json::write("the value", value)?).map_err(Error::failed)
    }

    /// The output of a step of this run, by its path as seen from the top of the workflow. None if that step is
    /// not done.
    ///
    /// # Errors
    /// `bad-step-result` if it does not fit the type.
    pub fn step_result<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>> {
        let result = host::step_result(path);
        result.map(|result| json::read("the step's result", "bad-step-result", &result)).transpose()
    }

    /// The input of the workflow.
    ///
    /// # Errors
    /// `bad-init-data` if it does not fit the type.
    pub fn init_data<T: DeserializeOwned>(&self) -> Result<T> {
        json::read("the input of the workflow", "bad-init-data", &host::init_data())
    }
}
