//! The loop: decide, commit, do. The only place where decisions, store and guests meet.

use std::sync::Arc;

use reentry_core::effect::Effect;
use reentry_core::event::Event;
use reentry_core::id::{RunId, SnapshotId, TenantId};
use reentry_core::path::StepPath;
use reentry_core::run::{Call, Decision, Doing, Durability, Refused, Run, Step, apply};
use reentry_core::workflow::Workflow;
use reentry_store::{Commit, CommitError, NewSuspension};
use tokio::task::JoinSet;
use tracing::Instrument;
use tracing::instrument::WithSubscriber;

use crate::error::Error;
use crate::fault::{FaultPoint, Stored};
use crate::host::Inner;
use crate::perform::{Performed, Ready, perform};
use crate::trace;

/// How often a decision is made again because somebody else changed the run first. Each conflict means that somebody else got
/// on, so this many in a row mean that something is wrong.
const CONFLICTS_MAX: usize = 1_000;

/// A run that has stopped, as far as this driver is concerned.
pub(crate) struct Stopped {
    pub(crate) run: Run,
    /// The record of the workflow itself, if the run ended.
    pub(crate) root: Option<Step>,
}

/// Drives a run from an event until none of the calls that followed from it is in flight.
///
/// When it returns, everything it reports is durable.
///
/// # Errors
/// [`Error::Refused`] when the event does not fit the run; then nothing was stored. Any other error leaves the run as it was stored
/// last.
pub(crate) async fn drive(
    host: Arc<Inner>,
    workflow: Arc<Workflow>,
    run: Run,
    event: Event,
    mut ready: Option<Ready>,
) -> Result<Stopped, Error> {
    let mut driver = Driver { host, workflow, run, root: None };
    let mut calls = JoinSet::new();
    let mut effects = driver.step(event, None).await?;
    loop {
        // One call and nothing else in flight is the common case: it runs on this very task.
        let performed = match (effects.as_slice(), calls.is_empty()) {
            ([Effect::Call { path, not_before }], true) => {
                let call = (path.clone(), *not_before);
                driver.perform(call, ready.take()).await?
            }
            _ => {
                for Effect::Call { path, not_before } in effects {
                    let ready = ready.take_if(|ready| ready.path == path);
                    calls.spawn(
                        driver.perform((path, not_before), ready).in_current_span().with_current_subscriber(),
                    );
                }
                match calls.join_next().await {
                    None => return Ok(Stopped { run: driver.run, root: driver.root }),
                    Some(Ok(performed)) => performed?,
                    Some(Err(panic)) => return Err(driver.interrupted(&panic)),
                }
            }
        };
        effects = match driver.step(Event::CallEnded(performed.ended), performed.image).await {
            Ok(effects) => effects,
            // Somebody ended the run, or took the call over: this end of it is of no interest any more.
            Err(Error::Refused(Refused::Stale { .. })) => {
                driver.reload().await?;
                Vec::new()
            }
            Err(error) => return Err(error),
        };
    }
}

struct Driver {
    host: Arc<Inner>,
    workflow: Arc<Workflow>,
    run: Run,
    root: Option<Step>,
}

impl Driver {
    /// Decides about an event and stores the decision, again and again if somebody else was faster.
    async fn step(
        &mut self,
        event: Event,
        image: Option<(SnapshotId, Vec<u8>)>,
    ) -> Result<Vec<Effect>, Error> {
        let what = Stored::of(&event);
        for _ in 0..CONFLICTS_MAX {
            let expected = self.run.version;
            let now = self.host.clock.now();
            let mut decision = apply(self.run.clone(), &self.workflow, event.clone(), now)?;
            let effects = std::mem::take(&mut decision.effects);
            let root = decision.steps.iter().find(|(path, step)| path.is_root() && !step.is_active());
            let (root, run) = (root.map(|(_, step)| step.clone()), decision.run.clone());

            if self.host.durability == Durability::Visible {
                decision.durability = Durability::Visible;
            }
            self.host.fault(FaultPoint::BeforeCommit(what));
            match self.host.store.commit(commit(expected, decision, image.clone())).await {
                Ok(()) => {
                    self.host.fault(FaultPoint::AfterCommit(what));
                    if let (Stored::Started | Stored::Resumed, Some(span)) = (what, &run.span) {
                        trace::record(span);
                    }
                    self.run = run;
                    self.root = root;
                    return Ok(effects);
                }
                Err(CommitError::Store(error)) => return Err(error.into()),
                Err(_) => self.reload().await?,
            }
        }
        Err(self.interrupted(&"it is changed by others all the time"))
    }

    fn perform(
        &self,
        call: (StepPath, Option<reentry_core::time::Timestamp>),
        ready: Option<Ready>,
    ) -> impl Future<Output = Result<Performed, Error>> + Send + 'static {
        let (host, workflow) = (Arc::clone(&self.host), Arc::clone(&self.workflow));
        perform(host, Arc::new(self.run.clone()), workflow, call, ready)
    }

    async fn reload(&mut self) -> Result<(), Error> {
        self.run = load(&self.host, &self.run.tenant, self.run.id).await?;
        self.root = match self.run.status().is_final() {
            true => self.host.store.step(self.run.id, &StepPath::root()).await?,
            false => None,
        };
        Ok(())
    }

    fn interrupted(&self, reason: &dyn std::fmt::Display) -> Error {
        Error::Interrupted { run: self.run.id, reason: reason.to_string() }
    }
}

/// Reads a run.
pub(crate) async fn load(host: &Inner, tenant: &TenantId, id: RunId) -> Result<Run, Error> {
    host.store.run(tenant, id).await?.ok_or(Error::NoRun(id))
}

/// What a decision changes, for the store.
fn commit(expected: u64, decision: Decision, image: Option<(SnapshotId, Vec<u8>)>) -> Commit {
    // The decision may have refused the suspension that the image belongs to.
    let images = image.into_iter().filter(|(id, _)| decision.steps.iter().any(|(_, step)| keeps(step, *id)));
    let opened = decision.opened.into_iter().map(|(path, suspension)| NewSuspension::of(path, &suspension));
    Commit {
        images: images.collect(),
        opened: opened.collect(),
        steps: decision.steps,
        closed: decision.closed,
        dropped_images: decision.dropped_images,
        ..Commit::new(decision.run, Some(expected), decision.durability)
    }
}

/// Whether a step's record leads to an image.
fn keeps(step: &Step, image: SnapshotId) -> bool {
    match &step.doing {
        Doing::Waiting(suspension) => suspension.image == Some(image),
        Doing::Calling(_, Call::Resume(resume)) => resume.image == Some(image),
        _ => false,
    }
}
