//! Loops: the body, then the condition, again and again.

use super::change::Change;
use super::complete::Arrival;
use super::doing::{Doing, Held};
use super::expressions::NoValue;
use super::known::NoDecision;
use super::refused::misfit;
use crate::json::Json;
use crate::path::StepPath;
use crate::workflow::node::{ConditionNode, Kind, LoopNode};

impl<'w> Change<'w> {
    pub(super) fn enter_loop(&mut self, path: &StepPath, input: Json) -> Result<(), NoDecision> {
        self.insert(path, input.clone(), Doing::Holding(Held::Loop { iteration: 0 }));
        self.enter(path.repetition(0), input);
        Ok(())
    }

    /// The body of a loop, or a step that is its condition, is done.
    pub(super) fn iteration_done(
        &mut self,
        path: &StepPath,
        child: &StepPath,
        iteration: u32,
        output: Json,
    ) -> Result<Arrival, NoDecision> {
        let (scope, Kind::Loop(node)) = self.block_at(path)? else { return Err(misfit(path).into()) };
        if self.condition_of(child)?.is_some() {
            let result = self.output_of(&path.repetition(iteration))?.ok_or_else(|| misfit(path))?;
            return match output.decode::<bool>() {
                Ok(holds) => self.decided(path, node, iteration, holds, result),
                Err(_) => {
                    let problem = format!("the condition gave {}, expected a boolean", output.shown());
                    self.block_failed(path, "invalid-condition", problem)?;
                    Ok(Arrival::Not)
                }
            };
        }
        match &node.condition {
            ConditionNode::Step(condition) => {
                let condition = scope.at(*condition).ok_or_else(|| misfit(path))?;
                self.enter(path.sibling(&condition.id).repetition(iteration), output);
                Ok(Arrival::Not)
            }
            ConditionNode::Expression(expression) => {
                let input = self.input_of(path)?.ok_or_else(|| misfit(path))?;
                let more =
                    [("output", output.clone()), ("iteration", Json::from(serde_json::json!(iteration + 1)))];
                match self.evaluate_bool(path, expression, &input, &more) {
                    Ok(holds) => self.decided(path, node, iteration, holds, output),
                    Err(NoValue::NoDecision(stop)) => Err(stop),
                    Err(NoValue::Problem(problem)) => {
                        self.block_failed(path, "condition-failed", problem)?;
                        Ok(Arrival::Not)
                    }
                }
            }
        }
    }

    fn decided(
        &mut self,
        path: &StepPath,
        node: &LoopNode,
        iteration: u32,
        holds: bool,
        output: Json,
    ) -> Result<Arrival, NoDecision> {
        if holds == node.ends_on {
            return Ok(Arrival::Done(output));
        }
        let Some(next) = iteration.checked_add(1) else {
            self.block_failed(path, "too-many-iterations", format!("{iteration} iterations are the most"))?;
            return Ok(Arrival::Not);
        };
        self.hold(path, Held::Loop { iteration: next })?;
        self.enter(path.repetition(next), output);
        Ok(Arrival::Not)
    }
}
