//! Time has passed: sleeps are over and deadlines have come.

use super::apply::SuspensionEnd;
use super::change::Change;
use super::resume::re_enter;
use super::{Refused, Suspension};
use crate::id::OwnerId;
use crate::path::StepPath;
use crate::step::{Deadline, DeadlineOutcome, Resolution, WaitFor};

pub(super) fn time_passed(change: &mut Change<'_>, owner: OwnerId) -> Result<(), Refused> {
    let now = change.now;
    let due: Vec<(StepPath, Suspension)> = change
        .run
        .waiting()
        .filter(|(_, suspension)| suspension.due_at().is_some_and(|at| at <= now))
        .map(|(path, suspension)| (path.clone(), suspension.clone()))
        .collect();
    if due.is_empty() {
        return Err(Refused::Idle);
    }
    for (path, suspension) in due {
        let resolution = resolution(&suspension);
        if let Resolution::Answered(data) = &resolution {
            let entry = &mut change.step_mut(&path)?.entry;
            entry.resume_payload = Some(data.clone());
            entry.resumed_at = Some(now);
        }
        change.close(suspension.id, SuspensionEnd::Elapsed);
        re_enter(change, &path, suspension, resolution, 0, owner)?;
    }
    Ok(())
}

fn resolution(suspension: &Suspension) -> Resolution {
    match &suspension.wait.what {
        WaitFor::Answer(wait) => passed(wait.deadline.as_ref()),
        WaitFor::Event(wait) => passed(wait.deadline.as_ref()),
        WaitFor::Time(_) | WaitFor::Run(_) | WaitFor::Checkpoint => Resolution::Elapsed,
    }
}

fn passed(deadline: Option<&Deadline>) -> Resolution {
    match deadline.map(|deadline| &deadline.otherwise) {
        Some(DeadlineOutcome::Answer(data)) => Resolution::Answered(data.clone()),
        Some(DeadlineOutcome::TimeOut) | None => Resolution::TimedOut,
    }
}
