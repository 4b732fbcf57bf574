//! How a start or resume is joined to the caller's trace.

use clap::Args;
use reentry::core::run::Refused;
use reentry::core::trace::{SpanContext, TracingContext, TracingOptions};

use super::context::object;
use crate::failure::Failure;

/// The caller's trace, and what is put on the root span.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Tracing")]
pub(crate) struct TracingArgs {
    /// W3C traceparent of the span that this one becomes a child of
    #[arg(long, value_name = "T", conflicts_with_all = ["trace_id", "parent_span_id"])]
    traceparent: Option<String>,

    /// Trace to use, 1 to 32 hexadecimal digits
    #[arg(long, value_name = "HEX")]
    trace_id: Option<String>,

    /// Span that this one becomes a child of, 1 to 16 hexadecimal digits
    #[arg(long, value_name = "HEX")]
    parent_span_id: Option<String>,

    /// Tag on the root span, kept with the run; may be repeated
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,

    /// Metadata on the spans, a JSON object, kept with the run
    #[arg(long, value_name = "JSON")]
    metadata: Option<String>,

    /// Key of the request context whose value is put beside the metadata, dotted for nested ones; may be repeated
    #[arg(long, value_name = "KEY")]
    request_context_key: Vec<String>,
}

impl TracingArgs {
    /// The arguments as the library takes them. Ids are checked there.
    pub(crate) fn read(&self) -> Result<(TracingContext, TracingOptions), Failure> {
        let current_span = match &self.traceparent {
            Some(text) => Some(
                SpanContext::from_traceparent(text)
                    .map_err(|error| reentry::Error::from(Refused::Trace(error)))?,
            ),
            None => None,
        };
        let metadata = match &self.metadata {
            Some(text) => object("--metadata", text)?,
            None => Default::default(),
        };
        let mut options = TracingOptions::default()
            .metadata(metadata)
            .request_context_keys(self.request_context_key.clone())
            .tags(self.tag.clone());
        options.trace_id.clone_from(&self.trace_id);
        options.parent_span_id.clone_from(&self.parent_span_id);
        let mut context = TracingContext::default();
        context.current_span = current_span;
        Ok((context, options))
    }
}
