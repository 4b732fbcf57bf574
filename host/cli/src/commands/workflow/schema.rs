//! `reentry workflow schema`: the JSON Schema of workflow files.

use reentry_wire::workflow_file::SCHEMA;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Session;

/// Print the JSON Schema of workflow files, for editors
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(super) fn perform(session: &Session) -> Result<Exit, Failure> {
    session.ui.print(SCHEMA)?;
    Ok(Exit::Done)
}
