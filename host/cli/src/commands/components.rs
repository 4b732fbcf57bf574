//! `reentry components`: components added, listed and looked into.

mod add;
mod inspect;
mod list;
mod prune;
mod publish;
mod remove;
pub(crate) mod usage;

use reentry::Tenant;
use reentry::core::digest::ComponentDigest;
use reentry::store::ComponentSummary;

use crate::exit::Exit;
use crate::failure::{Failure, Report};
use crate::session::Session;
use crate::workflow_file::{Found, component_of_host};

/// Add components, list them, look into one, see what uses it, remove what is not needed, publish some to all tenants
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Add(add::Args),
    List(list::Args),
    Inspect(inspect::Args),
    Usage(usage::Args),
    Remove(remove::Args),
    Prune(prune::Args),
    Publish(publish::Publish),
    Unpublish(publish::Unpublish),
}

pub(super) async fn perform(command: Command, session: &Session) -> Result<Exit, Failure> {
    match command {
        Command::Add(args) => add::perform(args, session).await,
        Command::List(_) => list::perform(session).await,
        Command::Inspect(args) => inspect::perform(&args, session).await,
        Command::Usage(args) => usage::perform(&args, session).await,
        Command::Prune(args) => prune::perform(&args, session).await,
        Command::Publish(args) => publish::publish(&args, session).await,
        Command::Unpublish(args) => publish::unpublish(&args, session).await,
        Command::Remove(args) => remove::perform(&args, session).await,
    }
}

/// The only one of the components that have a name, for commands that are not to choose among several.
fn only_one<'a>(
    name: &str,
    same: impl Iterator<Item = &'a ComponentSummary>,
) -> Result<Option<ComponentDigest>, Failure> {
    let same: Vec<ComponentDigest> = same.map(|component| component.digest).collect();
    if same.len() > 1 {
        let message = format!("{} components have the name `{name}`", same.len());
        let digests: Vec<String> = same.iter().map(ToString::to_string).collect();
        let hint = format!("say which one by its digest:\n{}", digests.join("\n"));
        return Err(Report::refused("ambiguous-name", message).hint(hint).into());
    }
    Ok(same.first().copied())
}

/// The component of the tenant, or published to all, that goes by this name, this digest, or its first digits.
async fn named(session: &Session, tenant: &Tenant, name: &str) -> Result<ComponentDigest, Failure> {
    match component_of_host(tenant, name).await? {
        Found::Component(digest) => Ok(digest),
        Found::Nothing(hint) => {
            let list = session.again.command(["components", "list"]);
            let hint = hint.unwrap_or_else(|| format!("`{list}` shows those that there are"));
            let report = Report::not_found("no-component", format!("there is no component `{name}`"));
            Err(report.hint(hint).into())
        }
    }
}
