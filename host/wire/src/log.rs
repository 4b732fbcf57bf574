//! What steps log.

use reentry::core::id::RunId;
use reentry::core::json::Json;
use reentry::core::path::StepPath;
use reentry::core::time::Timestamp;
use reentry::{Level, LogLine};
use serde::Serialize;

/// A line that a step logged, or one that stands for lines which are not kept.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogRow<'a> {
    /// The run in which it was logged: of a fork, it may be one of its parents.
    pub run_id: RunId,
    /// The version of that run with which the call ended.
    pub version: u64,
    /// When it was logged, in milliseconds since 1970.
    pub at: Timestamp,
    /// The step; empty where whole calls are missing.
    pub path: &'a StepPath,
    /// The number of the step's call, from 1; 0 where whole calls are missing.
    pub call: u32,
    /// Which try of that call it was, from 0.
    pub attempt: u32,
    /// How much it matters: `trace`, `debug`, `info`, `warn`, `error`.
    pub level: Level,
    /// What was logged.
    pub message: &'a str,
    /// What was logged beside the message. Absent where nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fields: Option<&'a Json>,
    /// How many lines that are not kept it stands for. Absent for a line that is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dropped: Option<u64>,
}

impl<'a> From<&'a LogLine> for LogRow<'a> {
    fn from(line: &'a LogLine) -> Self {
        Self {
            run_id: line.run_id,
            version: line.version,
            at: line.at,
            path: &line.path,
            call: line.call,
            attempt: line.attempt,
            level: line.level,
            message: &line.message,
            fields: line.fields.as_ref(),
            dropped: line.dropped,
        }
    }
}
