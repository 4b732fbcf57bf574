//! Answers that come too late: so many are kept with their suspension, and further ones are counted.

use reentry_core::actor::By;
use reentry_core::id::SuspensionId;
use reentry_core::run::RunState;
use reentry_store::{LateTry, StoreError, SuspensionFilter};

use crate::error::chain;
use crate::shared::Shared;

/// Notes an answer that came when its suspension was over. Whether that can be done changes nothing for the one
/// who is refused.
pub(crate) async fn came_late(
    host: &Shared,
    run: &RunState,
    suspension: SuspensionId,
    message: String,
    by: By,
) {
    let late = LateTry { suspension, version: run.version, at: host.clock.now(), message, by };
    if let Err(error) = note(host, run, late).await {
        tracing::warn!(run = %run.id, error = %chain(&error), "a late answer could not be noted");
    }
}

async fn note(host: &Shared, run: &RunState, late: LateTry) -> Result<(), StoreError> {
    let filter =
        SuspensionFilter::default().run(run.id).only(vec![late.suspension]).with_ended(true).with_tries(true);
    let found = host.store.list_suspensions(&run.tenant, filter).await?.rows;
    let times = found.first().map_or(0, |row| host.late.count(late.suspension, &row.past));
    match times {
        0 => Ok(()),
        _ => host.store.note_late_try(&run.tenant, run.id, late, times).await,
    }
}
