//! `reentry workflow list`: the applied workflows and their versions.

use reentry_wire::WorkflowList;
use reentry_wire::lookup::short_digest;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::humane::relative;
use crate::session::{Background, Session};
use crate::table::Table;

/// List applied workflows with all their versions
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(super) async fn perform(session: &Session) -> Result<Exit, Failure> {
    let tenant = session.existing_tenant(Background::Off).await?;
    let workflows = tenant.workflows().await?;
    if session.ui.is_json() {
        session.ui.print_json(&WorkflowList::of(&workflows))?;
        return Ok(Exit::Done);
    }
    if workflows.is_empty() {
        session.ui.note("no workflows are applied");
        return Ok(Exit::Done);
    }
    let now = session.now();
    let mut table = Table::new(["ID", "CURRENT", "OPEN RUNS", "APPLIED", "DIGEST"]).giving_way(["ID"]);
    for row in workflows {
        let current = if row.current { "yes" } else { "" };
        table.row([
            row.id,
            current.to_owned(),
            row.open_runs.to_string(),
            relative(row.applied_at, now),
            short_digest(&row.digest),
        ]);
    }
    session.ui.print(&session.ui.table(&table))?;
    Ok(Exit::Done)
}
