//! How many rows a list has, and what is said below a page of it.

use clap::ValueEnum;
use reentry::store::{Counts, Page};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::humane::count;
use crate::session::Session;
use crate::table::Table;
use crate::ui::harmless;

/// Tells how many there are, and how many of each if that was asked.
pub(crate) fn tell(session: &Session, counts: &Counts, by: Option<impl ValueEnum>) -> Result<Exit, Failure> {
    let Counts { number, more, ref groups } = *counts;
    if session.ui.is_json() {
        session.ui.print_json(&reentry_wire::Counts::of(counts, by.is_some()))?;
        return Ok(Exit::Done);
    }
    let shown = |number: u64| if more { format!("{number}+") } else { number.to_string() };
    if by.is_none() {
        session.ui.print(&format!("{}\n", shown(number)))?;
        return Ok(Exit::Done);
    }
    if !groups.is_empty() {
        let mut table = Table::new(["COUNT", "OF"]);
        groups.iter().for_each(|(name, number)| table.row([shown(*number), harmless(name)]));
        session.ui.print(&session.ui.table(&table))?;
    }
    session.ui.note(&format!("{} in all", shown(number)));
    Ok(Exit::Done)
}

/// Says below a page that there is more, or that there is nothing.
pub(crate) fn note_page<T>(session: &Session, page: &Page<T>, limit: u16, noun: &str, nothing: &str) {
    let Page { rows, next } = page;
    let found = rows.len();
    match next {
        None if found == 0 => session.ui.note(nothing),
        None => {}
        Some(next) if found == usize::from(limit) => {
            session.ui.note(&format!("{}; more with --after {next}", count(found, noun)));
        }
        // The filter passed too few of those that are looked at for one page.
        Some(next) => {
            session.ui.note(&format!("{} so far; look on with --after {next}", count(found, noun)));
        }
    }
}
