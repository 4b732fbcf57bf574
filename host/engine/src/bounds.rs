//! Bounds on values and names that come in: looked at before anything is stored.

use std::collections::BTreeMap;

use reentry_core::json::Json;
use reentry_core::run::{LABEL_BYTES_MAX, Refused};

use crate::error::Error;
use crate::options::{ResumeOptions, StartOptions};
use crate::policy::TenantPolicy;

/// The highest bound that a host or a tenant can have, in bytes.
pub const VALUE_BYTES_MAX: usize = 16 << 20;

impl TenantPolicy {
    /// Refuses a value that is larger than [`Limits::value_bytes`](crate::wasm::Limits::value_bytes) allows, which
    /// holds for what guests say as well.
    pub(crate) fn bounded(&self, what: &'static str, value: Option<&Json>) -> Result<(), Error> {
        self.within_bound(what, value.map_or(0, |value| value.text().len()))
    }

    /// Refuses what is too large of a request to start a run.
    pub(crate) fn start_bounded(&self, options: &StartOptions) -> Result<(), Error> {
        self.bounded("input", options.input_data.as_ref())?;
        self.bounded("initial state", options.initial_state.as_ref())?;
        self.context_bounded(&options.request_context)
    }

    /// Refuses what is too large of an answer.
    pub(crate) fn answer_bounded(&self, options: &ResumeOptions) -> Result<(), Error> {
        self.bounded("answer", options.resume_data.as_ref())?;
        self.context_bounded(&options.request_context)
    }

    fn context_bounded(&self, context: &BTreeMap<String, Json>) -> Result<(), Error> {
        let bytes = context.iter().map(|(key, value)| key.len() + value.text().len()).sum();
        self.within_bound("request context", bytes)
    }

    fn within_bound(&self, what: &'static str, bytes: usize) -> Result<(), Error> {
        let at_most = self.limits.value_bytes;
        if bytes > at_most { Err(Refused::TooLarge { what, bytes, at_most }.into()) } else { Ok(()) }
    }
}

/// Refuses a text by which something is named, when it is empty or too long.
pub(crate) fn name_bounded(what: &'static str, text: Option<&str>) -> Result<(), Error> {
    match text.map(str::len) {
        Some(bytes) if bytes == 0 || bytes > LABEL_BYTES_MAX => Err(Error::BadName { what, bytes }),
        _ => Ok(()),
    }
}
