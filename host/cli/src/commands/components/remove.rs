//! `reentry components remove`: a component goes.

use super::named;
use crate::exit::Exit;
use crate::failure::{Failure, Report};
use crate::session::{Background, Session};

/// Remove a component that nobody needs any more
///
/// Refused while a current version of a workflow uses it, or a run that is kept is pinned to it, ended or not.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The component: its digest, the first digits, or a name that only one has
    #[arg(value_name = "DIGEST|NAME")]
    component: String,
}

pub(super) async fn perform(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let host = session.existing_host(Background::Off).await?;
    let digest = named(session, &host, &args.component).await?;
    let same = host.components().await?.into_iter().filter(|component| component.name == args.component);
    let same: Vec<String> = same.map(|component| component.digest.to_string()).collect();
    if same.len() > 1 {
        let message = format!("{} components have the name `{}`", same.len(), args.component);
        let hint = format!("say which one by its digest:\n{}", same.join("\n"));
        return Err(Report::refused("ambiguous-name", message).hint(hint).into());
    }
    host.remove_component(digest).await?;
    host.give_back_space().await?;
    if session.ui.is_json() {
        session.ui.print_json(&serde_json::json!({ "removed": digest }))?;
    } else {
        session.ui.note(&format!("removed component {digest}"));
    }
    Ok(Exit::Done)
}
