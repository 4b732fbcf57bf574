//! A call into a guest ended.

use std::collections::BTreeMap;

use super::change::{Change, Map, RUN_SETTINGS_BYTES_MAX, final_failure, invalid, merged, too_large};
use super::fail::Because;
use super::put_back::{Refusal, refused};
use super::waits::checked_waits;
use super::{Call, Doing, LogKind, Stop, Suspension, Waiting};
use crate::digest::WorkflowDigest;
use crate::effect::Effect;
use crate::event::{CallEnd, CallEnded};
use crate::id::{OwnerId, SnapshotId, SuspensionId};
use crate::json::Json;
use crate::path::StepPath;
use crate::retry::RetryPolicy;
use crate::step::{Failure, Resolution, WaitFor, Waits};
use crate::workflow::StepAt;

use super::Refused;

pub(super) fn call_ended(change: &mut Change<'_>, ended: CallEnded) -> Result<(), Stop> {
    let path = ended.path;
    let stale = || Refused::Stale { path: path.clone(), call: ended.call };
    let step = change.run.steps.get(&path).filter(|step| step.calls == ended.call).ok_or_else(stale)?;
    let (owner, call) = match &step.doing {
        Doing::Calling(owner, call) | Doing::Retrying(owner, _, call) if *owner == ended.owner => {
            (*owner, call.clone())
        }
        _ => return Err(stale().into()),
    };
    if change.time_out_around(&path, owner)? {
        return Ok(());
    }
    let place = change.step_at(&path)?;
    let next = match ended.end {
        CallEnd::Failed(failure) => match refused(&call, failure) {
            Refusal::Answer(at, message) => return change.put_back(&path, call, at, &message, owner),
            Refusal::None(failure) => Err(failure),
        },
        good => next_move(change, &path, place, good).and_then(|next| {
            keep_settings(change, &path, ended.state, ended.request_context)?;
            Ok(next)
        }),
    };
    match next {
        Err(failure) => {
            let tries =
                Tries { policy: place.retry, random: ended.random, sit_through_ms: ended.sit_through_ms };
            failed(change, &path, tries, failure, (owner, call))
        }
        Ok(Move::Complete(output)) => change.complete(&path, output, owner),
        Ok(Move::Bail(result)) => change.bail(&path, result, owner),
        Ok(Move::Wait(waits)) => {
            change.drop_image(call.image());
            change.step_mut(&path)?.entry.error = None;
            change.wait_for(&path, *waits, owner)
        }
    }
}

/// How a run goes on after a call that ended well, once the end is checked.
enum Move {
    Complete(Json),
    Bail(Json),
    Wait(Box<NewWaits>),
}

/// What a step waits for from now on.
pub(super) struct NewWaits {
    pub(super) waits: Waits,
    pub(super) suspensions: Vec<SuspensionId>,
    pub(super) image: Option<SnapshotId>,
    pub(super) workflows: BTreeMap<String, WorkflowDigest>,
}

/// Checks the end of a call before anything of it is taken over. What breaks a rule is a failure of the step.
fn next_move(change: &Change<'_>, path: &StepPath, step: StepAt<'_>, end: CallEnd) -> Result<Move, Failure> {
    match end {
        CallEnd::Failed(failure) => Err(failure),
        CallEnd::Bailed(result) => Ok(Move::Bail(result)),
        CallEnd::Completed(output) => match &step.contract.output {
            None => Ok(Move::Complete(output)),
            Some(schema) => schema
                .check(&output)
                .map(Move::Complete)
                .map_err(|violations| invalid("invalid-output", "step output", &violations)),
        },
        CallEnd::Suspended { waits, suspensions, image, workflows } => {
            let waits = checked_waits(change, path, step, waits)?;
            Ok(Move::Wait(Box::new(NewWaits { waits, suspensions, image, workflows })))
        }
    }
}

/// Takes over what the call set. What breaks a schema is a failure of the step, and nothing is taken over: a request context that
/// was let in here would make each later resume fail.
fn keep_settings(
    change: &mut Change<'_>,
    path: &StepPath,
    state: BTreeMap<String, Json>,
    request_context: BTreeMap<String, Json>,
) -> Result<(), Failure> {
    let state = match state.is_empty() {
        true => None,
        false => {
            let all = merged(&change.run.state, state);
            within_bounds("shared state", &all)?;
            let checked = change.state_at(path, all);
            Some(checked.map_err(|violations| invalid("invalid-state", "step state data", &violations))?)
        }
    };
    if !request_context.is_empty() {
        let all = merged(&change.run.request_context, request_context);
        within_bounds("request context", &all)?;
        let checked = change.request_context_at(path, all);
        change.run.request_context = checked
            .map_err(|violations| invalid("invalid-request-context", "request context", &violations))?;
    }
    if let Some(state) = state {
        change.run.state = state;
    }
    Ok(())
}

fn within_bounds(what: &str, map: &Map) -> Result<(), Failure> {
    let Some(bytes) = too_large(map) else { return Ok(()) };
    let message = format!(
        "the {what} of the run would have {bytes} bytes, at most {RUN_SETTINGS_BYTES_MAX} are allowed"
    );
    Err(final_failure("too-large", message))
}

/// How a failed call is tried again.
struct Tries<'w> {
    policy: &'w RetryPolicy,
    random: u32,
    sit_through_ms: u64,
}

fn failed(
    change: &mut Change<'_>,
    path: &StepPath,
    tries: Tries<'_>,
    failure: Failure,
    (owner, call): (OwnerId, Call),
) -> Result<(), Stop> {
    let Tries { policy, random, sit_through_ms } = tries;
    let now = change.now;
    let step = change.step_mut(path)?;
    if !(failure.retryable && policy.allows(step.attempt)) {
        return change.fail(path, failure, Because::of(owner));
    }
    let wait = policy.delay_ms(step.attempt, random).max(failure.retry_after_ms.unwrap_or(0));
    let until = now.plus_ms(wait);
    step.attempt += 1;
    // The process outlived it.
    (step.take_overs, step.trials) = (0, 0);
    step.entry.error = Some(failure);
    let attempt = step.attempt;
    change.log(path, LogKind::Retrying { attempt, until });
    // A pause makes no delay shorter.
    match wait > sit_through_ms || (change.run.paused && wait > 0) {
        true => Ok(change.delay(path, call, until)?),
        false => Ok(change.call(path, call, owner, Some(until))?),
    }
}

impl Change<'_> {
    /// Has a step wait. A wait that it had before under the same id stays as it is; one that is not among the new ones is closed.
    pub(super) fn wait_for(&mut self, path: &StepPath, new: NewWaits, owner: OwnerId) -> Result<(), Stop> {
        let NewWaits { waits, suspensions: ids, image, workflows } = new;
        if ids.len() != waits.waits.len() {
            return Err(super::change::misfit(path).into());
        }
        let (since, version) = (self.now, self.next_version());
        let mut before = std::mem::take(&mut self.step_mut(path)?.suspensions);
        let (mut begun, mut all) = (Vec::new(), Vec::with_capacity(ids.len()));
        for (wait, id) in waits.waits.into_iter().zip(ids) {
            match before.iter().position(|old| old.wait.id == wait.id) {
                Some(old) => all.push(before.swap_remove(old)),
                None => {
                    begun.push(id);
                    let over = (wait.what == WaitFor::Checkpoint).then_some(Resolution::Recorded);
                    all.push(Suspension {
                        id,
                        wait,
                        since,
                        version,
                        over,
                        claim: None,
                        refusals: 0,
                        child: None,
                    });
                }
            }
        }
        for left in before {
            self.give_up(&left)?;
        }
        let checkpointed = all.iter().any(|suspension| suspension.wait.what == WaitFor::Checkpoint);
        if checkpointed {
            self.require_durable();
        }
        let step = self.step_mut(path)?;
        step.attempt = 0;
        (step.take_overs, step.trials) = (0, 0);
        step.span_id = None;
        step.suspensions = all;
        step.doing = Doing::Waiting(Waiting { image, wake: waits.wake });
        for id in begun {
            self.begin_waiting(path, id, &workflows, owner)?;
        }
        self.show_wait(path)?;
        self.wake(path, owner)
    }

    /// Opens what is not over, and sets going what is to be run or looked for.
    fn begin_waiting(
        &mut self,
        path: &StepPath,
        id: SuspensionId,
        workflows: &BTreeMap<String, WorkflowDigest>,
        owner: OwnerId,
    ) -> Result<(), Stop> {
        let step = self.step_mut(path)?;
        let found =
            step.suspensions.iter().find(|suspension| suspension.id == id && suspension.over.is_none());
        let Some(suspension) = found.cloned() else { return Ok(()) };
        self.open(path, suspension.clone());
        match &suspension.wait.what {
            WaitFor::Answer(_) => self.log(path, LogKind::Suspended { suspension: id }),
            WaitFor::Time(at) => self.log(path, LogKind::Waiting { until: Some(*at) }),
            WaitFor::Event(event) => {
                let until = event.deadline.as_ref().map(|deadline| deadline.at);
                self.log(path, LogKind::Waiting { until });
                self.ask(Effect::Collect { path: path.clone(), suspension: id });
            }
            WaitFor::Run(run) => {
                self.log(path, LogKind::Waiting { until: None });
                if let Err(failure) = self.begin_child(path, id, run, workflows, owner)? {
                    self.settle(path, id, Resolution::Failed(failure), super::SuspensionEnd::Finished)?;
                }
            }
            WaitFor::Checkpoint => {}
        }
        Ok(())
    }

    /// Closes a wait that its step has left out.
    fn give_up(&mut self, suspension: &Suspension) -> Result<(), Stop> {
        if suspension.over.is_none() {
            self.close(suspension, super::SuspensionEnd::Closed);
        }
        if let Some(child) = suspension.child.as_ref().filter(|child| self.run.steps.contains_key(*child)) {
            self.close_within(child)?;
            self.end_step(child, super::StepStatus::Canceled)?;
        }
        Ok(())
    }

    fn begin_child(
        &mut self,
        path: &StepPath,
        id: SuspensionId,
        run: &crate::step::RunWait,
        workflows: &BTreeMap<String, WorkflowDigest>,
        owner: OwnerId,
    ) -> Result<Result<(), Failure>, Stop> {
        use crate::path::{PATH_DEPTH_MAX, Segment};
        use crate::step::RunTarget;
        let (name, workflow) = match &run.target {
            RunTarget::Step(name) => (name, None),
            RunTarget::Workflow(name) => (name, workflows.get(name).copied()),
        };
        let known = match (&run.target, workflow) {
            (RunTarget::Step(name), _) => self.step_at(path)?.siblings.contains_key(name),
            (RunTarget::Workflow(_), digest) => {
                digest.is_some_and(|digest| self.program.called.contains_key(&digest))
            }
        };
        if !known {
            let what = if matches!(run.target, RunTarget::Step(_)) { "step" } else { "workflow" };
            let message = format!(
                "there is no {what} `{name}` to run: a step must be of the same component, a workflow must be applied on the host"
            );
            return Ok(Err(final_failure("unknown-target", message)));
        }
        if path.segments().len() >= PATH_DEPTH_MAX {
            let message = format!("`{name}` would run more than {PATH_DEPTH_MAX} levels deep");
            return Ok(Err(final_failure("too-deep", message)));
        }
        let step = self.step_mut(path)?;
        let child = path.with(Segment { id: name.clone(), index: Some(step.children) });
        step.children += 1;
        if let Some(suspension) = step.suspensions.iter_mut().find(|suspension| suspension.id == id) {
            suspension.child = Some(child.clone());
        }
        if let Some(workflow) = workflow {
            self.run.called.insert(child.clone(), workflow);
        }
        self.enter(child, run.input.clone(), owner);
        Ok(Ok(()))
    }

    /// Shows in the step's entry what it waits for now.
    pub(super) fn show_wait(&mut self, path: &StepPath) -> Result<(), Stop> {
        let now = self.now;
        let step = self.step_mut(path)?;
        let answer = step.suspensions.iter().any(Suspension::takes_answer);
        step.entry.status = if answer { super::StepStatus::Suspended } else { super::StepStatus::Waiting };
        step.entry.suspended_at.get_or_insert(now);
        Ok(())
    }
}
