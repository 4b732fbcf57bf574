//! `reentry man`: the manual pages.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::codes;
use crate::exit::Exit;
use crate::failure::{Failure, Report};
use crate::help;
use crate::session::Session;

/// Write the manual pages into a folder, one for each command
///
/// `make install` puts them where `man reentry` and `man reentry-run` find them. The folder is made if it is not there.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

pub(super) fn perform(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let written = write(&args.dir).map_err(|error| {
        let message = format!("cannot write manual pages into {}", args.dir.display());
        Report::new(&codes::OUTPUT, message).cause(error)
    })?;
    if session.ui.is_json() {
        session.ui.print_json(&reentry_wire::PagesWritten { written })?;
    } else {
        session.ui.note(&format!("wrote {} pages into {}", written.len(), args.dir.display()));
    }
    Ok(Exit::Done)
}

/// Writes all pages; returns the names of the files.
fn write(dir: &Path) -> io::Result<Vec<String>> {
    fs::create_dir_all(dir)?;
    let mut written = Vec::new();
    for (name, page) in pages()? {
        fs::write(dir.join(&name), page)?;
        written.push(name);
    }
    Ok(written)
}

/// All pages with the names of their files.
fn pages() -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut command = help::command().disable_help_subcommand(true);
    command.build();
    let mut pages = Vec::new();
    collect(&command, None, &mut pages)?;
    Ok(pages)
}

fn collect(command: &Command, above: Option<&Command>, pages: &mut Vec<(String, Vec<u8>)>) -> io::Result<()> {
    // The options of all commands are on the first page, as they are in git's manual.
    let own = match above {
        None => command.clone(),
        Some(_) => command.clone().mut_args(|arg| if arg.is_global_set() { arg.hide(true) } else { arg }),
    };
    let man = Man::new(own).source(format!("reentry {}", env!("CARGO_PKG_VERSION"))).manual("reentry");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    let subcommands: Vec<&Command> = command.get_subcommands().filter(|sub| !sub.is_hide_set()).collect();
    if !subcommands.is_empty() {
        man.render_subcommands_section(&mut page)?;
    }
    example(command, above.is_none()).to_writer(&mut page)?;
    see_also(above).to_writer(&mut page)?;
    pages.push((man.get_filename(), page));
    for sub in subcommands {
        collect(sub, Some(command), pages)?;
    }
    Ok(())
}

/// What stands below the options, as it is in the help.
fn example(command: &Command, is_top: bool) -> Roff {
    let mut roff = Roff::new();
    let Some(text) = command.get_after_help().map(ToString::to_string) else { return roff };
    roff.control("SH", [if is_top { "OUTPUT" } else { "EXAMPLE" }]);
    match text.strip_prefix("Example:\n") {
        Some(lines) => {
            roff.control("nf", []);
            roff.text([roman(lines.trim())]);
            roff.control("fi", []);
        }
        None => {
            roff.text([roman(text)]);
        }
    }
    roff
}

/// Where the options that all commands have are described.
fn see_also(above: Option<&Command>) -> Roff {
    let mut roff = Roff::new();
    if let Some(above) = above {
        roff.control("SH", ["SEE ALSO"]);
        let name = above.get_display_name().unwrap_or("reentry").to_owned();
        let mut said = vec![bold("reentry"), roman("(1) has the options that all commands have")];
        if name != "reentry" {
            said.extend([roman(", "), bold(name), roman("(1) the commands beside this one")]);
        }
        roff.text(said);
    }
    roff
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page() {
        fn commands(command: &Command) -> usize {
            1 + command.get_subcommands().filter(|sub| !sub.is_hide_set()).map(commands).sum::<usize>()
        }
        let pages = pages().unwrap();
        assert_eq!(pages.len(), commands(&help::command()));
        let (_, page) = pages.iter().find(|(name, _)| name == "reentry-runs-cancel.1").unwrap();
        let page = String::from_utf8_lossy(page);
        let own = page
            .lines()
            .map(str::trim_end)
            .filter(|line| !line.starts_with(".ie") && !line.starts_with(".el"));
        insta::assert_snapshot!(own.collect::<Vec<_>>().join("\n"), @r#"
        .TH reentry-runs-cancel 1  "reentry 0.1.0" reentry
        .SH NAME
        reentry\-runs\-cancel \- End a run by request
        .SH SYNOPSIS
        \fBreentry runs cancel\fR [\fB\-\-as\fR] [\fB\-\-comment\fR] [\fB\-h\fR|\fB\-\-help\fR] <\fIRUN\fR>
        .SH DESCRIPTION
        End a run by request
        .PP
        Steps that wait are closed. A call that is in flight learns of it when it asks, and its end does not count.
        .SH OPTIONS
        .TP
        \fB\-\-as\fR \fI<NAME>\fR
        Who acts, by your own word: kept as such, beside the user of the operating system [default: that user]
        .TP
        \fB\-\-comment\fR \fI<TEXT>\fR
        What to keep with it, for those who read the run\*(Aqs history; up to 4 KiB
        .TP
        \fB\-h\fR, \fB\-\-help\fR
        Print help (see a summary with \*(Aq\-h\*(Aq)
        .TP
        <\fIRUN\fR>
        The run: its id, an end of it, or `last`
        .SH EXAMPLE
        .nf
        reentry runs cancel run_019a…
        .fi
        .SH "SEE ALSO"
        \fBreentry\fR(1) has the options that all commands have, \fBreentry\-runs\fR(1) the commands beside this one
        "#);
    }

    #[test]
    fn the_options_of_all_commands_are_on_the_first_page_alone() {
        let with: Vec<_> = pages()
            .unwrap()
            .into_iter()
            .filter(|(_, page)| String::from_utf8_lossy(page).contains(r"data\-dir"))
            .map(|(name, _)| name)
            .collect();
        assert_eq!(with, ["reentry.1"]);
    }
}
