//! Ending entries well: what follows is entered; where nothing follows, whatever holds the entry goes on.

use super::change::Change;
use super::doing::{Doing, Held};
use super::fail::{final_failure, invalid};
use super::known::{Missing, NoDecision};
use super::refused::{Refused, misfit};
use super::status::{Phase, StepStatus};
use crate::json::{Json, JsonError};
use crate::path::StepPath;
use crate::workflow::node::{Arm, Kind, Scope};
use crate::workflow::{BranchMode, Place};

/// Whether a holder is done, now that something it holds is.
pub(super) enum Arrival {
    /// It is, with this output.
    Done(Json),
    /// It goes on, or has failed.
    Not,
}

/// A value that is made of others, unless it is nested too deeply.
pub(super) type Wrapped = Result<Json, JsonError>;

impl<'w> Change<'w> {
    /// Ends an entry with its output, and goes on with what follows, up to the end of the run.
    pub(super) fn complete(&mut self, path: &StepPath, output: Json) -> Result<(), NoDecision> {
        let (mut path, mut output) = (path.clone(), output);
        loop {
            let holder = self.holder(&path)?;
            let place = self.place(&path)?;
            if self.run.steps.get(&path).is_some_and(|step| !step.suspensions.is_empty()) {
                // What it had run on its behalf and does not wait for any more.
                self.close_within(&path)?;
            }
            self.end_step(&path, StepStatus::Success)?.entry.output = Some(output.clone());
            let Some(holder) = holder else {
                self.end_run(Phase::Succeeded);
                return Ok(());
            };
            if let (Place::Entry(scope, node), None) = (place, path.last().and_then(|last| last.index))
                && let Some(next) = node.next
            {
                let next = scope.at(next).ok_or_else(|| misfit(&path))?;
                self.enter(path.sibling(&next.id), output);
                return Ok(());
            }
            match self.arrive(&holder, &path, output)? {
                Arrival::Done(result) => (path, output) = (holder, result),
                Arrival::Not => return Ok(()),
            }
        }
    }

    /// Tells a holder that something it holds is done and nothing follows that.
    fn arrive(&mut self, holder: &StepPath, child: &StepPath, output: Json) -> Result<Arrival, NoDecision> {
        let held = match &self.run.steps.get(holder).ok_or_else(|| misfit(holder))?.doing {
            Doing::Holding(held) => held.clone(),
            // A step has what was run on its behalf.
            _ => {
                self.child_ended(holder, child, Ok(output))?;
                return Ok(Arrival::Not);
            }
        };
        match held {
            Held::Scope => self.scope_done(holder, output),
            Held::Try { .. } => Ok(Arrival::Done(output)),
            Held::Parallel { open } => {
                self.hold(holder, Held::Parallel { open: open.saturating_sub(1) })?;
                if open > 1 {
                    return Ok(Arrival::Not);
                }
                let output = self.joined(holder)?;
                self.wrapped(holder, output)
            }
            Held::First { needed, open, done } => self.arm_done(holder, child, (needed, open, done)),
            Held::Branch { asked, chosen, open } => match self.condition_of(child)? {
                Some(_) => {
                    self.condition_answered(holder, (asked, chosen), &output)?;
                    Ok(Arrival::Not)
                }
                None if open > 1 => {
                    self.hold(holder, Held::Branch { asked, chosen, open: open - 1 })?;
                    Ok(Arrival::Not)
                }
                None => {
                    let output = self.branch_done(holder, &chosen, output)?;
                    self.wrapped(holder, output)
                }
            },
            Held::ForEach { .. } => self.item_done(holder, child),
            Held::Loop { iteration } => self.iteration_done(holder, child, iteration, output),
        }
    }

    /// Which condition of its block an entry is, if it is one.
    pub(super) fn condition_of(&self, path: &StepPath) -> Result<Option<usize>, Refused> {
        Ok(match self.place(path)? {
            Place::Entry(_, node) => match node.within {
                Some((_, Arm::Condition(number))) => Some(number),
                _ => None,
            },
            _ => None,
        })
    }

    /// The scope that an entry stands in, with the block at that entry.
    pub(super) fn block_at(&self, path: &StepPath) -> Result<(&'w Scope, &'w Kind), Refused> {
        match self.place(path)? {
            Place::Entry(scope, node) => Ok((scope, &node.kind)),
            _ => Err(misfit(path)),
        }
    }

    /// Ends a workflow with its result, which its output schema may refuse.
    pub(super) fn scope_done(&mut self, path: &StepPath, output: Json) -> Result<Arrival, NoDecision> {
        let schema = self.place(path)?.workflow().and_then(|scope| scope.output.as_ref());
        match schema.map(|schema| schema.check(&output)) {
            Some(Err(violations)) => {
                self.fail(path, invalid("invalid-output", "workflow output", &violations))?;
                Ok(Arrival::Not)
            }
            Some(Ok(output)) => Ok(Arrival::Done(output)),
            None => Ok(Arrival::Done(output)),
        }
    }

    /// Ends the workflow that a step stands in, because the step said so.
    pub(super) fn bail(&mut self, path: &StepPath, result: Json) -> Result<(), NoDecision> {
        let mut above = self.holder(path)?;
        while let Some(at) = &above {
            let place = self.place(at)?;
            if place.workflow().is_some() {
                break;
            }
            if place.step().is_some() {
                // A step that was called by a step stands in no workflow of its own: what it says is its output.
                return self.complete(path, result);
            }
            above = self.holder(at)?;
        }
        let workflow = above.ok_or_else(|| misfit(path))?;
        self.end_step(path, StepStatus::Success)?.entry.output = Some(result.clone());
        self.close_within(&workflow)?;
        match self.scope_done(&workflow, result)? {
            Arrival::Done(result) => self.complete(&workflow, result),
            Arrival::Not => Ok(()),
        }
    }

    /// Writes down how far a block is.
    pub(super) fn hold(&mut self, path: &StepPath, held: Held) -> Result<(), Refused> {
        self.step_mut(path)?.doing = Doing::Holding(held);
        Ok(())
    }

    /// The output of a branch.
    fn branch_done(&self, path: &StepPath, chosen: &[u32], output: Json) -> Result<Wrapped, NoDecision> {
        let (scope, Kind::Branch(branch)) = self.block_at(path)? else { return Err(misfit(path).into()) };
        if branch.mode == BranchMode::First || chosen.is_empty() {
            return Ok(Ok(output));
        }
        let arms = branch.arms.iter().enumerate();
        let arms =
            arms.filter(|(number, _)| u32::try_from(*number).is_ok_and(|number| chosen.contains(&number)));
        self.outputs(path, scope, arms.map(|(_, (_, arm))| arm.last).collect())
    }

    /// An object of the outputs of these entries, by their ids.
    pub(super) fn outputs(
        &self,
        block: &StepPath,
        scope: &Scope,
        of: Vec<usize>,
    ) -> Result<Wrapped, NoDecision> {
        let mut all = std::collections::BTreeMap::new();
        let mut missing = Missing::default();
        for node in of {
            let id = &scope.at(node).ok_or_else(|| misfit(block))?.id;
            let path = block.sibling(id);
            match self.output_of(&path) {
                Ok(output) => {
                    all.insert(id.clone(), output.ok_or_else(|| misfit(&path))?);
                }
                Err(NoDecision::Missing(more)) => missing.steps.extend(more.steps),
                Err(stop) => return Err(stop),
            }
        }
        if !missing.steps.is_empty() {
            return Err(NoDecision::Missing(missing));
        }
        Ok(Json::of(&all))
    }

    /// Ends a block with an output that is made of others, which may be nested too deeply for that.
    pub(super) fn wrapped(&mut self, path: &StepPath, output: Wrapped) -> Result<Arrival, NoDecision> {
        match output {
            Ok(output) => Ok(Arrival::Done(output)),
            Err(error) => {
                self.block_failed(path, "invalid-output", format!("the output of the block is {error}"))?;
                Ok(Arrival::Not)
            }
        }
    }

    /// A failure of the block at a path that its own expression is to blame for.
    pub(super) fn block_failed(
        &mut self,
        path: &StepPath,
        code: &str,
        problem: String,
    ) -> Result<(), NoDecision> {
        self.fail(path, final_failure(code, problem))
    }
}
