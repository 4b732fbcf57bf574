//! Spans: what is told to `tracing` of a start or resume, with the ids of OpenTelemetry.

use std::collections::BTreeMap;

use reentry_core::json::Json;
use reentry_core::run::Run;
use reentry_core::trace::{RootSpan, TracingOptions};
use serde_json::{Map, Value};
use tracing::field::{Empty, display};

/// The root span of a start or resume, a child of the caller's current `tracing` span. Its ids are recorded when they are
/// decided, see [`record`].
pub(crate) fn root(
    name: &'static str,
    run: &Run,
    options: &TracingOptions,
    context: &BTreeMap<String, Json>,
) -> tracing::Span {
    let span = tracing::info_span!(
        "workflow run", otel.name = name, run = %run.id, workflow = %run.workflow_id,
        trace_id = Empty, span_id = Empty, parent_span_id = Empty, resumed_from_span_id = Empty,
        tags = Empty, metadata = Empty,
    );
    if span.is_disabled() {
        return span;
    }
    if !options.tags.is_empty() {
        span.record("tags", options.tags.join(","));
    }
    let metadata = metadata(options, &run.request_context, context);
    if !metadata.is_empty() {
        span.record("metadata", Value::Object(metadata).to_string());
    }
    span
}

/// Puts the decided ids on the span that is current.
pub(crate) fn record(root: &RootSpan) {
    let span = tracing::Span::current();
    span.record("trace_id", display(root.trace_id));
    span.record("span_id", display(root.span_id));
    if let Some(parent) = root.parent_span_id {
        span.record("parent_span_id", display(parent));
    }
    if let Some(earlier) = root.resumed_from_span_id {
        span.record("resumed_from_span_id", display(earlier));
    }
}

/// What the caller says, and beside it the values from the request context that it asks for. The caller's word wins; keys that
/// lead nowhere are left out.
fn metadata(
    options: &TracingOptions,
    stored: &BTreeMap<String, Json>,
    given: &BTreeMap<String, Json>,
) -> Map<String, Value> {
    let mut metadata = Map::new();
    for dotted in &options.request_context_keys {
        let mut parts = dotted.split('.');
        let Some(first) = parts.next() else { continue };
        let Some(json) = given.get(first).or_else(|| stored.get(first)) else { continue };
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
    metadata
        .extend(options.metadata.iter().filter_map(|(key, json)| Some((key.clone(), json.value().ok()?))));
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
        let stored = BTreeMap::from([("user".to_owned(), json(r#"{"id":1,"name":"Kim","pin":7}"#))]);
        let given = BTreeMap::from([("region".to_owned(), json(r#""north""#))]);
        let options = TracingOptions {
            request_context_keys: ["user.id", "user.name", "region", "user.nobody", "nothing"]
                .map(str::to_owned)
                .into(),
            metadata: BTreeMap::from([("region".to_owned(), json(r#""south""#))]),
            ..TracingOptions::default()
        };
        let found = Value::Object(metadata(&options, &stored, &given));
        assert_eq!(found, json!({"user": {"id": 1, "name": "Kim"}, "region": "south"}));
    }
}
