//! A step begins to wait: its suspensions are opened, what is run on its behalf begins.

use crate::failure;
use std::collections::BTreeMap;

use super::change::Change;
use super::decision::SuspensionEnd;
use super::doing::{Doing, Waiting};
use super::known::NoDecision;
use super::limits::REFUSED_CHILDREN_MAX;
use super::log::LogKind;
use super::refused::{Refused, misfit};
use super::status::StepStatus;
use super::suspension::Suspension;
use crate::digest::WorkflowDigest;
use crate::effect::Effect;
use crate::id::{BlobId, SuspensionId};
use crate::path::{PATH_DEPTH_MAX, Segment, StepPath};
use crate::step::{Failure, Resolution, RunTarget, RunWait, WaitFor, Waits};

/// What a step waits for from now on.
pub(super) struct NewWaits {
    pub(super) waits: Waits,
    pub(super) suspensions: Vec<SuspensionId>,
    pub(super) image: Option<BlobId>,
    pub(super) workflows: BTreeMap<String, WorkflowDigest>,
}

impl Change<'_> {
    /// Has a step wait. A wait that it had before under the same id stays as it is; one that is not among the new
    /// ones is closed.
    pub(super) fn wait_for(&mut self, path: &StepPath, new: NewWaits) -> Result<(), NoDecision> {
        let NewWaits { waits, suspensions: ids, image, workflows } = new;
        if ids.len() != waits.waits.len() {
            return Err(misfit(path).into());
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
            self.begin_waiting(path, id, &workflows)?;
        }
        self.show_wait(path)?;
        self.wake(path)
    }

    /// Opens what is not over, and sets going what is to be run or looked for.
    fn begin_waiting(
        &mut self,
        path: &StepPath,
        id: SuspensionId,
        workflows: &BTreeMap<String, WorkflowDigest>,
    ) -> Result<(), NoDecision> {
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
                match self.child_refused(path, run, workflows)? {
                    Some(failure) => {
                        self.step_mut(path)?.refused_children += 1;
                        self.settle(path, id, Resolution::Failed(failure), SuspensionEnd::Finished)?;
                    }
                    None => self.begin_child(path, id, run, workflows)?,
                }
            }
            WaitFor::Checkpoint => {}
        }
        Ok(())
    }

    /// Closes a wait that its step has left out.
    fn give_up(&mut self, suspension: &Suspension) -> Result<(), NoDecision> {
        if suspension.over.is_none() {
            self.close(suspension, SuspensionEnd::Closed);
        }
        if let Some(child) = suspension.child.as_ref().filter(|child| self.run.steps.contains_key(*child)) {
            self.close_within(child)?;
            self.end_step(child, StepStatus::Canceled)?;
        }
        Ok(())
    }

    /// Checks that a step does not ask again and again for what cannot be run.
    ///
    /// # Errors
    /// The failure of the step.
    pub(super) fn check_children(
        &self,
        path: &StepPath,
        waits: &Waits,
        workflows: &BTreeMap<String, WorkflowDigest>,
    ) -> Result<(), Failure> {
        let told = self.run.steps.get(path).map_or(0, |step| step.refused_children);
        if told < REFUSED_CHILDREN_MAX {
            return Ok(());
        }
        let wanted = waits.waits.iter().find_map(|wait| match &wait.what {
            WaitFor::Run(run) => self.child_refused(path, run, workflows).ok().flatten(),
            _ => None,
        });
        match wanted {
            Some(failure) => {
                let message = format!("{}; the step was told so {told} times", failure.message);
                Err(Failure { message, ..failure })
            }
            None => Ok(()),
        }
    }

    /// Why nothing can be run on a step's behalf under this name, if so. The step is told.
    fn child_refused(
        &self,
        path: &StepPath,
        run: &RunWait,
        workflows: &BTreeMap<String, WorkflowDigest>,
    ) -> Result<Option<Failure>, Refused> {
        let (what, name, is_known) = match &run.target {
            RunTarget::Step(name) => ("step", name, self.step_at(path)?.siblings.contains_key(name)),
            RunTarget::Workflow(name) => {
                let digest = workflows.get(name);
                ("workflow", name, digest.is_some_and(|digest| self.program.called.contains_key(digest)))
            }
        };
        if !is_known {
            let message = format!(
                "there is no {what} `{name}` to run: a step must be of the same component, a workflow must be applied on the host"
            );
            return Ok(Some(Failure::of(&failure::UNKNOWN_TARGET, message)));
        }
        if path.segments().len() >= PATH_DEPTH_MAX {
            let message = format!("`{name}` would run more than {PATH_DEPTH_MAX} levels deep");
            return Ok(Some(Failure::of(&failure::TOO_DEEP, message)));
        }
        Ok(None)
    }

    /// Enters what is run on a step's behalf.
    fn begin_child(
        &mut self,
        path: &StepPath,
        id: SuspensionId,
        run: &RunWait,
        workflows: &BTreeMap<String, WorkflowDigest>,
    ) -> Result<(), NoDecision> {
        let (name, workflow) = match &run.target {
            RunTarget::Step(name) => (name, None),
            RunTarget::Workflow(name) => (name, workflows.get(name).copied()),
        };
        let step = self.step_mut(path)?;
        let child = path.with(Segment { id: name.clone(), index: Some(step.children) });
        step.children += 1;
        if let Some(suspension) = step.suspensions.iter_mut().find(|suspension| suspension.id == id) {
            suspension.child = Some(child.clone());
        }
        if let Some(workflow) = workflow {
            self.run.called.insert(child.clone(), workflow);
        }
        self.enter(child, run.input.clone());
        Ok(())
    }

    /// Shows in the step's entry what it waits for now.
    pub(super) fn show_wait(&mut self, path: &StepPath) -> Result<(), NoDecision> {
        let now = self.now;
        let step = self.step_mut(path)?;
        let answer = step.suspensions.iter().any(Suspension::takes_answer);
        step.entry.status = if answer { StepStatus::Suspended } else { StepStatus::Waiting };
        step.entry.suspended_at.get_or_insert(now);
        Ok(())
    }
}
