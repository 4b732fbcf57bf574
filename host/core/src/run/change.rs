//! A decision in the making: the moves that all transitions share.

use std::collections::{BTreeMap, BTreeSet};

use super::apply::{Decision, Durability, SuspensionEnd};
use super::{Call, Doing, Phase, Refused, Run, Step, StepEntry, StepStatus, Suspension};
use crate::effect::Effect;
use crate::id::{OwnerId, SnapshotId, SuspensionId};
use crate::json::Json;
use crate::path::StepPath;
use crate::schema::{Schema, Violations};
use crate::step::Failure;
use crate::time::Timestamp;
use crate::workflow::{Node, Sequence, StepNode, Workflow};

/// A run while an event is applied to it.
pub(super) struct Change<'w> {
    pub(super) run: Run,
    pub(super) workflow: &'w Workflow,
    pub(super) now: Timestamp,
    touched: BTreeSet<StepPath>,
    ended: BTreeMap<StepPath, Step>,
    opened: Vec<(StepPath, Suspension)>,
    closed: Vec<(SuspensionId, SuspensionEnd)>,
    dropped_images: Vec<SnapshotId>,
    effects: Vec<Effect>,
    must_be_durable: bool,
}

impl<'w> Change<'w> {
    pub(super) fn new(run: Run, workflow: &'w Workflow, now: Timestamp) -> Self {
        Self {
            run,
            workflow,
            now,
            touched: BTreeSet::new(),
            ended: BTreeMap::new(),
            opened: Vec::new(),
            closed: Vec::new(),
            dropped_images: Vec::new(),
            effects: Vec::new(),
            must_be_durable: false,
        }
    }

    /// Closes the books. Without a further call to make, whoever brought the event may be told, so the decision must be durable.
    pub(super) fn decide(mut self) -> Decision {
        self.run.version += 1;
        self.run.updated_at = self.now;
        let durable = self.must_be_durable || self.effects.is_empty();
        let mut steps: Vec<_> = self.ended.into_iter().collect();
        steps.extend(
            self.touched.iter().filter_map(|path| Some((path.clone(), self.run.steps.get(path)?.clone()))),
        );
        Decision {
            run: self.run,
            steps,
            opened: self.opened,
            closed: self.closed,
            dropped_images: self.dropped_images,
            effects: self.effects,
            durability: if durable { Durability::Durable } else { Durability::Visible },
        }
    }

    /// Asks for the decision to be durable although a call follows.
    pub(super) fn require_durable(&mut self) {
        self.must_be_durable = true;
    }

    /// The node at a path; a run that names a step which its workflow does not have is damaged.
    pub(super) fn node(&self, path: &StepPath) -> Result<&'w StepNode, Refused> {
        self.workflow.step(path).ok_or_else(|| Refused::Misfit { path: path.clone() })
    }

    /// A request context as the step or workflow at `path`, and every workflow around it, leave it: checked, defaults filled in.
    pub(super) fn request_context_at(&self, path: &StepPath, context: Map) -> Result<Map, Violations> {
        let around = self.workflow.around(path).filter_map(|sequence| sequence.request_context.as_ref());
        let own = self.workflow.step(path).and_then(|step| step.contract.request_context.as_ref());
        around.chain(own).try_fold(context, checked_map)
    }

    /// The same for the shared state.
    pub(super) fn state_at(&self, path: &StepPath, state: Map) -> Result<Map, Violations> {
        let around = self.workflow.around(path).filter_map(|sequence| sequence.state.as_ref());
        let own = self.workflow.step(path).and_then(|step| step.contract.state.as_ref());
        around.chain(own).try_fold(state, checked_map)
    }

    /// The record of a step that is not done, to be changed.
    pub(super) fn step_mut(&mut self, path: &StepPath) -> Result<&mut Step, Refused> {
        self.touched.insert(path.clone());
        self.run.steps.get_mut(path).ok_or_else(|| Refused::Misfit { path: path.clone() })
    }

    /// Enters a sequence: its record, then its first entry.
    pub(super) fn enter_sequence(
        &mut self,
        path: &StepPath,
        sequence: &'w Sequence,
        input: Json,
        owner: OwnerId,
    ) -> Result<(), Refused> {
        self.insert(path, input.clone(), Doing::Holding, 0);
        match sequence.first() {
            Some(node) => self.enter(path, node, input, owner),
            None => Err(Refused::Misfit { path: path.clone() }),
        }
    }

    /// Enters an entry of the sequence at `parent`. Input or request context that breaks the entry's schema fails the step, and
    /// with it the run.
    pub(super) fn enter(
        &mut self,
        parent: &StepPath,
        node: &'w Node,
        input: Json,
        owner: OwnerId,
    ) -> Result<(), Refused> {
        let path = parent.child(node.id());
        let schema = match node {
            Node::Step(step) => step.contract.input.as_ref(),
            Node::Workflow(inner) => inner.input.as_ref(),
        };
        let input = match schema.map_or(Ok(input.clone()), |schema| schema.check(&input)) {
            Ok(input) => input,
            Err(violations) => {
                self.insert(&path, input, Doing::Holding, 0);
                return self.fail(&path, invalid("invalid-input", "step input", &violations));
            }
        };
        match self.request_context_at(&path, self.run.request_context.clone()) {
            Ok(context) => self.run.request_context = context,
            Err(violations) => {
                self.insert(&path, input, Doing::Holding, 0);
                return self.fail(&path, invalid("invalid-request-context", "request context", &violations));
            }
        }
        match node {
            Node::Workflow(inner) => self.enter_sequence(&path, inner, input, owner),
            Node::Step(_) => {
                self.insert(&path, input, Doing::Calling(owner, Call::Start), 1);
                self.call(&path, None);
                Ok(())
            }
        }
    }

    fn insert(&mut self, path: &StepPath, payload: Json, doing: Doing, calls: u32) {
        let entry = StepEntry {
            status: StepStatus::Running,
            payload,
            output: None,
            error: None,
            started_at: self.now,
            ended_at: None,
            suspend_payload: None,
            suspended_at: None,
            resume_payload: None,
            resumed_at: None,
        };
        self.run.steps.insert(path.clone(), Step { entry, calls, attempt: 0, doing });
        self.touched.insert(path.clone());
    }

    /// Calls for a guest to be called; the step's record says how.
    pub(super) fn call(&mut self, path: &StepPath, not_before: Option<Timestamp>) {
        self.effects.push(Effect::Call { path: path.clone(), not_before });
    }

    /// Begins a suspension of a step.
    pub(super) fn suspend(&mut self, path: &StepPath, suspension: Suspension) -> Result<(), Refused> {
        let takes_answer = suspension.takes_answer();
        let now = self.now;
        let step = self.step_mut(path)?;
        step.entry.status = if takes_answer { StepStatus::Suspended } else { StepStatus::Waiting };
        step.entry.suspended_at = Some(now);
        step.doing = Doing::Waiting(suspension.clone());
        self.opened.push((path.clone(), suspension));
        Ok(())
    }

    /// Ends a suspension.
    pub(super) fn close(&mut self, suspension: SuspensionId, end: SuspensionEnd) {
        self.closed.push((suspension, end));
    }

    /// Lets go of the memory that a resuming call began with, once the call's end is known.
    pub(super) fn release_image(&mut self, call: &Call) {
        if let Call::Resume(resume) = call {
            self.dropped_images.extend(resume.image);
        }
    }

    /// Ends a step with its output, and goes on with what follows, up to the end of the run.
    pub(super) fn complete(&mut self, path: &StepPath, output: Json, owner: OwnerId) -> Result<(), Refused> {
        let misfit = || Refused::Misfit { path: path.clone() };
        let step = self.end_step(path, StepStatus::Success)?;
        step.entry.output = Some(output.clone());
        let Some(parent) = path.parent() else {
            self.run.phase = Phase::Succeeded;
            return Ok(());
        };
        let workflow = self.workflow;
        let sequence = workflow.sequence(&parent).ok_or_else(misfit)?;
        let id = &path.last().ok_or_else(misfit)?.id;
        match sequence.after(id) {
            Some(next) => self.enter(&parent, next, output, owner),
            None => self.complete_sequence(&parent, sequence, output, owner),
        }
    }

    /// Ends a workflow with its result, which its output schema may refuse.
    pub(super) fn complete_sequence(
        &mut self,
        path: &StepPath,
        sequence: &Sequence,
        output: Json,
        owner: OwnerId,
    ) -> Result<(), Refused> {
        self.close_within(path);
        match sequence.output.as_ref().map(|schema| schema.check(&output)) {
            Some(Err(violations)) => {
                self.fail(path, invalid("invalid-output", "workflow output", &violations))
            }
            Some(Ok(output)) => self.complete(path, output, owner),
            None => self.complete(path, output, owner),
        }
    }

    /// Ends a step with an error, and with it every workflow around it and the run.
    pub(super) fn fail(&mut self, path: &StepPath, failure: Failure) -> Result<(), Refused> {
        let mut at = Some(path.clone());
        while let Some(path) = at {
            self.end_step(&path, StepStatus::Failed)?.entry.error = Some(failure.clone());
            at = path.parent();
        }
        self.close_within(&StepPath::root());
        self.run.phase = Phase::Failed;
        Ok(())
    }

    /// Ends every step that is not done below a path (not the one at the path itself) as cancelled.
    pub(super) fn close_within(&mut self, above: &StepPath) {
        let open: Vec<StepPath> =
            self.run.steps.keys().filter(|path| *path != above && path.is_within(above)).cloned().collect();
        for path in open {
            // Each path was just read from the map that `end_step` looks in.
            let _ = self.end_step(&path, StepStatus::Canceled);
        }
    }

    /// Takes a step out of those that are not done, with its suspension and image.
    pub(super) fn end_step(&mut self, path: &StepPath, status: StepStatus) -> Result<&mut Step, Refused> {
        let mut step = self.run.steps.remove(path).ok_or_else(|| Refused::Misfit { path: path.clone() })?;
        match &step.doing {
            Doing::Waiting(suspension) => {
                self.closed.push((suspension.id, SuspensionEnd::Closed));
                self.dropped_images.extend(suspension.image);
            }
            Doing::Calling(_, call) | Doing::Retrying(_, _, call) => self.release_image(&call.clone()),
            Doing::Holding | Doing::Ended => {}
        }
        step.doing = Doing::Ended;
        step.entry.status = status;
        step.entry.ended_at = Some(self.now);
        step.entry.suspended_at = None;
        if status == StepStatus::Success {
            // What is left of an earlier try that failed.
            step.entry.error = None;
        }
        self.touched.remove(path);
        Ok(self.ended.entry(path.clone()).or_insert(step))
    }
}

/// What is an object on the wire: the request context, the shared state.
pub(super) type Map = BTreeMap<String, Json>;

/// Key by key, what is given wins over what is stored.
pub(super) fn merged(stored: &Map, given: Map) -> Map {
    let mut all = stored.clone();
    all.extend(given);
    all
}

/// An object as a schema leaves it: checked, defaults filled in.
fn checked_map(map: Map, schema: &Schema) -> Result<Map, Violations> {
    // A map of JSON texts always prints, and a schema leaves an object one.
    let object = Json::of(&map).unwrap_or_else(|_| Json::null());
    Ok(schema.check(&object)?.decode().unwrap_or(map))
}

/// The failure that data causes which breaks a schema.
pub(super) fn invalid(code: &str, what: &str, violations: &Violations) -> Failure {
    Failure {
        message: format!("{what} validation failed:{violations}"),
        code: Some(code.to_owned()),
        retryable: false,
        retry_after_ms: None,
        details: None,
    }
}
