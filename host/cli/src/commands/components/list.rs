//! `reentry components list`: the components of a tenant, and those published to all.

use reentry_wire::ComponentList;
use reentry_wire::lookup::short_digest;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::humane::{bytes, relative};
use crate::session::{Background, Session};
use crate::table::Table;
use crate::ui::harmless;

/// Most characters of a list of steps in the table.
const STEPS_CHARS: usize = 40;

/// List your components, and those that are published to all tenants
///
/// Your own come first, the newest of them first. A name means the newest of yours that has it, and without one the
/// newest that is published under it.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(super) async fn perform(session: &Session) -> Result<Exit, Failure> {
    let tenant = session.existing_tenant(Background::Off).await?;
    let list = ComponentList::of(&tenant.components().await?);
    if session.ui.is_json() {
        session.ui.print_json(&list)?;
        return Ok(Exit::Done);
    }
    if list.components.is_empty() {
        session.ui.note("no components");
        return Ok(Exit::Done);
    }
    let now = session.now();
    let mut table =
        Table::new(["NAME", "SIZE", "ADDED", "PUBLISHED", "DIGEST", "STEPS"]).giving_way(["STEPS", "NAME"]);
    for row in list.components {
        let steps = row.steps.join(", ");
        let steps = match steps.char_indices().nth(STEPS_CHARS) {
            Some((end, _)) => format!("{}… ({})", steps.get(..end).unwrap_or_default(), row.steps.len()),
            None => steps,
        };
        let published = match row.published {
            None => String::new(),
            Some(_) if !row.own => "not yours".to_owned(),
            Some(name) => format!("as {}", harmless(&name)),
        };
        table.row([
            harmless(&row.name),
            bytes(row.bytes),
            relative(row.created_at, now),
            published,
            short_digest(&row.digest),
            steps,
        ]);
    }
    session.ui.print(&session.ui.table(&table))?;
    Ok(Exit::Done)
}
