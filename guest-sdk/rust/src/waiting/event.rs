//! Waiting for an event that some system sends to the host.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::{Waiting, misfit};
use crate::bindings::reentry::step::types::{Deadline, DeadlineOutcome, EventWait, Resolution, WaitFor};
use crate::error::{Error, Result};
use crate::host;
use crate::timestamp::{Timestamp, millis};

/// A wait for an event, made by [`Context::event`](crate::Context::event). It begins when first polled.
///
/// # Errors
/// [Timed out](Error::is_timed_out) when a deadline was set and passed; `bad-event` when the payload does not
/// fit the Rust type.
#[must_use = "waiting for an event begins when it is awaited"]
pub struct Event<T> {
    waiting: Waiting<EventWait>,
    payload: PhantomData<fn() -> T>,
}

impl<T> Event<T> {
    #[track_caller]
    pub(crate) fn new(name: String) -> Self {
        let plan = EventWait { name, key: None, deadline: None };
        Self { waiting: Waiting::planned(Ok(plan)), payload: PhantomData }
    }

    /// Takes only events with this key, an order number for instance.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.waiting.edit(|wait| {
            wait.key = Some(key.into());
            Ok(())
        });
        self
    }

    /// Waits no longer than until `at`.
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
}

impl<T: DeserializeOwned> Future for Event<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let over = ready!(self.waiting.poll(cx, WaitFor::Event))?;
        Poll::Ready(match &over.resolution {
            Resolution::Received(payload) => over.read("the event's payload", "bad-event", payload),
            Resolution::TimedOut => Err(Error::timed_out("the event")),
            other => Err(misfit("an event", other)),
        })
    }
}
