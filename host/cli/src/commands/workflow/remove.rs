//! `reentry workflow remove`: a version of a workflow goes.

use reentry_wire::WorkflowRemoved;

use crate::applied;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::{Background, Session};

/// Remove a version of a workflow that nobody needs any more
///
/// Refused for the current version of an id, and while a run that is kept follows it, ended or not.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The version: its digest, or the first digits
    #[arg(value_name = "DIGEST")]
    digest: String,
}

pub(super) async fn perform(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let tenant = session.existing_tenant(Background::Off).await?;
    let digest = applied::version(session, &tenant, &args.digest).await?;
    tenant.remove_workflow(digest).await?;
    if session.ui.is_json() {
        session.ui.print_json(&WorkflowRemoved { removed: digest })?;
    } else {
        session.ui.note(&format!("removed workflow {digest}"));
    }
    Ok(Exit::Done)
}
