//! `reentry runs cancel`: ends a run.

use reentry::CancelOptions;

use crate::args::{ActorArgs, RunName};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::outcome::show;
use crate::session::{Background, Session};

/// End a run by request
///
/// Steps that wait are closed. A call that is in flight learns of it when it asks, and its end does not count.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The run: its id, an end of it, or `last`
    #[arg(value_name = "RUN")]
    run: RunName,

    #[command(flatten)]
    actor: ActorArgs,
}

pub(super) async fn perform(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let tenant = session.existing_tenant(Background::Off).await?;
    let run = args.run.open(session, &tenant).await?;
    let mut options = CancelOptions::default().actor(args.actor.actor()).channel(ActorArgs::CHANNEL);
    options.comment = args.actor.comment();
    let result = run.cancel_with(options).await?;
    show(session, &tenant, &run, &result).await?;
    Ok(Exit::Done)
}
