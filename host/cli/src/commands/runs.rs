//! `reentry runs`: runs in lists, one by one, ended, and taken care of.

mod cancel;
mod list;
mod recover;
mod show;

use reentry::core::id::RunId;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Session;

/// How many rows a page may have; the library has the same bound.
pub(crate) const LIMIT: std::ops::RangeInclusive<i64> = 1..=1_000;

/// List runs, look at one, end one, bring orphaned ones on
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    List(list::Args),
    Show(show::Args),
    Cancel(cancel::Args),
    Recover(recover::Args),
}

pub(super) async fn perform(command: Command, session: &Session) -> Result<Exit, Failure> {
    match command {
        Command::List(args) => list::perform(args, session).await,
        Command::Show(args) => show::perform(&args, session).await,
        Command::Cancel(args) => cancel::perform(&args, session).await,
        Command::Recover(_) => recover::perform(session).await,
    }
}

impl Command {
    pub(super) fn run_id(&self) -> Option<RunId> {
        match self {
            Self::Show(args) => Some(args.run),
            Self::Cancel(args) => Some(args.run),
            Self::List(_) | Self::Recover(_) => None,
        }
    }
}
