//! From the arguments to the exit code.

use std::ffi::OsString;
use std::time::Duration;

use clap::FromArgMatches as _;

use crate::cli::{Cli, Color, Command, Format};
use crate::codes;
use crate::commands;
use crate::exit::Exit;
use crate::failure::{Failure, Report};
use crate::help;
use crate::hint;
use crate::listener::set_up_log;
use crate::session::Session;
use crate::ui::Ui;
use crate::walls;

/// Stack of a thread. Builds that are not optimized, as that of the demo, need more than the two MiB that are usual.
const STACK_BYTES: usize = 8 << 20;

/// Longest wait for tasks that are still at work when the result is out. What matters is stored by then.
const FAREWELL: Duration = Duration::from_millis(500);

pub(crate) fn main() -> Exit {
    let parsed = help::command()
        .try_get_matches()
        .and_then(|matches| Cli::from_arg_matches(&matches).map(|cli| (cli, matches)));
    let (cli, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return not_understood(&error),
    };
    let ui = Ui::new(cli.global.format(), cli.global.color, cli.global.verbose);
    set_up_log(&ui, matches!(cli.command, Command::Work(_)));
    let session = match Session::new(&cli.global, ui, keeps_limits(&cli.command)) {
        Ok(session) => session,
        Err(failure) => return ended_badly(failure, &ui, None),
    };
    let mut command = cli.command;
    if let Command::Run(args) = &mut command
        && let Err(failure) = args.read()
    {
        return ended_badly(failure, &ui, Some(&session));
    }
    // Before there are threads, and before the first guest.
    let walls = walls::put_up(&command, &matches, session.data_dir());
    let session = session.behind(walls);
    match in_runtime(command, &session) {
        Ok(exit) => exit,
        Err(failure) => ended_badly(failure, &ui, Some(&session)),
    }
}

/// Whether a command has to do with limits: others work whatever is wrong with the file that sets them.
fn keeps_limits(command: &Command) -> bool {
    match command {
        Command::Limits(_) => true,
        Command::Look(_) => false,
        other => walls::has_guests(other),
    }
}

fn in_runtime(command: Command, session: &Session) -> Result<Exit, Failure> {
    // Guests compute on as many threads as there are processors; one more does what is to be done beside.
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(processors + 1)
        .enable_all()
        .thread_stack_size(STACK_BYTES)
        .build()
        .map_err(|error| Report::new(&codes::INTERNAL, "cannot start threads").cause(error))?;
    let ended = runtime.block_on(commands::perform(command, session));
    runtime.shutdown_timeout(FAREWELL);
    ended
}

/// Tells why there is no result. Without a session there are no hints.
fn ended_badly(failure: Failure, ui: &Ui, session: Option<&Session>) -> Exit {
    let report = match failure {
        Failure::Own(report) => *report,
        Failure::Library(error) => {
            let report = Report::of(&error);
            match session {
                Some(session) => hint::complete(report, &error, session),
                None => report,
            }
        }
        Failure::Interrupted { run, at_work } => {
            let recover =
                session.map(|session| session.again.command(["runs", "recover"])).unwrap_or_default();
            let then = match at_work {
                true => format!("`{recover}` goes on with it, from its last snapshot"),
                false => "it stays as it is, and nothing is lost".to_owned(),
            };
            ui.note(&format!("interrupted; run {run}: {then}"));
            return Exit::Interrupted;
        }
    };
    report.tell(ui);
    report.code.kind.into()
}

/// Prints the help of a command that has others below it, if nothing else is said: that is a question. Else tells
/// what is wrong.
fn not_understood(error: &clap::Error) -> Exit {
    let args: Option<Vec<String>> = std::env::args_os().skip(1).map(|arg| arg.into_string().ok()).collect();
    match args.and_then(help::of_group) {
        Some(mut group) => {
            // A closed stream is no reason to say more.
            let _ = group.print_help();
            Exit::Done
        }
        None => wrong_usage(error),
    }
}

/// Tells what clap found wrong, or prints the help that was asked for.
fn wrong_usage(error: &clap::Error) -> Exit {
    if error.use_stderr() && wants_json(std::env::args_os()) {
        Ui::new(Format::Json, Color::Never, 0).note(&usage_json(&error.render().to_string()));
    } else {
        // A closed stream is no reason to say more.
        let _ = error.print();
    }
    if error.use_stderr() { Exit::Refused } else { Exit::Done }
}

/// What clap says, as our errors are: its first paragraph is the message, a paragraph with a tip the hint.
fn usage_json(said: &str) -> String {
    let mut paragraphs = said.split("\n\n").map(str::trim);
    let message = paragraphs.next().unwrap_or_default().trim_start_matches("error: ");
    let report = Report::new(&codes::USAGE, message);
    match paragraphs.find_map(|paragraph| paragraph.strip_prefix("tip: ")) {
        Some(tip) => report.hint(tip).json(),
        None => report.json(),
    }
}

/// Whether errors shall be JSON, as far as arguments tell that could not be parsed.
fn wants_json(args: impl IntoIterator<Item = OsString>) -> bool {
    let args: Vec<OsString> = args.into_iter().collect();
    let split = args.windows(2).any(
        |pair| matches!(pair, [option, form] if (option == "-o" || option == "--output") && form == "json"),
    );
    let joined = ["--json", "--output=json", "-ojson", "-o=json"];
    split || args.iter().any(|arg| joined.iter().any(|json| arg == json))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_usage_is_told_like_any_error() {
        let said = "error: unrecognized subcommand 'rum'\n\n  tip: 'run' exists\n\nUsage: reentry\n";
        insta::assert_snapshot!(usage_json(said), @r#"{"error":{"code":"usage","hint":"'run' exists","kind":"refused","message":"unrecognized subcommand 'rum'"}}"#);
    }

    #[test]
    fn json_is_wanted_in_every_spelling() {
        let wants = |args: &[&str]| wants_json(args.iter().map(OsString::from));
        assert!(wants(&["reentry", "rum", "-o", "json"]) && wants(&["-ojson"]) && wants(&["--output=json"]));
        assert!(wants(&["rum", "--json"]));
        assert!(!wants(&["reentry", "json"]) && !wants(&["-o", "text"]) && !wants(&["-o"]));
    }
}
