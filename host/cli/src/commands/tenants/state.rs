//! `reentry tenants suspend` and `resume`: nothing begins for a tenant, until it may again.

use reentry::TenantState;
use reentry::core::id::TenantId;
use reentry_wire::TenantChanged;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::{Background, Session};

/// Keep a tenant's runs as they are: nothing is started, answered or called
///
/// Its runs can be read, canceled and deleted meanwhile. Calls that are under way end. Workers notice within a second.
#[derive(Debug, clap::Args)]
pub(crate) struct Suspend {
    /// The tenant
    #[arg(value_name = "TENANT", value_parser = crate::cli::tenant)]
    name: TenantId,
}

/// Let a suspended tenant's runs continue
#[derive(Debug, clap::Args)]
pub(crate) struct Resume {
    /// The tenant
    #[arg(value_name = "TENANT", value_parser = crate::cli::tenant)]
    name: TenantId,
}

pub(super) async fn suspend(args: &Suspend, session: &Session) -> Result<Exit, Failure> {
    set(&args.name, TenantState::Suspended, session).await
}

pub(super) async fn resume(args: &Resume, session: &Session) -> Result<Exit, Failure> {
    set(&args.name, TenantState::Active, session).await
}

async fn set(name: &TenantId, state: TenantState, session: &Session) -> Result<Exit, Failure> {
    let host = session.existing_host(Background::Off).await?;
    host.set_tenant_state(name, state).await?;
    if session.ui.is_json() {
        session.ui.print_json(&TenantChanged::new(name, state))?;
    } else {
        session.ui.note(&format!("tenant {name} is {state}"));
    }
    Ok(Exit::Done)
}
