//! `reentry workflow`: workflow files checked and applied, and their schema.

mod apply;
mod check;
mod list;
mod remove;
mod retire;
mod schema;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Session;

/// Check workflow files, apply them; list, retire and remove applied ones
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Check(check::Args),
    Apply(apply::Args),
    List(list::Args),
    Retire(retire::Args),
    Remove(remove::Args),
    Schema(schema::Args),
}

pub(super) async fn perform(command: Command, session: &Session) -> Result<Exit, Failure> {
    match command {
        Command::Check(args) => check::perform(args, session).await,
        Command::Apply(args) => apply::perform(&args, session).await,
        Command::List(_) => list::perform(session).await,
        Command::Retire(args) => retire::perform(&args, session).await,
        Command::Remove(args) => remove::perform(&args, session).await,
        Command::Schema(_) => schema::perform(session),
    }
}
