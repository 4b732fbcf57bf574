//! What guests logged in a run, line by line.

use reentry_core::id::RunId;
use reentry_core::json::Json;
use reentry_core::path::StepPath;
use reentry_core::time::Timestamp;
use reentry_store::{CallLogFilter, CallLogRow, LogPlace};
use reentry_wasm::Level;

use crate::call_lines::StoredLine;
use crate::error::Error;
use crate::run::Run;

/// Which lines of a run's log to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogFilter {
    /// Only those of this step and of all below it, repetitions included.
    pub step: Option<StepPath>,
    /// Only those of this level or a graver one. Lines that tell what was dropped come in any case.
    pub level: Option<Level>,
    /// Where the page begins: `next` of the page before.
    pub after: Option<LogPlace>,
}

reentry_core::setters!(LogFilter {
    step: Option<StepPath>,
    level: Option<Level>,
    after: Option<LogPlace>,
});

/// A part of a run's log.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct LogPage {
    /// The lines: call by call, in the order in which the calls ended.
    pub lines: Vec<LogLine>,
    /// Where the next page begins, or what is logged later; `None` as long as there is nothing.
    pub next: Option<LogPlace>,
    /// Whether there is more to read now.
    pub more: bool,
}

/// A line that a guest logged, or one that stands for lines which were dropped.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LogLine {
    /// The run in which it was logged: of a fork, what its parents did before is told, too.
    pub run_id: RunId,
    /// The version of that run with which the call ended; the one that the fork or page begins with for lines that
    /// are gone with their calls.
    pub version: u64,
    /// When it was logged.
    pub at: Timestamp,
    /// The step; the root path for lines that are gone with their calls.
    pub path: StepPath,
    /// The number of the step's call, from 1.
    pub call: u32,
    /// Which try of that call it was, from 0.
    pub attempt: u32,
    /// How much it matters.
    pub level: Level,
    /// What was logged.
    pub message: String,
    /// What was logged beside the message.
    pub fields: Option<Json>,
    /// How many lines it stands for, which were dropped.
    pub dropped: Option<u64>,
}

impl LogLine {
    /// Makes a line of the first try of a step's first call, for tests of what shows them.
    pub fn new(
        run_id: RunId,
        at: Timestamp,
        path: StepPath,
        level: Level,
        message: impl Into<String>,
    ) -> Self {
        Self {
            run_id,
            version: 1,
            at,
            path,
            call: 1,
            attempt: 0,
            level,
            message: message.into(),
            fields: None,
            dropped: None,
        }
    }
}

impl Run {
    /// Reads what guests logged in the run: a page of lines. They are stored with the end of the call in which they
    /// were logged, so that a call which is made again after a crash is told once; of a call that is under way, or
    /// whose end did not count, nothing is told.
    ///
    /// Of one call the first and the last lines are kept, at most [`CALL_LOG_LINES_MAX`](crate::CALL_LOG_LINES_MAX) and
    /// [`CALL_LOG_BYTES_MAX`](crate::CALL_LOG_BYTES_MAX); of one run, the calls that ended last, with at most
    /// [`RUN_LOG_BYTES_MAX`](crate::store::RUN_LOG_BYTES_MAX). A line says how many are missing.
    ///
    /// # Errors
    /// `NotFound` when there is no such run; `Refused` for a place that is none of this run; `Damaged`, `Unavailable`.
    pub async fn logs(&self, filter: &LogFilter) -> Result<LogPage, Error> {
        // So that nothing of another tenant's is read.
        self.load().await?;
        let store = &self.tenant.shared.store;
        let which = CallLogFilter { step: filter.step.clone(), after: filter.after };
        let page = store.call_logs(&self.tenant.id, self.id, &which).await?;
        let mut lines = Vec::new();
        if page.dropped > 0 {
            lines.push(gone(self.id, page.dropped, page.rows.first()));
        }
        for row in page.rows {
            lines.extend(self::lines(row)?);
        }
        let least = filter.level.unwrap_or(Level::Trace);
        lines.retain(|line| line.level >= least || line.dropped.is_some());
        Ok(LogPage { lines, next: page.next, more: page.more })
    }
}

/// The line that stands for those which are gone with their calls, before the first call that is left.
fn gone(run: RunId, dropped: u64, first: Option<&CallLogRow>) -> LogLine {
    LogLine {
        run_id: first.map_or(run, |row| row.run),
        version: first.map_or(0, |row| row.version),
        at: first.map_or(Timestamp(0), |row| row.at),
        path: StepPath::root(),
        call: 0,
        attempt: 0,
        level: Level::Warn,
        message: format!(
            "{} of earlier calls dropped: of a run, the latest {} KiB are kept",
            were(dropped),
            reentry_store::RUN_LOG_BYTES_MAX >> 10
        ),
        fields: None,
        dropped: Some(dropped),
    }
}

/// The lines of one call.
///
/// # Errors
/// `Damaged` when they cannot be read.
pub(crate) fn lines(row: CallLogRow) -> Result<Vec<LogLine>, Error> {
    let CallLogRow { run: run_id, version, log, .. } = row;
    let (path, call, attempt) = (log.path, log.call, log.attempt);
    let read = serde_json::Deserializer::from_str(&log.text).into_iter::<StoredLine>();
    let line = |line: StoredLine| {
        let message = match line.dropped {
            Some((lines, bytes)) => format!(
                "{} dropped here ({} KiB): of one call, the first and the last {} KiB are kept",
                were(lines),
                bytes.div_ceil(1 << 10),
                crate::CALL_LOG_BYTES_MAX >> 11
            ),
            None => line.message,
        };
        LogLine {
            run_id,
            version,
            at: line.at,
            path: path.clone(),
            call,
            attempt,
            level: line.level,
            message,
            fields: line.fields,
            dropped: line.dropped.map(|(lines, _)| lines),
        }
    };
    read.map(|read| read.map(line)).collect::<Result<_, _>>().map_err(|error| Error::Damaged {
        what: format!("log of run {run_id}, version {version}"),
        reason: error.to_string(),
    })
}

fn were(lines: u64) -> String {
    if lines == 1 { "1 line was".to_owned() } else { format!("{lines} lines were") }
}
