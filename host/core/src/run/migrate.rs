//! A run that waits moves to another version of its workflow.

use super::change::Change;
use super::{Doing, LogKind, Phase, Refused, RunStatus, Stop};
use crate::event::Migrated;
use crate::path::StepPath;

/// Moves the run. Every open entry must be in the new version and be the same kind of thing there; a step that waits either has the
/// same component there, or its memory was moved.
pub(super) fn migrate(change: &mut Change<'_>, migrated: Migrated) -> Result<(), Stop> {
    let status = change.run.status();
    let from = change.run.workflow;
    let refuse = |reason: String| Stop::from(Refused::NotMigratable { from, to: migrated.to, reason });
    if change.run.phase != Phase::Live || status == RunStatus::Running {
        return Err(refuse(format!("the run is {status}; only a run that waits can be moved")));
    }
    let paths: Vec<StepPath> = change.run.steps.keys().cloned().collect();
    for path in &paths {
        let Some(place) = change.program.place(&change.run.called, path) else {
            return Err(refuse(format!("it has no entry `{path}`, which is open in the run")));
        };
        let waits = change
            .run
            .steps
            .get(path)
            .is_some_and(|step| matches!(step.doing, Doing::Waiting(_) | Doing::Ready(_)));
        if waits != place.step().is_some()
            && !matches!(change.run.steps.get(path).map(|s| &s.doing), Some(Doing::Sleeping(_)))
        {
            return Err(refuse(format!("its entry `{path}` is of another kind than the open one")));
        }
    }
    change.run.workflow = migrated.to;
    change.run.workflow_id = change.program.top.id().to_owned();
    for (path, image) in migrated.moved {
        let step = change.step_mut(&path)?;
        let Doing::Waiting(waiting) = &mut step.doing else {
            return Err(refuse(format!("step `{path}` does not wait any more")));
        };
        let before = waiting.image.replace(image);
        change.drop_image(before);
    }
    change.log(&StepPath::root(), LogKind::Migrated);
    Ok(())
}
