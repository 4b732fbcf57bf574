//! The root span of a start or resume as people read it: where it stands, and what its caller asked of it.

use reentry::core::trace::RootSpanRecord;

use crate::json_text::glimpse;
use crate::ui::harmless;

/// Most characters of a span's metadata that are shown on a line.
const METADATA_CHARS: usize = 200;

/// All of it, in a line.
pub(crate) fn whole(record: &RootSpanRecord) -> String {
    // That it goes on where the one before was is what mostly happens.
    let goes_on = record.parent_span_id.is_some() && record.parent_span_id == record.resumed_from_span_id;
    let place = (!goes_on).then_some(record);
    let mut parts = Vec::new();
    parts.extend(place.and_then(|span| span.trace_id).map(|trace| format!("trace {trace}")));
    parts.extend(record.span_id.map(|span| format!("span {span}")));
    parts.extend(place.and_then(|span| span.parent_span_id).map(|parent| format!("parent {parent}")));
    parts.extend(named("tags", tags(record)));
    parts.extend(named("metadata", metadata(record)));
    parts.extend(named("context keys", context_keys(record)));
    parts.join("  ")
}

fn named(name: &str, text: String) -> Option<String> {
    (!text.is_empty()).then(|| format!("{name} {text}"))
}

/// Its tags, divided by commas.
pub(crate) fn tags(record: &RootSpanRecord) -> String {
    harmless(&record.tags.join(", "))
}

/// The beginning of its metadata.
pub(crate) fn metadata(record: &RootSpanRecord) -> String {
    if record.metadata.is_empty() {
        return String::new();
    }
    glimpse(&serde_json::to_string(&record.metadata).unwrap_or_default(), METADATA_CHARS)
}

/// The keys of the request context whose values it has, divided by commas.
pub(crate) fn context_keys(record: &RootSpanRecord) -> String {
    harmless(&record.request_context_keys.join(", "))
}
