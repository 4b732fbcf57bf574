//! `reentry work`: a process that looks after runs.

use std::time::Duration;

use reentry::core::json::Json;
use reentry::core::time::Timestamp;
use reentry::{Clock as _, Did, Host, Level, Source, SystemClock, Upkeep};
use reentry_wire::{WorkLogged, Worked};

use super::runs::clock_time;
use crate::codes;
use crate::exit::Exit;
use crate::failure::{Failure, Report};
use crate::humane::{count, read_span};
use crate::listener::said;
use crate::reader;
use crate::session::Session;
use crate::ui::{Ui, harmless};

/// Look after runs: timers, deadlines, events, and runs whose process died
///
/// Stays until it is asked to leave (SIGTERM or Ctrl-C) or the reader of its output has gone. Then it begins no
/// further call, lets running calls end, and exits. What is left is taken over by the next one. Any number of them
/// may work on one data folder, beside any other command. It looks after the runs of all tenants, and prints a line
/// for each thing that it does and for each that a step logs meanwhile. With `--json` each line is a JSON object, and
/// so are those of the host's log on standard error.
#[derive(Debug, clap::Args)]
#[command(visible_alias = "worker")]
pub(crate) struct Args {
    /// Leave when there is nothing to do now; a timer that is not due yet is not waited for
    #[arg(long)]
    until_idle: bool,

    /// How long running calls may take to end when the worker is asked to leave
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = read_span)]
    grace: u64,
}

pub(super) async fn perform(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let mut leave = Leave::new()?;
    let host = session.worker().await?;
    let until = if args.until_idle { "until there is nothing to do" } else { "until SIGTERM or Ctrl-C" };
    session.ui.note(&format!(
        "looking after the runs of all tenants in {}: timers, deadlines, events, runs whose process died; {until}",
        session.data_dir().display()
    ));
    tokio::select! {
        () = host.idle(), if args.until_idle => return Ok(Exit::Done),
        () = leave.told() => {}
        () = reader::is_gone() => {}
    }
    tokio::select! {
        left = stop(&host, args.grace, session) => left,
        // Told twice: at once.
        () = leave.told() => Ok(Exit::Done),
    }
}

async fn stop(host: &Host, grace: u64, session: &Session) -> Result<Exit, Failure> {
    session.ui.note("leaving; steps that are being called may end (again to leave at once)");
    let left = host.stop(Duration::from_millis(grace)).await?;
    if left > 0 {
        session.ui.note(&format!("{} still running; another worker will take over", count(left, "run")));
    }
    Ok(Exit::Done)
}

/// Prints one thing that a worker did; says whether anybody reads on.
pub(crate) fn tell(ui: &Ui, upkeep: &Upkeep) -> Result<bool, Failure> {
    let at = SystemClock.now();
    match ui.is_json() {
        true => ui.stream_json(&Worked::of(upkeep, at)),
        false => ui.stream(&text(ui, upkeep, at)),
    }
}

/// Prints a line that a step logged, in a call that this worker made; says whether anybody reads on.
pub(crate) fn tell_line(
    ui: &Ui,
    source: &Source,
    level: Level,
    message: &str,
    fields: Option<&Json>,
) -> Result<bool, Failure> {
    let at = SystemClock.now();
    if ui.is_json() {
        return ui.stream_json(&WorkLogged::of(source, at, level, message, fields));
    }
    let said = said(ui.out, source, level, message, fields);
    ui.stream(&format!("{}  {}  {said}\n", ui.out.dim(&clock_time(at)), source.run))
}

fn text(ui: &Ui, upkeep: &Upkeep, at: Timestamp) -> String {
    let what = match &upkeep.did {
        Did::TookOver => "taken over from a process that died".to_owned(),
        Did::Woke => "woken: its time has come".to_owned(),
        Did::Delivered => "has the event it waited for".to_owned(),
        Did::Brought(status) => format!("is {} now", ui.out.status(status.as_str())),
        Did::GaveUp(error) => format!("{} {}", ui.out.red("could not be continued:"), harmless(error)),
        _ => "was looked after".to_owned(),
    };
    let steps: Vec<String> = upkeep.steps.iter().map(ToString::to_string).collect();
    let steps = if steps.is_empty() { steps.concat() } else { format!("[{}] ", steps.join(", ")) };
    format!("{}  {}  {}{what}\n", ui.out.dim(&clock_time(at)), upkeep.run, ui.out.dim(&steps))
}

/// Hears when the process is told to leave.
struct Leave {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Leave {
    #[cfg(unix)]
    fn new() -> Result<Self, Failure> {
        use tokio::signal::unix::{SignalKind, signal};
        let terminate = signal(SignalKind::terminate())
            .map_err(|error| Report::new(&codes::INTERNAL, "cannot listen to signals").cause(error))?;
        Ok(Self { terminate })
    }

    #[cfg(unix)]
    async fn told(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            Ok(()) = tokio::signal::ctrl_c() => {}
        }
    }

    #[cfg(not(unix))]
    fn new() -> Result<Self, Failure> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    async fn told(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use reentry::core::id::TenantId;
    use reentry::core::path::StepPath;
    use reentry::core::run::RunStatus;

    use super::*;
    use crate::cli::{Color, Format};

    #[test]
    fn each_thing_that_was_done_is_a_line() {
        let ui = Ui::new(Format::Text, Color::Never, 0);
        let run = "run_0000000003e87fffbfffffffffffffff".parse().unwrap();
        let all = [
            Did::TookOver,
            Did::Woke,
            Did::Delivered,
            Did::Brought(RunStatus::Suspended),
            Did::GaveUp("damaged\u{1b}".to_owned()),
        ];
        let mut people = String::new();
        for did in all {
            let step = |path: &str| path.parse::<StepPath>().unwrap();
            let steps = match did {
                Did::Woke => vec![step("each[3].nap"), step("ask")],
                _ => Vec::new(),
            };
            let mut upkeep = Upkeep::new(TenantId::default(), run, did);
            upkeep.steps = steps;
            people += &text(&ui, &upkeep, Timestamp(1_000));
        }
        insta::assert_snapshot!(people, @r"
        00:00:01.000  run_0000000003e87fffbfffffffffffffff  taken over from a process that died
        00:00:01.000  run_0000000003e87fffbfffffffffffffff  [each[3].nap, ask] woken: its time has come
        00:00:01.000  run_0000000003e87fffbfffffffffffffff  has the event it waited for
        00:00:01.000  run_0000000003e87fffbfffffffffffffff  is suspended now
        00:00:01.000  run_0000000003e87fffbfffffffffffffff  could not be continued: damaged\u{1b}
        ");
    }
}
