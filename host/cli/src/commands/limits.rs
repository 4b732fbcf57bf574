//! `reentry limits`: what guests and hosts are held to.

use reentry_wire::{LimitList, LimitRow};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::limits::{ALL, HostLimits, Limit, Origin};
use crate::limits_file::FILE;
use crate::session::Session;
use crate::table::Table;

/// List the limits that guests are held to, as they are set, and by what
///
/// `host.toml` in the data folder sets them for all commands that work on it; `--set-limit NAME=VALUE` sets one for
/// one command, and REENTRY_LIMIT several, divided by commas. docs/limits.md says what happens at each, and has the
/// bounds that cannot be set.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(super) fn perform(session: &Session) -> Result<Exit, Failure> {
    let default = HostLimits::default();
    let file = Some(session.data_dir().join(FILE)).filter(|file| file.is_file());
    if session.ui.is_json() {
        let row = |limit: &'static Limit| LimitRow {
            bounds: limit.bounds,
            ceiling: limit.most,
            code: limit.code,
            default: limit.value(&default),
            from: session.limits().origin(limit).as_str(),
            name: limit.name,
            then: limit.then,
            unit: limit.unit.as_str(),
            value: limit.value(session.limits()),
        };
        session.ui.print_json(&LimitList { file: file.as_deref(), limits: ALL.iter().map(row).collect() })?;
        return Ok(Exit::Done);
    }
    let mut table = Table::new(["LIMIT", "VALUE", "FROM", "DEFAULT", "AT MOST", "WHAT IT BOUNDS"]).wrapping();
    for limit in ALL {
        let (value, default) = (limit.value(session.limits()), limit.value(&default));
        let differs = if value == default { String::new() } else { limit.unit.text(default) };
        let from = match session.limits().origin(limit) {
            Origin::Default => "",
            Origin::File => FILE,
            Origin::Option => "option",
        };
        let most = limit.unit.text(limit.most);
        let cells = [limit.name, &limit.unit.text(value), from, &differs, &most, limit.bounds];
        table.row(cells.map(str::to_owned));
    }
    session.ui.print(&session.ui.table(&table))?;
    Ok(Exit::Done)
}
