//! Entering entries: steps are called, blocks opened, one after the other until nothing is left to enter.

use super::change::{Change, Entering};
use super::doing::{Call, Doing, Held};
use super::expressions::{Evaluated, NoValue};
use super::fail::invalid;
use super::known::NoDecision;
use super::limits::MOVES_MAX;
use super::log::LogKind;
use super::refused::{Refused, misfit};
use crate::effect::Effect;
use crate::failure;
use crate::json::Json;
use crate::path::StepPath;
use crate::step::Failure;
use crate::time::Timestamp;
use crate::when::{instant_of, span_of};
use crate::workflow::Place;
use crate::workflow::node::{Body, Kind, LengthNode, MapNode, Node, NodeIndex, Scope, SleepNode};

/// An entry that was put off is entered.
pub(super) fn continued(change: &mut Change<'_>, path: &StepPath) -> Result<(), NoDecision> {
    let step = change.run.steps.get(path).ok_or(Refused::Idle)?;
    if step.doing != Doing::Continuing(change.owner) {
        return Err(Refused::Idle.into());
    }
    let input = change.input_of(path)?.ok_or(Refused::Idle)?;
    change.enter(path.clone(), input);
    Ok(())
}

impl<'w> Change<'w> {
    /// Queues an entry to be entered after those already queued.
    pub(super) fn enter(&mut self, path: StepPath, input: Json) {
        self.entering.push_back(Entering { path, input });
    }

    /// Enters an entry of a scope.
    pub(super) fn enter_node(
        &mut self,
        scope_path: &StepPath,
        scope: &Scope,
        node: NodeIndex,
        input: Json,
    ) -> Result<(), Refused> {
        let node = scope.at(node).ok_or_else(|| misfit(scope_path))?;
        self.enter(scope_path.child(&node.id), input);
        Ok(())
    }

    /// Enters what is to be entered, and what follows from that.
    pub(super) fn enter_all(&mut self) -> Result<(), NoDecision> {
        while let Some(Entering { path, input }) = self.entering.pop_front() {
            self.moves += 1;
            if self.moves > MOVES_MAX {
                self.insert(&path, input, Doing::Continuing(self.owner));
                self.ask(Effect::Continue { path });
            } else if self.spends_turn(&path) {
                self.enter_now(&path, input)?;
            } else {
                self.insert(&path, input, Doing::Continuing(self.owner));
            }
        }
        Ok(())
    }

    fn enter_now(&mut self, path: &StepPath, input: Json) -> Result<(), NoDecision> {
        let place = self.place(path)?;
        let input = match place.input_schema().map_or(Ok(input.clone()), |schema| schema.check(&input)) {
            Ok(input) => input,
            Err(violations) => {
                self.insert(path, input, Doing::Continuing(self.owner));
                let failure = invalid(&failure::INVALID_INPUT, "step input", &violations);
                return self.fail(path, failure);
            }
        };
        if place.step().is_some() || place.workflow().is_some() {
            match self.request_context_at(path, self.run.request_context.clone()) {
                Ok(context) => self.run.request_context = context,
                Err(violations) => {
                    self.insert(path, input, Doing::Continuing(self.owner));
                    let failure = invalid(&failure::INVALID_REQUEST_CONTEXT, "request context", &violations);
                    return self.fail(path, failure);
                }
            }
        }
        match place {
            Place::Workflow(scope) => self.enter_scope(path, scope, input),
            Place::Repetition(_, Body::Many(scope)) => self.enter_scope(path, scope, input),
            Place::Called(..) => self.enter_step(path, input),
            Place::Entry(_, node) => self.enter_kind(path, place, node, input),
            Place::Repetition(_, Body::One(node)) => self.enter_kind(path, place, node, input),
        }
    }

    fn enter_kind(
        &mut self,
        path: &StepPath,
        place: Place<'w>,
        node: &'w Node,
        input: Json,
    ) -> Result<(), NoDecision> {
        match &node.kind {
            Kind::Step(_) => self.enter_step(path, input),
            Kind::Workflow(scope) => self.enter_scope(path, scope, input),
            Kind::Parallel(node) => self.enter_parallel(path, node, &input),
            Kind::Branch(branch) => self.enter_branch(path, branch, input),
            Kind::ForEach(each) => self.enter_foreach(path, each, input),
            Kind::Loop(_) => self.enter_loop(path, input),
            Kind::Map(map) => self.enter_map(path, map, input),
            Kind::Sleep(sleep) => self.enter_sleep(path, sleep, input),
            Kind::Wait(wait) => self.enter_wait(path, wait, input),
            Kind::Try(block) => {
                let Place::Entry(scope, _) = place else { return Err(misfit(path).into()) };
                self.insert(path, input.clone(), Doing::Holding(Held::Try { caught: false }));
                let first = scope.at(block.body.first).ok_or_else(|| misfit(path))?;
                self.enter(path.sibling(&first.id), input);
                Ok(())
            }
        }
    }

    fn enter_step(&mut self, path: &StepPath, input: Json) -> Result<(), NoDecision> {
        let deadline = self.step_at(path)?.total_timeout_ms.map(|ms| self.now.plus_ms(ms));
        let step = self.insert(path, input, Doing::Continuing(self.owner));
        step.calls = 1;
        step.deadline = deadline;
        Ok(self.call(path, Call::Start, None)?)
    }

    /// Enters a workflow or a body: its record, then its first entry.
    pub(super) fn enter_scope(
        &mut self,
        path: &StepPath,
        scope: &Scope,
        input: Json,
    ) -> Result<(), NoDecision> {
        let deadline = scope.timeout_ms.map(|ms| self.now.plus_ms(ms));
        self.insert(path, input.clone(), Doing::Holding(Held::Scope)).deadline = deadline;
        Ok(self.enter_node(path, scope, scope.first, input)?)
    }

    fn enter_map(&mut self, path: &StepPath, map: &MapNode, input: Json) -> Result<(), NoDecision> {
        let mapped = self.mapped(path, map, &input);
        self.insert(path, input, Doing::Continuing(self.owner));
        match mapped {
            Ok(output) => self.complete(path, output),
            Err(NoValue::NoDecision(stop)) => Err(stop),
            Err(NoValue::Problem(problem)) => self.fail(path, Failure::of(&failure::MAPPING_FAILED, problem)),
        }
    }

    /// The instant that comes so long after now.
    pub(super) fn instant_after(
        &self,
        path: &StepPath,
        length: &LengthNode,
        input: &Json,
    ) -> Evaluated<Timestamp> {
        let span = match length {
            LengthNode::Span(span) => Ok(span.clone()),
            LengthNode::Expression(expression, zone) => {
                span_of(&self.evaluate(path, expression, input, &[])?, zone.as_deref())
            }
        };
        span.and_then(|span| span.after_bounded(self.now))
            .map_err(|error| NoValue::Problem(error.to_string()))
    }

    fn enter_sleep(&mut self, path: &StepPath, sleep: &SleepNode, input: Json) -> Result<(), NoDecision> {
        let until = match sleep {
            SleepNode::For(length) => self.instant_after(path, length, &input),
            SleepNode::Until(when) => Ok(when.instant()),
            SleepNode::UntilExpression(expression) => {
                let value = self.evaluate(path, expression, &input, &[]);
                value
                    .and_then(|value| instant_of(&value).map_err(|error| NoValue::Problem(error.to_string())))
            }
        };
        match until {
            // No wait: nothing has to come by for it to be over.
            Ok(until) if until <= self.now => {
                self.insert(path, input.clone(), Doing::Continuing(self.owner));
                self.complete(path, input)
            }
            Ok(until) => {
                self.insert(path, input, Doing::Sleeping(until));
                self.log(path, LogKind::Waiting { until: Some(until) });
                Ok(())
            }
            Err(NoValue::NoDecision(stop)) => Err(stop),
            Err(NoValue::Problem(problem)) => {
                self.insert(path, input, Doing::Continuing(self.owner));
                self.fail(path, Failure::of(&failure::INVALID_SLEEP, problem))
            }
        }
    }
}
