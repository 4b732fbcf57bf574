//! Time has passed: sleeps are over, further tries are made and deadlines have come.

use super::change::Change;
use super::decision::SuspensionEnd;
use super::doing::Doing;
use super::fail::final_failure;
use super::known::NoDecision;
use super::refused::Refused;
use super::suspension::Suspension;
use crate::id::SuspensionId;
use crate::path::StepPath;
use crate::step::{Deadline, DeadlineOutcome, Resolution, WaitFor};

pub(super) fn time_passed(change: &mut Change<'_>) -> Result<(), NoDecision> {
    let now = change.now;
    let due: Vec<StepPath> = change
        .run
        .steps
        .iter()
        .filter(|(_, step)| step.due_at().is_some_and(|at| at <= now))
        .map(|(path, _)| path.clone())
        .collect();
    if due.is_empty() {
        return Err(Refused::Idle.into());
    }
    for path in due {
        // What came before may have closed it.
        if change.run.steps.contains_key(&path) {
            happen(change, &path)?;
        }
    }
    Ok(())
}

fn happen(change: &mut Change<'_>, path: &StepPath) -> Result<(), NoDecision> {
    let now = change.now;
    if change.time_out_around(path)? {
        return Ok(());
    }
    let step = change.step_mut(path)?;
    if let Doing::Sleeping(until) = step.doing
        && until <= now
    {
        let output = change.input_of_open(path)?;
        return change.complete(path, output);
    }
    let over: Vec<(SuspensionId, Resolution)> = step
        .open()
        .filter(|suspension| suspension.due_at().is_some_and(|at| at <= now))
        .map(|suspension| (suspension.id, resolution(suspension)))
        .collect();
    for (id, resolution) in over {
        change.save_before(id);
        change.settle(path, id, resolution, SuspensionEnd::Elapsed)?;
    }
    match &change.step_mut(path)?.doing {
        Doing::Delayed(until, call) if *until <= now => {
            let call = call.clone();
            Ok(change.call(path, call, None)?)
        }
        _ => change.wake(path),
    }
}

fn resolution(suspension: &Suspension) -> Resolution {
    match &suspension.wait.what {
        what @ (WaitFor::Answer(_) | WaitFor::Event(_)) => passed(what.deadline()),
        WaitFor::Time(_) | WaitFor::Run(_) | WaitFor::Checkpoint => Resolution::Elapsed,
    }
}

/// What a wait ends with when its deadline passes.
pub(super) fn passed(deadline: Option<&Deadline>) -> Resolution {
    match deadline.map(|deadline| &deadline.otherwise) {
        Some(DeadlineOutcome::Answer(data)) => Resolution::Answered(data.clone()),
        Some(DeadlineOutcome::TimeOut) | None => Resolution::TimedOut,
    }
}

impl Change<'_> {
    /// Ends what a path stands in, or is, if the time of that is over. Says whether it was.
    pub(super) fn time_out_around(&mut self, path: &StepPath) -> Result<bool, NoDecision> {
        let now = self.now;
        let around = self.run.deadline_around(path);
        let Some((over, _)) = around.filter(|(_, at)| *at <= now) else { return Ok(false) };
        let begun = self.run.steps.get(&over).map_or(now, |step| step.entry.started_at);
        let waited = now.ms_since(begun);
        let message = format!("it was not done within its time: {waited} ms have passed");
        self.time_out(&over, final_failure("timeout", message))?;
        Ok(true)
    }
}
