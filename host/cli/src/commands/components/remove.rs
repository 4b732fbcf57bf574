//! `reentry components remove`: a component goes.

use reentry_wire::ComponentRemoved;
use reentry_wire::lookup::component_named;

use super::there_is;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::{Background, Session};

/// Remove a component of yours that you do not need any more
///
/// Refused while a current version of a workflow of yours uses it, or a run that is kept is pinned to it, ended or
/// not. Its bytes and their compiled code go with it, unless another tenant has the same component, or it is
/// published.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The component: its digest, the first digits, or a name that only one has
    #[arg(value_name = "DIGEST|NAME")]
    component: String,
}

pub(super) async fn perform(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let host = session.existing_host(Background::Off).await?;
    let tenant = session.tenant_on(&host);
    let found = component_named(&tenant, &args.component).await?;
    let digest = there_is(session, &tenant, &args.component, found).await?;
    tenant.remove_component(digest).await?;
    host.give_back_space().await?;
    if session.ui.is_json() {
        session.ui.print_json(&ComponentRemoved { removed: digest })?;
    } else {
        session.ui.note(&format!("removed component {digest}"));
    }
    Ok(Exit::Done)
}
