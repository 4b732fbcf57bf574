//! `reentry tenants add`: a tenant is there before anything is stored for it.

use reentry::core::id::TenantId;
use reentry_wire::TenantChanged;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::{Background, Session};

/// Add a tenant; one is also there with the first thing that is stored for it
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The tenant
    #[arg(value_name = "TENANT", value_parser = crate::cli::tenant)]
    name: TenantId,
}

pub(super) async fn perform(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let host = session.host(Background::Off).await?;
    let is_new = host.add_tenant(&args.name).await?;
    if session.ui.is_json() {
        let state = host.tenant_state(&args.name).await?;
        session.ui.print_json(&TenantChanged::new(&args.name, state))?;
    } else {
        let said = if is_new { "added tenant" } else { "there is a tenant" };
        session.ui.note(&format!("{said} {}", args.name));
    }
    Ok(Exit::Done)
}
