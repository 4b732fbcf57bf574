//! What a decision is made about: an event, the end of a call, a fork.

use reentry_core::event::Event;
use reentry_core::run::Fork;
use reentry_core::trace::TracingOptions;
use reentry_store::CallLog;

use crate::call_epoch::CallEpoch;

/// What is decided about.
#[derive(Clone)]
pub(crate) enum Cause {
    /// Something happened to the run.
    Event(Event),
    /// A call ended that was made then; what its guest logged.
    CallEnded(Event, CallEpoch, Option<CallLog>),
    /// Another run begins where this one stands.
    Fork(Fork),
}

impl Cause {
    /// What the caller asks of the root span, for a request that has one.
    pub(crate) fn tracing_options(&self) -> Option<&TracingOptions> {
        match self {
            Self::Event(Event::Started(request, _)) => Some(&request.tracing_options),
            Self::Event(Event::Resumed(request, _)) => Some(&request.tracing_options),
            Self::Fork(fork) => fork.answer.as_ref().map(|answer| &answer.tracing_options),
            Self::Event(_) | Self::CallEnded(..) => None,
        }
    }

    /// Whether it comes to a run without a caller who waits for what becomes of it: there may be nothing to do.
    pub(crate) fn is_of_upkeep(&self) -> bool {
        matches!(self, Self::Event(Event::TimePassed { .. } | Event::TakenOver { .. } | Event::Received(_)))
    }
}
