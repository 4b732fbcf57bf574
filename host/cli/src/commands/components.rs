//! `reentry components`: components added, listed and looked into.

mod add;
mod inspect;
mod list;
mod prune;
mod remove;
pub(crate) mod usage;

use reentry::Host;
use reentry::core::digest::ComponentDigest;

use crate::exit::Exit;
use crate::failure::{Failure, Report};
use crate::session::Session;
use crate::workflow_file::{Found, component_of_host};

/// Add components, list them, look into one, see who uses it, remove what is not needed
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Add(add::Args),
    List(list::Args),
    Inspect(inspect::Args),
    Usage(usage::Args),
    Remove(remove::Args),
    Prune(prune::Args),
}

pub(super) async fn perform(command: Command, session: &Session) -> Result<Exit, Failure> {
    match command {
        Command::Add(args) => add::perform(args, session).await,
        Command::List(_) => list::perform(session).await,
        Command::Inspect(args) => inspect::perform(&args, session).await,
        Command::Usage(args) => usage::perform(&args, session).await,
        Command::Prune(args) => prune::perform(&args, session).await,
        Command::Remove(args) => remove::perform(&args, session).await,
    }
}

/// The component of the host that goes by this name, this digest, or its first digits.
async fn named(session: &Session, host: &Host, name: &str) -> Result<ComponentDigest, Failure> {
    match component_of_host(host, name).await? {
        Found::Component(digest) => Ok(digest),
        Found::Nothing(hint) => {
            let list = session.again.command(["components", "list"]);
            let hint = hint.unwrap_or_else(|| format!("`{list}` shows the components of this host"));
            let report = Report::not_found("no-component", format!("there is no component `{name}`"));
            Err(report.hint(hint).into())
        }
    }
}
