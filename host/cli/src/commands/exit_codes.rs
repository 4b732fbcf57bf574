//! `reentry exit-codes`: what the exit codes mean.

use crate::exit::{Exit, table};
use crate::failure::Failure;
use crate::session::Session;

/// What the exit codes mean
#[derive(Debug, clap::Args)]
#[command(long_about = format!("What the exit codes mean.\n\n{}", table()))]
pub(crate) struct Args {}

pub(super) fn perform(session: &Session) -> Result<Exit, Failure> {
    session.ui.print(&table())?;
    Ok(Exit::Done)
}
