//! The guest's log: lines from `host.log`, and from standard output and standard error where WASI is granted.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use reentry_core::json::Json;

use crate::convert::cut;
use crate::host::{HostCalls, Level};
use crate::limits::Limits;

/// Where all lines of one call go, and how many bytes went there already.
pub(crate) struct GuestLog {
    host: Arc<dyn HostCalls>,
    line_bytes: usize,
    bytes_max: usize,
    bytes: AtomicUsize,
}

impl GuestLog {
    pub(crate) fn new(host: Arc<dyn HostCalls>, limits: &Limits) -> Self {
        Self {
            host,
            line_bytes: limits.log_line_bytes,
            bytes_max: limits.log_bytes,
            bytes: AtomicUsize::new(0),
        }
    }

    /// Bytes that were logged, or would have been.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Longest line, beyond which a text is cut.
    pub(crate) fn line_bytes(&self) -> usize {
        self.line_bytes
    }

    /// Hands a line on whatever was logged before: one that says why the call failed, which there is once.
    pub(crate) fn last_line(&self, message: &str) {
        self.host.log(Level::Error, message, None);
    }

    /// Hands a line on, unless the guest has logged too much; says whether it did. The first line that is dropped is
    /// answered with one that says so.
    pub(crate) fn line(&self, level: Level, message: String, fields: Option<Json>) -> bool {
        let message = cut(message, self.line_bytes);
        let size = message.len() + fields.as_ref().map_or(0, |fields| fields.text().len());
        let before = self.bytes.fetch_add(size.max(1), Ordering::Relaxed);
        let fits = before.saturating_add(size) <= self.bytes_max;
        if fits {
            self.host.log(level, &message, fields);
        } else if before <= self.bytes_max {
            let text =
                format!("the log of this call is full ({} bytes); further lines are dropped", self.bytes_max);
            self.host.log(Level::Warn, &text, None);
            self.bytes.fetch_add(self.bytes_max, Ordering::Relaxed);
        }
        fits
    }
}
