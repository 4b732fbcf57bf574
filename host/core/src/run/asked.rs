//! Entries that wait for somebody else without a component: they suspend as steps do, and what comes is their output.

use crate::failure::{self, FailureCode};
use std::collections::BTreeMap;

use super::change::Change;
use super::doing::Doing;
use super::expressions::{Evaluated, NoValue};
use super::fail::invalid;
use super::known::NoDecision;
use super::refused::misfit;
use super::suspension::Suspension;
use super::time_passed::passed;
use super::waiting::NewWaits;
use super::waits::{Texts, check_event, check_labels};
use crate::json::Json;
use crate::path::StepPath;
use crate::step::{
    AnswerWait, Deadline, DeadlineOutcome, EventWait, Failure, Resolution, Wait, WaitFor, Waits, Wake,
};
use crate::workflow::node::{DeadlineNode, MapNode, TextNode, WaitKind, WaitNode};

impl Change<'_> {
    pub(super) fn enter_wait(
        &mut self,
        path: &StepPath,
        node: &WaitNode,
        input: Json,
    ) -> Result<(), NoDecision> {
        // Before its expressions are evaluated, as they may read the item that it is.
        self.insert(path, input.clone(), Doing::Continuing(self.owner));
        let what = match self.awaited(path, node, &input) {
            Ok(what) => what,
            Err(NoValue::NoDecision(stop)) => return Err(stop),
            Err(NoValue::Problem(failure)) => return self.fail(path, failure),
        };
        let deadline = what.deadline();
        if deadline.is_some_and(|deadline| deadline.at <= self.now) {
            // No wait: nothing has to come by for it to be over.
            return self.came(path, node, passed(deadline));
        }
        let suspensions = vec![self.new_suspension()?];
        let waits = Waits { waits: vec![Wait { id: 0, what }], wake: Wake::Any };
        self.wait_for(path, NewWaits { waits, suspensions, image: None, workflows: BTreeMap::new() })
    }

    /// What an entry waits for, or why it cannot.
    fn awaited(&self, path: &StepPath, node: &WaitNode, input: &Json) -> Evaluated<WaitFor, Failure> {
        let code = match &node.what {
            WaitKind::Answer { .. } => &failure::INVALID_ASK,
            WaitKind::Event { .. } => &failure::INVALID_EVENT,
        };
        let of = |field| move |wrong: NoValue| wrong.map(|problem| unsound(code, field, &problem));
        let deadline = node.deadline.as_ref().map(|deadline| self.deadline_of(path, deadline, input));
        let deadline = deadline.transpose().map_err(of("deadline"))?;
        let what = match &node.what {
            WaitKind::Answer { payload, labels, assignees } => {
                let payload = payload.as_ref().map(|payload| self.mapped(path, payload, input));
                let payload = payload.transpose().map_err(of("payload"))?.unwrap_or_else(|| input.clone());
                let labels = self.texts(path, labels, input).map_err(of("labels"))?;
                let assignees = self.texts(path, assignees, input).map_err(of("assignees"))?;
                checked_question(AnswerWait { payload, labels, assignees, resume_schema: None, deadline })
            }
            WaitKind::Event { name, key } => {
                let name = self.one_text(path, name, input).map_err(of("name"))?;
                let key = key.as_ref().map(|key| self.one_text(path, key, input));
                let event = EventWait { name, key: key.transpose().map_err(of("key"))?, deadline };
                check_event(&event).map(|()| WaitFor::Event(event))
            }
        };
        what.map_err(NoValue::Problem)
    }

    /// The value of a mapping.
    pub(super) fn mapped(&self, path: &StepPath, mapping: &MapNode, input: &Json) -> Evaluated<Json> {
        match mapping {
            MapNode::Expression(expression) => self.evaluate(path, expression, input, &[]),
            MapNode::Fields(fields) => self.evaluate_fields(path, fields, input),
        }
    }

    fn one_text(&self, path: &StepPath, text: &TextNode, input: &Json) -> Evaluated<String> {
        match text {
            TextNode::Plain(text) => Ok(text.clone()),
            TextNode::Expression(expression) => {
                let value = self.evaluate(path, expression, input, &[])?;
                let source = expression.source();
                let problem = || format!("`{source}` gave {}, expected a text", value.shown());
                value.decode().map_err(|_| NoValue::Problem(problem()))
            }
        }
    }

    fn texts(&self, path: &StepPath, texts: &[TextNode], input: &Json) -> Evaluated<Vec<String>> {
        let mut all = Vec::with_capacity(texts.len());
        for text in texts {
            match text {
                TextNode::Plain(text) => all.push(text.clone()),
                TextNode::Expression(expression) => {
                    let value = self.evaluate(path, expression, input, &[])?;
                    all.extend(several(&value, expression.source()).map_err(NoValue::Problem)?);
                }
            }
        }
        Ok(all)
    }

    fn deadline_of(&self, path: &StepPath, node: &DeadlineNode, input: &Json) -> Evaluated<Deadline> {
        let at = self.instant_after(path, &node.length, input)?;
        let otherwise = node
            .otherwise
            .as_ref()
            .map_or(DeadlineOutcome::TimeOut, |data| DeadlineOutcome::Answer(data.clone()));
        Ok(Deadline { at, otherwise })
    }

    /// The wait of an entry without a component is over.
    pub(super) fn wait_over(
        &mut self,
        path: &StepPath,
        node: &WaitNode,
        over: Vec<Suspension>,
    ) -> Result<(), NoDecision> {
        self.step_mut(path)?.doing = Doing::Continuing(self.owner);
        let resolution = over.into_iter().find_map(|over| over.over).ok_or_else(|| misfit(path))?;
        self.came(path, node, resolution)
    }

    /// Ends an entry with what it waited for. What is answered was checked when it came, or when the workflow was
    /// committed.
    fn came(&mut self, path: &StepPath, node: &WaitNode, resolution: Resolution) -> Result<(), NoDecision> {
        match resolution {
            Resolution::Answered(answer) => self.complete(path, answer),
            // Whoever sent an event is not there any more to be told, as with one that a step refuses.
            Resolution::Received(payload) => {
                match node.schema.as_ref().map_or(Ok(payload.clone()), |schema| schema.check(&payload)) {
                    Ok(payload) => self.complete(path, payload),
                    Err(violations) => {
                        let failure = invalid(&failure::BAD_EVENT, "event data", &violations);
                        self.fail(path, failure)
                    }
                }
            }
            Resolution::TimedOut => {
                let what = match &node.what {
                    WaitKind::Answer { .. } => "answer",
                    WaitKind::Event { .. } => "event",
                };
                let message = format!("the {what} did not come before its deadline");
                self.fail(path, Failure::of(&failure::TIMED_OUT, message))
            }
            _ => Err(misfit(path).into()),
        }
    }
}

/// A question, if it carries what it may.
fn checked_question(question: AnswerWait) -> Result<WaitFor, Failure> {
    check_labels(Texts::Labels, &question.labels)?;
    check_labels(Texts::Assignees, &question.assignees)?;
    Ok(WaitFor::Answer(question))
}

/// The failure of an entry whose expressions do not give what it needs.
fn unsound(code: &'static FailureCode, field: &str, problem: &str) -> Failure {
    Failure::of(code, format!("its `{field}`: {problem}"))
}

/// The texts that an expression gave: one, or an array of them.
fn several(value: &Json, source: &str) -> Result<Vec<String>, String> {
    let one = value.decode::<String>().map(|text| vec![text]);
    one.or_else(|_| value.decode::<Vec<String>>())
        .map_err(|_| format!("`{source}` gave {}, expected a text or an array of texts", value.shown()))
}
