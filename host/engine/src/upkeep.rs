//! Continuing a run without a caller: an event is brought to it, and observers are told how far it came.

use std::sync::Arc;

use reentry_core::event::Event;
use reentry_core::failure;
use reentry_core::id::{RunId, TenantId};
use reentry_core::path::StepPath;
use reentry_core::run::{EntryRecord, Refused, RunState};

use crate::decide::Decider;
use crate::drive::{Task, begin};
use crate::error::{Error, chain};
use crate::observer::{Did, Upkeep};
use crate::shared::Shared;
use crate::standing::load_with_program;
use crate::trouble;
use crate::work::Work;

/// Brings an event to a run and drives it on; says whether there was anything to do. An error is logged.
pub(crate) async fn bring_logged(
    host: &Arc<Shared>,
    tenant: &TenantId,
    id: RunId,
    event: Event,
) -> Result<bool, Error> {
    let brought = bring(host, tenant, id, event).await;
    if let Err(error) = &brought {
        let did = Did::GaveUp(chain(error));
        host.observer.upkeep(&Upkeep { tenant: tenant.clone(), run: id, did, steps: Vec::new() });
        // Another host may be able to.
        if let Err(error) = host.store.let_go(host.owner, &[id]).await {
            tracing::warn!(run = %id, %error, "a run that could not go on stays claimed for a while");
        }
    }
    brought
}

async fn bring(host: &Arc<Shared>, tenant: &TenantId, id: RunId, event: Event) -> Result<bool, Error> {
    let (did, name) = match &event {
        Event::TakenOver { .. } => (Did::TookOver, "workflow run (taken over)"),
        _ => (Did::Woke, "workflow run (woken)"),
    };
    let work = Work::on(host, name, id);
    let span = work.told();
    let (shared, of) = (Arc::clone(host), tenant.clone());
    let doing = async move {
        shared.check_active(&of).await?;
        let task = prepared(&shared, &of, id, event, work).await?;
        match begin_told(task, of.clone(), did).await {
            Ok(going) => going.await.map(|()| true),
            // Somebody else was faster, or has blocked it.
            Err(Error::Refused(Refused::Idle | Refused::Blocked { .. })) => Ok(false),
            Err(error @ Error::Refused(Refused::EndsHosts { .. })) => {
                trouble::block(&shared, &of, id, &trouble::verdict(&failure::ENDS_HOSTS, &error)).await;
                Err(error)
            }
            Err(error) => {
                trouble::block_without_grant(&shared, &of, id, &error).await;
                Err(error)
            }
        }
    };
    trouble::watched(host, (tenant.clone(), id), span, doing).await
}

/// Decides about the first event, stores that, and tells what was done. What is left to do is returned: it drives the
/// run on and tells how far it came.
pub(crate) async fn begin_told(
    task: Task,
    tenant: TenantId,
    did: Did,
) -> Result<impl Future<Output = Result<(), Error>> + Send + 'static, Error> {
    let (host, run) = (Arc::clone(&task.decider.host), task.decider.run.id);
    let mut driver = begin(task).await?;
    if let Some(refused) = driver.take_refusal() {
        // What was due came first; that goes on by itself.
        driver.left_alone();
        return Err(refused);
    }
    let tell = move |did, steps| host.observer.upkeep(&Upkeep { tenant: tenant.clone(), run, did, steps });
    tell(did, told(driver.run(), |step| step.owner().is_some()));
    Ok(async move {
        let stopped = driver.go_on().await?;
        let steps = told(&stopped.run, |step| step.open().next().is_some());
        tell(Did::Brought(stopped.run.status()), steps);
        Ok(())
    })
}

/// Some of the steps of a run.
fn told(run: &RunState, which: impl Fn(&EntryRecord) -> bool) -> Vec<StepPath> {
    let steps = run.steps.iter().filter(|(_, step)| which(step));
    steps.map(|(path, _)| path.clone()).take(Upkeep::STEPS_MAX).collect()
}

/// A run with an event that is to be brought to it. That the run cannot be read is counted.
pub(crate) async fn prepared(
    host: &Arc<Shared>,
    tenant: &TenantId,
    id: RunId,
    event: Event,
    work: Work,
) -> Result<Task, Error> {
    match load_with_program(host, tenant, id).await {
        Ok((run, program)) => Ok(Task::new(Decider::new(Arc::clone(host), program, run), event, work)),
        Err(error) => {
            trouble::unreadable(host, tenant, id, &error).await;
            Err(error)
        }
    }
}
