//! Waiting for an instant, or for nothing at all.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::Waiting;
use crate::bindings::reentry::step::types::WaitFor;

/// A wait that ends by itself, made by [`Context::sleep`](crate::Context::sleep) and
/// [`Context::checkpoint`](crate::Context::checkpoint). It begins when first polled.
#[must_use = "a sleep or checkpoint begins when it is awaited"]
pub struct Timer {
    waiting: Waiting<WaitFor>,
}

impl Timer {
    #[track_caller]
    pub(crate) fn new(what: WaitFor) -> Self {
        Self { waiting: Waiting::planned(Ok(what)) }
    }
}

impl Future for Timer {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        // Whatever the host says of a wait that has nothing to tell, it is over.
        self.waiting.poll(cx, |what| what).map(drop)
    }
}
