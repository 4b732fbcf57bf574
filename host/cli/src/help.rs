//! Help: the commands in groups, and an example of each. `docs/cli.md` is made of the same.

use clap::{Command, CommandFactory as _};

use crate::cli::Cli;
use crate::table::wrapped;
use crate::ui::{columns, hang};

/// A heading, and the commands below it.
type Group = (&'static str, &'static [&'static str]);

/// The commands as `reentry --help` groups them.
const COMMANDS: &[Group] = &[
    ("Runs", &["run", "resume", "inbox", "runs", "event", "work"]),
    ("Workflows and components", &["new", "build", "workflow", "components"]),
    ("Data", &["backup", "restore", "tenants"]),
    ("Else", &["doctor", "limits", "completions", "man", "exit-codes", "help"]),
];

/// The commands as `reentry runs --help` groups them.
const RUNS: &[Group] = &[
    ("Look", &["list", "show", "logs", "watch", "timeline", "history"]),
    ("Change", &["pause", "continue", "cancel", "restart", "travel", "fork", "migrate"]),
    ("Look after", &["recover", "delete", "prune"]),
    ("Else", &["help"]),
];

/// Heading of commands that are in no group.
const UNGROUPED: &str = "Others";

/// An example of each command that does something.
const EXAMPLES: &[(&str, &str)] = &[
    ("run", "reentry run expenses.yaml --input '{\"amount\": 120}'"),
    ("resume", "reentry resume run_019a… --data '{\"approved\": true}'"),
    ("inbox", "reentry inbox --label finance"),
    ("runs list", "reentry runs list --status suspended"),
    ("runs show", "reentry runs show run_019a…"),
    ("runs logs", "reentry runs logs last --follow --level warn"),
    ("runs watch", "reentry runs watch run_019a… --json | jq .type"),
    ("runs timeline", "reentry runs timeline run_019a…"),
    ("runs history", "reentry runs history run_019a…"),
    ("runs pause", "reentry runs pause run_019a…"),
    ("runs continue", "reentry runs continue run_019a…"),
    ("runs cancel", "reentry runs cancel run_019a…"),
    ("runs restart", "reentry runs restart run_019a…"),
    ("runs travel", "reentry runs travel run_019a… approve --input '{\"amount\": 90}'"),
    ("runs fork", "reentry runs fork run_019a… --at sus_019a… --data '{\"approved\": false}'"),
    ("runs migrate", "reentry runs migrate run_019a… --dry-run"),
    ("runs recover", "reentry runs recover"),
    ("runs delete", "reentry runs delete run_019a…"),
    ("runs prune", "reentry runs prune --older-than 30d --dry-run"),
    ("event send", "reentry event send paid --key order-7 --data '{\"amount\": 120}'"),
    ("work", "reentry work --json"),
    ("workflow check", "reentry workflow check expenses.yaml"),
    ("workflow apply", "reentry workflow apply expenses.yaml"),
    ("workflow list", "reentry workflow list"),
    ("workflow retire", "reentry workflow retire expenses"),
    ("workflow remove", "reentry workflow remove 77ce0a"),
    ("workflow schema", "reentry workflow schema > workflow.schema.json"),
    ("components add", "reentry components add approve.wasm"),
    ("components list", "reentry components list"),
    ("components inspect", "reentry components inspect approve.wasm"),
    ("components usage", "reentry components usage approve"),
    ("components remove", "reentry components remove 5fd924"),
    ("components publish", "reentry components publish approve"),
    ("components unpublish", "reentry components unpublish approve"),
    ("new step", "reentry new step approve --lang typescript"),
    ("new workflow", "reentry new workflow expenses --lang python"),
    ("build", "reentry build approve"),
    ("components prune", "reentry components prune --dry-run"),
    ("backup", "reentry backup /backups/monday"),
    ("tenants add", "reentry tenants add acme"),
    ("tenants list", "reentry tenants list"),
    ("tenants suspend", "reentry tenants suspend acme"),
    ("tenants resume", "reentry tenants resume acme"),
    ("tenants delete", "reentry tenants delete acme --cancel"),
    ("restore", "reentry restore /backups/monday"),
    ("limits", "reentry limits --set-limit memory-bytes=512MiB"),
    ("doctor", "reentry doctor"),
    ("completions", "source <(reentry completions bash)"),
    ("man", "reentry man ~/.local/share/man/man1"),
    ("exit-codes", "reentry exit-codes"),
];

/// The command line, with its commands in groups and an example in the help of each.
pub(crate) fn command() -> Command {
    let command = exemplified(Cli::command(), "");
    grouped(command, COMMANDS).mut_subcommand("runs", |runs| grouped(runs, RUNS))
}

/// The help of a command that only has others below it, when nothing but it is named.
pub(crate) fn of_group(args: impl IntoIterator<Item = String>) -> Option<Command> {
    let mut group = command();
    group.build();
    for arg in args {
        group = group.find_subcommand(&arg)?.clone();
    }
    group.has_subcommands().then_some(group)
}

fn exemplified(mut command: Command, above: &str) -> Command {
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    for name in names {
        let path = format!("{above}{name}");
        command = command.mut_subcommand(&name, |mut sub| {
            if let Some((_, example)) = EXAMPLES.iter().find(|(of, _)| *of == path) {
                sub = sub.after_help(format!("Example:\n  {example}"));
            }
            exemplified(sub, &format!("{path} "))
        });
    }
    command
}

fn grouped(command: Command, groups: &[Group]) -> Command {
    let mut text = String::new();
    for (heading, commands) in sections(&command, groups) {
        text += &format!("{heading}:\n");
        let wide =
            groups.iter().flat_map(|(_, names)| *names).map(|name| name.len()).max().unwrap_or_default();
        for (name, about) in commands {
            let columns = columns().map_or(usize::MAX, |columns| columns.saturating_sub(wide + 4));
            let about = wrapped(&about, columns).join("\n");
            text += &format!("  {name:<wide$}  {}\n", hang(&about, wide + 4));
        }
        text.push('\n');
    }
    command.help_template(format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{text}Options:\n{{options}}{{after-help}}"
    ))
}

/// The groups with their commands, each with what it is about in one line. What is in no group comes last.
fn sections(command: &Command, groups: &[Group]) -> Vec<(&'static str, Vec<(String, String)>)> {
    let about = |sub: &Command| {
        let about = sub.get_about().map(ToString::to_string).unwrap_or_default();
        (sub.get_name().to_owned(), about)
    };
    let mut sections: Vec<(&'static str, Vec<(String, String)>)> = Vec::new();
    for (heading, names) in groups {
        let known = names.iter().filter_map(|name| match *name {
            // Made by clap when it parses.
            "help" => Some(("help".to_owned(), "Print the help of a command".to_owned())),
            name => command.find_subcommand(name).map(about),
        });
        sections.push((heading, known.collect()));
    }
    let in_group = |name: &str| groups.iter().any(|(_, names)| names.contains(&name));
    let others: Vec<_> = command
        .get_subcommands()
        .filter(|sub| !sub.is_hide_set() && !in_group(sub.get_name()))
        .map(about)
        .collect();
    if !others.is_empty() {
        sections.push((UNGROUPED, others));
    }
    sections
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Variable that has the page written instead of compared.
    const BLESS: &str = "BLESS";

    const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/cli.md");

    const HEAD: &str = "# Commands\n\n\
        Results go to standard output, everything else to standard error; with `--json` results and errors are JSON \
        ([docs/json.md](json.md)).\n[Exit codes](exit-codes.md) say how it went. `reentry COMMAND --help` and `man reentry-COMMAND` say the same as this page.\n\n\
        **Ids.** Where a run is asked for, its id will do, or the first or last digits of it, at least 4: tables show the last 8 as\n\
        `run_4f5e6d7c`, as the first ones say when it was made, and are alike for runs of one hour. `last` is the run that was started or\n\
        answered most recently. Questions (`sus_…`) are named alike, and components and versions of workflows by the first digits of their\n\
        digests. When several ids fit, all are listed, and nothing is done. JSON has whole ids.\n\n\
        **Width.** Tables fit the terminal, or so many columns as `COLUMNS` says; a pipe gets them whole.\n\n\
        This page is made from the command line itself: `BLESS=1 cargo test -p reentry-cli help` writes it anew.\n";

    /// The commands below a command that do something, by their whole names.
    fn leaves(command: &Command, above: &str) -> Vec<(String, Command)> {
        let name = format!("{above}{}", command.get_name());
        match command.has_subcommands() {
            false => vec![(name, command.clone())],
            true => command.get_subcommands().flat_map(|sub| leaves(sub, &format!("{name} "))).collect(),
        }
    }

    /// The help of something, the long one if there is one, without the line breaks of the source.
    fn said(long: Option<&clap::builder::StyledStr>, short: Option<&clap::builder::StyledStr>) -> String {
        long.or(short).map(ToString::to_string).unwrap_or_default().trim().to_owned()
    }

    /// An option or argument: how it is written, what it does, and what it is when it is not given.
    fn item(arg: &clap::Arg) -> String {
        let names: Vec<&str> =
            arg.get_value_names().unwrap_or_default().iter().map(clap::builder::Str::as_str).collect();
        let value = match arg.get_action().takes_values() {
            true => format!("<{}>", names.join("> <")),
            false => String::new(),
        };
        let short = arg.get_short().map(|short| format!("-{short}"));
        let long = arg.get_long().map(|long| format!("--{long}"));
        let written = [short, long].into_iter().flatten().collect::<Vec<_>>().join(", ");
        let mut text = said(arg.get_long_help(), arg.get_help()).replace("\n\n", ". ");
        if !arg.is_hide_possible_values_set() && arg.get_action().takes_values() {
            let values: Vec<String> =
                arg.get_possible_values().iter().map(|value| format!("`{}`", value.get_name())).collect();
            if !values.is_empty() {
                text = format!("{}. One of {}", text.trim_end_matches('.'), values.join(", "));
            }
        }
        let default: Vec<_> = arg.get_default_values().iter().filter_map(|value| value.to_str()).collect();
        if !default.is_empty() && arg.get_action().takes_values() {
            text += &format!(" [default: {}]", default.join(" "));
        }
        if let Some(variable) = arg.get_env().and_then(|variable| variable.to_str()) {
            text += &format!(" [variable: {variable}]");
        }
        paragraph(&format!("- `{}`: {text}", format!("{written} {value}").trim()), "  ")
    }

    /// A paragraph in lines of at most 140 columns.
    fn paragraph(text: &str, hang: &str) -> String {
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let lines = wrapped(&words, 140 - hang.len());
        lines.join(&format!("\n{hang}")) + "\n"
    }

    /// The options and arguments of a command, arguments first; without those that all commands have, and without help.
    fn items(command: &Command, of_all: bool) -> String {
        let own = |arg: &&clap::Arg| {
            let id = arg.get_id().as_str();
            arg.is_global_set() == of_all && !arg.is_hide_set() && id != "help" && id != "version"
        };
        let (arguments, options): (Vec<_>, Vec<_>) =
            command.get_arguments().filter(own).partition(|arg| arg.is_positional());
        arguments.into_iter().chain(options).map(item).collect()
    }

    fn page() -> String {
        let command = command();
        let mut page = format!("{HEAD}\n## Options of all commands\n\n{}", items(&command, true));
        for (heading, commands) in sections(&command, COMMANDS) {
            page += &format!("\n## {heading}\n");
            for (name, _) in commands.iter().filter(|(name, _)| name != "help") {
                for (name, mut leaf) in leaves(command.find_subcommand(name).unwrap(), "") {
                    let about = said(leaf.get_long_about(), leaf.get_about());
                    // The first line of a help is a heading, without a full stop.
                    let about = match about.split_once("\n\n") {
                        Some((first, rest)) => format!("{}.\n\n{rest}", first.trim_end_matches('.')),
                        None => format!("{about}."),
                    };
                    // A table stays as it is.
                    let part = |part: &str| match part.contains('\n') {
                        true => part.lines().map(|line| format!("    {line}\n")).collect(),
                        false => paragraph(part, ""),
                    };
                    let about: Vec<String> = about.split("\n\n").map(part).collect();
                    let about = about.join("\n");
                    let usage = leaf.render_usage().to_string();
                    let usage = usage.trim_start_matches("Usage: ").split_once(' ').map(|(_, rest)| rest);
                    let usage = format!("reentry {name} {}", usage.unwrap_or_default());
                    let example = EXAMPLES.iter().find(|(of, _)| *of == name).unwrap().1;
                    let items = items(&leaf, false);
                    let gap = if items.is_empty() { "" } else { "\n" };
                    page += &format!(
                        "\n### {name}\n\n{about}\n    {}\n\n{items}{gap}```sh\n{example}\n```\n",
                        usage.trim_end()
                    );
                }
            }
        }
        page
    }

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn every_command_stands_in_a_group_and_has_one_line_and_an_example() {
        let command = command();
        for (command, groups) in [(&command, COMMANDS), (command.find_subcommand("runs").unwrap(), RUNS)] {
            let others: Vec<_> =
                sections(command, groups).into_iter().filter(|(heading, _)| *heading == UNGROUPED).collect();
            assert!(others.is_empty(), "in no group: {others:?}");
        }
        for (name, leaf) in
            command.get_subcommands().filter(|sub| !sub.is_hide_set()).flat_map(|sub| leaves(sub, ""))
        {
            let about = leaf.get_about().unwrap().to_string();
            assert!(about.len() <= 90 && !about.ends_with('.'), "{name}: {about}");
            assert!(EXAMPLES.iter().any(|(of, _)| *of == name), "no example of `{name}`");
        }
    }

    #[test]
    fn every_example_is_understood() {
        for (name, example) in EXAMPLES.iter().filter(|(_, example)| !example.starts_with("source")) {
            let example = example.split(['|', '>']).next().unwrap();
            let id = "019a0000000070008000000000000000";
            let words: Vec<String> = example
                .trim()
                .split(" '")
                .flat_map(|part| match part.split_once('\'') {
                    Some((quoted, rest)) => {
                        let rest = rest.split_whitespace().map(str::to_owned);
                        std::iter::once(quoted.to_owned()).chain(rest).collect::<Vec<_>>()
                    }
                    None => part.split_whitespace().map(str::to_owned).collect(),
                })
                .map(|word| word.replace("019a…", id).replace("77ce…", &"7".repeat(64)))
                .collect();
            let parsed = command().try_get_matches_from(&words);
            assert!(parsed.is_ok(), "{name}: {words:?}: {}", parsed.unwrap_err());
        }
    }

    #[test]
    fn the_page_of_the_commands_is_that_of_the_command_line() {
        let page = page();
        if std::env::var_os(BLESS).is_some() {
            std::fs::write(PAGE, &page).unwrap();
        }
        assert!(
            std::fs::read_to_string(PAGE).unwrap() == page,
            "docs/cli.md is old: {BLESS}=1 writes it anew"
        );
    }
}
