//! Moving a waiting run to another version of its workflow, with what its steps know.

mod step;

use std::collections::BTreeMap;
use std::sync::Arc;

use reentry_core::actor::By;
use reentry_core::digest::{ComponentDigest, WorkflowDigest};
use reentry_core::event::{Event, Migrated};
use reentry_core::id::RunId;
use reentry_core::path::StepPath;
use reentry_core::run::{Known, NoDecision, Refused, RunState, apply};
use reentry_core::workflow::Program;
use tracing::Instrument;

use crate::cause::Cause;
use crate::commit::Images;
use crate::decide::{Decider, fetch};
use crate::drive::{Task, spawned};
use crate::error::{Error, chain};
use crate::options::ActOptions;
use crate::run::Run;
use crate::span::SpanStatus;
use crate::trace::Place;
use crate::who;
use crate::work::Work;

/// How often a move is prepared anew because the run changed meanwhile. Preparing calls guests; a run that changes
/// faster than that does not wait.
const TRIES_MAX: usize = 8;

/// A run that moved to another version of its workflow, or would.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Migration {
    /// The run.
    pub run_id: RunId,
    /// The version that it followed.
    pub from: WorkflowDigest,
    /// The version that it follows now; the same as `from` when there was nothing to do.
    pub to: WorkflowDigest,
    /// The steps that go on in another component.
    pub steps: Vec<MigratedStep>,
}

/// A step that goes on in another component.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MigratedStep {
    /// The step.
    pub path: StepPath,
    /// The component that it began in.
    pub from: ComponentDigest,
    /// The component that it goes on in.
    pub to: ComponentDigest,
    /// Size of the state that one exported and the other one took up; `None` for a step that has no memory.
    pub state_bytes: Option<usize>,
}

impl Migration {
    /// Makes that of a run which moved with these steps, for tests of what shows it.
    pub fn new(run_id: RunId, from: WorkflowDigest, to: WorkflowDigest, steps: Vec<MigratedStep>) -> Self {
        Self { run_id, from, to, steps }
    }
}

impl MigratedStep {
    /// Makes that of a step without memory, for tests of what shows it.
    pub fn new(path: StepPath, from: ComponentDigest, to: ComponentDigest) -> Self {
        Self { path, from, to, state_bytes: None }
    }
}

/// What of a move is stored.
#[derive(Clone, Copy)]
enum Keep {
    All,
    Nothing,
}

/// A move that was tried out on the guests, and of which nothing is stored.
struct Rehearsal {
    old: Arc<Program>,
    new: Arc<Program>,
    event: Migrated,
    images: Images,
    steps: Vec<MigratedStep>,
}

impl Run {
    /// Moves the run to another version of its workflow, which it follows from now on. Its open entries must stand
    /// there as they stand in the run. A step that has begun and is of another component there exports its state from
    /// the old one and is taken up by the new one, where it must wait for the same. Whoever can answer it now can do
    /// so afterwards, under the same addresses. All steps move in one change; durable on return. A run that follows
    /// the version already stays as it is.
    ///
    /// # Errors
    /// `NotFound` when the tenant has no such version; `Conflict` when the run does not wait, or cannot move, with
    /// the step and the reason; `Damaged` when a kept memory is not what was written. The run stays exactly as it is.
    pub async fn migrate(&self, to: WorkflowDigest) -> Result<Migration, Error> {
        self.migrate_with(to, ActOptions::default()).await
    }

    /// Moves the run as [`Self::migrate`] does, and records who asked for it.
    ///
    /// # Errors
    /// As [`Self::migrate`]; `Refused` for a name or a comment that is too long.
    pub async fn migrate_with(&self, to: WorkflowDigest, options: ActOptions) -> Result<Migration, Error> {
        self.moved(to, Keep::All, who::acting(options)?).await
    }

    /// Tries out a move, guests included, and keeps nothing of it.
    ///
    /// # Errors
    /// As [`Self::migrate`].
    pub async fn try_migrate(&self, to: WorkflowDigest) -> Result<Migration, Error> {
        self.moved(to, Keep::Nothing, By::default()).await
    }

    /// Moves the run, again if it changed meanwhile.
    async fn moved(&self, to: WorkflowDigest, keep: Keep, by: By) -> Result<Migration, Error> {
        let mut tries = 0;
        loop {
            let run = self.load().await?;
            let (run_id, from, version) = (run.id, run.workflow, run.version);
            if from == to {
                return Ok(Migration { run_id, from, to, steps: Vec::new() });
            }
            let error = match self.attempt(run, to, keep, by.clone()).await {
                Ok(steps) => return Ok(Migration { run_id, from, to, steps }),
                Err(error) => error,
            };
            // What is wrong may be wrong only because somebody else brought the run on under our hands.
            tries += 1;
            if tries == TRIES_MAX || self.load().await?.version == version {
                return Err(error);
            }
        }
    }

    async fn attempt(
        &self,
        run: RunState,
        to: WorkflowDigest,
        keep: Keep,
        by: By,
    ) -> Result<Vec<MigratedStep>, Error> {
        let host = &self.tenant.shared;
        let mut work = Work::on(host, "workflow run (migrated)", run.id);
        let place = Place::below(host, &run, work.is_heard()).await;
        work.stands(place.clone(), &run);
        let prepared = self.prepare(&run, to, by, &place).instrument(work.told()).await;
        let Rehearsal { old, new, event, images, steps } = match prepared {
            Ok(prepared) => prepared,
            Err(error) => {
                work.end(SpanStatus::Error(chain(&error)));
                return Err(error);
            }
        };
        match keep {
            Keep::All => {
                let decider = Decider::new(Arc::clone(host), old, run);
                let cause = Cause::Event(Event::Migrated(event));
                spawned(Task { decider, cause, images, work }).await?;
            }
            Keep::Nothing => {
                let decided = self.decide(&run, &new, event).await;
                work.end(SpanStatus::of(&decided));
                decided?;
            }
        }
        Ok(steps)
    }

    /// Makes the decision, which is then forgotten.
    async fn decide(&self, run: &RunState, new: &Program, event: Migrated) -> Result<(), Error> {
        let (host, event) = (&self.tenant.shared, Event::Migrated(event));
        let mut known = Known::of(host.policy(&run.tenant).await?.quotas);
        loop {
            match apply(run.clone(), new, event.clone(), host.clock.now(), &known) {
                Ok(_) => return Ok(()),
                Err(NoDecision::Refused(refused)) => return Err(refused.into()),
                // A run moves whatever is due in it.
                Err(NoDecision::Due) => return Err(Refused::Idle.into()),
                Err(NoDecision::Missing(missing)) => {
                    fetch(host, (&run.tenant, run.id), missing, &mut known).await?
                }
            }
        }
    }

    /// Moves each step that has to move, guests included; nothing of it is stored.
    async fn prepare(
        &self,
        run: &RunState,
        to: WorkflowDigest,
        by: By,
        place: &Place,
    ) -> Result<Rehearsal, Error> {
        let host = &self.tenant.shared;
        let registry = &host.registry;
        registry.workflow_of(&run.tenant, to).await?;
        let (old, new) = (registry.program(run).await?, registry.program_of(to, &run.called).await?);
        let (mut moved, mut images, mut steps) = (BTreeMap::new(), Images::new(), Vec::new());
        let shared = Arc::new(run.clone());
        for (path, step) in &run.steps {
            let Some(change) = step::Change::of(run, &old, &new, path, step) else { continue };
            let span_id = host.chance.span_id();
            let span = place.of_move(host, run, path, span_id);
            let carried = change.carry_out(host, &shared, &old, place.told(span_id));
            let there = carried.instrument(span.told.clone()).await.map_err(|obstacle| match obstacle {
                step::Obstacle::Step(reason) => {
                    let reason = format!("step `{path}` {reason}");
                    Refused::NotMigratable { from: run.workflow, to, reason }.into()
                }
                step::Obstacle::Host(error) => error,
            });
            span.end(SpanStatus::of(&there));
            let there = there?;
            let state_bytes = there.as_ref().map(|there| there.state_bytes);
            steps.push(MigratedStep { path: path.clone(), from: change.was(), to: change.is(), state_bytes });
            if let Some(there) = there {
                images.push((there.step.image, there.image.into()));
                moved.insert(path.clone(), there.step);
            }
        }
        let event = Migrated { to, version: run.version, moved, by };
        Ok(Rehearsal { old, new, event, images, steps })
    }
}
