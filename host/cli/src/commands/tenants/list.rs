//! `reentry tenants list`: the tenants of a host.

use reentry_wire::TenantList;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::{Background, Session};
use crate::table::Table;

/// List the tenants that were added or of which anything is kept, with how much
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(super) async fn perform(session: &Session) -> Result<Exit, Failure> {
    let host = session.existing_host(Background::Off).await?;
    let tenants = host.tenants().await?;
    if session.ui.is_json() {
        session.ui.print_json(&TenantList::of(&tenants))?;
        return Ok(Exit::Done);
    }
    if tenants.is_empty() {
        session.ui.note("no tenants");
        return Ok(Exit::Done);
    }
    let head = ["TENANT", "STATE", "RUNS", "OPEN RUNS", "COMPONENTS", "WORKFLOWS", "EVENTS"];
    let mut table = Table::new(head).giving_way(["TENANT"]);
    for of in tenants {
        let counts = [of.runs, of.open_runs, of.components, of.workflows, of.messages];
        let [runs, open_runs, components, workflows, events] = counts.map(|count| count.to_string());
        table.row([
            of.tenant.to_string(),
            of.state.to_string(),
            runs,
            open_runs,
            components,
            workflows,
            events,
        ]);
    }
    session.ui.print(&session.ui.table(&table))?;
    Ok(Exit::Done)
}
