//! Spans that have begun: open around the lines of the log, and handed to the observer once, when they end.

use std::sync::Arc;

use reentry_core::id::RunId;
use reentry_core::run::RunState;
use reentry_core::time::Timestamp;
use tracing::field::Empty;

use crate::shared::Shared;
use crate::span::{Span, SpanOf, SpanStatus};
use crate::trace::Place;

/// A span that has begun. Dropped before [`Self::end`], it ends as work that was left.
pub(crate) struct Open {
    host: Arc<Shared>,
    /// As `tracing` sees it.
    pub(crate) told: tracing::Span,
    /// As it will be handed over; `None` when nobody wants it.
    value: Option<Box<Span>>,
}

impl Open {
    /// A span that `tracing` knows already, with what an observer gets of it if that wants any.
    pub(crate) fn new(host: &Arc<Shared>, told: tracing::Span, value: impl FnOnce() -> Span) -> Self {
        let value = host.observer.wants_spans().then(|| Box::new(value()));
        Self { host: Arc::clone(host), told, value }
    }

    /// Ends it.
    pub(crate) fn end(mut self, status: SpanStatus) {
        self.hand_over(status);
    }

    fn hand_over(&mut self, status: SpanStatus) {
        if let Some(mut span) = self.value.take() {
            // The clock may have been set back.
            span.end = self.host.clock.now().max(span.start);
            span.status = status;
            self.host.observer.span(&span);
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let why = if std::thread::panicking() { "the host panicked" } else { "left before it ended" };
        if self.value.is_some() {
            self.hand_over(SpanStatus::Error(why.to_owned()));
        }
    }
}

/// Work on a run: a start, a resume, or whatever else brings it on. Where its span stands is known when the first
/// event is decided; one that never gets there is shown by `tracing` alone.
pub(crate) struct Work {
    host: Arc<Shared>,
    name: &'static str,
    begun: Timestamp,
    told: tracing::Span,
    placed: Option<(Place, Open)>,
}

impl Work {
    /// Begins it, below the current span of `tracing`.
    pub(crate) fn on(host: &Arc<Shared>, name: &'static str, run: RunId) -> Self {
        let told = tracing::info_span!(
            "workflow run", otel.name = name, run = %run, workflow = Empty,
            trace_id = Empty, span_id = Empty, parent_span_id = Empty, resumed_from_span_id = Empty,
            tags = Empty, metadata = Empty,
        );
        Self { host: Arc::clone(host), name, begun: host.clock.now(), told, placed: None }
    }

    /// The span around what is logged meanwhile.
    pub(crate) fn told(&self) -> tracing::Span {
        self.told.clone()
    }

    /// Whether a place is wanted by those who listen, with all that is on it.
    pub(crate) fn is_heard(&self) -> bool {
        !self.told.is_disabled() || self.host.observer.wants_spans()
    }

    pub(crate) fn place(&self) -> Option<&Place> {
        self.placed.as_ref().map(|(place, _)| place)
    }

    /// Says where it stands.
    pub(crate) fn stands(&mut self, place: Place, run: &RunState) {
        place.record(&self.told, run);
        let value = || place.span(run, self.name, SpanOf::Run, self.begun);
        let open = Open::new(&self.host, self.told.clone(), value);
        self.placed = Some((place, open));
    }

    /// Ends it.
    pub(crate) fn end(self, status: SpanStatus) {
        if let Some((_, open)) = self.placed {
            open.end(status);
        }
    }

    /// Ends it untold: there was nothing to do.
    pub(crate) fn forget(self) {
        if let Some((_, mut open)) = self.placed {
            open.value = None;
        }
    }
}
