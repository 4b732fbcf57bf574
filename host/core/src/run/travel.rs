//! A run goes back to one of its entries and does it and all that follows again.

use super::change::Change;
use super::doing::{Doing, Held};
use super::known::NoDecision;
use super::log::LogKind;
use super::refused::{Refused, RequestPart, misfit};
use super::start::let_in;
use super::status::{Phase, RunStatus, StepStatus};
use crate::event::Traveled;
use crate::path::StepPath;
use crate::workflow::Place;

/// Goes back. The entry must follow others in a workflow: inside a block, the block is where one can go back to.
pub(super) fn travel(change: &mut Change<'_>, traveled: Traveled) -> Result<(), NoDecision> {
    let Traveled { to, input, by, .. } = traveled;
    input.iter().try_for_each(|input| let_in(RequestPart::Input, input))?;
    if change.run.phase == Phase::Pending {
        return Err(Refused::NotTravelable { to, reason: "the run has not begun".into() }.into());
    }
    if change.run.status() == RunStatus::Running {
        let reason = "a step of the run is being called: wait until it ends, or cancel the run".to_owned();
        return Err(Refused::NotTravelable { to, reason }.into());
    }
    let (Some(last), Some(parent)) = (to.last(), to.parent()) else {
        return Err(
            Refused::NotTravelable { to, reason: "it is the run itself: create a new one".into() }.into()
        );
    };
    let Some(Place::Entry(..)) = change.program.place(&change.run.called, &to) else {
        return Err(Refused::NotTravelable { to, reason: "the workflow has no such entry".into() }.into());
    };
    if let Some(block) = block_around(change, &to)? {
        let reason = format!("it stands inside `{block}`, which is where one can go back to");
        return Err(Refused::NotTravelable { to, reason }.into());
    }
    if last.index.is_some() || parent.segments().iter().any(|segment| segment.index.is_some()) {
        let reason = "it stands inside a block that repeats; go back to the block".to_owned();
        return Err(Refused::NotTravelable { to, reason }.into());
    }
    let recorded = change.input_of(&to)?;
    let Some(input) = input.or(recorded) else {
        let reason = "it was never reached: give its input".to_owned();
        return Err(Refused::NotTravelable { to, reason }.into());
    };
    // Everything is closed, whatever it was doing; then the workflows above are opened again.
    let root = StepPath::root();
    if change.run.phase == Phase::Live {
        change.save_before_end();
        change.close_within(&root)?;
    }
    change.run.phase = Phase::Live;
    change.run.travels += 1;
    let mut above = root.clone();
    for segment in std::iter::once(None).chain(parent.segments().iter().map(Some)) {
        if let Some(segment) = segment {
            above = above.with(segment.clone());
        }
        let Some(mut step) = change.record(&above)? else {
            let reason = format!("`{above}` was never entered");
            return Err(Refused::NotTravelable { to, reason }.into());
        };
        step.doing = Doing::Holding(Held::Scope);
        step.entry.status = StepStatus::Running;
        (step.entry.output, step.entry.error, step.entry.ended_at, step.deadline) = (None, None, None, None);
        change.inactive.remove(&above);
        change.run.steps.insert(above.clone(), step);
        change.touch(&above);
    }
    forget_what_follows(change, &to)?;
    change.log_by(&to, LogKind::Traveled, by);
    change.enter(to, input);
    Ok(())
}

/// The outermost block, of those that paths do not name, that an entry stands in, itself or by a workflow around it.
fn block_around(change: &Change<'_>, path: &StepPath) -> Result<Option<StepPath>, Refused> {
    let mut found = None;
    let mut above = Some(path.clone());
    while let Some(at) = above {
        if let Place::Entry(scope, node) = change.place(&at)?
            && let Some((block, _)) = node.within
        {
            let block = scope.at(block).ok_or_else(|| misfit(&at))?;
            found = Some(at.sibling(&block.id));
        }
        above = at.parent();
    }
    Ok(found)
}

/// Drops the records of the entry and of all that follows it, in its workflow and those around it.
fn forget_what_follows(change: &mut Change<'_>, to: &StepPath) -> Result<(), NoDecision> {
    let mut at = to.clone();
    let mut first = true;
    while let (Some(parent), Some(last)) = (at.parent(), at.last().cloned()) {
        let scope = change.place(&parent)?.scope().ok_or_else(|| misfit(&parent))?;
        let from = scope.index.get(&last.id).copied().unwrap_or_default();
        // Nodes are in the order of the definition: what is inside a block comes right after it.
        let skip = if first { from } else { from + 1 };
        for node in scope.nodes.iter().skip(skip) {
            let path = parent.child(&node.id);
            change.inactive.retain(|other, _| !other.is_within(&path));
            change.dropped_steps.push(path);
        }
        first = false;
        at = parent;
    }
    Ok(())
}
