//! A run that waits moves to another version of its workflow.

mod same_waits;
mod shape;

use super::change::Change;
use super::doing::Doing;
use super::known::NoDecision;
use super::log::LogKind;
use super::refused::Refused;
use super::status::{Phase, RunStatus};
use crate::event::{Migrated, StepMigration};
use crate::path::StepPath;
use crate::schema::Schema;
use crate::step::{DeadlineOutcome, WaitFor};

/// Moves the run. Every open entry must stand in the new version as it stands in the run; a step that waits with a
/// memory either is of the same component there, or was moved and waits for the same. Suspensions stay as they are,
/// so that whoever has the address of one can answer it afterwards.
pub(super) fn migrate(change: &mut Change<'_>, migrated: Migrated) -> Result<(), NoDecision> {
    let Migrated { to, version, moved, by } = migrated;
    if change.run.version != version {
        return Err(Refused::Changed { expected: version, found: change.run.version }.into());
    }
    let from = change.run.workflow;
    let refused = |reason: String| NoDecision::from(Refused::NotMigratable { from, to, reason });
    let status = change.run.status();
    if change.run.phase != Phase::Live || status == RunStatus::Running {
        return Err(refused(format!("the run is {status}; only a run that waits can be moved")));
    }
    shape::check(change).map_err(refused)?;
    for (path, step) in moved {
        put(change, &path, step, refused)?;
    }
    let paths: Vec<StepPath> = change.run.steps.keys().cloned().collect();
    for path in &paths {
        if let Some(schema) = change.place(path)?.answer_schema() {
            defaults(change, path, schema).map_err(refused)?;
        }
    }
    change.run.workflow = to;
    change.run.workflow_id = change.program.top.id().to_owned();
    change.log_by(&StepPath::root(), LogKind::Migrated, by);
    Ok(())
}

/// Puts a moved memory in the place of the old one.
fn put(
    change: &mut Change<'_>,
    path: &StepPath,
    moved: StepMigration,
    refused: impl Fn(String) -> NoDecision,
) -> Result<(), NoDecision> {
    let step = change.step_mut(path)?;
    same_waits::check(step, &moved.waits).map_err(|reason| refused(format!("step `{path}` {reason}")))?;
    let Doing::Waiting(waiting) = &mut step.doing else {
        return Err(refused(format!("step `{path}` does not wait")));
    };
    let before = waiting.image.replace(moved.image);
    change.drop_image(before);
    Ok(())
}

/// A default answer was checked against the old version's schema, and must fit the new one's: nobody is there to
/// correct it when its time comes.
fn defaults(change: &Change<'_>, path: &StepPath, schema: &Schema) -> Result<(), String> {
    for open in change.run.steps.get(path).into_iter().flat_map(|step| step.open()) {
        if let WaitFor::Answer(answer) = &open.wait.what
            && answer.resume_schema.is_none()
            && let Some(deadline) = &answer.deadline
            && let DeadlineOutcome::Answer(data) = &deadline.otherwise
            && let Err(violations) = schema.check(data)
        {
            return Err(format!(
                "step `{path}` has a default answer, for when its deadline passes, that does not fit the resume schema there:{violations}"
            ));
        }
    }
    Ok(())
}
