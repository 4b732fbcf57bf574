//! Help: the commands in groups, and an example of each. `docs/cli.md` is made of the same.

use clap::{Command, CommandFactory as _};

use crate::cli::Cli;

/// A heading, and the commands below it.
type Group = (&'static str, &'static [&'static str]);

/// The commands as `reentry --help` groups them.
const COMMANDS: &[Group] = &[
    ("Runs", &["run", "resume", "inbox", "runs", "event", "work"]),
    ("Workflows and components", &["new", "build", "workflow", "components"]),
    ("Else", &["doctor", "completions", "man", "exit-codes", "help"]),
];

/// The commands as `reentry runs --help` groups them.
const RUNS: &[Group] = &[
    ("Look", &["list", "show", "watch", "timeline", "history"]),
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
    ("new step", "reentry new step approve --lang typescript"),
    ("new workflow", "reentry new workflow expenses --lang python"),
    ("build", "reentry build approve"),
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
            text += &format!("  {name:<wide$}  {about}\n");
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
    let others: Vec<_> =
        command.get_subcommands().filter(|sub| !in_group(sub.get_name())).map(about).collect();
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
        Each command tells more with `--help`; `reentry --help` lists the options that all of them have. Results go to standard output, \
        everything else to\nstandard error; with `--json` results and errors are JSON. [Exit codes](exit-codes.md) say how it went.\n\n\
        This page is made from the command line itself: `BLESS=1 cargo test -p reentry-cli help` writes it anew.\n";

    /// The commands below a command that do something, by their whole names.
    fn leaves(command: &Command, above: &str) -> Vec<(String, Command)> {
        let name = format!("{above}{}", command.get_name());
        match command.has_subcommands() {
            false => vec![(name, command.clone())],
            true => command.get_subcommands().flat_map(|sub| leaves(sub, &format!("{name} "))).collect(),
        }
    }

    fn page() -> String {
        let command = command();
        let mut page = HEAD.to_owned();
        for (heading, commands) in sections(&command, COMMANDS) {
            page += &format!("\n## {heading}\n");
            for (name, _) in commands.iter().filter(|(name, _)| name != "help") {
                for (name, mut leaf) in leaves(command.find_subcommand(name).unwrap(), "") {
                    let about = leaf.get_about().unwrap().to_string();
                    let usage = leaf.render_usage().to_string();
                    let usage = usage.trim_start_matches("Usage: ").split_once(' ').map(|(_, rest)| rest);
                    let usage = format!("reentry {name} {}", usage.unwrap_or_default());
                    let example = EXAMPLES.iter().find(|(of, _)| *of == name).unwrap().1;
                    page += &format!(
                        "\n### {name}\n\n{about}.\n\n    {}\n\n```sh\n{example}\n```\n",
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
        for (name, leaf) in command.get_subcommands().flat_map(|sub| leaves(sub, "")) {
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
