//! `reentry runs logs`: what the steps of a run logged.

use std::time::Duration;

use reentry::core::path::StepPath;
use reentry::{Level, LogFilter, LogLine, Run};
use reentry_wire::LogRow;

use super::clock_time;
use crate::args::RunName;
use crate::commands::resume::step;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::listener::{level_name, words};
use crate::reader;
use crate::session::{Background, Session};
use crate::style::Style;
use crate::ui::Ui;

/// How often the log is looked at for lines of other processes.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Show what the steps of a run logged, the oldest first
///
/// Lines are kept with the end of the call in which they were logged, whether it ended well or not: those of a call
/// that is under way come when it has ended, one call after the other. Of one call the first and the last lines are
/// kept (64 KiB, 1000 lines), of one run the calls that ended last (1 MiB); a line says how many are missing. Of a
/// fork, what its parents logged before is shown, too.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The run: its id, an end of it, or `last`
    #[arg(value_name = "RUN")]
    run: RunName,

    /// Only of this step and of those in it: its id, or the path to it (outer.inner.step)
    #[arg(long, value_name = "PATH", value_parser = step)]
    step: Option<StepPath>,

    /// Only lines of this level or a graver one
    #[arg(long, value_name = "LEVEL", value_parser = level)]
    level: Option<Level>,

    /// Go on with the lines that come, until the run has ended; then end with the exit code that says how
    #[arg(short, long)]
    follow: bool,
}

/// A level by its name.
fn level(text: &str) -> Result<Level, String> {
    let all = Level::ALL;
    let names = all.map(Level::as_str).join(", ");
    all.into_iter().find(|level| level.as_str() == text).ok_or_else(|| format!("expected one of {names}"))
}

pub(super) async fn perform(args: Args, session: &Session) -> Result<Exit, Failure> {
    let tenant = session.existing_tenant(Background::Off).await?;
    let run = args.run.open(session, &tenant).await?;
    let mut filter = LogFilter::default();
    (filter.step, filter.level) = (args.step, args.level);
    tokio::select! {
        ended = tell(&run, filter, args.follow, &session.ui) => ended,
        () = reader::is_gone() => Ok(Exit::Done),
        Ok(()) = tokio::signal::ctrl_c() => Ok(Exit::Interrupted),
    }
}

async fn tell(run: &Run, mut filter: LogFilter, follow: bool, ui: &Ui) -> Result<Exit, Failure> {
    let mut told_any = false;
    loop {
        // Looked at first: what was logged before the end is stored then.
        let status = run.status().await?;
        let page = run.logs(&filter).await?;
        for line in &page.lines {
            told_any = true;
            let somebody_reads = match ui.is_json() {
                true => ui.stream_json(&LogRow::from(line))?,
                false => ui.stream(&shown(line, ui.out))?,
            };
            if !somebody_reads {
                return Ok(Exit::Done);
            }
        }
        filter.after = page.next;
        match follow {
            _ if page.more => {}
            false if told_any => return Ok(Exit::Done),
            false => {
                ui.note("nothing was logged that is kept");
                return Ok(Exit::Done);
            }
            true if status.stands_still() => return Ok(status.into()),
            true => tokio::time::sleep(LOOK_EVERY).await,
        }
    }
}

/// A line for people: when, how grave, which step, what.
fn shown(line: &LogLine, style: Style) -> String {
    let at = style.dim(&clock_time(line.at));
    let level = level_name(line.level, style);
    let pad = " ".repeat("error".len().saturating_sub(line.level.as_str().len()));
    let step = match line.path.is_root() {
        true => String::new(),
        false => style.dim(&format!("[{}] ", line.path)),
    };
    format!("{at}  {level}{pad}  {step}{}\n", words(style, &line.message, line.fields.as_ref()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use reentry::core::json::Json;
    use reentry::core::time::Timestamp;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_says_when_where_and_what_and_steers_no_terminal() {
        let run = "run_0000000003e87fffbfffffffffffffff".parse().unwrap();
        let line = |level, path: &str, message: &str, fields: Option<serde_json::Value>| {
            let at = Timestamp(1_767_225_600_123);
            let mut line = LogLine::new(run, at, path.parse().unwrap(), level, message);
            line.fields = fields.map(Json::from);
            line
        };
        let lines = [
            line(Level::Info, "ask", "bought", Some(json!({"item": "a \u{9b}2Klamp"}))),
            line(Level::Error, "each[3].check", "Traceback:\n  File \"main.py\"\u{1b}[2K\n", None),
            line(Level::Warn, "", "2 lines were dropped", None),
        ];
        let told: String = lines.iter().map(|line| shown(line, Style::PLAIN)).collect();
        insta::assert_snapshot!(told, @r#"
        00:00:00.123  info   [ask] bought {"item": "a \u009b2Klamp"}
        00:00:00.123  error  [each[3].check] Traceback:
              File "main.py"\u{1b}[2K
        00:00:00.123  warn   2 lines were dropped
        "#);
        assert_eq!(level("warn"), Ok(Level::Warn));
        assert_eq!(level("loud"), Err("expected one of trace, debug, info, warn, error".to_owned()));
    }
}
