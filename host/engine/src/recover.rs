//! Looking for runs that no driver holds: those whose time has come, those whose process died, and those whose driver
//! gave up.

use std::sync::Arc;

use reentry_core::event::Event;
use reentry_core::id::{OwnerId, RunId, TenantId};
use reentry_store::Except;
use tokio::task::JoinSet;
use tracing::instrument::WithSubscriber;

use crate::error::Error;
use crate::host::Host;
use crate::shared::Shared;
use crate::upkeep::bring_logged;

/// Most runs that one look at the store brings back; there is another look right after.
pub(crate) const BATCH: usize = 100;

impl Host {
    /// Takes over the calls of processes that died, of whatever tenant, and those that this host itself gave up, and
    /// performs them: each from the same memory, with the same idempotency key. Returns the runs that were taken
    /// over, when all of them have ended or wait again.
    ///
    /// # Errors
    /// Whatever kept the search from going on. A run that cannot be taken over (its snapshot is damaged, say) is
    /// logged and left as it is.
    pub async fn recover(&self) -> Result<Vec<RunId>, Error> {
        let host = &self.shared;
        bring_on(host, async |left| {
            let mut found = orphans(host, left).await?;
            found.extend(given_up(host, left).await?);
            Ok(found)
        })
        .await
    }

    /// Wakes runs, of whatever tenant, in which a sleep is over or a deadline has passed. Returns those that were
    /// woken, when all of them have ended or wait again.
    ///
    /// # Errors
    /// As [`Self::recover`].
    pub async fn wake_due(&self) -> Result<Vec<RunId>, Error> {
        bring_on(&self.shared, async |left| due(&self.shared, left).await).await
    }
}

/// A run to which an event is to be brought.
pub(crate) type Found = (TenantId, RunId, Event);

/// Drives every run that `look` finds until none makes progress. Failures are logged and skipped.
async fn bring_on(
    host: &Arc<Shared>,
    look: impl AsyncFn(&Except<RunId>) -> Result<Vec<Found>, Error>,
) -> Result<Vec<RunId>, Error> {
    let (mut brought, mut left) = (Vec::new(), Except::default());
    loop {
        let found = look(&left).await?;
        if found.is_empty() {
            return Ok(brought);
        }
        left.ids.extend(found.iter().map(|(_, run, _)| *run));
        let some = bring_all(host, found).await;
        some.iter().for_each(|run| _ = left.ids.remove(run));
        brought.extend(some);
    }
}

/// Claims runs with calls of dead processes, but for some.
pub(crate) async fn orphans(host: &Shared, except: &Except<RunId>) -> Result<Vec<Found>, Error> {
    let taken_over = |from: OwnerId| Event::TakenOver { from, by: host.owner };
    let found = host.store.claim_orphans(host.owner, host.clock.now(), except, BATCH).await?;
    Ok(found.into_iter().map(|(tenant, run, from)| (tenant, run, taken_over(from))).collect())
}

/// Runs with calls of this host's that none of its drivers makes: the one that did could not go on. But for some.
pub(crate) async fn given_up(host: &Shared, except: &Except<RunId>) -> Result<Vec<Found>, Error> {
    let owned = host.store.owned(host.owner).await?;
    let event = Event::TakenOver { from: host.owner, by: host.owner };
    let nobody =
        owned.into_iter().filter(|(tenant, run)| host.flights.of(*run) == 0 && !except.holds(tenant, run));
    Ok(nobody.map(|(tenant, run)| (tenant, run, event.clone())).collect())
}

/// Claims runs in which something is due, but for some.
pub(crate) async fn due(host: &Shared, except: &Except<RunId>) -> Result<Vec<Found>, Error> {
    let event = Event::TimePassed { owner: host.owner };
    let found = host.store.claim_due(host.owner, host.clock.now(), except, BATCH).await?;
    Ok(found.into_iter().map(|(tenant, run)| (tenant, run, event.clone())).collect())
}

/// Brings all these on at once, and waits for the ends. Returns those for which there was anything to do.
async fn bring_all(host: &Arc<Shared>, found: Vec<Found>) -> Vec<RunId> {
    let mut runs = JoinSet::new();
    for (tenant, run, event) in found {
        let host = Arc::clone(host);
        let bringing = async move { (run, bring_logged(&host, &tenant, run, event).await) };
        // The caller may have a subscriber of its own; the task would see the global one.
        runs.spawn(bringing.with_current_subscriber());
    }
    let mut brought = Vec::new();
    while let Some(ended) = runs.join_next().await {
        if let Ok((run, Ok(true))) = ended {
            brought.push(run);
        }
    }
    brought.sort_unstable();
    brought.dedup();
    brought
}
