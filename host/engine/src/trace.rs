//! Where spans stand: the ids of OpenTelemetry, the same for `tracing` as for observers.
//!
//! A start or resume has a root span, whose place is decided and stored with it. Whatever else brings the run on (a
//! timer, an event, a take-over, a restart) has a span below the latest of these. Calls into guests are below the
//! span of the one who makes them. So all spans of a run make one tree, in one trace unless a caller asks for another
//! one.

use std::collections::BTreeMap;
use std::sync::Arc;

use reentry_core::json::Json;
use reentry_core::path::StepPath;
use reentry_core::run::{EntryRecord, LogEntry, LogKind, RunState};
use reentry_core::step::CallTrace;
use reentry_core::time::Timestamp;
use reentry_core::trace::{RootSpan, RootSpanRecord, SpanContext, SpanId, TraceId, TracingOptions};
use serde_json::{Map, Value};
use tracing::field::display;

use crate::open_span::OpenSpan;
use crate::shared::Shared;
use crate::span::{Span, SpanOf, SpanStatus};

/// Where a span for work on a run stands, and what it has in common with those below it.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    at: SpanContext,
    parent: Option<SpanId>,
    resumed_from: Option<SpanContext>,
    tags: Arc<[String]>,
    /// A JSON object.
    metadata: Option<Json>,
}

impl Place {
    /// The root span of the start or resume that the run has just taken, after `earlier`.
    pub(crate) fn of_request(
        host: &Shared,
        run: &RunState,
        options: &TracingOptions,
        earlier: Option<&RootSpan>,
    ) -> Self {
        let Some(span) = &run.span else { return Self::below_latest(host, run) };
        let metadata = metadata(&options.metadata, &options.request_context_keys, &run.request_context);
        let resumed_from = span.resumed_from_span_id.map(|span_id| {
            let earlier = earlier.filter(|earlier| earlier.span_id == span_id);
            SpanContext { trace_id: earlier.map_or(span.trace_id, |earlier| earlier.trace_id), span_id }
        });
        Self {
            at: SpanContext { trace_id: span.trace_id, span_id: span.span_id },
            parent: span.parent_span_id,
            resumed_from,
            tags: options.tags.as_slice().into(),
            metadata: object(metadata),
        }
    }

    /// A new span below that of the latest start or resume, with the metadata of that one if anybody listens.
    pub(crate) async fn below(host: &Shared, run: &RunState, is_heard: bool) -> Self {
        let below = Self::below_latest(host, run);
        match is_heard {
            true => Self { metadata: noted(host, run).await, ..below },
            false => below,
        }
    }

    fn below_latest(host: &Shared, run: &RunState) -> Self {
        let (trace_id, parent) = match &run.span {
            Some(span) => (span.trace_id, Some(span.span_id)),
            // It has not begun.
            None => (TraceId::of(run.id, None), None),
        };
        let at = SpanContext { trace_id, span_id: host.chance.span_id() };
        Self { at, parent, resumed_from: None, tags: Arc::default(), metadata: None }
    }

    /// Records the place on a span of `tracing`.
    pub(crate) fn record(&self, span: &tracing::Span, run: &RunState) {
        if span.is_disabled() {
            return;
        }
        span.record("workflow", display(&run.workflow_id));
        span.record("trace_id", display(self.at.trace_id));
        span.record("span_id", display(self.at.span_id));
        if let Some(parent) = self.parent {
            span.record("parent_span_id", display(parent));
        }
        if let Some(earlier) = self.resumed_from {
            span.record("resumed_from_span_id", display(earlier.span_id));
        }
        if !self.tags.is_empty() {
            span.record("tags", self.tags.join(","));
        }
        if let Some(metadata) = &self.metadata {
            span.record("metadata", metadata.text());
        }
    }

    /// The span that stands here, which begins and, so far, ends now.
    pub(crate) fn span(&self, run: &RunState, name: &'static str, of: SpanOf, now: Timestamp) -> Span {
        Span {
            trace_id: self.at.trace_id,
            span_id: self.at.span_id,
            parent_span_id: self.parent,
            resumed_from: self.resumed_from,
            name,
            of,
            start: now,
            end: now,
            tenant: run.tenant.clone(),
            run: run.id,
            workflow: run.workflow_id.clone(),
            tags: Arc::clone(&self.tags),
            metadata: self.metadata.clone(),
            status: SpanStatus::Ok,
        }
    }

    /// The place of a call, below this one.
    fn call(&self, span_id: SpanId) -> Self {
        Self {
            at: SpanContext { span_id, ..self.at },
            parent: Some(self.at.span_id),
            resumed_from: None,
            tags: Arc::default(),
            metadata: self.metadata.clone(),
        }
    }

    /// Begins the span of a call of a step, below this one.
    pub(crate) fn of_call(
        &self,
        host: &Arc<Shared>,
        run: &RunState,
        (path, step): (&StepPath, &EntryRecord),
        span_id: SpanId,
    ) -> OpenSpan {
        let told = tracing::info_span!(
            "workflow step", run = %run.id, path = %path, call = step.calls, attempt = step.attempt,
            trace_id = %self.at.trace_id, span_id = %span_id, parent_span_id = %self.at.span_id,
            metadata = self.metadata.as_ref().map(Json::text),
        );
        OpenSpan::new(host, told, || {
            let of = SpanOf::Call { path: path.clone(), call: step.calls, attempt: step.attempt };
            self.call(span_id).span(run, "workflow step", of, host.clock.now())
        })
    }

    /// Begins the span of calls that move a step to another version of its component, below this one.
    pub(crate) fn of_move(
        &self,
        host: &Arc<Shared>,
        run: &RunState,
        path: &StepPath,
        span_id: SpanId,
    ) -> OpenSpan {
        let told = tracing::info_span!(
            "workflow step (migrated)", run = %run.id, path = %path,
            trace_id = %self.at.trace_id, span_id = %span_id, parent_span_id = %self.at.span_id,
            metadata = self.metadata.as_ref().map(Json::text),
        );
        OpenSpan::new(host, told, || {
            let of = SpanOf::Move { path: path.clone() };
            self.call(span_id).span(run, "workflow step (migrated)", of, host.clock.now())
        })
    }

    /// What a guest is told of the span of its call.
    pub(crate) fn told(&self, span_id: SpanId) -> CallTrace {
        CallTrace { trace_id: self.at.trace_id.to_string(), span_id: span_id.to_string() }
    }
}

/// The metadata that the caller of the latest start or resume asked for. What cannot be read is told by those who
/// cannot do without.
async fn noted(host: &Shared, run: &RunState) -> Option<Json> {
    let before = run.span_noted.checked_sub(1)?;
    let rows = host.store.log(&run.tenant, run.id, before, 1).await.ok()?;
    let row = rows.first().filter(|row| row.version == run.span_noted)?;
    let entries: Vec<LogEntry> = row.entries.decode().ok()?;
    let RootSpanRecord { metadata: given, request_context_keys: keys, .. } =
        entries.into_iter().find_map(|entry| match entry.kind {
            LogKind::Started { span } | LogKind::Resumed { span, .. } => span.map(|span| *span),
            _ => None,
        })?;
    object(metadata(&given, &keys, &run.request_context))
}

fn object(metadata: Map<String, Value>) -> Option<Json> {
    (!metadata.is_empty()).then(|| Json::from(Value::Object(metadata)))
}

/// What the caller says, and beside it the values from the request context that it asks for. The caller's word wins;
/// keys that lead nowhere are left out.
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
