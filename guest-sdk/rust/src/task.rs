//! The waiting step: a future in this instance's own memory, polled by each call of the host.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use crate::bindings::reentry::step::types::{Failure, Outcome, Suspension, Wake as WakeWhen};
use crate::error::{Error, Result};
use crate::waits;

/// A step from its start to its end; the output is JSON text.
pub(crate) type Task = Pin<Box<dyn Future<Output = Result<String>>>>;

thread_local! {
    static PARKED: RefCell<Option<Task>> = const { RefCell::new(None) };
}

/// Set by futures that want to be polled again although nothing came from outside.
struct Again(AtomicBool);

impl Wake for Again {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Takes the step that waits in this instance, if one does.
pub(crate) fn take() -> Option<Task> {
    PARKED.take()
}

/// Polls a step until it ends or waits for something outside, and parks it in the latter case.
pub(crate) fn run(mut task: Task) -> Result<Outcome, Failure> {
    let again = Arc::new(Again(AtomicBool::new(true)));
    let waker = Waker::from(again.clone());
    while again.0.swap(false, Ordering::Relaxed) {
        if let Poll::Ready(result) = task.as_mut().poll(&mut Context::from_waker(&waker)) {
            return ended(result.and_then(|output| waits::none_left().map(|()| Outcome::Completed(output))));
        }
    }
    let waits = waits::list();
    if waits.is_empty() {
        let stuck = "the step is pending, but waits for nothing that the host could deliver; \
                     it may await only what its context gave it";
        return ended(Err(Error::new(stuck).code("stuck")));
    }
    PARKED.set(Some(task));
    Ok(Outcome::Suspended(Suspension { waits, wake: WakeWhen::Any }))
}

/// How a call ends: what it came to, or a bail, or a failure.
pub(crate) fn ended(result: Result<Outcome>) -> Result<Outcome, Failure> {
    result.or_else(|error| error.into_bailed().map(Outcome::Bailed))
}
