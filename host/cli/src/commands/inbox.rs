//! `reentry inbox`: what waits for an answer.

use reentry::store::SuspensionFilter;

use super::runs::LIMIT;
use crate::args::RunName;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::humane::count;
use crate::session::{Background, Session};
use crate::suspended::{Question, Row};

/// Show what waits for an answer, the oldest first
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only of this run: its id, an end of it, or `last`
    #[arg(long, value_name = "RUN")]
    run: Option<RunName>,

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
    let run = match args.run {
        // A run that does not exist is an error, and not an empty inbox.
        Some(run) => Some(run.open(session, &host).await?.id()),
        None => None,
    };
    let filter = SuspensionFilter {
        run,
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
    if page.rows.is_empty() {
        session.ui.note("nothing waits for an answer");
        return Ok(Exit::Done);
    }
    let block = |row| {
        let question = Question::of(row, true);
        question.text(style, session.ui.text_columns(), now) + &question.how_to_answer(&session.again)
    };
    session.ui.print(&page.rows.iter().map(block).collect::<Vec<_>>().join("\n"))?;
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
