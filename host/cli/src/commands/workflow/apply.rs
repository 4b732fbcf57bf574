//! `reentry workflow apply`: a workflow file becomes the current version of its id.

use std::path::PathBuf;

use reentry_wire::WorkflowApplied;

use crate::component_lookup::{self, Opened};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::{Background, Session};

/// Make a workflow file the current version of its id
///
/// Runs stay with the version that they follow. Steps call workflows by their ids: what they get is the current
/// version.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The workflow file, JSON or YAML
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(super) async fn perform(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let tenant = session.tenant(Background::Off).await?;
    let Opened { definition, origin } = component_lookup::open(session, &tenant, &args.file, None).await?;
    let applied = tenant.apply_workflow(definition).await.map_err(|error| origin.failure(error))?;
    let (id, digest) = (applied.workflow.id(), applied.workflow.digest());
    if session.ui.is_json() {
        session.ui.print_json(&WorkflowApplied::from(&applied))?;
        return Ok(Exit::Done);
    }
    session.ui.note(&match applied.previous {
        Some(previous) if previous == digest => format!("workflow {id} is {digest} already"),
        Some(previous) => format!("workflow {id} is {digest} now, it was {previous}"),
        None => format!("workflow {id} is {digest}"),
    });
    Ok(Exit::Done)
}
