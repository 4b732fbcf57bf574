//! `reentry runs list`: runs, newest first.

use clap::ValueEnum;
use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser as _;
use reentry::core::run::RunStatus;
use reentry::store::{RunFilter, RunGroups};
use reentry_wire::RunList;
use reentry_wire::lookup::short;

use crate::args::{ListArgs, Order};
use crate::counted;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::humane::relative;
use crate::session::{Background, Session};
use crate::table::Table;
use crate::ui::harmless;

/// List runs, the newest first
///
/// With what a run waits for (--step, --label, --assignee, --due-within, --overdue) or what was answered in it
/// (--actor), runs come in the order of these questions, each run once.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only with this status
    #[arg(long, value_name = "STATUS", value_parser = statuses())]
    status: Option<RunStatus>,

    #[command(flatten)]
    list: ListArgs,

    /// With --count, how many there are of each
    #[arg(long, value_name = "WHAT", requires = "count")]
    by: Option<Groups>,
}

/// By what runs are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Groups {
    Workflow,
    Status,
}

impl Groups {
    fn of_library(self) -> RunGroups {
        match self {
            Self::Workflow => RunGroups::Workflow,
            Self::Status => RunGroups::Status,
        }
    }
}

fn statuses() -> impl clap::builder::TypedValueParser<Value = RunStatus> {
    let names = PossibleValuesParser::new(RunStatus::ALL.map(RunStatus::as_str));
    let known = |name: String| RunStatus::ALL.into_iter().find(|status| status.as_str() == name);
    names.try_map(move |name| known(name).ok_or("no such status"))
}

pub(super) async fn perform(args: Args, session: &Session) -> Result<Exit, Failure> {
    let tenant = session.existing_tenant(Background::Off).await?;
    let (list, now) = (args.list, session.now());
    let (workflow, began, due) = (list.version(session, &tenant).await?, list.began(now)?, list.due(now));
    // The nearest deadline is what matters, as the newest run is elsewhere.
    let default = if list.is_by_due() { Order::Oldest } else { Order::Newest };
    let mut filter = RunFilter::default()
        .oldest_first(list.order.unwrap_or(default) == Order::Oldest)
        .limit(list.limit.into());
    filter.status = args.status;
    filter.workflow = workflow;
    filter.workflow_id = list.workflow;
    filter.resource_id = list.resource;
    filter.created_from = began.0;
    filter.created_before = began.1;
    filter.step = list.step;
    filter.label = list.label;
    filter.assignee = list.assignee;
    filter.actor = list.actor;
    filter.due_from = due.0;
    filter.due_before = due.1;
    filter.after = list.after;
    if list.count {
        let counts = tenant.count_runs(filter, args.by.map(Groups::of_library)).await?;
        return counted::tell(session, &counts, args.by);
    }
    let page = tenant.runs(filter).await?;
    if session.ui.is_json() {
        session.ui.print_json(&RunList::of(&page))?;
        return Ok(Exit::Done);
    }
    let style = session.ui.out;
    let mut table = Table::new(["RUN", "STATUS", "WORKFLOW", "RESOURCE", "CREATED", "CHANGED"])
        .giving_way(["RESOURCE", "WORKFLOW"]);
    for run in &page.rows {
        table.row([
            short(&run.id),
            style.status(run.status.as_str()),
            run.workflow_id.clone(),
            harmless(run.resource_id.as_deref().unwrap_or_default()),
            relative(run.created_at, now),
            relative(run.updated_at, now),
        ]);
    }
    if !page.rows.is_empty() {
        session.ui.print(&session.ui.table(&table))?;
    }
    counted::note_page(session, &page, list.limit, "run", "no runs");
    Ok(Exit::Done)
}
