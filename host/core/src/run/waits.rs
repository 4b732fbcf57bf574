//! What a step may wait for: checked before the run waits for it.

use super::change::{Change, invalid};
use crate::path::StepPath;
use crate::schema::Schema;
use crate::step::{AnswerWait, Deadline, DeadlineOutcome, Failure, Wait, WaitFor, Waits};
use crate::workflow::StepNode;

/// Most labels of one suspension. Labels are looked up among all open suspensions of a run.
pub const LABELS_MAX: usize = 16;

/// Longest label, in bytes.
pub const LABEL_BYTES_MAX: usize = 256;

/// Most calls of one step. Stops a step that suspends for nothing, over and over, before the count of its calls overflows.
pub const CALLS_MAX: u32 = 1_000_000_000;

/// The one wait that a suspension is for, checked, with the defaults of its deadline's answer filled in.
///
/// # Errors
/// The failure of the step, which is final: the same call would end in the same way.
pub(super) fn the_wait(
    change: &Change<'_>,
    path: &StepPath,
    node: &StepNode,
    waits: Waits,
) -> Result<Wait, Failure> {
    if change.run.steps.get(path).is_some_and(|step| step.calls >= CALLS_MAX) {
        return Err(refused(
            "too-many-calls",
            format!("the step suspended {CALLS_MAX} times, which is the most"),
        ));
    }
    let count = waits.waits.len();
    let mut waits = waits.waits.into_iter();
    let mut wait = match (waits.next(), waits.next()) {
        (Some(wait), None) => wait,
        (None, _) => {
            return Err(refused("no-wait", "the step suspended without waiting for anything".into()));
        }
        _ => {
            let message =
                format!("the step waits for {count} things at once, this version serves one at a time");
            return Err(refused("unsupported-wait", message));
        }
    };
    match &mut wait.what {
        WaitFor::Answer(answer) => {
            check_answer(node, answer)?;
            check_labels(change, path, &answer.labels)?;
        }
        WaitFor::Time(_) | WaitFor::Checkpoint => {}
        other @ (WaitFor::Event(_) | WaitFor::Run(_)) => {
            let message = format!("waits of kind `{}` are not served by this version", other.kind());
            return Err(refused("unsupported-wait", message));
        }
    }
    Ok(wait)
}

fn check_answer(node: &StepNode, answer: &mut AnswerWait) -> Result<(), Failure> {
    let own = answer.resume_schema.as_ref().map(Schema::compile).transpose().map_err(|error| {
        refused("invalid-schema", format!("the resume schema of the suspension is {error}"))
    })?;
    // A suspension with a resume schema of its own asks a question of its own; the step's suspend schema is about the usual one.
    if let (None, Some(suspend)) = (&own, &node.contract.suspend) {
        suspend
            .check(&answer.payload)
            .map_err(|violations| invalid("invalid-suspend-data", "step suspend data", &violations))?;
    }
    let schema = own.as_ref().or(node.contract.resume.as_ref());
    if let (Some(Deadline { otherwise: DeadlineOutcome::Answer(data), .. }), Some(schema)) =
        (&mut answer.deadline, schema)
    {
        *data = schema
            .check(data)
            .map_err(|violations| invalid("invalid-deadline", "default answer", &violations))?;
    }
    Ok(())
}

fn check_labels(change: &Change<'_>, path: &StepPath, labels: &[String]) -> Result<(), Failure> {
    if labels.len() > LABELS_MAX {
        let message = format!("{} labels given, at most {LABELS_MAX} are allowed", labels.len());
        return Err(refused("invalid-label", message));
    }
    for label in labels {
        if label.is_empty() || label.len() > LABEL_BYTES_MAX {
            let message =
                format!("a label of {} bytes given, 1 to {LABEL_BYTES_MAX} are allowed", label.len());
            return Err(refused("invalid-label", message));
        }
        let taken = change.run.answerable().find(|(other, s)| *other != path && s.labels().contains(label));
        if let Some((other, _)) = taken {
            let message = format!("label `{label}` is in use by the suspended step `{other}`");
            return Err(refused("label-in-use", message));
        }
    }
    Ok(())
}

fn refused(code: &str, message: String) -> Failure {
    Failure { message, code: Some(code.to_owned()), retryable: false, retry_after_ms: None, details: None }
}
