//! `reentry components`: components added, listed and looked into.

mod add;
mod inspect;
mod list;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Session;

/// Add components, list them, look into one
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Add(add::Args),
    List(list::Args),
    Inspect(inspect::Args),
}

pub(super) async fn perform(command: Command, session: &Session) -> Result<Exit, Failure> {
    match command {
        Command::Add(args) => add::perform(args, session).await,
        Command::List(_) => list::perform(session).await,
        Command::Inspect(args) => inspect::perform(&args, session).await,
    }
}
