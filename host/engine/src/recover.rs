//! Looking after runs that nobody holds: those whose time has come, and those whose process died.

use std::sync::{Arc, Weak};
use std::time::Duration;

use reentry_core::event::Event;
use reentry_core::id::{RunId, TenantId};
use reentry_core::run::{Doing, Refused, Run};
use reentry_core::workflow::Program;

use crate::decide::{Decider, load};
use crate::error::Error;
use crate::host::{Host, Inner};
use crate::perform::make_ready;
use crate::run::spawned;

/// Most runs that one look at the store brings back; there is another look right after.
const BATCH: usize = 100;

/// Longest time between two looks for timers. Another process may have stored a timer that we know nothing of.
const LOOK_EVERY: Duration = Duration::from_secs(1);

impl Host {
    /// Takes over the calls of processes that died, of whatever tenant, and performs them: each from the same memory, with the same
    /// idempotency key. Returns the runs that were taken over, when all of them have ended or wait again.
    ///
    /// # Errors
    /// Whatever kept the search from going on. A run that cannot be taken over (its snapshot is damaged, say) is
    /// logged and left as it is.
    pub async fn recover(&self) -> Result<Vec<RunId>, Error> {
        recover(&self.inner).await
    }

    /// Wakes runs, of whatever tenant, in which a sleep is over or a deadline has passed. Returns those that were
    /// woken, when all of them have ended or wait again.
    ///
    /// # Errors
    /// As [`Self::recover`].
    pub async fn wake_due(&self) -> Result<Vec<RunId>, Error> {
        wake_due(&self.inner).await
    }
}

/// Starts the tasks that look after runs. They end with the last handle of the host.
pub(crate) fn in_background(host: &Host) {
    let inner = Arc::downgrade(&host.inner);
    tokio::spawn(async move {
        if let Some(inner) = inner.upgrade()
            && let Err(error) = recover(&inner).await
        {
            tracing::error!(%error, "looking for runs of dead processes failed");
        }
        look_for_timers(inner).await;
    });
}

async fn look_for_timers(inner: Weak<Inner>) {
    loop {
        let Some(host) = inner.upgrade() else { return };
        if let Err(error) = wake_due(&host).await {
            tracing::error!(%error, "looking for timers failed");
        }
        let next = host.store.next_due().await.ok().flatten();
        let clock = Arc::clone(&host.clock);
        // Not held while we wait, or the host would never end.
        drop(host);
        match next {
            Some(at) => {
                let _ = tokio::time::timeout(LOOK_EVERY, clock.wait_until(at)).await;
            }
            None => tokio::time::sleep(LOOK_EVERY).await,
        }
    }
}

async fn recover(host: &Arc<Inner>) -> Result<Vec<RunId>, Error> {
    let mut taken = Vec::new();
    loop {
        let orphans = host.store.orphans(BATCH).await?;
        let before = taken.len();
        for (tenant, run, from) in orphans {
            let event = Event::TakenOver { from, by: host.owner };
            if bring(host, &tenant, run, event).await {
                taken.push(run);
            }
        }
        // What is left cannot be taken over: it was logged, and stays.
        if taken.len() == before {
            return Ok(taken);
        }
    }
}

async fn wake_due(host: &Arc<Inner>) -> Result<Vec<RunId>, Error> {
    let mut woken = Vec::new();
    loop {
        let due = host.store.due(host.clock.now(), BATCH).await?;
        let before = woken.len();
        for (tenant, run) in due {
            if bring(host, &tenant, run, Event::TimePassed { owner: host.owner }).await {
                woken.push(run);
            }
        }
        if woken.len() == before {
            return Ok(woken);
        }
    }
}

/// Brings an event to a run and drives it on. Says whether there was anything to do.
async fn bring(host: &Arc<Inner>, tenant: &TenantId, id: RunId, event: Event) -> bool {
    let span = tracing::info_span!("reentry", otel.name = "workflow run (recovered)", run = %id);
    let driven = async {
        let run = load(host, tenant, id).await?;
        let program = host.registry.program(&run).await?;
        check_calls(host, &run, &program, &event).await?;
        let decider = Decider::new(Arc::clone(host), program, run);
        spawned(decider, event, None, span).await
    };
    match driven.await {
        Ok(_) => true,
        // Another process was faster.
        Err(Error::Refused(Refused::Idle)) => false,
        Err(error) => {
            tracing::error!(run = %id, error = %chain(&error), "a run could not be brought on");
            false
        }
    }
}

/// Looks at everything that the calls will need before the run is changed, so that one whose memory is damaged stays as it was.
async fn check_calls(host: &Inner, run: &Run, program: &Program, event: &Event) -> Result<(), Error> {
    for (path, step) in &run.steps {
        let image = match (event, &step.doing) {
            (
                Event::TakenOver { from, .. },
                Doing::Calling(owner, call) | Doing::Retrying(owner, _, call),
            ) if from == owner => call.image(),
            (Event::TimePassed { .. }, Doing::Waiting(waiting))
                if step.due_at().is_some_and(|at| at <= host.clock.now()) =>
            {
                waiting.image
            }
            (Event::Received(received), Doing::Waiting(waiting))
                if step.open().any(|open| open.id == received.suspension) =>
            {
                waiting.image
            }
            _ => continue,
        };
        make_ready(host, run, program, path, image).await?;
    }
    Ok(())
}

fn chain(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", chain(source)),
        None => error.to_string(),
    }
}
