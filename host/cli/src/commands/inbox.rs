//! `reentry inbox`: what waits for an answer.

use reentry::core::id::RunId;
use reentry::store::SuspensionFilter;

use super::runs::LIMIT;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::humane::count;
use crate::session::{Background, Session};
use crate::suspended::{Row, command, text};

/// Show what waits for an answer, the oldest first
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only of this run
    #[arg(long, value_name = "RUN")]
    pub(crate) run: Option<RunId>,

    /// Only with this label
    #[arg(long, value_name = "LABEL")]
    label: Option<String>,

    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(LIMIT))]
    limit: u16,

    /// Begin after this place, which the page before names
    #[arg(long, value_name = "CURSOR")]
    after: Option<String>,
}

pub(super) async fn perform(args: Args, session: &Session) -> Result<Exit, Failure> {
    let host = session.existing_host(Background::Off).await?;
    if let Some(run) = args.run {
        // A run that does not exist is an error, and not an empty inbox.
        host.run(run).await?;
    }
    let filter = SuspensionFilter {
        run: args.run,
        label: args.label,
        after: args.after,
        limit: args.limit.into(),
        ..SuspensionFilter::default()
    };
    let page = host.inbox(filter).await?;
    if session.ui.is_json() {
        let rows: Vec<Row<'_>> = page.rows.iter().map(Row::of).collect();
        session.ui.print_json(&Inbox { suspensions: rows, next: page.next.as_deref() })?;
        return Ok(Exit::Done);
    }
    let (style, now) = (session.ui.out, session.now());
    let Some(first) = page.rows.first() else {
        session.ui.note("nothing waits for an answer");
        return Ok(Exit::Done);
    };
    let blocks: Vec<String> = page.rows.iter().map(|row| text(row, true, style, now)).collect();
    let which = if page.rows.len() > 1 { "the first" } else { "it" };
    let answer = format!("\nanswer {which} with\n  {}\n", command(first, true, &session.again));
    session.ui.print(&format!("{}{answer}", blocks.join("\n")))?;
    if let Some(next) = page.next {
        session.ui.note(&format!("{}; more with --after {next}", count(page.rows.len(), "question")));
    }
    Ok(Exit::Done)
}

/// A page of the inbox, for programs.
#[derive(serde::Serialize)]
struct Inbox<'a> {
    suspensions: Vec<Row<'a>>,
    next: Option<&'a str>,
}
