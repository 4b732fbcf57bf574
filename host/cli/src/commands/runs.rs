//! `reentry runs`: runs in lists, one by one, ended, and taken care of.

mod cancel;
mod control;
mod history;
mod list;
mod logs;
mod migrate;
mod prune;
mod recover;
mod show;
mod timeline;
mod watch;

use reentry::core::run::StepStatus;
use reentry::core::time::Timestamp;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Session;

/// List runs, look at one, watch it, pause, restart, fork, end it; delete what is over
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    List(list::Args),
    Show(show::Args),
    Watch(watch::Args),
    Logs(logs::Args),
    Timeline(timeline::Args),
    History(history::Args),
    Cancel(cancel::Args),
    /// Let no further step of a run be called; answers and timers are still taken
    Pause(control::ActArgs),
    /// Let a paused or blocked run go on
    ///
    /// One that is blocked is tried once more from where it stands. It stays blocked while the reason holds.
    Continue(control::ActArgs),
    /// Let a failed or canceled run go on: the call that failed is made again
    Restart(control::ActArgs),
    Travel(control::TravelArgs),
    Fork(control::ForkArgs),
    Migrate(migrate::Args),
    /// Delete a run that has ended, with everything kept of it
    Delete(control::Args),
    Prune(prune::Args),
    Recover(recover::Args),
}

pub(super) async fn perform(command: Command, session: &Session) -> Result<Exit, Failure> {
    match command {
        Command::List(args) => list::perform(args, session).await,
        Command::Show(args) => show::perform(&args, session).await,
        Command::Watch(args) => watch::perform(&args, session).await,
        Command::Logs(args) => logs::perform(args, session).await,
        Command::Timeline(args) => timeline::perform(&args, session).await,
        Command::History(args) => history::perform(&args, session).await,
        Command::Cancel(args) => cancel::perform(&args, session).await,
        Command::Pause(args) => control::pause(&args, session).await,
        Command::Continue(args) => control::go_on(&args, session).await,
        Command::Restart(args) => control::restart(&args, session).await,
        Command::Travel(args) => control::travel(args, session).await,
        Command::Migrate(args) => migrate::perform(&args, session).await,
        Command::Fork(args) => control::fork(&args, session).await,
        Command::Delete(args) => control::delete(&args, session).await,
        Command::Prune(args) => prune::perform(args, session).await,
        Command::Recover(_) => recover::perform(session).await,
    }
}

/// The time of day of an instant, in UTC: `12:03:44.120`.
pub(crate) fn clock_time(at: Timestamp) -> String {
    let whole = at.to_string();
    let time = whole.split_once('T').and_then(|(_, time)| time.strip_suffix('Z'));
    time.map_or_else(|| whole.clone(), str::to_owned)
}

/// The name of a step's status, as it is on the wire.
fn step_status(status: StepStatus) -> String {
    let name = serde_json::to_value(status).ok();
    name.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}
