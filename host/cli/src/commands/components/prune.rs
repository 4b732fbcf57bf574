//! `reentry components prune`: components that nothing needs go.

use reentry_wire::ComponentsPruned;
use reentry_wire::lookup::short_digest;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::humane::{self, bytes, count, relative};
use crate::session::{Background, Session};
use crate::table::Table;
use crate::ui::harmless;

/// Remove components of yours that nothing of yours needs, with their compiled code
///
/// A component stays while a version of a workflow that was applied uses it (`reentry workflow remove` removes old
/// ones), while a run that is kept is pinned to it, ended or not, and as long as it is the latest of its name.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Say which would go, and remove nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn perform(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let host = session.existing_host(Background::Off).await?;
    let tenant = session.tenant_on(&host);
    let gone = match args.dry_run {
        true => tenant.prunable_components().await?,
        false => tenant.prune_components().await?,
    };
    let given_back = if args.dry_run { 0 } else { host.give_back_space().await? };
    if session.ui.is_json() {
        session.ui.print_json(&ComponentsPruned::of(&gone, args.dry_run, given_back))?;
        return Ok(Exit::Done);
    }
    let components = count(gone.len(), "component");
    if !args.dry_run {
        session.ui.note(&format!("removed {components}{}", humane::given_back(given_back)));
        return Ok(Exit::Done);
    }
    let now = session.now();
    let mut table = Table::new(["NAME", "SIZE", "ADDED", "DIGEST"]).giving_way(["NAME"]);
    for component in &gone {
        table.row([
            harmless(&component.name),
            bytes(component.bytes),
            relative(component.created_at, now),
            short_digest(&component.digest),
        ]);
    }
    if !gone.is_empty() {
        session.ui.print(&session.ui.table(&table))?;
    }
    session.ui.note(&format!("{components} would be removed"));
    Ok(Exit::Done)
}
