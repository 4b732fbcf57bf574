//! `reentry runs`: runs in lists, one by one, ended, and taken care of.

mod cancel;
mod control;
mod list;
mod recover;
mod show;

use reentry::core::id::RunId;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Session;

/// How many rows a page may have; the library has the same bound.
pub(crate) const LIMIT: std::ops::RangeInclusive<i64> = 1..=1_000;

/// List runs, look at one, pause, restart, fork, end, delete one, bring orphaned ones on
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    List(list::Args),
    Show(show::Args),
    Cancel(cancel::Args),
    /// Let no further step of a run be called; answers and timers are still taken
    Pause(control::Args),
    /// Let a paused run go on
    Continue(control::Args),
    /// Let a failed or cancelled run go on: the call that failed is made again
    Restart(control::Args),
    Travel(control::TravelArgs),
    Fork(control::ForkArgs),
    /// Delete a run that has ended, with everything kept of it
    Delete(control::Args),
    Recover(recover::Args),
}

pub(super) async fn perform(command: Command, session: &Session) -> Result<Exit, Failure> {
    match command {
        Command::List(args) => list::perform(args, session).await,
        Command::Show(args) => show::perform(&args, session).await,
        Command::Cancel(args) => cancel::perform(&args, session).await,
        Command::Pause(args) => control::pause(&args, session).await,
        Command::Continue(args) => control::unpause(&args, session).await,
        Command::Restart(args) => control::restart(&args, session).await,
        Command::Travel(args) => control::travel(args, session).await,
        Command::Fork(args) => control::fork(&args, session).await,
        Command::Delete(args) => control::delete(&args, session).await,
        Command::Recover(_) => recover::perform(session).await,
    }
}

impl Command {
    pub(super) fn run_id(&self) -> Option<RunId> {
        match self {
            Self::Show(args) => Some(args.run),
            Self::Cancel(args) => Some(args.run),
            Self::Pause(args) | Self::Continue(args) | Self::Restart(args) | Self::Delete(args) => {
                Some(args.run)
            }
            Self::Travel(args) => Some(args.run),
            Self::Fork(args) => Some(args.run),
            Self::List(_) | Self::Recover(_) => None,
        }
    }
}
