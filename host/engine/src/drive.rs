//! The loop: decide, commit, do. The only place where decisions, store and guests meet.

use reentry_core::effect::Effect;
use reentry_core::event::{Event, Received};
use reentry_core::id::SuspensionId;
use reentry_core::path::StepPath;
use reentry_core::run::{Refused, Run, Step};
use reentry_core::step::WaitFor;
use reentry_core::time::Timestamp;
use tokio::task::JoinSet;
use tracing::Instrument;
use tracing::instrument::WithSubscriber;

use crate::decide::Decider;
use crate::error::Error;
use crate::perform::{Performed, Ready, perform};

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
    decider: Decider,
    event: Event,
    ready: Option<Ready>,
) -> Result<Stopped, Error> {
    let mut driver = Driver { decider, calls: JoinSet::new(), ready };
    let effects = driver.decider.step(event, None).await?;
    driver.go_on(effects).await
}

/// The same for a run that is stored already, with something to be done.
pub(crate) async fn drive_on(decider: Decider, effects: Vec<Effect>) -> Result<Stopped, Error> {
    Driver { decider, calls: JoinSet::new(), ready: None }.go_on(effects).await
}

struct Driver {
    decider: Decider,
    calls: JoinSet<Result<Performed, Error>>,
    ready: Option<Ready>,
}

impl Driver {
    async fn go_on(mut self, effects: Vec<Effect>) -> Result<Stopped, Error> {
        let mut effects = effects;
        loop {
            let performed = match self.calls_of(effects).await?.as_slice() {
                // One call and nothing else in flight is the common case: it runs on this very task.
                [(path, not_before)] if self.calls.is_empty() => {
                    let ready = self.ready.take();
                    self.perform((path.clone(), *not_before), ready).await?
                }
                calls => {
                    for (path, not_before) in calls {
                        let ready = self.ready.take_if(|ready| ready.path == *path);
                        let call = self.perform((path.clone(), *not_before), ready);
                        self.calls.spawn(call.in_current_span().with_current_subscriber());
                    }
                    match self.calls.join_next().await {
                        None => return Ok(Stopped { run: self.decider.run, root: self.decider.root }),
                        Some(Ok(performed)) => performed?,
                        Some(Err(panic)) => return Err(self.decider.interrupted(&panic)),
                    }
                }
            };
            effects = self.event(Event::CallEnded(performed.ended), performed.image).await?;
        }
    }

    /// Does what can be done at once, and gives the calls that are left to be made.
    async fn calls_of(
        &mut self,
        effects: Vec<Effect>,
    ) -> Result<Vec<(StepPath, Option<Timestamp>)>, Error> {
        let (mut calls, mut left) = (Vec::new(), effects);
        while let Some(effect) = left.pop() {
            match effect {
                Effect::Call { path, not_before } => calls.push((path, not_before)),
                Effect::Continue { path } => {
                    let owner = self.decider.host.owner;
                    left.extend(self.event(Event::Continued { path, owner }, None).await?);
                }
                Effect::Collect { path, suspension } => {
                    if let Some(event) = self.collect(&path, suspension).await? {
                        left.extend(self.event(event, None).await?);
                    }
                }
            }
        }
        // What comes later in a decision may have ended what came before.
        calls.retain(|(path, _)| self.decider.run.steps.get(path).is_some_and(|step| step.owner().is_some()));
        calls.reverse();
        Ok(calls)
    }

    /// Brings an event to the run. One that is of no interest any more, because somebody ended the run or took the call over, leads to nothing.
    async fn event(
        &mut self,
        event: Event,
        image: Option<(reentry_core::id::SnapshotId, Vec<u8>)>,
    ) -> Result<Vec<Effect>, Error> {
        match self.decider.step(event, image).await {
            Ok(effects) => Ok(effects),
            Err(Error::Refused(Refused::Stale { .. } | Refused::Idle)) => {
                self.decider.reload().await?;
                Ok(Vec::new())
            }
            Err(error) => Err(error),
        }
    }

    /// Looks for a message that came before the step waited for it.
    async fn collect(&self, path: &StepPath, suspension: SuspensionId) -> Result<Option<Event>, Error> {
        let decider = &self.decider;
        let step = decider.run.steps.get(path);
        let Some(open) = step.and_then(|step| step.open().find(|open| open.id == suspension)) else {
            return Ok(None);
        };
        let WaitFor::Event(event) = &open.wait.what else { return Ok(None) };
        let found = decider.host.store.mail(&decider.run.tenant, &event.name, event.key.as_deref(), 1).await?;
        Ok(found.into_iter().next().map(|message| {
            let owner = decider.host.owner;
            Event::Received(Received { suspension, message: message.id, payload: message.payload, owner })
        }))
    }

    fn perform(
        &self,
        call: (StepPath, Option<Timestamp>),
        ready: Option<Ready>,
    ) -> impl Future<Output = Result<Performed, Error>> + Send + 'static {
        let (host, program) = (std::sync::Arc::clone(&self.decider.host), std::sync::Arc::clone(&self.decider.program));
        perform(host, std::sync::Arc::new(self.decider.run.clone()), program, call, ready)
    }
}
