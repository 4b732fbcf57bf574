//! The loop: decide, commit, do.

use std::pin::Pin;
use std::sync::Arc;

use reentry_core::effect::Effect;
use reentry_core::event::{Event, Received};
use reentry_core::id::SuspensionId;
use reentry_core::path::StepPath;
use reentry_core::run::{Refused, RunState};
use reentry_core::step::WaitFor;
use reentry_core::time::Timestamp;
use reentry_core::trace::TracingOptions;
use tokio::task::JoinSet;
use tracing::Instrument;
use tracing::instrument::WithSubscriber;

use crate::cause::Cause;
use crate::commit::Images;
use crate::decide::Decider;
use crate::error::{Error, chain};
use crate::mailbox;
use crate::perform::{Performed, ToMake, perform};
use crate::span::SpanStatus;
use crate::standing::Standing;
use crate::trace::Place;
use crate::trouble;
use crate::work::Work;

/// What a driver begins with.
pub(crate) struct Task {
    pub(crate) decider: Decider,
    pub(crate) cause: Cause,
    pub(crate) images: Images,
    /// The work that it is, whose span may have its place already.
    pub(crate) work: Work,
}

impl Task {
    pub(crate) fn new(decider: Decider, event: Event, work: Work) -> Self {
        Self { decider, cause: Cause::Event(event), images: Vec::new(), work }
    }
}

/// Drives a run from an event until none of the calls that followed from it is in flight.
///
/// When it returns, everything it reports is durable.
///
/// # Errors
/// [`Error::Interrupted`] leaves the run as it was stored last; with any other error nothing of the event counts.
async fn drive(task: Task) -> Result<Standing, Error> {
    begin(task).await?.go_on().await
}

/// Drives a run on a task of its own, so that a caller who stops listening does not stop the work half-way.
///
/// # Errors
/// As [`drive`].
pub(crate) async fn spawned(task: Task) -> Result<Standing, Error> {
    let (host, run) = (Arc::clone(&task.decider.host), &task.decider.run);
    let (of, span) = ((run.tenant.clone(), run.id), task.work.told());
    trouble::watched(&host, of, span, drive(task)).await
}

/// Decides about the first event and stores that; what follows from it is left to [`Driver::go_on`]. When the event
/// is refused although something was due that came first, what follows from that is left, and the driver ends with
/// the refusal. The work's span gets its place.
///
/// # Errors
/// As [`drive`].
pub(crate) async fn begin(task: Task) -> Result<Driver, Error> {
    let Task { mut decider, cause, images, mut work } = task;
    let decided = decider.step(&cause, images).await;
    let place = match work.place() {
        Some(place) => place.clone(),
        None => {
            let place = placed(&decider, cause.tracing_options().filter(|_| decided.is_ok()), &work).await;
            work.stands(place.clone(), &decider.run);
            place
        }
    };
    let mut effects = std::mem::take(&mut decider.due);
    match decided {
        Ok(more) => effects.extend(more),
        Err(error) if effects.is_empty() => {
            match (&error, cause.is_of_upkeep()) {
                (Error::Refused(Refused::Idle | Refused::Blocked { .. }), true) => work.forget(),
                _ => work.end(SpanStatus::Error(chain(&error))),
            }
            return Err(error);
        }
        Err(error) => {
            // What was due is not what was asked for under the key.
            decider.request = None;
            decider.refused = Some(error);
        }
    }
    Ok(Driver { decider, calls: JoinSet::new(), effects, place, work })
}

/// Where work stands in the trace of a run that has just taken a request with these options, or is continued without
/// one.
async fn placed(decider: &Decider, options: Option<&TracingOptions>, work: &Work) -> Place {
    let (host, run) = (&decider.host, &decider.run);
    match options {
        Some(options) => Place::of_request(host, run, options, decider.earlier.as_ref()),
        None => Place::below(host, run, work.is_heard()).await,
    }
}

/// A run with things to be done.
pub(crate) struct Driver {
    decider: Decider,
    calls: JoinSet<Result<Option<Performed>, Error>>,
    effects: Vec<Effect>,
    /// Where the span stands under which it works.
    place: Place,
    work: Work,
}

impl Driver {
    /// The run as it is stored.
    pub(crate) fn run(&self) -> &RunState {
        &self.decider.run
    }

    /// Goes on, on a task of its own, so that a caller who stops listening does not stop the work half-way.
    ///
    /// # Errors
    /// As [`drive`].
    pub(crate) async fn spawned(self) -> Result<Standing, Error> {
        let (host, run) = (Arc::clone(&self.decider.host), &self.decider.run);
        let (of, span) = ((run.tenant.clone(), run.id), self.work.told());
        trouble::watched(&host, of, span, self.go_on()).await
    }

    /// Goes on by itself. As nobody is told, an error is logged.
    pub(crate) fn left_alone(self) {
        let run = self.decider.run.id;
        let work = async move {
            if let Err(error) = self.spawned().await {
                tracing::error!(%run, error = %chain(&error), "a run could not be continued");
            }
        };
        tokio::spawn(work.with_current_subscriber());
    }

    /// Why the first event was refused, if it was: what is left to be done then is of no interest to whoever brought
    /// it.
    pub(crate) fn take_refusal(&mut self) -> Option<Error> {
        self.decider.refused.take()
    }

    /// Does what there is to do, and what follows from it.
    ///
    /// # Errors
    /// That of a request which was refused, or of an answer that its step refused. Otherwise [`Error::Interrupted`],
    /// whatever went wrong: what was asked for is stored, so that nobody must take it to be refused.
    pub(crate) async fn go_on(mut self) -> Result<Standing, Error> {
        let performed = self.perform_all().await;
        // Nobody would hear of the end of a call that is left.
        self.calls.shutdown().await;
        let ended = match performed {
            Ok(()) => match self.decider.refused.take() {
                Some(refused) => Err(refused),
                None => {
                    // It counts as driven here until the end of its span was told.
                    let Decider { run, program, root, .. } = &mut self.decider;
                    Ok(Standing { run: Arc::clone(run), program: Arc::clone(program), root: root.take() })
                }
            },
            Err(error @ Error::Interrupted { .. }) => Err(error),
            Err(error) => {
                let Decider { host, run, .. } = &self.decider;
                trouble::failed(host, &run.tenant, run.id, &error).await;
                Err(self.decider.interrupted(&chain(&error)))
            }
        };
        self.work.end(match &ended {
            Ok(stopped) => stopped.span_status(),
            Err(error) => SpanStatus::Error(chain(error)),
        });
        ended
    }

    async fn perform_all(&mut self) -> Result<(), Error> {
        loop {
            let effects = std::mem::take(&mut self.effects);
            let performed = match self.calls_of(effects).await?.as_slice() {
                // One call and nothing else in flight is the common case: it runs on this very task.
                [call] if self.calls.is_empty() => self.perform(call.clone()).await?,
                calls => {
                    for call in calls {
                        let call = self.perform(call.clone());
                        self.calls.spawn(call.in_current_span().with_current_subscriber());
                    }
                    match self.calls.join_next().await {
                        None => return Ok(()),
                        Some(Ok(performed)) => performed?,
                        Some(Err(error)) => {
                            let Decider { host, run, .. } = &self.decider;
                            return Err(trouble::panicked(host, &run.tenant, run.id, error).await);
                        }
                    }
                }
            };
            match performed {
                Some(Performed { ended, image, epoch, log }) => {
                    let cause = Cause::CallEnded(Event::CallEnded(ended), epoch, log);
                    self.effects = self
                        .bring(&cause, image.into_iter().map(|(id, bytes)| (id, Arc::new(bytes))).collect())
                        .await?;
                }
                // Somebody else has changed the run.
                None => self.decider.reload().await?,
            }
        }
    }

    /// Does what can be done at once, and gives the calls that are left to be made.
    async fn calls_of(&mut self, effects: Vec<Effect>) -> Result<Vec<(StepPath, Option<Timestamp>)>, Error> {
        let (mut calls, mut left) = (Vec::new(), effects);
        while let Some(effect) = left.pop() {
            match effect {
                Effect::Call { path, not_before } => calls.push((path, not_before)),
                Effect::Continue { path } => {
                    let owner = self.decider.host.owner;
                    let cause = Cause::Event(Event::Continued { path, owner });
                    left.extend(self.bring(&cause, Vec::new()).await?);
                }
                Effect::Collect { path, suspension } => {
                    // Where somebody else is faster to take a message, there may be another one.
                    while let Some(event) = self.collect(&path, suspension).await? {
                        left.extend(self.bring(&Cause::Event(event), Vec::new()).await?);
                    }
                }
            }
        }
        // What comes later in a decision may have ended what came before.
        calls.retain(|(path, _)| self.decider.run.steps.get(path).is_some_and(|step| step.owner().is_some()));
        calls.reverse();
        Ok(calls)
    }

    /// Brings an event to the run. One that is of no interest any more, because somebody ended the run or took the
    /// call over, leads to nothing.
    async fn bring(&mut self, cause: &Cause, images: Images) -> Result<Vec<Effect>, Error> {
        let decided = self.decider.step(cause, images).await;
        let mut effects = std::mem::take(&mut self.decider.due);
        match decided {
            Ok(more) => effects.extend(more),
            Err(Error::Refused(Refused::Stale { .. } | Refused::Idle | Refused::Blocked { .. })) => {
                self.decider.reload().await?;
            }
            Err(error) => return Err(error),
        }
        Ok(effects)
    }

    /// Looks for a message that came before the step waited for it.
    async fn collect(&self, path: &StepPath, suspension: SuspensionId) -> Result<Option<Event>, Error> {
        let decider = &self.decider;
        let step = decider.run.steps.get(path);
        let Some(open) = step.and_then(|step| step.open().find(|open| open.id == suspension)) else {
            return Ok(None);
        };
        let WaitFor::Event(event) = &open.wait.what else { return Ok(None) };
        let tenant = &decider.run.tenant;
        let found = mailbox::first(&decider.host, tenant, &event.name, event.key.as_deref()).await?;
        Ok(found.map(|message| {
            let owner = decider.host.owner;
            let (payload, by) = (message.payload, message.by);
            Event::Received(Received { suspension, message: message.id, payload, by, owner })
        }))
    }

    /// In a box: it is large, and a part of what drives the run, which is moved.
    fn perform(
        &mut self,
        (path, not_before): (StepPath, Option<Timestamp>),
    ) -> Pin<Box<dyn Future<Output = Result<Option<Performed>, Error>> + Send>> {
        let at = self.decider.ready.iter().position(|ready| ready.path == path);
        let ready = at.map(|at| self.decider.ready.swap_remove(at));
        let Decider { host, program, run, .. } = &self.decider;
        let run = Arc::clone(run);
        let call = ToMake { path, not_before, place: self.place.clone() };
        Box::pin(perform(Arc::clone(host), run, Arc::clone(program), call, ready))
    }
}
