//! `reentry event`: events sent to steps that wait for them.

use reentry::SendEvent;
use reentry_wire::EventSent;

use crate::args::{ActorArgs, Given};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::outcome::or_interrupt;
use crate::session::{Background, Session};

/// Send events to steps that wait for them
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Send(SendArgs),
}

/// Send an event: the step that has waited for it longest gets it
///
/// If no step waits, the event is kept until one does. Otherwise the command ends when the step's run has ended or
/// waits again.
#[derive(Debug, clap::Args)]
pub(crate) struct SendArgs {
    /// Name of the event
    #[arg(value_name = "NAME")]
    name: String,

    /// What the step gets: JSON, a file with it, or standard input [default: null]
    #[arg(short, long, value_name = "JSON|@FILE|-", allow_negative_numbers = true)]
    data: Option<Given>,

    /// Tells events of one name apart: an order number, say
    #[arg(long, value_name = "KEY")]
    key: Option<String>,

    /// Your own id for this very event: sent twice under one id, it arrives once
    #[arg(long, value_name = "ID")]
    id: Option<String>,

    #[command(flatten)]
    actor: ActorArgs,
}

pub(super) async fn perform(command: Command, session: &Session) -> Result<Exit, Failure> {
    let Command::Send(args) = command;
    let host = session.existing_host(Background::Off).await?;
    let tenant = session.tenant_on(&host);
    let payload = args.data.as_ref().map(|given| given.read("--data")).transpose()?;
    let mut event = SendEvent::new(args.name).actor(args.actor.actor()).channel(ActorArgs::CHANNEL);
    (event.key, event.payload, event.id) = (args.key, payload, args.id);
    event.comment = args.actor.comment();
    let receipt = tenant.send_event(event).await?;
    // The step that has it goes on in this process.
    let status = match receipt.run {
        None => {
            // What is due in the runs that waited for it comes first.
            host.quiet().await;
            None
        }
        Some(run) => Some(
            or_interrupt(run, true, async {
                host.quiet().await;
                Ok(tenant.run(run).await?.status().await?)
            })
            .await?,
        ),
    };
    if session.ui.is_json() {
        session.ui.print_json(&EventSent::of(&receipt, status))?;
        return Ok(Exit::Done);
    }
    match (receipt.run, status) {
        (Some(run), Some(status)) => {
            session.ui.note("a step was waiting for it and has it");
            session.ui.print(&format!("{} {run}\n", session.ui.out.status(status.as_str())))?;
        }
        _ if receipt.delivered => session.ui.note("it was sent before, and a step has it"),
        _ => session.ui.note("no step waits for it: it is kept until one does"),
    }
    Ok(Exit::Done)
}
