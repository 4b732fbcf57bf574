//! `reentry restore`: makes a data folder of a backup.

use std::path::PathBuf;

use reentry_wire::FolderRestored;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::limits_file;
use crate::session::Session;

/// Make the data folder of a backup
///
/// The data folder must not have a database. Its host key must be in the backup, or in the data folder already. See
/// to it that the folder of which the backup was made is not used any more: runs that were under way at that moment
/// go on here.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Folder that `reentry backup` wrote
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub(super) async fn perform(args: &Args, session: &Session) -> Result<Exit, Failure> {
    reentry::restore(&args.folder, session.data_dir()).await?;
    limits_file::copy(&args.folder, session.data_dir())?;
    let folder = session.data_dir().display();
    if session.ui.is_json() {
        session.ui.print_json(&FolderRestored { data_dir: folder.to_string() })?;
    } else {
        session.ui.note(&format!(
            "{folder} has what the backup has; `reentry runs recover` continues what was under way"
        ));
    }
    Ok(Exit::Done)
}
