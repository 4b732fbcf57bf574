//! `reentry components usage`: what uses a component.

use reentry_wire::ComponentUsage;
use reentry_wire::lookup::short_digest;

use super::named;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::humane::count;
use crate::session::{Background, Session};
use crate::table::Table;

/// Show which of your workflows and runs use a component
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The component: its name, its digest, or the first digits
    #[arg(value_name = "DIGEST|NAME")]
    component: String,
}

pub(super) async fn perform(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let tenant = session.existing_tenant(Background::Off).await?;
    let digest = named(session, &tenant, &args.component).await?;
    let usage = tenant.component_usage(digest).await?;
    if session.ui.is_json() {
        session.ui.print_json(&ComponentUsage { digest, usage: (&usage).into() })?;
        return Ok(Exit::Done);
    }
    if usage.workflows.is_empty() {
        session.ui.note("no workflow uses it");
        return Ok(Exit::Done);
    }
    let mut table = Table::new(["WORKFLOW", "DIGEST"]).giving_way(["WORKFLOW"]);
    for (digest, id) in &usage.workflows {
        table.row([id.clone(), short_digest(digest)]);
    }
    let runs = usize::try_from(usage.runs).unwrap_or(usize::MAX);
    let open = format!("{}, {} of them not ended", count(runs, "run"), usage.open_runs);
    session.ui.print(&format!("{}\n{open}\n", session.ui.table(&table)))?;
    Ok(Exit::Done)
}
