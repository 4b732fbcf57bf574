//! What a host looks after by itself, as long as it lives.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use reentry_core::id::{MessageId, RunId};
use reentry_core::time::Timestamp;
use reentry_store::mail::EXPIRED_MAX;
use tokio::sync::Notify;

use crate::clock::within;
use crate::delivery::{Delivery, deliver};
use crate::error::Error;
use crate::host::Host;
use crate::put_off::PutOff;
use crate::recover::{BATCH, Found, due, given_up, orphans};
use crate::shared::Shared;
use crate::upkeep::bring_logged;

/// Longest time between two looks. What another process stores, this one learns of only by looking.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Time between two looks for messages that are of no use any more.
const TIDY_EVERY: Duration = Duration::from_secs(60);

/// How long a message that somebody got is remembered, so that the same one sent again is recognised, in
/// milliseconds: a week.
const TAKEN_KEPT_MS: u64 = 7 * 24 * 3_600_000;

/// Starts the task that looks after runs. It ends with the last handle of the host.
pub(crate) fn start(host: &Host) {
    tokio::spawn(look(Arc::downgrade(&host.shared)));
}

async fn look(shared: Weak<Shared>) {
    let runs = Arc::new(Runs::default());
    let mut mail = PutOff::default();
    let mut tidied: Option<Duration> = None;
    loop {
        let Some(host) = shared.upgrade() else { return };
        if host.stop.is_asked_for() {
            return;
        }
        match look_once(&host, &runs, &mut mail).await {
            Ok(begun) => host.stop.looked(begun == 0 && runs.are_none_busy() && host.flights.are_none()),
            Err(error) => tracing::error!(%error, "looking after runs failed"),
        }
        if tidied.is_none_or(|at| host.clock.uptime().saturating_sub(at) >= TIDY_EVERY) {
            tidied = Some(host.clock.uptime());
            if let Err(error) = drop_old_mail(&host).await {
                tracing::error!(%error, "dropping old messages failed");
            }
        }
        let next = host.store.next_due(host.clock.now()).await.ok().flatten();
        let clock = Arc::clone(&host.clock);
        // Not held while we wait, or the host would never end.
        drop(host);
        let sooner = async {
            match next {
                Some(at) => clock.wait_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            // What was begun is done: there may be more than one look brings.
            () = runs.done.notified() => {}
            _ = within(&*clock, LOOK_EVERY, sooner) => {}
        }
    }
}

/// Begins what there is to do; says how much that was.
async fn look_once(
    host: &Arc<Shared>,
    runs: &Arc<Runs>,
    mail: &mut PutOff<MessageId>,
) -> Result<usize, Error> {
    let (mut begun, held) = (0, runs.held(host.clock.uptime()));
    for found in [orphans(host, &held).await?, given_up(host, &held).await?, due(host, &held).await?] {
        for one in found {
            begun += usize::from(bring_on(host, runs, one));
        }
    }
    let held = mail.held(host.clock.uptime());
    let mut left = Vec::new();
    for (tenant, id) in host.store.claim_mail(host.owner, host.clock.now(), &held, BATCH).await? {
        let Some(message) = host.store.message(&tenant, id).await? else { continue };
        match deliver(host, &message).await? {
            Delivery::To(_) => begun += 1,
            Delivery::Before => {}
            // None of those who wait for it can take it.
            Delivery::Nobody => {
                mail.add(id, host.clock.uptime());
                left.push(id);
            }
        }
    }
    if !left.is_empty() {
        host.store.let_go_of_mail(host.owner, &left).await?;
    }
    Ok(begun)
}

/// Brings a run on, beside the looking: its calls may take long. Says whether that was begun.
fn bring_on(host: &Arc<Shared>, runs: &Arc<Runs>, (tenant, run, event): Found) -> bool {
    let Some(busy) = runs.begin(run, host.clock.uptime()) else { return false };
    let host = Arc::clone(host);
    tokio::spawn(async move {
        let brought = bring_logged(&host, &tenant, run, event).await;
        busy.end(brought.is_ok(), host.clock.uptime());
    });
    true
}

async fn drop_old_mail(host: &Shared) -> Result<(), Error> {
    let now = host.clock.now();
    let taken_before = Timestamp(now.0.saturating_sub(TAKEN_KEPT_MS));
    while host.store.expire_mail(now, taken_before).await? >= EXPIRED_MAX {}
    Ok(())
}

/// Runs that are being continued, and those that could not be.
#[derive(Default)]
struct Runs {
    state: Mutex<State>,
    /// None is being continued any more.
    done: Notify,
}

#[derive(Default)]
struct State {
    busy: HashSet<RunId>,
    put_off: PutOff<RunId>,
}

/// A run that is being continued, until this is dropped.
struct Busy(Arc<Runs>, RunId);

impl Runs {
    fn begin(self: &Arc<Self>, run: RunId, now: Duration) -> Option<Busy> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.put_off.holds(&run, now) || !state.busy.insert(run) {
            return None;
        }
        Some(Busy(Arc::clone(self), run))
    }

    /// Those that are not to be looked for now.
    fn held(&self, now: Duration) -> HashSet<RunId> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut held = state.put_off.held(now);
        held.extend(&state.busy);
        held
    }

    fn are_none_busy(&self) -> bool {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).busy.is_empty()
    }
}

impl Busy {
    fn end(self, well: bool, now: Duration) {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        match well {
            true => state.put_off.remove(&self.1),
            false => state.put_off.add(self.1, now),
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.busy.remove(&self.1);
        if state.busy.is_empty() {
            self.0.done.notify_one();
        }
    }
}
