//! The commands: one file each, and the one place that tells them apart.

pub(crate) mod backup;
pub(crate) mod build;
pub(crate) mod completions;
pub(crate) mod components;
pub(crate) mod doctor;
pub(crate) mod event;
pub(crate) mod exit_codes;
pub(crate) mod inbox;
pub(crate) mod limits;
pub(crate) mod look;
pub(crate) mod man;
pub(crate) mod new;
pub(crate) mod restore;
pub(crate) mod resume;
pub(crate) mod run;
pub(crate) mod runs;
pub(crate) mod tenants;
pub(crate) mod work;
pub(crate) mod workflow;

use crate::cli::Command;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::Session;

/// Performs a command.
pub(crate) async fn perform(command: Command, session: &Session) -> Result<Exit, Failure> {
    match command {
        Command::Run(args) => run::perform(*args, session).await,
        Command::Resume(args) => resume::perform(args, session).await,
        Command::Inbox(args) => inbox::perform(args, session).await,
        Command::Runs(command) => runs::perform(command, session).await,
        Command::Components(command) => components::perform(command, session).await,
        Command::Event(command) => event::perform(command, session).await,
        Command::Workflow(command) => workflow::perform(command, session).await,
        Command::Tenants(command) => tenants::perform(command, session).await,
        Command::Work(args) => work::perform(&args, session).await,
        Command::Backup(args) => backup::perform(&args, session).await,
        Command::Restore(args) => restore::perform(&args, session).await,
        Command::New(command) => new::perform(command, session),
        Command::Build(args) => build::perform(&args, session),
        Command::Look(args) => look::perform(&args, session).await,
        Command::Doctor(args) => doctor::perform(&args, session),
        Command::Completions(args) => completions::perform(&args, session),
        Command::Limits(_) => limits::perform(session),
        Command::Man(args) => man::perform(&args, session),
        Command::ExitCodes(_) => exit_codes::perform(session),
    }
}
