//! Whether what is open in a run stands in another version of its workflow as it stands in the run.

use std::collections::BTreeSet;

use crate::path::StepPath;
use crate::run::change::Change;
use crate::run::doing::{Doing, Held};
use crate::run::entry::EntryRecord;
use crate::step::WaitFor;
use crate::workflow::node::{Kind, ParallelNode, WaitKind};
use crate::workflow::{Arm, Place};

/// Looks at each open entry: is it there, is it the same kind of thing, is it held by the same.
///
/// # Errors
/// What is different, to be read after a colon.
pub(super) fn check(change: &Change<'_>) -> Result<(), String> {
    let run = &change.run;
    let mut holders = BTreeSet::new();
    for (path, step) in &run.steps {
        let place = change
            .program
            .place(&run.called, path)
            .ok_or_else(|| format!("it has no entry `{path}`, which is open in the run"))?;
        let (is, there) = (kind(step), kind_there(place));
        if is != there {
            return Err(format!("its entry `{path}` is a {there}, and is open in the run as a {is}"));
        }
        if let (Doing::Holding(Held::First { needed, done, .. }), Place::Entry(scope, node)) =
            (&step.doing, place)
            && let Kind::Parallel(ParallelNode { arms, first: Some(first) }) = &node.kind
        {
            if first != needed {
                return Err(format!(
                    "its entry `{path}` is done with the first {first} of its arms, and in the run with the first {needed}"
                ));
            }
            let ends_an_arm =
                |id: &String| scope.index.get(id).is_some_and(|at| arms.iter().any(|arm| arm.last == *at));
            if let Some(gone) = done.iter().find(|id| !ends_an_arm(id)) {
                return Err(format!(
                    "no arm of its entry `{path}` ends with `{gone}`, as one does that is done in the run"
                ));
            }
        }
        let Ok(holder) = change.holder(path) else {
            return Err(format!("nothing in it holds entry `{path}`, which is open in the run"));
        };
        if let Some(holder) = holder {
            let held = run.steps.get(&holder).ok_or_else(|| {
                format!("entry `{path}` stands in `{holder}` there, which is not open in the run")
            })?;
            same_arm(path, place, &holder, held)?;
            holders.insert(holder);
        }
    }
    match run.steps.iter().find(|(path, step)| holds(step) && !holders.contains(*path)) {
        Some((path, _)) => {
            Err(format!("nothing that is open in the run stands in its entry `{path}`, which is open"))
        }
        None => Ok(()),
    }
}

fn holds(step: &EntryRecord) -> bool {
    matches!(step.doing, Doing::Holding(_))
}

/// What an open entry is, by what it does.
fn kind(step: &EntryRecord) -> &'static str {
    match &step.doing {
        Doing::Holding(Held::Scope) => "workflow or body",
        Doing::Holding(Held::Parallel { .. }) => "parallel",
        Doing::Holding(Held::First { .. }) => "parallel with `first`",
        Doing::Holding(Held::Branch { .. }) => "branch",
        Doing::Holding(Held::ForEach { .. }) => "foreach",
        Doing::Holding(Held::Loop { .. }) => "loop",
        Doing::Holding(Held::Try { .. }) => "try",
        Doing::Sleeping(_) => "sleep",
        // No call brought what it waits for.
        Doing::Waiting(_) if step.calls == 0 => match step.suspensions.first().map(|open| &open.wait.what) {
            Some(WaitFor::Event(_)) => "wait for an event",
            _ => "question",
        },
        _ => "step",
    }
}

fn kind_there(place: Place<'_>) -> &'static str {
    if place.step().is_some() {
        return "step";
    }
    if let Some(wait) = place.wait() {
        return match wait.what {
            WaitKind::Answer { .. } => "question",
            WaitKind::Event { .. } => "wait for an event",
        };
    }
    if place.scope().is_some() {
        return "workflow or body";
    }
    match place {
        Place::Entry(_, node) => match &node.kind {
            Kind::Parallel(ParallelNode { first: None, .. }) => "parallel",
            Kind::Parallel(ParallelNode { first: Some(_), .. }) => "parallel with `first`",
            Kind::Branch(_) => "branch",
            Kind::ForEach(_) => "foreach",
            Kind::Loop(_) => "loop",
            Kind::Try(_) => "try",
            Kind::Sleep(_) => "sleep",
            Kind::Map(_) => "map",
            Kind::Wait(_) => "wait",
            Kind::Step(_) => "step",
            Kind::Workflow(_) => "workflow or body",
        },
        _ => "block",
    }
}

/// Whether an entry stands in an arm that its block has begun.
fn same_arm(path: &StepPath, place: Place<'_>, holder: &StepPath, held: &EntryRecord) -> Result<(), String> {
    let Place::Entry(_, node) = place else { return Ok(()) };
    let Some((_, arm)) = node.within else { return Ok(()) };
    let begun = match (&held.doing, arm) {
        (Doing::Holding(Held::Branch { chosen, .. }), Arm::Number(number)) => {
            chosen.iter().any(|arm| *arm as usize == number)
        }
        (Doing::Holding(Held::Branch { chosen, .. }), Arm::Otherwise) => chosen.is_empty(),
        (Doing::Holding(Held::Try { caught }), arm) => *caught == (arm == Arm::Catch),
        _ => true,
    };
    if begun {
        Ok(())
    } else {
        Err(format!("entry `{path}` stands in an arm of `{holder}` there that the run has not begun"))
    }
}
