//! `reentry tenants delete`: a tenant goes, with all that it has.

use reentry::OpenRuns;
use reentry::core::id::TenantId;
use reentry_wire::{TenantDeleted, TenantRow};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::humane::{self, count};
use crate::session::{Background, Session};

/// Delete all that is kept of a tenant: runs, workflows, components, events
///
/// Refused while runs of it have not ended. What it has published stays published.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The tenant
    #[arg(value_name = "TENANT", value_parser = crate::cli::tenant)]
    name: TenantId,

    /// Cancel its runs that have not ended
    #[arg(long)]
    cancel: bool,
}

pub(super) async fn perform(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let host = session.existing_host(Background::Off).await?;
    let open = if args.cancel { OpenRuns::Cancel } else { OpenRuns::Refuse };
    let deleted = host.delete_tenant(&args.name, open).await?;
    let given_back = host.give_back_space().await?;
    if session.ui.is_json() {
        let deleted = TenantRow::from(&deleted);
        session.ui.print_json(&TenantDeleted { bytes_given_back: given_back, deleted })?;
    } else {
        let runs = count(usize::try_from(deleted.runs).unwrap_or(usize::MAX), "run");
        let given_back = humane::given_back(given_back);
        session.ui.note(&format!("deleted tenant {} with {runs}{given_back}", args.name));
    }
    Ok(Exit::Done)
}
