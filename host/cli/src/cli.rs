//! The command line: its global options and its commands.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use reentry::core::id::TenantId;

use crate::commands::{
    backup, build, completions, components, doctor, event, exit_codes, inbox, limits, look, man, new,
    restore, resume, run, runs, tenants, work, workflow,
};

/// Runs durable workflows whose steps are WebAssembly components.
///
/// A step may suspend: its memory is kept, the process ends, and days later `reentry resume` puts the memory back,
/// and its code goes on at the next line.
#[derive(Debug, Parser)]
#[command(name = "reentry", version, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const AFTER_HELP: &str = "Results go to standard output, everything else to standard error. \
    `reentry help exit-codes` lists the exit codes.";

/// What all commands understand.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Folder with all data of the host [default: $XDG_DATA_HOME/reentry or ~/.local/share/reentry]
    #[arg(long, value_name = "DIR", env = "REENTRY_DATA_DIR", global = true, hide_env_values = true)]
    pub(crate) data_dir: Option<PathBuf>,

    /// On whose behalf: runs, components and workflows of one tenant are not seen by another [default: default]
    #[arg(long, value_name = "NAME", env = "REENTRY_TENANT", global = true, hide_env_values = true, value_parser = tenant)]
    pub(crate) tenant: Option<TenantId>,

    /// What components may import beyond the step contract, here and whenever they are resumed
    ///
    /// `wasi` stands for the command-line interfaces of WASI 0.2, with no files, network, arguments or environment
    /// behind them.
    #[arg(
        long,
        value_name = "GRANT",
        env = "REENTRY_GRANT",
        global = true,
        hide_env_values = true,
        value_delimiter = ','
    )]
    pub(crate) grant: Vec<Grant>,

    /// A limit of guests or of the host: `reentry limits` lists them; may be repeated
    ///
    /// Wins over `host.toml` in the data folder, which sets limits for all commands. As a variable, several are divided
    /// by commas.
    #[arg(
        long,
        value_name = "NAME=VALUE",
        env = "REENTRY_LIMIT",
        global = true,
        hide_env_values = true,
        value_delimiter = ','
    )]
    pub(crate) set_limit: Vec<String>,

    /// Go on with several tenants where this system does not give all walls: `reentry doctor` lists them
    #[arg(
        long,
        env = "REENTRY_ALLOW_MISSING_WALLS",
        global = true,
        hide_env_values = true,
        value_parser = clap::builder::FalseyValueParser::new()
    )]
    pub(crate) allow_missing_walls: bool,

    /// Form of results and errors: for people, or one JSON document
    #[arg(short, long, value_enum, value_name = "FORM", default_value_t = Format::Text, global = true)]
    output: Format,

    /// Short for --output json
    #[arg(long, global = true)]
    json: bool,

    /// Say more: -v what the host does and what steps emit, -vv details, -vvv everything
    #[arg(short, long, action = ArgAction::Count, global = true)]
    pub(crate) verbose: u8,

    /// When to use colors; `auto` is on a terminal, unless NO_COLOR is set
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Color::Auto, global = true)]
    pub(crate) color: Color,
}

impl Global {
    /// Form of results and errors.
    pub(crate) fn format(&self) -> Format {
        if self.json { Format::Json } else { self.output }
    }
}

/// Something that components may be granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Grant {
    Wasi,
}

/// Form of what is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
}

/// When to use colors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(Box<run::Args>),
    Resume(resume::Args),
    Inbox(inbox::Args),
    #[command(subcommand)]
    Runs(runs::Command),
    #[command(subcommand)]
    Components(components::Command),
    #[command(subcommand)]
    Event(event::Command),
    #[command(subcommand)]
    Workflow(workflow::Command),
    Work(work::Args),
    #[command(subcommand)]
    Tenants(tenants::Command),
    Backup(backup::Args),
    Restore(restore::Args),
    #[command(subcommand)]
    New(new::Command),
    Build(build::Args),
    #[command(hide = true)]
    Look(look::Args),
    Doctor(doctor::Args),
    Limits(limits::Args),
    Completions(completions::Args),
    Man(man::Args),
    ExitCodes(exit_codes::Args),
}

/// Reads the name of a tenant.
pub(crate) fn tenant(name: &str) -> Result<TenantId, String> {
    TenantId::new(name).map_err(|error| error.to_string())
}
