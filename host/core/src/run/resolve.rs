//! What a step waited for is over: the step is called again when that is all it asked for.

use super::change::Change;
use super::decision::SuspensionEnd;
use super::doing::{Call, Doing, ResumeCall, Waiting};
use super::known::NoDecision;
use super::log::LogKind;
use super::refused::{Refused, misfit};
use super::status::StepStatus;
use super::suspension::Suspension;
use crate::event::Received;
use crate::id::SuspensionId;
use crate::json::Json;
use crate::path::StepPath;
use crate::step::{Failure, Resolution, WaitFor, Wake};

/// A message came for a step that waits for an event.
pub(super) fn received(change: &mut Change<'_>, received: Received) -> Result<(), NoDecision> {
    let Received { suspension, message, payload, by, .. } = received;
    let waiting = change.run.waiting().find(|(_, open)| open.id == suspension);
    let event = waiting.filter(|(_, open)| matches!(open.wait.what, WaitFor::Event(_)));
    let path = event.ok_or(Refused::Idle)?.0.clone();
    change.took.push(message);
    change.sender = by;
    change.save_before(suspension);
    change.settle(&path, suspension, Resolution::Received(payload), SuspensionEnd::Received)?;
    change.wake(&path)
}

impl Change<'_> {
    /// What was run on a step's behalf ended.
    pub(super) fn child_ended(
        &mut self,
        path: &StepPath,
        child: &StepPath,
        result: Result<Json, Failure>,
    ) -> Result<(), NoDecision> {
        let step = self.run.steps.get(path).ok_or_else(|| misfit(path))?;
        let waiting = step.suspensions.iter().find(|suspension| suspension.child.as_ref() == Some(child));
        let Some(id) = waiting.map(|suspension| suspension.id) else { return Ok(()) };
        let resolution = match result {
            Ok(output) => Resolution::Completed(output),
            Err(failure) => Resolution::Failed(failure),
        };
        self.settle(path, id, resolution, SuspensionEnd::Finished)?;
        self.wake(path)
    }

    /// Writes down how a wait ended.
    pub(super) fn settle(
        &mut self,
        path: &StepPath,
        id: SuspensionId,
        resolution: Resolution,
        end: SuspensionEnd,
    ) -> Result<(), NoDecision> {
        let now = self.now;
        let step = self.step_mut(path)?;
        let found = step.suspensions.iter_mut().find(|suspension| suspension.id == id);
        let Some(suspension) = found.filter(|suspension| suspension.over.is_none()) else { return Ok(()) };
        if let (Resolution::Answered(data), true) = (&resolution, suspension.takes_answer()) {
            step.entry.resume_payload = Some(data.clone());
            step.entry.resumed_at = Some(now);
        }
        suspension.over = Some(resolution);
        let ended = suspension.clone();
        self.close(&ended, end);
        Ok(())
    }

    /// Calls a step again if it waits and what it asked for is over.
    pub(super) fn wake(&mut self, path: &StepPath) -> Result<(), NoDecision> {
        let step = self.step_mut(path)?;
        let Doing::Waiting(waiting) = step.doing else { return Ok(()) };
        let over = step.suspensions.iter().filter(|suspension| suspension.over.is_some()).count();
        let enough = match waiting.wake {
            Wake::Any => over > 0,
            Wake::All => over == step.suspensions.len(),
        };
        if !enough {
            return self.show_wait(path);
        }
        let (over, open): (Vec<Suspension>, _) = std::mem::take(&mut step.suspensions)
            .into_iter()
            .partition(|suspension| suspension.over.is_some());
        step.suspensions = open;
        step.entry.status = StepStatus::Running;
        step.entry.suspended_at = None;
        if let Some(node) = self.place(path)?.wait() {
            return self.wait_over(path, node, over);
        }
        let step = self.step_mut(path)?;
        step.calls += 1;
        let call = step.calls;
        let Waiting { image, wake } = waiting;
        let suspensions = over.iter().map(|over| over.id).collect();
        let resume = ResumeCall { image, over, wake, old_resolved: Vec::new(), old_payload: None };
        self.log(path, LogKind::Reentered { call, called: false, suspensions });
        Ok(self.call(path, Call::Resume(resume), None)?)
    }
}
