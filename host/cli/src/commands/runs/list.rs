//! `reentry runs list`: runs, newest first.

use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser as _;
use reentry::core::run::RunStatus;
use reentry::core::time::Timestamp;
use reentry::store::{RunFilter, RunSummary};
use serde::Serialize;

use super::LIMIT;
use crate::args::short;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::humane::relative;
use crate::session::{Background, Session};
use crate::table::Table;
use crate::ui::harmless;

/// List runs, the newest first
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only with this status
    #[arg(long, value_name = "STATUS", value_parser = statuses())]
    status: Option<RunStatus>,

    /// Only of the workflow with this id, whatever its version
    #[arg(long, value_name = "ID")]
    workflow: Option<String>,

    /// Only about this resource
    #[arg(long, value_name = "ID")]
    resource: Option<String>,

    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(LIMIT))]
    limit: u16,

    /// Begin after this place, which the page before names
    #[arg(long, value_name = "CURSOR")]
    after: Option<String>,
}

fn statuses() -> impl clap::builder::TypedValueParser<Value = RunStatus> {
    let names = PossibleValuesParser::new(RunStatus::ALL.map(RunStatus::as_str));
    let known = |name: String| RunStatus::ALL.into_iter().find(|status| status.as_str() == name);
    names.try_map(move |name| known(name).ok_or("no such status"))
}

/// A run in a list, for programs. Times are milliseconds since 1970.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    run_id: String,
    workflow_id: &'a str,
    workflow_digest: String,
    status: RunStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_id: Option<&'a str>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// A page of runs, for programs.
#[derive(Serialize)]
struct Runs<'a> {
    runs: Vec<Row<'a>>,
    next: Option<&'a str>,
}

pub(super) async fn perform(args: Args, session: &Session) -> Result<Exit, Failure> {
    let host = session.existing_host(Background::Off).await?;
    let filter = RunFilter {
        status: args.status,
        workflow_id: args.workflow,
        resource_id: args.resource,
        after: args.after,
        limit: args.limit.into(),
    };
    let page = host.runs(filter).await?;
    if session.ui.is_json() {
        let runs = page.rows.iter().map(row).collect();
        session.ui.print_json(&Runs { runs, next: page.next.as_deref() })?;
        return Ok(Exit::Done);
    }
    if page.rows.is_empty() {
        session.ui.note("no runs");
        return Ok(Exit::Done);
    }
    let (style, now) = (session.ui.out, session.now());
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
    session.ui.print(&session.ui.table(&table))?;
    if let Some(next) = page.next {
        session.ui.note(&format!("more with --after {next}"));
    }
    Ok(Exit::Done)
}

fn row(run: &RunSummary) -> Row<'_> {
    Row {
        run_id: run.id.to_string(),
        workflow_id: &run.workflow_id,
        workflow_digest: run.workflow.to_string(),
        status: run.status,
        resource_id: run.resource_id.as_deref(),
        created_at: run.created_at,
        updated_at: run.updated_at,
    }
}
