//! The calls of a host process that died go to another one.

use super::change::Change;
use super::{Doing, Refused};
use crate::id::OwnerId;
use crate::path::StepPath;

/// Makes every call of `from` one of `by`, to be performed again from the same memory, with the same idempotency key.
pub(super) fn take_over(change: &mut Change<'_>, from: OwnerId, by: OwnerId) -> Result<(), Refused> {
    let theirs: Vec<StepPath> = change
        .run
        .steps
        .iter()
        .filter(|(_, step)| step.owner() == Some(from))
        .map(|(path, _)| path.clone())
        .collect();
    if theirs.is_empty() {
        return Err(Refused::Idle);
    }
    for path in theirs {
        let step = change.step_mut(&path)?;
        let not_before = match &mut step.doing {
            Doing::Calling(owner, _) => {
                *owner = by;
                None
            }
            Doing::Retrying(owner, until, _) => {
                *owner = by;
                Some(*until)
            }
            Doing::Holding | Doing::Waiting(_) | Doing::Ended => continue,
        };
        change.call(&path, not_before);
    }
    Ok(())
}
