//! The `reentry` command: runs, resumes and looks at durable workflows from a terminal.
//!
//! Knows arguments, terminals and files; everything else is the library's. Each command is one file in `commands`.

mod app;
mod applied;
mod args;
mod cli;
mod codes;
mod commands;
mod component_file;
mod component_lookup;
mod counted;
mod exit;
mod failure;
mod help;
mod hint;
mod host_log;
mod humane;
mod invocation;
mod json_text;
mod languages;
mod limits;
mod limits_file;
mod listener;
mod outcome;
mod progress;
mod reader;
mod schema_text;
mod session;
mod span_text;
mod style;
mod suspended;
mod table;
mod ui;
mod walls;
mod working;

fn main() -> std::process::ExitCode {
    app::main().into()
}
