//! `reentry limits`: what guests and hosts are held to.

use reentry_wire::{LimitList, LimitRow};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::limits::{ALL, HostLimits, Limit};
use crate::session::Session;
use crate::table::Table;

/// List the limits that guests are held to, as they are set
///
/// `--set-limit NAME=VALUE` sets one, for any command that calls guests; REENTRY_LIMIT sets several, divided by
/// commas. docs/limits.md says what happens at each, and has the bounds that cannot be set.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(super) fn perform(session: &Session) -> Result<Exit, Failure> {
    let default = HostLimits::default();
    if session.ui.is_json() {
        let row = |limit: &'static Limit| LimitRow {
            bounds: limit.bounds,
            default: limit.value(&default),
            name: limit.name,
            then: limit.then,
            unit: limit.unit.as_str(),
            value: limit.value(session.limits()),
        };
        session.ui.print_json(&LimitList { limits: ALL.iter().map(row).collect() })?;
        return Ok(Exit::Done);
    }
    let mut table = Table::new(["LIMIT", "VALUE", "DEFAULT", "WHAT IT BOUNDS"]).wrapping();
    for limit in ALL {
        let (value, default) = (limit.value(session.limits()), limit.value(&default));
        let differs = if value == default { String::new() } else { limit.unit.text(default) };
        table.row([limit.name.to_owned(), limit.unit.text(value), differs, limit.bounds.to_owned()]);
    }
    session.ui.print(&session.ui.table(&table))?;
    Ok(Exit::Done)
}
