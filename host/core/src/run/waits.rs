//! What a step may wait for: checked before the run waits for it.

use super::limits::{CALLS_MAX, LABEL_BYTES_MAX, LABELS_MAX, WAITS_MAX};
use crate::failure;
use std::collections::HashSet;

use super::change::Change;
use super::fail::invalid;
use crate::path::StepPath;
use crate::schema::Schema;
use crate::step::{AnswerWait, Deadline, DeadlineOutcome, EventWait, Failure, RunTarget, WaitFor, Waits};
use crate::workflow::StepAt;

/// What a step waits for, checked, with the defaults of deadlines' answers filled in.
///
/// # Errors
/// The failure of the step, which is final: the same call would end in the same way.
pub(super) fn checked_waits(
    change: &Change<'_>,
    path: &StepPath,
    step: StepAt<'_>,
    mut waits: Waits,
) -> Result<Waits, Failure> {
    if change.run.steps.get(path).is_some_and(|step| step.calls >= CALLS_MAX) {
        let message = format!("the step suspended {CALLS_MAX} times, which is the most");
        return Err(Failure::of(&failure::TOO_MANY_CALLS, message));
    }
    let count = waits.waits.len();
    if count == 0 {
        return Err(Failure::of(&failure::NO_WAIT, "the step suspended without waiting for anything".into()));
    }
    if count > WAITS_MAX {
        let message = format!("the step waits for {count} things at once, at most {WAITS_MAX} are allowed");
        return Err(Failure::of(&failure::TOO_MANY_WAITS, message));
    }
    let mut ids = HashSet::new();
    for wait in &mut waits.waits {
        if !ids.insert(wait.id) {
            let message = format!("two waits have the id {}: ids of waits must differ", wait.id);
            return Err(Failure::of(&failure::REPEATED_WAIT, message));
        }
        match &mut wait.what {
            WaitFor::Answer(answer) => {
                check_answer(step, answer)?;
                check_labels(Texts::Labels, &answer.labels)?;
            }
            WaitFor::Event(event) => check_event(event)?,
            WaitFor::Run(run) => check_target(&run.target)?,
            WaitFor::Time(_) | WaitFor::Checkpoint => {}
        }
    }
    Ok(waits)
}

fn check_answer(step: StepAt<'_>, answer: &mut AnswerWait) -> Result<(), Failure> {
    let own = answer.resume_schema.as_ref().map(Schema::compile).transpose().map_err(|error| {
        Failure::of(&failure::INVALID_SCHEMA, format!("the resume schema of the suspension is {error}"))
    })?;
    // A suspension with a resume schema of its own asks a question of its own; the step's suspend schema is about the
    // usual one.
    if let (None, Some(suspend)) = (&own, &step.contract.suspend) {
        suspend.check(&answer.payload).map_err(|violations| {
            invalid(&failure::INVALID_SUSPEND_DATA, "step suspend data", &violations)
        })?;
    }
    let schema = own.as_ref().or(step.contract.resume.as_ref());
    if let (Some(Deadline { otherwise: DeadlineOutcome::Answer(data), .. }), Some(schema)) =
        (&mut answer.deadline, schema)
    {
        *data = schema
            .check(data)
            .map_err(|violations| invalid(&failure::INVALID_DEADLINE, "default answer", &violations))?;
    }
    Ok(())
}

/// Checks by what something to be run is named. Whether there is such a thing is told to the step.
fn check_target(target: &RunTarget) -> Result<(), Failure> {
    let (what, name) = match target {
        RunTarget::Step(name) => ("step", name),
        RunTarget::Workflow(name) => ("workflow", name),
    };
    if name.is_empty() || name.len() > LABEL_BYTES_MAX {
        let length = name.len();
        let message =
            format!("the name of a {what} to run has {length} bytes, 1 to {LABEL_BYTES_MAX} are allowed");
        return Err(Failure::of(&failure::INVALID_RUN, message));
    }
    Ok(())
}

/// Checks by what an event is named.
pub(super) fn check_event(event: &EventWait) -> Result<(), Failure> {
    for (what, text) in [("name", Some(&event.name)), ("key", event.key.as_ref())] {
        if let Some(text) = text
            && (text.is_empty() || text.len() > LABEL_BYTES_MAX)
        {
            let length = text.len();
            let message =
                format!("the {what} of an event has {length} bytes, 1 to {LABEL_BYTES_MAX} are allowed");
            return Err(Failure::of(&failure::INVALID_EVENT, message));
        }
    }
    Ok(())
}

/// What a question carries beside its payload.
#[derive(Clone, Copy, Debug)]
pub(super) enum Texts {
    /// Names by which an answer may be addressed.
    Labels,
    /// Those who are asked.
    Assignees,
}

/// Checks texts that a question carries beside its payload: labels, or those who are asked.
pub(super) fn check_labels(texts: Texts, labels: &[String]) -> Result<(), Failure> {
    let (code, article, what) = match texts {
        Texts::Labels => (&failure::INVALID_LABEL, "a", "label"),
        Texts::Assignees => (&failure::INVALID_ASSIGNEE, "an", "assignee"),
    };
    if labels.len() > LABELS_MAX {
        let message = format!("{} {what}s given, at most {LABELS_MAX} are allowed", labels.len());
        return Err(Failure::of(code, message));
    }
    for label in labels {
        if label.is_empty() || label.len() > LABEL_BYTES_MAX {
            let message = format!(
                "{article} {what} of {} bytes given, 1 to {LABEL_BYTES_MAX} are allowed",
                label.len()
            );
            return Err(Failure::of(code, message));
        }
    }
    Ok(())
}
