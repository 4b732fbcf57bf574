//! The future under all waits: planned until it is first polled, then open, then over.
//!
//! Each kind of wait has a file of its own and turns the resolution into what its caller gets.

mod child;
mod event;
mod suspend;
mod timer;

use std::panic::Location;
use std::task::{self, Poll};

use serde::de::DeserializeOwned;

pub use child::Child;
pub use event::Event;
pub use suspend::{Suspend, SuspendOptions};
pub use timer::Timer;

use crate::bindings::reentry::step::host::Level;
use crate::bindings::reentry::step::types::{Resolution, WaitFor};
use crate::error::{Error, Refused, Result};
use crate::{call, host, json, waits};

/// One wait of kind `W`. Dropping it before it is over closes it.
enum Waiting<W> {
    /// Not yet polled, so the host does not know of it; or spoilt by data that could not be written.
    Planned(Result<W>, Unawaited),
    Open(Open),
    Over,
}

/// Where a wait was made. Goes with a line in the log if that is dropped before anything polled it: an `await` was forgotten, most likely.
struct Unawaited(&'static Location<'static>);

impl Unawaited {
    fn forget(self) {
        std::mem::forget(self);
    }
}

impl Drop for Unawaited {
    fn drop(&mut self) {
        if call::is_running() {
            host::log(
                Level::Warn,
                &format!("the wait of {} was dropped and never awaited: nothing came of it", self.0),
                None,
            );
        }
    }
}

/// How a wait ended.
struct Over {
    wait: u32,
    resolution: Resolution,
}

impl Over {
    /// Reads what came; the error has the given code and says of which wait it is.
    fn read<T: DeserializeOwned>(&self, what: &str, code: &str, text: &str) -> Result<T> {
        json::read(what, code, text).map_err(|error| error.details(&Refused { wait: self.wait }))
    }
}

/// The number of an open wait, closed when this is dropped.
struct Open(u32);

impl Drop for Open {
    fn drop(&mut self) {
        waits::close(self.0);
    }
}

impl<W> Waiting<W> {
    #[track_caller]
    fn planned(plan: Result<W>) -> Self {
        Self::Planned(plan, Unawaited(Location::caller()))
    }

    /// Changes the plan. Has no effect once the wait is open.
    fn edit(&mut self, edit: impl FnOnce(&mut W) -> Result<()>) {
        if let Self::Planned(plan, _) = self
            && let Ok(what) = plan
            && let Err(flaw) = edit(what)
        {
            *plan = Err(flaw);
        }
    }

    fn poll(&mut self, cx: &mut task::Context<'_>, announce: fn(W) -> WaitFor) -> Poll<Result<Over>> {
        match std::mem::replace(self, Self::Over) {
            Self::Planned(Ok(what), unawaited) => {
                unawaited.forget();
                *self = Self::Open(Open(waits::open(announce(what), cx.waker())));
                Poll::Pending
            }
            Self::Planned(Err(flaw), unawaited) => {
                unawaited.forget();
                Poll::Ready(Err(flaw))
            }
            Self::Open(open) => match waits::poll(open.0, cx.waker()) {
                Poll::Ready(resolution) => Poll::Ready(Ok(Over { wait: open.0, resolution })),
                Poll::Pending => {
                    *self = Self::Open(open);
                    Poll::Pending
                }
            },
            // A future that is polled after its end stays pending, as the trait allows.
            Self::Over => Poll::Pending,
        }
    }

    /// The plan itself, for those who hand it to the host without a future.
    fn into_plan(self) -> Result<W> {
        match self {
            Self::Planned(plan, unawaited) => {
                unawaited.forget();
                plan
            }
            Self::Open(_) | Self::Over => Err(Error::new("this wait has already begun")),
        }
    }
}

/// The error for a resolution that does not fit the wait: the host broke the contract.
fn misfit(waited_for: &str, resolution: &Resolution) -> Error {
    let came = match resolution {
        Resolution::Answered(_) => "an answer",
        Resolution::TimedOut => "a time-out",
        Resolution::Elapsed => "the end of a sleep",
        Resolution::Received(_) => "an event",
        Resolution::Completed(_) => "the output of a run",
        Resolution::Failed(_) => "the failure of a run",
        Resolution::Recorded => "the end of a checkpoint",
    };
    Error::new(format!("waited for {waited_for}, but the host delivered {came}"))
        .code("unexpected-resolution")
}
