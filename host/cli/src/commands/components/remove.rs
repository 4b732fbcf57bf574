//! `reentry components remove`: a component goes.

use super::{named, only_one};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::{Background, Session};

/// Remove a component of yours that you do not need any more
///
/// Refused while a current version of a workflow of yours uses it, or a run that is kept is pinned to it, ended or not. Its bytes and their
/// compiled code go with it, unless another tenant has the same component, or it is published.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The component: its digest, the first digits, or a name that only one has
    #[arg(value_name = "DIGEST|NAME")]
    component: String,
}

pub(super) async fn perform(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let host = session.existing_host(Background::Off).await?;
    let tenant = session.tenant_on(&host);
    let components = tenant.components().await?;
    let own = components.iter().filter(|known| known.held && known.name == args.component);
    let digest = match only_one(&args.component, own)? {
        Some(digest) => digest,
        None => named(session, &tenant, &args.component).await?,
    };
    tenant.remove_component(digest).await?;
    host.give_back_space().await?;
    if session.ui.is_json() {
        session.ui.print_json(&serde_json::json!({ "removed": digest }))?;
    } else {
        session.ui.note(&format!("removed component {digest}"));
    }
    Ok(Exit::Done)
}
