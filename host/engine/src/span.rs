//! Spans as values: what an observer gets of a span that has ended.

use std::sync::Arc;

use reentry_core::id::{RunId, TenantId};
use reentry_core::json::Json;
use reentry_core::path::StepPath;
use reentry_core::time::Timestamp;
use reentry_core::trace::{SpanContext, SpanId, TraceId};

use crate::error::{Error, chain};

/// A span that has ended. Its ids are OpenTelemetry's.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Span {
    /// The trace.
    pub trace_id: TraceId,
    /// The span itself.
    pub span_id: SpanId,
    /// The span that it is below: of a start the caller's, if there is one.
    pub parent_span_id: Option<SpanId>,
    /// Of a resume, the span of the start or resume that it continues, in whichever trace that is.
    pub resumed_from: Option<SpanContext>,
    /// What it is called: one of few names, the same for all spans of a sort.
    pub name: &'static str,
    /// What it is of.
    pub of: SpanOf,
    /// When the work began.
    pub start: Timestamp,
    /// When it ended, never before `start`.
    pub end: Timestamp,
    /// Whose run it is.
    pub tenant: TenantId,
    /// The run.
    pub run: RunId,
    /// Id of the workflow that the run follows.
    pub workflow: String,
    /// Tags that the caller asked for; only the span of a start or resume has any.
    pub tags: Arc<[String]>,
    /// Metadata that the caller of the latest start or resume asked for: a JSON object.
    pub metadata: Option<Json>,
    /// How the work went.
    pub status: SpanStatus,
}

/// What a span is of.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SpanOf {
    /// Work on a run: a start, a resume, or whatever else brings the run on.
    Run,
    /// A try of a call of a step.
    Call {
        /// The step.
        path: StepPath,
        /// Number of the call.
        call: u32,
        /// Tries before this one.
        attempt: u32,
    },
    /// The calls that move a step to another version of its component.
    Move {
        /// The step.
        path: StepPath,
    },
}

/// How the work of a span went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpanStatus {
    /// It was done. That a run waits, or was canceled, is no error.
    Ok,
    /// A call or run failed, a call was interrupted, a request was refused, or the host could not go on: why.
    Error(String),
}

impl SpanStatus {
    /// That of work which may not have been done.
    pub(crate) fn of<T>(ended: &Result<T, Error>) -> Self {
        match ended {
            Ok(_) => Self::Ok,
            Err(error) => Self::Error(chain(error)),
        }
    }
}
