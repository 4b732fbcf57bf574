//! One step on its way to another component: exported from the old one, taken up by the new one.

use std::sync::Arc;

use reentry_core::digest::ComponentDigest;
use reentry_core::event::StepMigration;
use reentry_core::id::{BlobId, TenantId};
use reentry_core::json::Json;
use reentry_core::path::StepPath;
use reentry_core::run::{Call, Doing, EntryRecord, RunState};
use reentry_core::step::{CallTrace, Facts, Failure, Invocation, ResumeMode};
use reentry_core::workflow::{Program, StepAt};
use reentry_store::turns::Place;
use reentry_wasm::{CallError, CallOptions, Imported};

use crate::call_end::{failure_of, host_fault};
use crate::call_facts::facts;
use crate::error::Error;
use crate::fault::FaultPoint;
use crate::guests::OpenComponent;
use crate::host_calls::CallContext;
use crate::inputs;
use crate::perform::context;
use crate::ready::{Ready, make_ready};
use crate::room::Room;
use crate::shared::Shared;

/// A begun step that is of another component in the new version, or another step of the same one.
pub(super) struct Change<'a> {
    path: &'a StepPath,
    step: &'a EntryRecord,
    was: StepAt<'a>,
    is: StepAt<'a>,
    /// Id of the workflow it moves to.
    workflow_id: &'a str,
}

/// A step that waits in the new component.
pub(super) struct Arrival {
    pub(super) step: StepMigration,
    pub(super) image: Vec<u8>,
    pub(super) state_bytes: usize,
}

/// Why a step does not move.
pub(super) enum Obstacle {
    /// What stands in the way, to be read after the name of the step.
    Step(String),
    /// The host could not find out.
    Host(Error),
}

impl From<Error> for Obstacle {
    fn from(error: Error) -> Self {
        Self::Host(error)
    }
}

impl<'a> Change<'a> {
    /// How a step changes; `None` if it does not. An entry that is no step on one side is not for this to judge.
    pub(super) fn of(
        run: &RunState,
        old: &'a Program,
        new: &'a Program,
        path: &'a StepPath,
        step: &'a EntryRecord,
    ) -> Option<Self> {
        let (was, is) = (old.place(&run.called, path)?.step()?, new.place(&run.called, path)?.step()?);
        let same_step = was.contract.descriptor.id == is.contract.descriptor.id;
        let same = was.component == is.component && same_step;
        (!same).then_some(Self { path, step, was, is, workflow_id: new.top.id() })
    }

    pub(super) fn was(&self) -> ComponentDigest {
        self.was.component
    }

    pub(super) fn is(&self) -> ComponentDigest {
        self.is.component
    }

    /// Moves the step; `told` is the span of it. `None` for one that has no memory, which needs nothing.
    pub(super) async fn carry_out(
        &self,
        host: &Shared,
        run: &Arc<RunState>,
        old: &Program,
        told: CallTrace,
    ) -> Result<Option<Arrival>, Obstacle> {
        let image = match (&self.step.doing, self.step.doing.image()) {
            (Doing::Waiting(_), Some(image)) => image,
            (
                Doing::Waiting(_) | Doing::Ready(Call::Resume(_)) | Doing::Delayed(_, Call::Resume(_)),
                None,
            ) => {
                return self.re_entered().map(|()| None);
            }
            (Doing::Ready(Call::Start) | Doing::Delayed(_, Call::Start), _) => return Ok(None),
            (Doing::Ready(_) | Doing::Delayed(..), Some(_)) => {
                return Err(Obstacle::Step(format!(
                    "has an answer in component {} that its code has not taken yet; let the run go on until the step waits again or ends",
                    self.was()
                )));
            }
            // Nothing else waits; the decision says so.
            _ => return Ok(None),
        };
        if mode(self.is) == ResumeMode::ReEnter {
            return Err(Obstacle::Step(format!(
                "waits with its memory in component {}, and goes on without one in {}; let the step end first",
                self.was(),
                self.is()
            )));
        }
        let ready = make_ready(host, run, old, self.path, Some(image)).await?;
        let new = host.registry.open(&run.tenant, self.is(), host.policy(&run.tenant).await?.grants).await?;
        for component in [&ready.component, &new] {
            if !component.is_migratable() {
                return Err(Obstacle::Step(format!(
                    "waits in component {}, is of component {} there, and {} does not export `reentry:step/migration`; \
                     let the step end first, or keep the component for it in the new version",
                    self.was(),
                    self.is(),
                    component.digest()
                )));
            }
        }
        let state = self.export(host, run, &ready, told.clone()).await?;
        let state_bytes = state.text().len();
        let Imported { waits, image } = self.import(host, run, &ready, (&*new, state), told).await?;
        let id: BlobId = host.chance.snapshot_id(host.clock.now());
        Ok(Some(Arrival { step: StepMigration { image: id, waits }, image, state_bytes }))
    }

    /// Whether a step without a memory can go on without one.
    fn re_entered(&self) -> Result<(), Obstacle> {
        match mode(self.is) {
            ResumeMode::ReEnter => Ok(()),
            ResumeMode::Restore => Err(Obstacle::Step(format!(
                "goes on without a memory in component {}, and with one in {}; let the step end first",
                self.was(),
                self.is()
            ))),
        }
    }

    async fn export(
        &self,
        host: &Shared,
        run: &Arc<RunState>,
        ready: &Ready,
        told: CallTrace,
    ) -> Result<Json, Obstacle> {
        let image = ready.image.as_ref().map_or(&[][..], |(_, bytes)| bytes);
        let context = Arc::new(context(host, run, self.path, None).await?);
        let facts = self.facts(host, run, self.was, told);
        let _turn = admitted(host, run, self.was(), &context).await?;
        host.fault(FaultPoint::BeforeCall);
        let options = options(host, run, ready).await?;
        let exported = ready.component.export_state(facts, image, context, options).await;
        host.fault(FaultPoint::AfterCall);
        self.judged(run, exported, |failure| {
            format!("could not export its state from component {}: {failure}", self.was())
        })
    }

    async fn import(
        &self,
        host: &Shared,
        run: &Arc<RunState>,
        ready: &Ready,
        (new, state): (&dyn OpenComponent, Json),
        told: CallTrace,
    ) -> Result<Imported, Obstacle> {
        let context = Arc::new(context(host, run, self.path, None).await?);
        let input = inputs::read(&*host.store, run, self.path, self.step).await?;
        let call = Invocation { facts: self.facts(host, run, self.is, told), input };
        let _turn = admitted(host, run, self.is(), &context).await?;
        host.fault(FaultPoint::BeforeCall);
        let options = options(host, run, ready).await?;
        let imported = new.import_state(call, state, context, options).await;
        host.fault(FaultPoint::AfterCall);
        self.judged(run, imported, |failure| {
            format!("was not taken up by component {}: {failure}", self.is())
        })
    }

    /// The facts of a call that moves the step. Its key is that of no call of the run's.
    fn facts(&self, host: &Shared, run: &RunState, at: StepAt<'_>, told: CallTrace) -> Facts {
        let facts = facts(host, run, self.path, at, self.step, told);
        let idempotency_key = format!("{}/migrate", facts.idempotency_key);
        Facts { workflow_id: self.workflow_id.to_owned(), idempotency_key, ..facts }
    }

    /// Tells what the guest is to blame for from what the host could not do.
    fn judged<T>(
        &self,
        run: &RunState,
        ended: Result<Result<T, Failure>, CallError>,
        told: impl Fn(String) -> String,
    ) -> Result<T, Obstacle> {
        let failure = match ended {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(failure)) => failure,
            Err(error) => failure_of(error, true).map_err(|error| host_fault(run, self.path, error))?,
        };
        let code = failure.code.map(|code| format!(" [{code}]")).unwrap_or_default();
        Err(Obstacle::Step(told(format!("{}{code}", failure.message))))
    }
}

/// How a call is made that moves a step of a run.
async fn options(host: &Shared, run: &RunState, ready: &Ready) -> Result<CallOptions, Error> {
    let limits = host.policy(&run.tenant).await?.limits.clone();
    Ok(CallOptions::new(ready.seal.clone()).limits(limits))
}

/// Waits for room for all that such a call may use, then for its turn.
async fn admitted(
    host: &Shared,
    run: &RunState,
    component: ComponentDigest,
    context: &CallContext,
) -> Result<Place<TenantId>, Error> {
    let policy = host.policy(&run.tenant).await?;
    context.has_room(host.room(&run.tenant, &policy, Some(component), Room::Whole).await?);
    Ok(host.turn(&run.tenant, policy.share(), false).await)
}

fn mode(at: StepAt<'_>) -> ResumeMode {
    at.contract.descriptor.resume_mode
}
