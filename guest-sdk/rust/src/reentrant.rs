//! Steps whose memory is not kept: each call is a function of its own.
//!
//! For components that the host cannot capture, and for steps that need no memory. Everything else is
//! better off with [`Step::new`](crate::Step::new).

use crate::bindings::reentry::step::types::{Outcome, Resolution, Resumption, Suspension, Wait, Wake};
use crate::error::{Error, Refused, Result};
use crate::waiting::Suspend;
use crate::{json, waits};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a function of a re-entrant step comes to.
pub enum Next<Output, Answer> {
    /// The step is done.
    Done(Output),
    /// The step waits. The answer goes to its `resume` function, in a fresh instance.
    Suspend(Suspend<Answer>),
}

/// What the `resume` function of a re-entrant step has to go by.
#[derive(Clone, Debug)]
pub struct Resumed<Input, Form, Answer> {
    /// The input of the step, once more.
    pub input: Input,
    /// What it suspended with. None where the host does not say.
    pub form: Option<Form>,
    /// The answer. None when the deadline passed.
    pub answer: Option<Answer>,
}

impl<Input: DeserializeOwned, Form: DeserializeOwned, Answer: DeserializeOwned> Resumed<Input, Form, Answer> {
    pub(crate) fn read(call: &Resumption) -> Result<Self> {
        let answer = match call.resolved.first().map(|resolved| (resolved.wait, &resolved.resolution)) {
            Some((wait, Resolution::Answered(answer))) => {
                waits::note_answered(wait);
                let read = json::read("the answer", "bad-answer", answer);
                Some(read.map_err(|error| error.details(&Refused { wait }))?)
            }
            Some((_, Resolution::TimedOut)) => None,
            _ => {
                return Err(Error::new("a re-entrant step waits for an answer, and something else came")
                    .code("unexpected-resolution"));
            }
        };
        let form = call.suspend_payload.as_deref();
        Ok(Self {
            input: json::read("the input", "bad-input", &call.input)?,
            form: form.map(|form| json::read("the form", "bad-form", form)).transpose()?,
            answer,
        })
    }
}

impl<Output: Serialize, Answer> Next<Output, Answer> {
    /// `id` must not be that of an earlier wait of the step.
    pub(crate) fn into_outcome(self, id: u32) -> Result<Outcome> {
        Ok(match self {
            Self::Done(output) => Outcome::Completed(json::write("the output", &output)?),
            Self::Suspend(suspend) => {
                let waits = vec![Wait { id, what: suspend.into_wait()? }];
                Outcome::Suspended(Suspension { waits, wake: Wake::All })
            }
        })
    }
}

/// A number for the next wait: one more than any that has just ended.
pub(crate) fn next_id(call: &Resumption) -> u32 {
    call.resolved.iter().map(|resolved| resolved.wait).max().unwrap_or(0).wrapping_add(1)
}
