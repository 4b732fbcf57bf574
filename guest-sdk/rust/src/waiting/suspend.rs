//! Waiting for a person or a system to answer.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Waiting, misfit};
use crate::bindings::reentry::step::types::{AnswerWait, Deadline, DeadlineOutcome, Resolution, WaitFor};
use crate::error::{Error, Result};
use crate::timestamp::{Timestamp, millis};
use crate::{host, json, waits};

/// A wait for an answer, made by [`Context::suspend`](crate::Context::suspend). It begins when first polled.
///
/// Awaiting it gives the answer, already checked by the host against its schema.
///
/// # Errors
/// - [timed out](Error::is_timed_out), when a deadline was set and passed without a default answer;
/// - [a refusal](Error::is_refusal), when the answer fits the schema but not the Rust type: let it pass, and the question is open again;
/// - `bad-default`, when the default answer does not fit the Rust type;
/// - when the form or the default answer cannot be written as JSON.
#[must_use = "a suspension begins when it is awaited"]
pub struct Suspend<Answer> {
    waiting: Waiting<AnswerWait>,
    answer: PhantomData<fn() -> Answer>,
}

/// Labels and deadline of a suspension, for steps that collect them at run time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SuspendOptions {
    /// Names by which the answer may be addressed. Several open waits may have the same one.
    pub labels: Vec<String>,
    /// The end of patience. Without a default answer, the wait then ends with an error that [is timed out](Error::is_timed_out).
    pub deadline: Option<Timestamp>,
    /// What is taken as the answer when the deadline passes. It must fit the schema of the answer, and there must be a deadline.
    pub default_answer: Option<Value>,
}

impl<Answer> Suspend<Answer> {
    pub(crate) fn with(self, options: SuspendOptions) -> Self
    where
        Answer: DeserializeOwned,
    {
        let labelled = options.labels.into_iter().fold(self, Self::label);
        let bounded = match options.deadline {
            Some(at) => labelled.until(at),
            None => labelled,
        };
        match &options.default_answer {
            Some(default) => bounded.otherwise("default_answer", default),
            None => bounded,
        }
    }

    #[track_caller]
    pub(crate) fn new(form: &impl Serialize, resume_schema: Option<String>) -> Self {
        let plan = json::write("the form", form).map(|payload| AnswerWait {
            payload,
            labels: Vec::new(),
            resume_schema,
            deadline: None,
        });
        Self { waiting: Waiting::planned(plan), answer: PhantomData }
    }

    /// Adds a name by which the answer may be addressed. Several open waits may have the same one.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.waiting.edit(|wait| {
            wait.labels.push(label.into());
            Ok(())
        });
        self
    }

    /// Waits no longer than until `at`. Without [`or_answer`](Self::or_answer) the wait then ends with an
    /// error that [is timed out](Error::is_timed_out).
    pub fn until(mut self, at: Timestamp) -> Self {
        self.waiting.edit(|wait| {
            wait.deadline = Some(Deadline { at_ms: at.as_millis(), otherwise: DeadlineOutcome::TimeOut });
            Ok(())
        });
        self
    }

    /// As [`until`](Self::until), counted from now.
    pub fn within(self, patience: Duration) -> Self {
        let at = Timestamp::from_millis(host::now().saturating_add(millis(patience)));
        self.until(at)
    }

    /// Takes this as the answer when the deadline passes. To be called after the deadline is set.
    pub fn or_answer(self, default: &Answer) -> Self
    where
        Answer: Serialize + DeserializeOwned,
    {
        self.otherwise("or_answer", default)
    }

    fn otherwise(mut self, called: &str, default: &impl Serialize) -> Self
    where
        Answer: DeserializeOwned,
    {
        self.waiting.edit(|wait| {
            let deadline = wait.deadline.as_mut().ok_or_else(|| {
                Error::new(format!("{called} was given to a suspension without deadline: set one first"))
            })?;
            let text = json::write("the default answer", default)?;
            json::read::<Answer>("the default answer", "bad-default", &text)?;
            deadline.otherwise = DeadlineOutcome::Answer(text);
            Ok(())
        });
        self
    }

    pub(crate) fn into_wait(self) -> Result<WaitFor> {
        self.waiting.into_plan().map(WaitFor::Answer)
    }
}

impl<Answer: DeserializeOwned> Future for Suspend<Answer> {
    type Output = Result<Answer>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let over = ready!(self.waiting.poll(cx, WaitFor::Answer))?;
        Poll::Ready(match &over.resolution {
            Resolution::Answered(answer) => {
                waits::note_answered(over.wait);
                over.read("the answer", "bad-answer", answer)
            }
            Resolution::TimedOut => Err(Error::timed_out("the answer")),
            other => Err(misfit("an answer", other)),
        })
    }
}
