//! `reentry backup`: copies a data folder while it is used.

use std::path::{Path, PathBuf};

use reentry_wire::BackupMade;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::limits_file;
use crate::session::{Background, Session};

/// Copy the data folder, while others use it
///
/// The copy is the store as it is at one moment, with all that was acknowledged before. Hosts go on meanwhile.
/// `reentry restore` makes a data folder of it.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Folder of the copy; it is made, or must be empty
    #[arg(value_name = "DIR")]
    folder: PathBuf,

    /// Copy the host key as well: with both, one can use the copy, and make its runs do anything
    #[arg(long)]
    with_key: bool,
}

impl Args {
    /// Folder of the copy.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }
}

pub(super) async fn perform(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let host = session.existing_host(Background::Off).await?;
    host.backup(&args.folder, args.with_key).await?;
    limits_file::copy(session.data_dir(), &args.folder)?;
    let folder = args.folder.display();
    if session.ui.is_json() {
        session.ui.print_json(&BackupMade { folder: folder.to_string(), with_key: args.with_key })?;
        return Ok(Exit::Done);
    }
    session.ui.note(&match args.with_key {
        true => format!("{folder} has all of it, the host key too: keep it where no one else can read it"),
        false => format!(
            "{folder} has all but the host key; keep a copy of {} somewhere else, without it the backup is of no use",
            session.data_dir().join("host.key").display()
        ),
    });
    Ok(Exit::Done)
}
