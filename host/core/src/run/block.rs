//! Blocks whose arms are done at once: parallel and branch.

use super::change::Change;
use super::complete::{Arrival, Wrapped};
use super::doing::{Doing, Held};
use super::expressions::NoValue;
use super::known::NoDecision;
use super::refused::misfit;
use crate::json::Json;
use crate::path::StepPath;
use crate::workflow::BranchMode;
use crate::workflow::node::{BranchNode, ConditionNode, Kind, ParallelNode, Sequence};

impl Held {
    /// A parallel without an arm that is not done and fails, if it can be done without it.
    pub(super) fn without_an_arm(&self) -> Option<Self> {
        let Self::First { needed, open, done } = self else { return None };
        let (needed, open) = (*needed, open.saturating_sub(1));
        let can_be_done = u32::try_from(done.len()).unwrap_or(u32::MAX).saturating_add(open) >= needed;
        can_be_done.then(|| Self::First { needed, open, done: done.clone() })
    }
}

impl Change<'_> {
    pub(super) fn enter_parallel(
        &mut self,
        path: &StepPath,
        node: &ParallelNode,
        input: &Json,
    ) -> Result<(), NoDecision> {
        let open = u32::try_from(node.arms.len()).unwrap_or(u32::MAX);
        let held = match node.first {
            None => Held::Parallel { open },
            Some(needed) => Held::First { needed, open, done: Vec::new() },
        };
        self.insert(path, input.clone(), Doing::Holding(held));
        self.enter_arms(path, node.arms.iter().copied(), input)
    }

    fn enter_arms(
        &mut self,
        path: &StepPath,
        arms: impl Iterator<Item = Sequence>,
        input: &Json,
    ) -> Result<(), NoDecision> {
        let (scope, _) = self.block_at(path)?;
        for arm in arms {
            let first = scope.at(arm.first).ok_or_else(|| misfit(path))?;
            self.enter(path.sibling(&first.id), input.clone());
        }
        Ok(())
    }

    /// The output of a parallel whose arms are all done.
    pub(super) fn joined(&self, path: &StepPath) -> Result<Wrapped, NoDecision> {
        let (scope, Kind::Parallel(node)) = self.block_at(path)? else { return Err(misfit(path).into()) };
        self.outputs(path, scope, node.arms.iter().map(|arm| arm.last).collect())
    }

    /// An arm of a parallel is done of which not all have to be: with the last that has to be, the others are closed.
    pub(super) fn arm_done(
        &mut self,
        path: &StepPath,
        child: &StepPath,
        (needed, open, mut done): (u32, u32, Vec<String>),
    ) -> Result<Arrival, NoDecision> {
        done.extend(child.last().map(|last| last.id.clone()));
        let is_enough = done.len() >= usize::try_from(needed).unwrap_or(usize::MAX);
        let held = Held::First { needed, open: open.saturating_sub(1), done: done.clone() };
        self.hold(path, held)?;
        if !is_enough {
            return Ok(Arrival::Not);
        }
        self.close_within(path)?;
        let (scope, _) = self.block_at(path)?;
        let lasts = done.iter().map(|id| scope.index.get(id).copied().ok_or_else(|| misfit(path)));
        let output = self.outputs(path, scope, lasts.collect::<Result<_, _>>()?)?;
        self.wrapped(path, output)
    }

    pub(super) fn enter_branch(
        &mut self,
        path: &StepPath,
        branch: &BranchNode,
        input: Json,
    ) -> Result<(), NoDecision> {
        self.insert(
            path,
            input.clone(),
            Doing::Holding(Held::Branch { asked: 0, chosen: Vec::new(), open: 0 }),
        );
        self.ask_conditions(path, branch, (0, Vec::new()), &input)
    }

    /// A step that is a condition has answered.
    pub(super) fn condition_answered(
        &mut self,
        path: &StepPath,
        (asked, mut chosen): (u32, Vec<u32>),
        output: &Json,
    ) -> Result<(), NoDecision> {
        let (_, Kind::Branch(branch)) = self.block_at(path)? else { return Err(misfit(path).into()) };
        let input = self.input_of(path)?.ok_or_else(|| misfit(path))?;
        match output.decode::<bool>() {
            Ok(true) => chosen.push(asked),
            Ok(false) => {}
            Err(_) => {
                let problem =
                    format!("the condition of arm {asked} gave {}, expected a boolean", output.shown());
                return self.block_failed(path, "invalid-condition", problem);
            }
        }
        self.ask_conditions(path, branch, (asked + 1, chosen), &input)
    }

    /// Asks conditions in order, up to one that is a step; after the last, enters the arms.
    fn ask_conditions(
        &mut self,
        path: &StepPath,
        branch: &BranchNode,
        (mut asked, mut chosen): (u32, Vec<u32>),
        input: &Json,
    ) -> Result<(), NoDecision> {
        let enough = |chosen: &[u32]| branch.mode == BranchMode::First && !chosen.is_empty();
        while let Some((condition, _)) = branch.arms.get(asked as usize).filter(|_| !enough(&chosen)) {
            match condition {
                ConditionNode::Step(node) => {
                    self.hold(path, Held::Branch { asked, chosen, open: 0 })?;
                    let (scope, _) = self.block_at(path)?;
                    let node = scope.at(*node).ok_or_else(|| misfit(path))?;
                    self.enter(path.sibling(&node.id), input.clone());
                    return Ok(());
                }
                ConditionNode::Expression(expression) => {
                    match self.evaluate_bool(path, expression, input, &[]) {
                        Ok(true) => chosen.push(asked),
                        Ok(false) => {}
                        Err(NoValue::NoDecision(stop)) => return Err(stop),
                        Err(NoValue::Problem(problem)) => {
                            return self.block_failed(path, "condition-failed", problem);
                        }
                    }
                }
            }
            asked += 1;
        }
        let arms: Vec<Sequence> = match (&branch.otherwise, chosen.is_empty()) {
            (Some(otherwise), true) => vec![*otherwise],
            _ => chosen.iter().filter_map(|arm| Some(branch.arms.get(*arm as usize)?.1)).collect(),
        };
        if arms.is_empty() {
            return self.complete(path, Json::from(serde_json::json!({})));
        }
        let open = u32::try_from(arms.len()).unwrap_or(u32::MAX);
        self.hold(path, Held::Branch { asked, chosen, open })?;
        self.enter_arms(path, arms.into_iter(), input)
    }
}
