//! `reentry runs recover`: brings on the runs that nobody holds.

use std::sync::{Arc, Mutex, PoisonError};

use reentry::core::json::Json;
use reentry::core::run::RunStatus;
use reentry::{Did, Level, Observer, Source, Upkeep};
use reentry_wire::{LeftRow, RecoveredRow, RunsRecovered};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::humane::count;
use crate::listener::Listener;
use crate::session::Session;

/// Bring on runs whose process died, and runs whose time has come
///
/// Takes over the calls of processes that are not there any more, each from its last snapshot, and wakes runs in
/// which a sleep is over or a deadline has passed; those of all tenants. Returns when all of them have ended or wait
/// again. A command that stays (`--wait`) does the same all the time. Ends with 1 when a run could not be continued,
/// and says which and why.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Shows what guests log, and keeps what could not be continued.
struct Keeper {
    listener: Listener,
    left: Mutex<Vec<LeftRow>>,
}

impl Observer for Keeper {
    fn log(&self, source: &Source, level: Level, message: &str, fields: Option<&Json>) {
        self.listener.log(source, level, message, fields);
    }

    fn emit(&self, source: &Source, chunk: &Json) {
        self.listener.emit(source, chunk);
    }

    fn upkeep(&self, upkeep: &Upkeep) {
        self.listener.upkeep(upkeep);
        if let Did::GaveUp(reason) = &upkeep.did {
            let left = LeftRow { run_id: upkeep.run, reason: reason.clone() };
            self.left.lock().unwrap_or_else(PoisonError::into_inner).push(left);
        }
    }
}

pub(super) async fn perform(session: &Session) -> Result<Exit, Failure> {
    let keeper = Arc::new(Keeper { listener: Listener::new(session.ui), left: Mutex::default() });
    let host = session.existing_host_heard_by(keeper.clone()).await?;
    let tenant = session.tenant_on(&host);
    let recovered = host.recover().await?;
    let woken = host.wake_due().await?;
    let taken = recovered.into_iter().map(|run| (run, "recovered"));
    let mut rows = Vec::new();
    for (run_id, why) in taken.chain(woken.into_iter().map(|run| (run, "woken"))) {
        let status = match tenant.run(run_id).await {
            Ok(run) => Some(run.status().await?),
            Err(_) => None,
        };
        rows.push(RecoveredRow { run_id, status, why });
    }
    let left = keeper.left.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let exit = if left.is_empty() { Exit::Done } else { Exit::Unavailable };
    if session.ui.is_json() {
        session.ui.print_json(&RunsRecovered { left: &left, runs: &rows })?;
        return Ok(exit);
    }
    if rows.is_empty() && left.is_empty() {
        session.ui.note("nothing to continue");
        return Ok(exit);
    }
    let style = session.ui.out;
    let line = |row: &RecoveredRow| {
        let status = row.status.map_or("of another tenant", RunStatus::as_str);
        format!("{}  {:<9}  {}\n", row.run_id, row.why, style.status(status))
    };
    session.ui.print(&rows.iter().map(line).collect::<String>())?;
    let told = format!("continued {}", count(rows.len(), "run"));
    session.ui.note(&match left.len() {
        0 => told,
        more => format!("{told}; {} could not be continued", count(more, "run")),
    });
    Ok(exit)
}
