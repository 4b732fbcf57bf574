//! The host's log as a worker writes it: with the time of each line, and for programs as JSON objects.

use std::fmt;

use reentry::core::time::Timestamp;
use reentry::{Clock as _, SystemClock};
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::commands::runs::clock_time;
use crate::json_text::one_line;

/// The time of a line for people.
pub(crate) struct ClockTime;

impl FormatTime for ClockTime {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        writer.write_str(&clock_time(SystemClock.now()))
    }
}

/// One JSON object a line: `at`, `level`, `message`, and what else the line tells, by its names.
pub(crate) struct HostLog;

impl<S, N> FormatEvent<S, N> for HostLog
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut members = Members(Map::new());
        event.record(&mut members);
        let level = event.metadata().level().as_str().to_ascii_lowercase();
        writeln!(writer, "{}", line(SystemClock.now(), level, members.0))
    }
}

fn line(at: Timestamp, level: String, mut members: Map<String, Value>) -> String {
    members.insert("at".to_owned(), at.0.into());
    members.insert("level".to_owned(), level.into());
    one_line(&Value::from(members).to_string())
}

/// What a line tells, by name. The host's log names the run `run`, the step `path`.
struct Members(Map<String, Value>);

impl Members {
    fn add(&mut self, field: &Field, value: impl Into<Value>) {
        let name = match field.name() {
            "run" => "runId",
            "path" => "step",
            name => name,
        };
        self.0.insert(name.to_owned(), value.into());
    }
}

impl Visit for Members {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex, PoisonError};

    use super::*;

    /// What is written, for a test to look at.
    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_of_a_worker_s_log_is_an_object() {
        let written = Written::default();
        let to = written.clone();
        let log = tracing_subscriber::fmt().event_format(HostLog).with_writer(move || to.clone()).finish();
        tracing::subscriber::with_default(log, || {
            let (run, error) = ("run_1", "no \u{9b}2K\nspace");
            tracing::error!(%run, error, count = 3, "a run could not be continued");
        });
        let told = written.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let told = String::from_utf8_lossy(&told).into_owned();
        let at = told.split_once("\"at\": ").map(|(_, rest)| rest.split(',').next().unwrap_or_default());
        insta::assert_snapshot!(told.replace(at.unwrap_or_default(), "_"), @r#"{"at": _, "count": 3, "error": "no \u009b2K\nspace", "level": "error", "message": "a run could not be continued", "runId": "run_1"}"#);
    }
}
