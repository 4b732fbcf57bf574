//! `reentry runs recover`: brings on the runs that nobody holds.

use reentry::core::id::RunId;
use reentry::core::run::RunStatus;
use serde::Serialize;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::humane::count;
use crate::session::{Background, Session};

/// Bring on runs whose process died, and runs whose time has come
///
/// Takes over the calls of processes that are not there any more, each from its last snapshot, and wakes runs in which a sleep is over
/// or a deadline has passed; those of all tenants. Returns when all of them have ended or wait again. A command that stays (`--wait`)
/// does the same all the time.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// A run that was brought on.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    run_id: RunId,
    why: &'static str,
    /// Not there for runs of other tenants.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<RunStatus>,
}

pub(super) async fn perform(session: &Session) -> Result<Exit, Failure> {
    let host = session.existing_host(Background::Off).await?;
    let recovered = host.recover().await?;
    let woken = host.wake_due().await?;
    let taken = recovered.into_iter().map(|run| (run, "recovered"));
    let mut rows = Vec::new();
    for (run_id, why) in taken.chain(woken.into_iter().map(|run| (run, "woken"))) {
        let status = match host.run(run_id).await {
            Ok(run) => Some(run.status().await?),
            Err(_) => None,
        };
        rows.push(Row { run_id, why, status });
    }
    if session.ui.is_json() {
        session.ui.print_json(&serde_json::json!({ "runs": rows }))?;
        return Ok(Exit::Done);
    }
    if rows.is_empty() {
        session.ui.note("nothing to bring on");
        return Ok(Exit::Done);
    }
    let style = session.ui.out;
    let line = |row: &Row| {
        let status = row.status.map_or("of another tenant", RunStatus::as_str);
        format!("{}  {:<9}  {}\n", row.run_id, row.why, style.status(status))
    };
    session.ui.print(&rows.iter().map(line).collect::<String>())?;
    session.ui.note(&format!("brought on {}", count(rows.len(), "run")));
    Ok(Exit::Done)
}
