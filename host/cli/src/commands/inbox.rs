//! `reentry inbox`: what waits for an answer.

use clap::ValueEnum;
use reentry::store::{SuspensionFilter, SuspensionGroups};
use reentry_wire::Inbox;

use crate::args::{ListArgs, Order, RunName};
use crate::counted;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::session::{Background, Session};
use crate::suspended::Question;

/// Show what waits for an answer, the oldest first
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only of this run: its id, an end of it, or `last`
    #[arg(long, value_name = "RUN")]
    run: Option<RunName>,

    #[command(flatten)]
    list: ListArgs,

    /// With --count, how many there are of each
    #[arg(long, value_name = "WHAT", requires = "count")]
    by: Option<Groups>,
}

/// By what questions are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Groups {
    Workflow,
    Step,
    Label,
    Assignee,
}

impl Groups {
    fn of_library(self) -> SuspensionGroups {
        match self {
            Self::Workflow => SuspensionGroups::Workflow,
            Self::Step => SuspensionGroups::Step,
            Self::Label => SuspensionGroups::Label,
            Self::Assignee => SuspensionGroups::Assignee,
        }
    }
}

pub(super) async fn perform(args: Args, session: &Session) -> Result<Exit, Failure> {
    let tenant = session.existing_tenant(Background::Off).await?;
    let run = match &args.run {
        // A run that does not exist is an error, and not an empty inbox.
        Some(run) => Some(run.open(session, &tenant).await?.id()),
        None => None,
    };
    let (list, now) = (args.list, session.now());
    let (workflow, began, due) = (list.version(session, &tenant).await?, list.began(now)?, list.due(now));
    let mut filter =
        SuspensionFilter::default().latest_first(list.order == Some(Order::Newest)).limit(list.limit.into());
    filter.run = run;
    filter.workflow = workflow;
    filter.workflow_id = list.workflow;
    filter.resource_id = list.resource;
    filter.step = list.step;
    filter.label = list.label;
    filter.assignee = list.assignee;
    filter.actor = list.actor;
    filter.opened_from = began.0;
    filter.opened_before = began.1;
    filter.due_from = due.0;
    filter.due_before = due.1;
    filter.after = list.after;
    if list.count {
        let counts = tenant.count_inbox(filter, args.by.map(Groups::of_library)).await?;
        return counted::tell(session, &counts, args.by);
    }
    let page = tenant.inbox(filter).await?;
    if session.ui.is_json() {
        session.ui.print_json(&Inbox::of(&page))?;
        return Ok(Exit::Done);
    }
    let style = session.ui.out;
    let block = |row| {
        let question = Question::of(row, true);
        question.text(style, session.ui.text_columns(), now) + &question.how_to_answer(&session.again)
    };
    if !page.rows.is_empty() {
        session.ui.print(&page.rows.iter().map(block).collect::<Vec<_>>().join("\n"))?;
    }
    counted::note_page(session, &page, list.limit, "question", "nothing waits for an answer");
    Ok(Exit::Done)
}
