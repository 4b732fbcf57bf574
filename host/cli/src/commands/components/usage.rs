//! `reentry components usage`: what uses a component.

use reentry::store::{ComponentUsage, PublishedUsage};
use serde_json::{Value, json};

use super::named;
use crate::digest_text::short_digest;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::humane::count;
use crate::session::{Background, Session};
use crate::table::Table;

/// Show which of your workflows and runs use a component
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The component: its name, its digest, or the first digits
    #[arg(value_name = "DIGEST|NAME")]
    component: String,
}

pub(super) async fn perform(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let tenant = session.existing_tenant(Background::Off).await?;
    let digest = named(session, &tenant, &args.component).await?;
    let usage = tenant.component_usage(digest).await?;
    if session.ui.is_json() {
        let mut told = as_json(&usage);
        if let Some(told) = told.as_object_mut() {
            told.insert("digest".to_owned(), json!(digest));
        }
        session.ui.print_json(&told)?;
        return Ok(Exit::Done);
    }
    if usage.workflows.is_empty() {
        session.ui.note("no workflow uses it");
        return Ok(Exit::Done);
    }
    let mut table = Table::new(["WORKFLOW", "DIGEST"]).giving_way(["WORKFLOW"]);
    for (digest, id) in &usage.workflows {
        table.row([id.clone(), short_digest(digest)]);
    }
    let runs = usize::try_from(usage.runs).unwrap_or(usize::MAX);
    let open = format!("{}, {} of them not ended", count(runs, "run"), usage.open_runs);
    session.ui.print(&format!("{}\n{open}\n", session.ui.table(&table)))?;
    Ok(Exit::Done)
}

/// How much needs a published component, for programs.
pub(crate) fn published_as_json(usage: PublishedUsage) -> Value {
    let PublishedUsage { tenants, current, runs, open_runs } = usage;
    json!({ "tenants": tenants, "currentWorkflows": current, "runs": runs, "openRuns": open_runs })
}

/// What uses a component, for programs.
pub(crate) fn as_json(usage: &ComponentUsage) -> Value {
    let workflow = |(digest, id): &(_, String)| json!({ "id": id, "digest": digest });
    let workflows: Vec<Value> = usage.workflows.iter().map(workflow).collect();
    json!({ "workflows": workflows, "runs": usage.runs, "openRuns": usage.open_runs })
}
