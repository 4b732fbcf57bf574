//! What is said while things run: the host's log, and what guests log and emit.

use std::io;

use reentry::core::json::Json;
use reentry::{Did, Level, Observer, Source, Upkeep};
use tracing_subscriber::EnvFilter;

use crate::commands::work;
use crate::host_log::{ClockTime, HostLog};
use crate::json_text;
use crate::style::Style;
use crate::ui::{Ui, hang, harmless};

/// Variable with a filter for the host's log, in the syntax of `tracing_subscriber`; wins over `--verbose`.
const FILTER_VARIABLE: &str = "REENTRY_LOG";

/// Sends the host's log to standard error; that of a worker, which is read long after it was written, with the time
/// of each line.
pub(crate) fn set_up_log(ui: &Ui, is_worker: bool) {
    let default = match ui.verbose {
        0 => "warn",
        1 => "warn,reentry=info",
        2 => "info,reentry=debug",
        _ => "debug,reentry=trace",
    };
    let filter = EnvFilter::try_from_env(FILTER_VARIABLE).unwrap_or_else(|_| EnvFilter::new(default));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(ui.err != Style::PLAIN)
        .with_target(ui.verbose > 1)
        .log_internal_errors(false);
    let log = match (is_worker, ui.is_json()) {
        (true, true) => log.event_format(HostLog).try_init(),
        (true, false) => log.with_timer(ClockTime).try_init(),
        (false, _) => log.without_time().try_init(),
    };
    // There is a log already only if this is called twice, and then that one does.
    drop(log);
}

/// Shows on standard error what guests log, as `[step] level message`, and when asked, what they emit.
pub(crate) struct Listener {
    ui: Ui,
    /// Whether to print what the host does by itself, as the result of the command.
    tells_upkeep: bool,
}

impl Listener {
    pub(crate) fn new(ui: Ui) -> Self {
        Self { ui, tells_upkeep: false }
    }

    /// Shows what the host does by itself as well: a line each on standard output.
    pub(crate) fn telling_upkeep(ui: Ui) -> Self {
        Self { ui, tells_upkeep: true }
    }

    /// The least important level that is shown.
    fn least(&self) -> Level {
        match self.ui.verbose {
            0 => Level::Info,
            1 => Level::Debug,
            _ => Level::Trace,
        }
    }
}

/// A level in its color.
pub(crate) fn level_name(level: Level, style: Style) -> String {
    let name = level.as_str();
    match level {
        Level::Error => style.red(name),
        Level::Warn => style.yellow(name),
        Level::Info => name.to_owned(),
        Level::Debug | Level::Trace => style.dim(name),
    }
}

/// What a step logged: `[step] level message {"fields": 1}`.
pub(crate) fn said(
    style: Style,
    source: &Source,
    level: Level,
    message: &str,
    fields: Option<&Json>,
) -> String {
    let step = style.dim(&format!("[{}]", source.path));
    format!("{step} {} {}", level_name(level, style), words(style, message, fields))
}

/// What was logged, beside by whom: `message {"fields": 1}`.
pub(crate) fn words(style: Style, message: &str, fields: Option<&Json>) -> String {
    let fields = fields.map(|fields| format!(" {}", style.dim(&json_text::one_line(fields.text()))));
    hang(&harmless(message.trim_end()), 4) + &fields.unwrap_or_default()
}

impl Observer for Listener {
    fn log(&self, source: &Source, level: Level, message: &str, fields: Option<&Json>) {
        if level < self.least() {
            return;
        }
        if self.tells_upkeep {
            // A worker that nobody reads works on.
            let _ = work::tell_line(&self.ui, source, level, message, fields);
        } else {
            self.ui.note(&said(self.ui.err, source, level, message, fields));
        }
    }

    fn emit(&self, source: &Source, chunk: &Json) {
        if self.ui.verbose > 0 {
            let step = self.ui.err.dim(&format!("[{}]", source.path));
            self.ui.note(&format!("{step} emits {}", json_text::one_line(chunk.text())));
        }
    }

    fn upkeep(&self, upkeep: &Upkeep) {
        if self.tells_upkeep {
            // A worker that nobody reads works on.
            let _ = work::tell(&self.ui, upkeep);
        } else if let Did::GaveUp(reason) = &upkeep.did {
            let error = self.ui.err.red("error:");
            self.ui.note(&format!("{error} run {} could not be continued: {}", upkeep.run, harmless(reason)));
        }
    }
}
