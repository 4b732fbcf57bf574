//! `reentry components`: components added, listed and looked into.

mod add;
mod inspect;
mod list;
mod prune;
mod publish;
mod remove;
mod usage;

use reentry::Tenant;
use reentry::core::digest::ComponentDigest;
use reentry_wire::lookup;

use crate::component_lookup::did_you_mean;
use crate::exit::Exit;
use crate::failure::{Failure, Report};
use crate::session::Session;

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

/// The component that a lookup has found.
async fn there_is(
    session: &Session,
    tenant: &Tenant,
    name: &str,
    found: Option<ComponentDigest>,
) -> Result<ComponentDigest, Failure> {
    match found {
        Some(digest) => Ok(digest),
        None => {
            let list = session.again.command(["components", "list"]);
            let hint = did_you_mean(tenant, name).await?;
            let hint = hint.unwrap_or_else(|| format!("`{list}` shows those that there are"));
            let report = Report::not_found("no-component", format!("there is no component `{name}`"));
            Err(report.hint(hint).into())
        }
    }
}

/// The component of the tenant, or published to all, that goes by this name, this digest, or its first digits.
async fn named(session: &Session, tenant: &Tenant, name: &str) -> Result<ComponentDigest, Failure> {
    there_is(session, tenant, name, lookup::component(tenant, name).await?).await
}
