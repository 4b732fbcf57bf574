//! Spans that have begun: open around the lines of the log, and handed to the observer once, when they end.

use std::sync::Arc;

use crate::shared::Shared;
use crate::span::{Span, SpanStatus};

/// A span that has begun. Dropped before [`Self::end`], it ends as work that was left.
pub(crate) struct OpenSpan {
    host: Arc<Shared>,
    /// As `tracing` sees it.
    pub(crate) told: tracing::Span,
    /// As it will be handed over; `None` when nobody wants it.
    value: Option<Box<Span>>,
}

impl OpenSpan {
    /// A span that `tracing` knows already, with what an observer gets of it if that wants any.
    pub(crate) fn new(host: &Arc<Shared>, told: tracing::Span, value: impl FnOnce() -> Span) -> Self {
        let value = host.observer.wants_spans().then(|| Box::new(value()));
        Self { host: Arc::clone(host), told, value }
    }

    /// Ends it.
    pub(crate) fn end(mut self, status: SpanStatus) {
        self.hand_over(status);
    }

    /// Ends it untold: there was nothing to do.
    pub(crate) fn forget(mut self) {
        self.value = None;
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

impl Drop for OpenSpan {
    fn drop(&mut self) {
        let why = if std::thread::panicking() { "the host panicked" } else { "left before it ended" };
        if self.value.is_some() {
            self.hand_over(SpanStatus::Error(why.to_owned()));
        }
    }
}
