//! Spans: what is told to `tracing` of the work on a run, with the ids of OpenTelemetry.
//!
//! A start or resume has a root span, whose place is decided and stored with it. Whatever else brings the run on (a timer, an event, a
//! take-over, a restart) has a span below the latest of these. Calls into guests are below the span of the one who makes them. So all
//! spans of a run make one tree, in one trace unless a caller asks for another one.

use std::collections::BTreeMap;
use std::sync::Arc;

use reentry_core::id::RunId;
use reentry_core::json::Json;
use reentry_core::path::StepPath;
use reentry_core::run::{LogEntry, LogKind, Run, Step};
use reentry_core::step::CallTrace;
use reentry_core::trace::{RootSpanRecord, SpanContext, SpanId, TraceId, TracingOptions};
use serde_json::{Map, Value};
use tracing::Span;
use tracing::field::{Empty, display};

use crate::shared::Shared;

/// A span for work on a run, below the current one of `tracing`. Its place in the run's trace is recorded when it is known: see
/// [`Place::record`].
pub(crate) fn of_run(name: &'static str, run: RunId) -> Span {
    tracing::info_span!(
        "workflow run", otel.name = name, run = %run, workflow = Empty,
        trace_id = Empty, span_id = Empty, parent_span_id = Empty, resumed_from_span_id = Empty,
        tags = Empty, metadata = Empty,
    )
}

/// Where a span for work on a run stands, and what it has in common with those below it.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    at: SpanContext,
    parent: Option<SpanId>,
    resumed_from: Option<SpanId>,
    tags: Option<Arc<str>>,
    /// A JSON object.
    metadata: Option<Arc<str>>,
}

impl Place {
    /// The root span of the start or resume that the run has just taken.
    pub(crate) fn of_request(host: &Shared, run: &Run, options: &TracingOptions) -> Self {
        let Some(span) = &run.span else { return Self::below_latest(host, run) };
        let tags = (!options.tags.is_empty()).then(|| options.tags.join(",").into());
        let metadata = metadata(&options.metadata, &options.request_context_keys, &run.request_context);
        Self {
            at: SpanContext { trace_id: span.trace_id, span_id: span.span_id },
            parent: span.parent_span_id,
            resumed_from: span.resumed_from_span_id,
            tags,
            metadata: text(metadata),
        }
    }

    /// A new span below that of the latest start or resume, with the metadata of that one.
    pub(crate) async fn below(host: &Shared, run: &Run) -> Self {
        Self { metadata: noted(host, run).await, ..Self::below_latest(host, run) }
    }

    fn below_latest(host: &Shared, run: &Run) -> Self {
        let (trace_id, parent) = match &run.span {
            Some(span) => (span.trace_id, Some(span.span_id)),
            // It has not begun.
            None => (TraceId::of(run.id, None), None),
        };
        let at = SpanContext { trace_id, span_id: host.chance.span_id() };
        Self { at, parent, resumed_from: None, tags: None, metadata: None }
    }

    /// Records the place on a span that [`of_run`] made.
    pub(crate) fn record(&self, span: &Span, run: &Run) {
        span.record("workflow", display(&run.workflow_id));
        span.record("trace_id", display(self.at.trace_id));
        span.record("span_id", display(self.at.span_id));
        if let Some(parent) = self.parent {
            span.record("parent_span_id", display(parent));
        }
        if let Some(earlier) = self.resumed_from {
            span.record("resumed_from_span_id", display(earlier));
        }
        if let Some(tags) = &self.tags {
            span.record("tags", &**tags);
        }
        if let Some(metadata) = &self.metadata {
            span.record("metadata", &**metadata);
        }
    }

    /// The span of a call of a step, below this one.
    pub(crate) fn of_call(&self, run: RunId, path: &StepPath, step: &Step, span_id: SpanId) -> Span {
        tracing::info_span!(
            "workflow step", run = %run, path = %path, call = step.calls, attempt = step.attempt,
            trace_id = %self.at.trace_id, span_id = %span_id, parent_span_id = %self.at.span_id,
            metadata = self.metadata.as_deref(),
        )
    }

    /// The span of calls that move a step to another version of its component, below this one.
    pub(crate) fn of_move(&self, run: RunId, path: &StepPath, span_id: SpanId) -> Span {
        tracing::info_span!(
            "workflow step (migrated)", run = %run, path = %path,
            trace_id = %self.at.trace_id, span_id = %span_id, parent_span_id = %self.at.span_id,
            metadata = self.metadata.as_deref(),
        )
    }

    /// What a guest is told of the span of its call.
    pub(crate) fn told(&self, span_id: SpanId) -> CallTrace {
        CallTrace { trace_id: self.at.trace_id.to_string(), span_id: span_id.to_string() }
    }
}

/// The metadata that the caller of the latest start or resume asked for. Read only for those who listen; what cannot be read is told by
/// those who cannot do without.
async fn noted(host: &Shared, run: &Run) -> Option<Arc<str>> {
    let before = run.span_noted.checked_sub(1).filter(|_| !Span::current().is_disabled())?;
    let rows = host.store.log(&run.tenant, run.id, before, 1).await.ok()?;
    let row = rows.first().filter(|row| row.version == run.span_noted)?;
    let entries: Vec<LogEntry> = row.entries.decode().ok()?;
    let RootSpanRecord { metadata: given, request_context_keys: keys, .. } =
        entries.into_iter().find_map(|entry| match entry.kind {
            LogKind::Started { span } | LogKind::Resumed { span, .. } => span.map(|span| *span),
            _ => None,
        })?;
    text(metadata(&given, &keys, &run.request_context))
}

fn text(metadata: Map<String, Value>) -> Option<Arc<str>> {
    (!metadata.is_empty()).then(|| Value::Object(metadata).to_string().into())
}

/// What the caller says, and beside it the values from the request context that it asks for. The caller's word wins; keys that
/// lead nowhere are left out.
fn metadata(
    given: &BTreeMap<String, Json>,
    keys: &[String],
    context: &BTreeMap<String, Json>,
) -> Map<String, Value> {
    let mut metadata = Map::new();
    for dotted in keys {
        let mut parts = dotted.split('.');
        let Some(first) = parts.next() else { continue };
        let Some(json) = context.get(first) else { continue };
        let Ok(mut value) = json.value() else { continue };
        let inner: Vec<&str> = parts.collect();
        let found = inner.iter().try_fold(&value, |value, part| value.get(part)).cloned();
        let Some(leaf) = found else { continue };
        value = inner
            .iter()
            .rev()
            .fold(leaf, |leaf, part| Value::Object(Map::from_iter([((*part).to_owned(), leaf)])));
        merge(metadata.entry(first).or_insert(Value::Null), value);
    }
    metadata.extend(given.iter().filter_map(|(key, json)| Some((key.clone(), json.value().ok()?))));
    metadata
}

/// Joins two objects, one inside the other; anything else is replaced.
fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn dotted_keys_are_taken_from_the_context_and_the_callers_word_wins() {
        let json = |text: &str| Json::parse(text).unwrap();
        let context = BTreeMap::from([
            ("user".to_owned(), json(r#"{"id":1,"name":"Kim","pin":7}"#)),
            ("region".to_owned(), json(r#""north""#)),
        ]);
        let keys = ["user.id", "user.name", "region", "user.nobody", "nothing"].map(str::to_owned);
        let given = BTreeMap::from([("region".to_owned(), json(r#""south""#))]);
        let found = Value::Object(metadata(&given, &keys, &context));
        assert_eq!(found, json!({"user": {"id": 1, "name": "Kim"}, "region": "south"}));
    }
}
