//! `reentry tenants`: who has what on the host, for those who operate it.

mod delete;
mod list;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Session;

/// List the tenants with how much each has, delete one with all that it has
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    List(list::Args),
    Delete(delete::Args),
}

pub(super) async fn perform(command: Command, session: &Session) -> Result<Exit, Failure> {
    match command {
        Command::List(_) => list::perform(session).await,
        Command::Delete(args) => delete::perform(&args, session).await,
    }
}
