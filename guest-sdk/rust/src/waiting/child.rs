//! Waiting for another step or workflow that the host runs on the step's behalf.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Waiting, misfit};
use crate::bindings::reentry::step::types::{Resolution, RunTarget, RunWait, WaitFor};
use crate::error::{Error, Result};
use crate::json;

/// A wait for the output of a child, made by [`Context::run_step`](crate::Context::run_step) and
/// [`Context::run_workflow`](crate::Context::run_workflow). The child is begun when this is first polled.
///
/// # Errors
/// The child's own failure, code and details included; `bad-result` when its output does not fit the Rust type.
#[must_use = "a child is run when it is awaited"]
pub struct Child<T> {
    waiting: Waiting<RunWait>,
    output: PhantomData<fn() -> T>,
}

impl<T> Child<T> {
    #[track_caller]
    pub(crate) fn new(target: RunTarget, input: &impl Serialize) -> Self {
        let plan = json::write("the child's input", input).map(|input| RunWait { target, input });
        Self { waiting: Waiting::planned(plan), output: PhantomData }
    }
}

impl<T: DeserializeOwned> Future for Child<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let over = ready!(self.waiting.poll(cx, WaitFor::Run))?;
        Poll::Ready(match &over.resolution {
            Resolution::Completed(output) => over.read("the child's output", "bad-result", output),
            Resolution::Failed(failure) => Err(Error::failed(failure.clone())),
            other => Err(misfit("the output of a run", other)),
        })
    }
}
