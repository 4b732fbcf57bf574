//! Traces: how a run is joined to the caller's trace, and how start and resume are joined to each other.
//!
//! Ids follow OpenTelemetry. Nothing here records spans; the engine does.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::RunId;
use crate::json::{Json, JsonError};
use crate::path::StepPath;
use crate::quote::beginning;

/// Most tags a caller may put on a run's root span; a bound on what one call makes us store.
pub const TAGS_MAX: usize = 64;

/// Longest tag, in bytes; the other half of that bound.
pub const TAG_BYTES_MAX: usize = 256;

/// Most bytes of the metadata a caller may put on a run's spans, as JSON text.
pub const METADATA_BYTES_MAX: usize = 16 * 1024;

/// Most keys of the request context that a caller may have copied into the metadata.
pub const CONTEXT_KEYS_MAX: usize = 64;

/// Longest of these keys, in bytes.
pub const CONTEXT_KEY_BYTES_MAX: usize = 256;

/// An id of a trace: 1 to 32 hexadecimal digits, kept as 32 lower-case ones.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId([u8; 16]);

/// An id of a span: 1 to 16 hexadecimal digits, kept as 16 lower-case ones.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanId([u8; 8]);

/// A trace option that was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TraceError {
    /// Not an id.
    #[error("`{found}` is not a {what}: expected 1 to {digits} hexadecimal digits, not all of them zero")]
    Id {
        /// `traceId` or `parentSpanId`.
        what: &'static str,
        /// Most digits allowed.
        digits: usize,
        /// The text as it came.
        found: String,
    },
    /// Not a `traceparent` header.
    #[error("`{found}` is not a traceparent: expected `00-<32 hex digits>-<16 hex digits>-<2 hex digits>`")]
    Traceparent {
        /// The text as it came.
        found: String,
    },
    /// Too many tags.
    #[error("{found} tags given, at most {TAGS_MAX} are allowed")]
    Tags {
        /// Tags given.
        found: usize,
    },
    /// A tag that is empty or too long.
    #[error("a tag of {found} bytes given, 1 to {TAG_BYTES_MAX} are allowed")]
    Tag {
        /// Bytes of the tag.
        found: usize,
    },
    /// Metadata that is no value, or not the same one to every reader.
    #[error("metadata `{key}`: {problem}")]
    Odd {
        /// Its key.
        key: String,
        /// What is wrong with it, and where.
        problem: String,
    },
    /// Too many keys of the request context.
    #[error("{found} requestContextKeys given, at most {CONTEXT_KEYS_MAX} are allowed")]
    ContextKeys {
        /// Keys given.
        found: usize,
    },
    /// A key of the request context that names nothing, or is too long.
    #[error(
        "`{found}` is not one of requestContextKeys: expected a key of 1 to {CONTEXT_KEY_BYTES_MAX} bytes, \
         with a dot before each key inside another one, as in `user.id`"
    )]
    ContextKey {
        /// The key as it came; of a long one the beginning.
        found: String,
    },
    /// Too much metadata.
    #[error("metadata is {found} bytes of JSON, at most {METADATA_BYTES_MAX} are allowed")]
    Metadata {
        /// Bytes given.
        found: usize,
    },
}

/// Reads up to `N * 2` hexadecimal digits, right-aligned; `None` for anything else and for zero.
fn parse_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.is_empty() || text.len() > N * 2 {
        return None;
    }
    let mut bytes = [0u8; N];
    for (at, digit) in text.bytes().rev().enumerate() {
        let value = u8::try_from(char::from(digit).to_digit(16)?).ok()?;
        *bytes.iter_mut().rev().nth(at / 2)? |= value << (4 * (at % 2));
    }
    (bytes != [0; N]).then_some(bytes)
}

macro_rules! hex_id {
    ($name:ident, $bytes:literal, $what:literal) => {
        impl $name {
            /// An id from random bytes.
            pub fn from_bytes(bytes: [u8; $bytes]) -> Self {
                Self(bytes)
            }

            /// The bytes.
            pub fn as_bytes(&self) -> &[u8; $bytes] {
                &self.0
            }

            /// Reads an id as callers write it: fewer digits stand for leading zeros.
            ///
            /// # Errors
            /// [`TraceError::Id`] for anything that is not hexadecimal, is empty, too long, or zero.
            pub fn parse(text: &str) -> Result<Self, TraceError> {
                parse_hex(text).map(Self).ok_or_else(|| TraceError::Id {
                    what: $what,
                    digits: $bytes * 2,
                    found: beginning(text),
                })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                crate::hex::write(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
            }
        }
    };
}

hex_id!(TraceId, 16, "traceId");
hex_id!(SpanId, 8, "parentSpanId");

impl SpanId {
    /// The span that a run begins at a path with a version: of a call there, or, at the root, of a start or resume.
    /// No other one has this id, and whoever has these three finds it again, so that the log need not hold it.
    pub fn of(run: RunId, path: &StepPath, version: u64) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"reentry call span").update(run.as_bytes()).update(&version.to_le_bytes());
        hasher.update(path.to_string().as_bytes());
        Self(not_zero(&hasher))
    }

    fn of_root(run: RunId, version: u64) -> Self {
        Self::of(run, &StepPath::root(), version)
    }
}

impl TraceId {
    /// The trace that a run begins: with its start, or with a later version, when a caller wants none of the earlier
    /// ones.
    pub fn of(run: RunId, resumed: Option<u64>) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"reentry trace").update(run.as_bytes()).update(&resumed.unwrap_or(0).to_le_bytes());
        Self(not_zero(&hasher))
    }
}

/// Bytes of an id: one of zeros is none.
fn not_zero<const N: usize>(hasher: &blake3::Hasher) -> [u8; N] {
    let mut bytes = [0; N];
    hasher.finalize_xof().fill(&mut bytes);
    bytes[0] = bytes[0].max(1);
    bytes
}

/// A span: a trace and a place in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SpanContext {
    /// The trace.
    pub trace_id: TraceId,
    /// The span.
    pub span_id: SpanId,
}

impl SpanContext {
    /// Reads a W3C `traceparent`.
    ///
    /// # Errors
    /// [`TraceError::Traceparent`] for anything else.
    pub fn from_traceparent(text: &str) -> Result<Self, TraceError> {
        let bad = || TraceError::Traceparent { found: beginning(text) };
        let parts: Vec<&str> = text.split('-').collect();
        let &[version, trace, span, flags] = parts.as_slice() else { return Err(bad()) };
        let lengths_fit = version.len() == 2 && trace.len() == 32 && span.len() == 16 && flags.len() == 2;
        let lower_hex = text.bytes().all(|b| matches!(b, b'-' | b'0'..=b'9' | b'a'..=b'f'));
        if !lengths_fit || !lower_hex || version == "ff" {
            return Err(bad());
        }
        Ok(Self {
            trace_id: TraceId::parse(trace).map_err(|_| bad())?,
            span_id: SpanId::parse(span).map_err(|_| bad())?,
        })
    }

    /// Writes a W3C `traceparent`, sampled.
    pub fn traceparent(&self) -> String {
        format!("00-{}-{}-01", self.trace_id, self.span_id)
    }
}

/// The caller's own span, of which the run's root span becomes a child.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TracingContext {
    /// The span; when it is there, the ids of [`TracingOptions`] are not used.
    pub current_span: Option<SpanContext>,
}

crate::setters!(TracingContext { current_span: Option<SpanContext>, });

/// What a caller asks of the run's root span.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct TracingOptions {
    /// Put on the root span and its children.
    pub metadata: BTreeMap<String, Json>,
    /// Keys of the request context, dotted for nested ones, whose values are put beside the metadata. Those that lead
    /// nowhere are left out.
    pub request_context_keys: Vec<String>,
    /// Trace to use: 1 to 32 hexadecimal digits.
    pub trace_id: Option<String>,
    /// Span to become a child of: 1 to 16 hexadecimal digits.
    pub parent_span_id: Option<String>,
    /// Put on the root span only.
    pub tags: Vec<String>,
}

crate::setters!(TracingOptions {
    metadata: BTreeMap<String, Json>,
    request_context_keys: Vec<String>,
    trace_id: Option<String>,
    parent_span_id: Option<String>,
    tags: Vec<String>,
});

/// The span of one call of start or resume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RootSpan {
    /// The trace.
    pub trace_id: TraceId,
    /// The span itself.
    pub span_id: SpanId,
    /// Its parent: the caller's span, or that of the suspended run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_span_id: Option<SpanId>,
    /// The root span of the suspended run that this one continues, in whichever trace it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumed_from_span_id: Option<SpanId>,
}

/// What is kept of the root span of a start or resume: where it stands, and what the caller asked of it. The values
/// of the keys are not repeated here: they are in the request context.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RootSpanRecord {
    /// The trace; `None` only in the log, where what follows from its place is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<TraceId>,
    /// The span itself; `None` only in the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span_id: Option<SpanId>,
    /// Its parent: the caller's span, or that of the suspended run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_span_id: Option<SpanId>,
    /// The root span of the suspended run that this one continues.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumed_from_span_id: Option<SpanId>,
    /// Its tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The metadata of it and of the spans below it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, Json>,
    /// Keys of the request context whose values are put beside the metadata.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub request_context_keys: Vec<String>,
}

impl RootSpanRecord {
    /// What is kept of a span for which a caller asked with these options.
    pub fn new(span: &RootSpan, options: TracingOptions) -> Self {
        let TracingOptions { metadata, request_context_keys, tags, trace_id: _, parent_span_id: _ } = options;
        Self {
            trace_id: Some(span.trace_id),
            span_id: Some(span.span_id),
            parent_span_id: span.parent_span_id,
            resumed_from_span_id: span.resumed_from_span_id,
            tags,
            metadata,
            request_context_keys,
        }
    }

    /// Leaves out the ids that follow from where the record stands in a log: those of a span in the run's own trace.
    pub(crate) fn abridge(&mut self, run: RunId, version: u64) {
        self.trace_id = self.trace_id.filter(|trace| *trace != TraceId::of(run, None));
        self.span_id = self.span_id.filter(|span| *span != SpanId::of_root(run, version));
    }

    /// Puts back what [`Self::abridge`] has left out.
    pub(crate) fn complete(&mut self, run: RunId, version: u64) {
        self.trace_id.get_or_insert_with(|| TraceId::of(run, None));
        self.span_id.get_or_insert_with(|| SpanId::of_root(run, version));
    }

    /// Whether the caller asked for nothing but a place.
    pub fn is_plain(&self) -> bool {
        self.tags.is_empty() && self.metadata.is_empty() && self.request_context_keys.is_empty()
    }
}

/// Ids for a root span that follow from where it stands.
#[derive(Clone, Copy, Debug)]
pub struct FreshIds {
    /// Used when the caller names no trace.
    pub trace_id: TraceId,
    /// The id of the new span.
    pub span_id: SpanId,
}

impl FreshIds {
    /// For a start with which a run gets this version.
    pub fn of_start(run: RunId, version: u64) -> Self {
        Self { trace_id: TraceId::of(run, None), span_id: SpanId::of_root(run, version) }
    }

    /// For a resume with which a run gets this version.
    pub fn of_resume(run: RunId, version: u64) -> Self {
        Self { trace_id: TraceId::of(run, Some(version)), ..Self::of_start(run, version) }
    }
}

/// Places the root span of a start (`earlier` is `None`) or of a resume.
///
/// The caller's current span wins over ids. Without either a resume stays in the trace of the suspended run, as a
/// child of its span. With another trace id, or with a parent span alone, there is no parent in the earlier trace;
/// the link is kept as `resumed_from_span_id`.
///
/// # Errors
/// [`TraceError`] for ids that are none, for keys that name nothing, and for too much of anything.
pub fn root_span(
    context: &TracingContext,
    options: &TracingOptions,
    earlier: Option<&RootSpan>,
    fresh: FreshIds,
) -> Result<RootSpan, TraceError> {
    check_bounds(options)?;
    let trace = options.trace_id.as_deref().map(TraceId::parse).transpose()?;
    let parent = options.parent_span_id.as_deref().map(SpanId::parse).transpose()?;
    let resumed_from = earlier.map(|span| span.span_id);

    if let Some(caller) = context.current_span {
        return Ok(RootSpan {
            trace_id: caller.trace_id,
            span_id: fresh.span_id,
            parent_span_id: Some(caller.span_id),
            resumed_from_span_id: resumed_from,
        });
    }
    let stays = match (trace, earlier) {
        (Some(trace), Some(earlier)) => trace == earlier.trace_id,
        (None, Some(_)) => parent.is_none(),
        (_, None) => false,
    };
    match earlier.filter(|_| stays) {
        Some(earlier) => Ok(RootSpan {
            trace_id: earlier.trace_id,
            span_id: fresh.span_id,
            parent_span_id: parent.or(Some(earlier.span_id)),
            resumed_from_span_id: resumed_from,
        }),
        None => Ok(RootSpan {
            trace_id: trace.unwrap_or(fresh.trace_id),
            span_id: fresh.span_id,
            parent_span_id: parent,
            resumed_from_span_id: resumed_from,
        }),
    }
}

fn check_bounds(options: &TracingOptions) -> Result<(), TraceError> {
    if options.tags.len() > TAGS_MAX {
        return Err(TraceError::Tags { found: options.tags.len() });
    }
    let tag_fits = |bytes: &usize| (1..=TAG_BYTES_MAX).contains(bytes);
    if let Some(found) = options.tags.iter().map(String::len).find(|bytes| !tag_fits(bytes)) {
        return Err(TraceError::Tag { found });
    }
    if options.request_context_keys.len() > CONTEXT_KEYS_MAX {
        return Err(TraceError::ContextKeys { found: options.request_context_keys.len() });
    }
    let key_fits =
        |key: &String| key.len() <= CONTEXT_KEY_BYTES_MAX && key.split('.').all(|part| !part.is_empty());
    if let Some(key) = options.request_context_keys.iter().find(|key| !key_fits(key)) {
        return Err(TraceError::ContextKey { found: beginning(key) });
    }
    for (key, value) in &options.metadata {
        let odd = |error: JsonError| TraceError::Odd { key: key.clone(), problem: error.to_string() };
        value.check_outside().map_err(odd)?;
    }
    let found = options.metadata.iter().map(|(key, value)| key.len() + value.text().len() + 4).sum();
    if found > METADATA_BYTES_MAX {
        return Err(TraceError::Metadata { found });
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
