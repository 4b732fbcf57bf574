//! `reentry completions`: a script that completes the arguments of `reentry` in a shell.

use clap_complete::{Shell, generate};

use crate::codes;
use crate::exit::Exit;
use crate::failure::{Failure, Report};
use crate::help;
use crate::session::Session;

/// Print a script that completes arguments in a shell
///
/// For bash, for example: `source <(reentry completions bash)` in ~/.bashrc.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

pub(super) fn perform(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    generate(args.shell, &mut help::command(), "reentry", &mut script);
    let script = String::from_utf8(script)
        .map_err(|error| Report::new(&codes::INTERNAL, "the script is not UTF-8").cause(error))?;
    session.ui.print(&script)?;
    Ok(Exit::Done)
}
