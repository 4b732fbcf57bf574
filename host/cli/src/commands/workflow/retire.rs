//! `reentry workflow retire`: a workflow without a current version.

use reentry::core::error::ErrorKind;
use reentry_wire::WorkflowRetired;

use crate::applied;
use crate::exit::Exit;
use crate::failure::{Failure, Report};
use crate::session::{Background, Session};

/// Leave a workflow without a current version: nothing new is started by its id
///
/// Its runs go on, and its versions stay until they are removed.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The workflow's id, or the digest of its current version
    #[arg(value_name = "ID|DIGEST")]
    workflow: String,
}

pub(super) async fn perform(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let tenant = session.existing_tenant(Background::Off).await?;
    let versions = tenant.workflows().await?;
    let id = match versions.iter().any(|version| version.id == args.workflow) {
        true => args.workflow.clone(),
        false => {
            let digest = applied::version(session, &tenant, &args.workflow).await?;
            match versions.iter().find(|version| version.digest == digest) {
                Some(version) if version.current => version.id.clone(),
                Some(version) => {
                    let message = format!("{digest} is not the current version of `{}`", version.id);
                    return Err(Report::new(ErrorKind::Conflict, "not-current", message).into());
                }
                None => return Err(reentry::Error::NoWorkflow(digest).into()),
            }
        }
    };
    let retired = tenant.retire_workflow(&id).await?;
    if session.ui.is_json() {
        session.ui.print_json(&WorkflowRetired { id: &id, retired })?;
    } else {
        session.ui.note(&format!("workflow {id} has no current version any more; it was {retired}"));
    }
    Ok(Exit::Done)
}
