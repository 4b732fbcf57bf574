//! Work on a run, and its span.

use std::sync::Arc;

use reentry_core::id::RunId;
use reentry_core::run::RunState;
use reentry_core::time::Timestamp;
use tracing::field::Empty;

use crate::open_span::OpenSpan;
use crate::shared::Shared;
use crate::span::{SpanOf, SpanStatus};
use crate::trace::Place;

/// Work on a run: a start, a resume, or whatever else brings it on. Where its span stands is known when the first
/// event is decided; one that never gets there is shown by `tracing` alone.
pub(crate) struct Work {
    host: Arc<Shared>,
    name: &'static str,
    begun: Timestamp,
    told: tracing::Span,
    placed: Option<(Place, OpenSpan)>,
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
        let open = OpenSpan::new(&self.host, self.told.clone(), value);
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
        if let Some((_, open)) = self.placed {
            open.forget();
        }
    }
}
