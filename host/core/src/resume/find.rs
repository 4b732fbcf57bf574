//! Finding the suspensions that a target means.

use super::candidates::Candidates;
use super::error::TargetError;
use super::target::Target;
use crate::path::StepPath;
use crate::run::{Doing, Held, RunState, Suspension};

/// Finds the one open suspension that a target means.
///
/// # Errors
/// [`TargetError`] when there is none or more than one, with the candidates.
pub fn find<'run>(
    run: &'run RunState,
    target: &Target,
) -> Result<(&'run StepPath, &'run Suspension), TargetError> {
    match fitting(run, target)?.as_slice() {
        [one] => Ok(*one),
        several => {
            Err(TargetError::Ambiguous { target: Box::new(target.clone()), open: Candidates::of(several) })
        }
    }
}

/// Finds the open suspensions that a target means: exactly one, unless it asks for all.
///
/// # Errors
/// As [`find`]; a target that asks for all must fit at least one.
pub fn find_all<'run>(
    run: &'run RunState,
    target: &Target,
) -> Result<Vec<(&'run StepPath, &'run Suspension)>, TargetError> {
    if target.all { fitting(run, target) } else { find(run, target).map(|one| vec![one]) }
}

/// The open suspensions that fit a target, at least one.
fn fitting<'run>(
    run: &'run RunState,
    target: &Target,
) -> Result<Vec<(&'run StepPath, &'run Suspension)>, TargetError> {
    let open: Vec<_> = run.answerable().collect();
    if open.is_empty() {
        return Err(TargetError::NotSuspended { status: run.status() });
    }
    let fitting: Vec<_> =
        open.iter().filter(|(path, found)| fits(run, target, path, found)).copied().collect();
    if fitting.is_empty() {
        return Err(TargetError::Unknown { target: Box::new(target.clone()), open: Candidates::of(&open) });
    }
    let Some(seen) = target.seen.filter(|_| target.suspension.is_none()) else { return Ok(fitting) };
    let known: Vec<_> = fitting.iter().filter(|(_, found)| found.version <= seen).copied().collect();
    if known.is_empty() {
        return Err(TargetError::Unseen {
            target: Box::new(target.clone()),
            seen,
            open: Candidates::of(&fitting),
        });
    }
    Ok(known)
}

fn fits(run: &RunState, target: &Target, path: &StepPath, suspension: &Suspension) -> bool {
    if let Some(id) = target.suspension {
        return suspension.id == id;
    }
    let (name_fits, named) = match (&target.label, &target.step) {
        (Some(label), _) => (suspension.labels().contains(label), None),
        (None, Some(step)) => (path.is_within(step), Some(step.segments().len())),
        (None, None) => (true, None),
    };
    name_fits && target.for_each_index.is_none_or(|index| has_item(run, path, named, index))
}

/// Whether a path leads through this item of a `foreach`: of the entry that is `named` elements deep, or, without
/// one, of any.
fn has_item(run: &RunState, path: &StepPath, named: Option<usize>, index: u32) -> bool {
    let mut above = StepPath::root();
    path.segments().iter().zip(1..).any(|(segment, depth)| {
        above = above.with(segment.clone());
        segment.index == Some(index)
            && named.is_none_or(|named| named == depth)
            // What goes on is held by blocks that are not done, so that the block is there.
            && matches!(
                run.steps.get(&above.without_index()).map(|block| &block.doing),
                Some(Doing::Holding(Held::ForEach { .. }))
            )
    })
}
