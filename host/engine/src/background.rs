//! What a host looks after by itself, as long as it lives.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use reentry_core::id::{MessageId, RunId, TenantId};
use reentry_core::time::Timestamp;
use reentry_store::StoreError;
use reentry_store::mail::EXPIRED_MAX;
use tokio::sync::Notify;
use tokio::task::JoinError;

use crate::clock::within;
use crate::delivery::{Delivery, deliver};
use crate::error::Error;
use crate::host::Host;
use crate::recover::{BATCH, Found, due, given_up, orphans};
use crate::shared::Shared;
use crate::tended::{Busy, Tended};
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

/// Whether the store could not be asked because the runtime of the program ends: nothing is wrong then.
fn is_end_of_program(error: &Error) -> bool {
    let Error::Store(StoreError::Unavailable(source)) = error else { return false };
    source.downcast_ref::<JoinError>().is_some_and(JoinError::is_cancelled)
}

async fn look(shared: Weak<Shared>) {
    let more = Arc::new(Notify::new());
    let work = Work {
        runs: Arc::new(Tended::new(Arc::clone(&more))),
        mail: Arc::new(Tended::new(Arc::clone(&more))),
    };
    let mut tidied: Option<Duration> = None;
    loop {
        let Some(host) = shared.upgrade() else { return };
        if host.stop.is_asked_for() {
            return;
        }
        match look_once(&host, &work).await {
            Ok(begun) => host.stop.looked(begun == 0 && work.are_none_busy() && host.flights.are_none()),
            Err(error) if is_end_of_program(&error) => return,
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
            () = more.notified() => {}
            _ = within(&*clock, LOOK_EVERY, sooner) => {}
        }
    }
}

/// What is being brought on.
struct Work {
    runs: Arc<Tended<RunId>>,
    mail: Arc<Tended<MessageId>>,
}

impl Work {
    fn are_none_busy(&self) -> bool {
        self.runs.are_none_busy() && self.mail.are_none_busy()
    }
}

/// Begins what there is to do; says how much that was.
async fn look_once(host: &Arc<Shared>, Work { runs, mail }: &Work) -> Result<usize, Error> {
    let (mut begun, except) = (0, runs.except(host.clock.uptime()));
    for found in [orphans(host, &except).await?, given_up(host, &except).await?, due(host, &except).await?] {
        for one in found {
            begun += usize::from(bring_on(host, runs, one));
        }
    }
    let mut by_tenant: HashMap<TenantId, Vec<Busy<MessageId>>> = HashMap::new();
    let uptime = host.clock.uptime();
    let except = mail.except(uptime);
    for (tenant, id) in host.store.claim_mail(host.owner, host.clock.now(), &except, BATCH).await? {
        if let Some(busy) = mail.begin(&tenant, id, uptime) {
            begun += 1;
            by_tenant.entry(tenant).or_default().push(busy);
        }
    }
    for (tenant, messages) in by_tenant {
        tokio::spawn(deliver_all(Arc::clone(host), tenant, messages));
    }
    Ok(begun)
}

/// Brings a run on, beside the looking: its calls may take long. Says whether that was begun.
fn bring_on(host: &Arc<Shared>, runs: &Arc<Tended<RunId>>, (tenant, run, event): Found) -> bool {
    let Some(busy) = runs.begin(&tenant, run, host.clock.uptime()) else { return false };
    let host = Arc::clone(host);
    tokio::spawn(async move {
        let brought = bring_logged(&host, &tenant, run, event).await;
        busy.went(brought.is_ok(), host.clock.uptime());
    });
    true
}

/// Delivers messages of one tenant, one after the other, beside the looking: what they lead to may take long to decide.
async fn deliver_all(host: Arc<Shared>, tenant: TenantId, messages: Vec<Busy<MessageId>>) {
    let mut left = Vec::new();
    for busy in messages {
        let (id, busy) = (busy.key(), Arc::new(busy));
        let delivered = match host.store.message(&tenant, id).await {
            // What follows from it counts as much as the delivery.
            Ok(Some(message)) => deliver(&host, &message, Arc::clone(&busy)).await,
            Ok(None) => continue,
            Err(error) => Err(error.into()),
        };
        match delivered {
            Ok(Delivery::To(_) | Delivery::Before) => continue,
            // None of those who wait for it can take it.
            Ok(Delivery::Nobody) => {}
            Err(error) if is_end_of_program(&error) => return,
            Err(error) => tracing::error!(%tenant, message = %id, %error, "an event could not be delivered"),
        }
        busy.went(false, host.clock.uptime());
        left.push(id);
    }
    if !left.is_empty()
        && let Err(error) = host.store.let_go_of_mail(host.owner, &left).await
    {
        tracing::warn!(%tenant, %error, "messages that were not delivered stay claimed for a while");
    }
}

async fn drop_old_mail(host: &Shared) -> Result<(), Error> {
    let now = host.clock.now();
    let taken_before = Timestamp(now.0.saturating_sub(TAKEN_KEPT_MS));
    while host.store.expire_mail(now, taken_before).await? >= EXPIRED_MAX {}
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> Error {
        StoreError::Unavailable(Box::new(error)).into()
    }

    #[test]
    fn work_that_the_end_of_the_program_leaves_is_no_fault() {
        let [ended, other] =
            [(), ()].map(|()| tokio::runtime::Builder::new_current_thread().build().unwrap());
        let handle = ended.handle().clone();
        drop(ended);
        let waits = handle.spawn_blocking(|| ());
        let left = other.block_on(waits).unwrap_err();
        assert!(is_end_of_program(&unavailable(left)));
        let panicked = other.block_on(async { tokio::spawn(async { panic!("a fault") }).await }).unwrap_err();
        assert!(!is_end_of_program(&unavailable(panicked)));
        assert!(!is_end_of_program(&unavailable(std::io::Error::other("disk"))));
    }
}
