//! `reentry runs pause`, `continue`, `restart`, `travel`, `fork`, `delete`: what can be done to a run beside
//! answering it.

use reentry::core::path::StepPath;
use reentry::{ForkOptions, ResumeOptions, TravelOptions};
use reentry_wire::RunDeleted;

use crate::args::{ActorArgs, Given, RunName, SuspensionName};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::outcome::{or_interrupt, show};
use crate::session::{Background, Session};

/// A run that is named and nothing else.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The run: its id, an end of it, or `last`
    #[arg(value_name = "RUN")]
    run: RunName,
}

/// A run to which something is done, and who has it done.
#[derive(Debug, clap::Args)]
pub(crate) struct ActArgs {
    /// The run: its id, an end of it, or `last`
    #[arg(value_name = "RUN")]
    run: RunName,

    #[command(flatten)]
    actor: ActorArgs,
}

/// Send a run back to one of its entries, which is done again with all that follows
///
/// Inside a block, the block is what one can go back to. State and request context stay as they are.
#[derive(Debug, clap::Args)]
pub(crate) struct TravelArgs {
    /// The run: its id, an end of it, or `last`
    #[arg(value_name = "RUN")]
    run: RunName,

    /// The entry: its id, or the path to it (outer.entry)
    #[arg(value_name = "PATH")]
    to: StepPath,

    /// Its input, in place of the recorded one: JSON, a file with it, or standard input
    #[arg(short, long, value_name = "JSON|@FILE|-", allow_negative_numbers = true)]
    input: Option<Given>,

    #[command(flatten)]
    actor: ActorArgs,
}

/// Make a new run that stands where this one stands, or stood when a question was open
///
/// What was done before is shared, not copied. With an answer, the new run goes on with it at once.
#[derive(Debug, clap::Args)]
pub(crate) struct ForkArgs {
    /// The run: its id, an end of it, or `last`
    #[arg(value_name = "RUN")]
    run: RunName,

    /// The question, by its id or an end of it [default: where the run stands]
    #[arg(long, value_name = "ID")]
    at: Option<SuspensionName>,

    /// The answer of the new run: JSON, a file with it, or standard input
    #[arg(short, long, value_name = "JSON|@FILE|-", allow_negative_numbers = true)]
    data: Option<Given>,

    #[command(flatten)]
    actor: ActorArgs,
}

pub(super) async fn pause(args: &ActArgs, session: &Session) -> Result<Exit, Failure> {
    let tenant = session.existing_tenant(Background::Off).await?;
    let run = args.run.open(session, &tenant).await?;
    let result = run.pause_with(args.actor.acting()).await?;
    show(session, &tenant, &run, &result).await?;
    Ok(Exit::Done)
}

pub(super) async fn go_on(args: &ActArgs, session: &Session) -> Result<Exit, Failure> {
    let tenant = session.existing_tenant(Background::Off).await?;
    let run = args.run.open(session, &tenant).await?;
    let result = run.go_on_with(args.actor.acting()).await?;
    show(session, &tenant, &run, &result).await?;
    Ok(result.status.into())
}

pub(super) async fn restart(args: &ActArgs, session: &Session) -> Result<Exit, Failure> {
    let tenant = session.existing_tenant(Background::Off).await?;
    let run = args.run.open(session, &tenant).await?;
    let result = run.restart_with(args.actor.acting()).await?;
    show(session, &tenant, &run, &result).await?;
    Ok(result.status.into())
}

pub(super) async fn travel(args: TravelArgs, session: &Session) -> Result<Exit, Failure> {
    let tenant = session.existing_tenant(Background::Off).await?;
    let run = args.run.open(session, &tenant).await?;
    let input = args.input.as_ref().map(|given| given.read("--input")).transpose()?;
    let mut options = TravelOptions::to(args.to);
    options.input = input;
    let result = run.travel_with(options, args.actor.acting()).await?;
    show(session, &tenant, &run, &result).await?;
    Ok(result.status.into())
}

pub(super) async fn fork(args: &ForkArgs, session: &Session) -> Result<Exit, Failure> {
    let host = session.existing_host(Background::Off).await?;
    let tenant = session.tenant_on(&host);
    let data = args.data.as_ref().map(|given| given.read("--data")).transpose()?;
    let mut options = ForkOptions::default();
    options.answer = data.map(|data| {
        let mut answer = ResumeOptions::data(data).actor(args.actor.actor()).channel(ActorArgs::CHANNEL);
        answer.comment = args.actor.comment();
        answer
    });
    let run = args.run.open(session, &tenant).await?;
    if let Some(at) = &args.at {
        options.at = Some(at.find(session, &run).await?);
    }
    let run = run.fork_with(options, args.actor.acting()).await?;
    session.ui.note(&format!("run {}", run.id()));
    // What goes on in the new run goes on in this process.
    let quiet = async {
        host.quiet().await;
        Ok(())
    };
    or_interrupt(run.id(), true, quiet).await?;
    let result = run.result(reentry::OutputOptions::default()).await?;
    show(session, &tenant, &run, &result).await?;
    Ok(result.status.into())
}

pub(super) async fn delete(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let host = session.existing_host(Background::Off).await?;
    let tenant = session.tenant_on(&host);
    let run = args.run.find(session, &tenant).await?;
    tenant.delete_run(run).await?;
    host.give_back_space().await?;
    if session.ui.is_json() {
        session.ui.print_json(&RunDeleted { deleted: run })?;
    } else {
        session.ui.note(&format!("deleted run {run}"));
    }
    Ok(Exit::Done)
}
