//! `reentry tenants`: who has what on the host, for those who operate it.

mod add;
mod delete;
mod list;
mod state;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Session;

/// Add, list, suspend and delete tenants
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Add(add::Args),
    List(list::Args),
    Suspend(state::Suspend),
    Resume(state::Resume),
    Delete(delete::Args),
}

pub(super) async fn perform(command: Command, session: &Session) -> Result<Exit, Failure> {
    match command {
        Command::Add(args) => add::perform(&args, session).await,
        Command::Suspend(args) => state::suspend(&args, session).await,
        Command::Resume(args) => state::resume(&args, session).await,
        Command::List(_) => list::perform(session).await,
        Command::Delete(args) => delete::perform(&args, session).await,
    }
}
