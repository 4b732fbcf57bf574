//! Expressions of a workflow: what they may read, and reading it.

use super::refused::Refused;
use std::collections::{BTreeMap, BTreeSet};

use super::change::Change;
use super::known::{Missing, NoDecision};
use crate::cel::{EvaluationError, Expression, Scope};
use crate::json::Json;
use crate::path::StepPath;

/// Why there is no value.
pub(super) enum NoValue<P = String> {
    /// There is no decision yet.
    NoDecision(NoDecision),
    /// The entry is to blame, for this.
    Problem(P),
}

/// What an entry has evaluated, or what is wrong with it.
pub(super) type Evaluated<T, P = String> = Result<T, NoValue<P>>;

impl<P> NoValue<P> {
    /// The problem in other words.
    pub(super) fn map<Q>(self, told: impl FnOnce(P) -> Q) -> NoValue<Q> {
        match self {
            Self::NoDecision(stop) => NoValue::NoDecision(stop),
            Self::Problem(problem) => NoValue::Problem(told(problem)),
        }
    }
}

impl<P> From<NoDecision> for NoValue<P> {
    fn from(stop: NoDecision) -> Self {
        Self::NoDecision(stop)
    }
}

impl<P> From<Refused> for NoValue<P> {
    fn from(refused: Refused) -> Self {
        Self::NoDecision(refused.into())
    }
}

impl Change<'_> {
    /// The value of an expression of the entry at `path`, with its input and further variables.
    pub(super) fn evaluate(
        &self,
        path: &StepPath,
        expression: &Expression,
        input: &Json,
        more: &[(&str, Json)],
    ) -> Evaluated<Json> {
        self.with_scope(path, &[expression], input, more, |scope| {
            told(expression, expression.evaluate_json(scope))
        })
    }

    /// The same for a condition.
    pub(super) fn evaluate_bool(
        &self,
        path: &StepPath,
        expression: &Expression,
        input: &Json,
        more: &[(&str, Json)],
    ) -> Evaluated<bool> {
        self.with_scope(path, &[expression], input, more, |scope| {
            told(expression, expression.evaluate_bool(scope))
        })
    }

    /// An object of the values of expressions.
    pub(super) fn evaluate_fields(
        &self,
        path: &StepPath,
        fields: &[(String, Expression)],
        input: &Json,
    ) -> Evaluated<Json> {
        let expressions: Vec<&Expression> = fields.iter().map(|(_, expression)| expression).collect();
        self.with_scope(path, &expressions, input, &[], |scope| {
            let mut object = BTreeMap::new();
            for (key, expression) in fields {
                let value = told(expression, expression.evaluate_json(scope));
                object
                    .insert(key, value.map_err(|wrong| wrong.map(|problem| format!("`{key}`: {problem}")))?);
            }
            Json::of(&object).map_err(|error| NoValue::Problem(error.to_string()))
        })
    }

    fn with_scope<T>(
        &self,
        path: &StepPath,
        expressions: &[&Expression],
        input: &Json,
        more: &[(&str, Json)],
        evaluate: impl FnOnce(&Scope<'_>) -> Evaluated<T>,
    ) -> Evaluated<T> {
        let reads = |name: &str| expressions.iter().any(|expression| expression.variables().contains(name));
        let steps = self.steps_of(path, expressions)?;
        // Only what an expression reads of them must be a value.
        let object =
            |map: &BTreeMap<String, Json>| Json::object(map.iter().map(|(key, value)| (key.as_str(), value)));
        let state = if reads("state") { object(&self.run.state) } else { Json::null() };
        let context = if reads("context") { object(&self.run.request_context) } else { Json::null() };
        let init = if reads("init") { self.workflow_input(path)? } else { Json::null() };
        let item = if reads("item") || reads("index") { self.item_around(path)? } else { None };
        let iteration = if reads("iteration") { self.iteration_around(path)? } else { None };
        let error = if reads("error") { self.error_around(path, input)? } else { None };
        let run = self.about_run();

        let mut scope = Scope::new()
            .json("input", input)
            .json("init", &init)
            .json("state", &state)
            .json("context", &context)
            .json("run", &run)
            .timestamp("now", self.now)
            .entries("steps", steps.iter().map(|(id, output)| (id.as_str(), output)));
        if let Some((index, item)) = &item {
            scope = scope.json("item", item).int("index", i64::from(*index));
        }
        if let Some(iteration) = iteration {
            scope = scope.int("iteration", i64::from(iteration));
        }
        if let Some(error) = &error {
            scope = scope.json("error", error);
        }
        for (name, value) in more {
            scope = scope.json(name, value);
        }
        evaluate(&scope)
    }

    /// The outputs of the entries that expressions name, of those that are done: looked up from the scope of `path`
    /// outwards.
    fn steps_of(
        &self,
        path: &StepPath,
        expressions: &[&Expression],
    ) -> Result<BTreeMap<String, Json>, NoDecision> {
        let names: BTreeSet<&str> =
            expressions.iter().flat_map(|expression| expression.step_references()).collect();
        let (mut outputs, mut missing) = (BTreeMap::new(), Missing::default());
        for name in names {
            let Some(named) = self.named(path, name)? else { continue };
            match self.output_of(&named) {
                Ok(Some(output)) => {
                    outputs.insert(name.to_owned(), output);
                }
                Ok(None) => {}
                Err(NoDecision::Missing(more)) => missing.steps.extend(more.steps),
                Err(stop) => return Err(stop),
            }
        }
        if missing.steps.is_empty() { Ok(outputs) } else { Err(NoDecision::Missing(missing)) }
    }

    /// The path of the entry that an expression at `path` calls `name`.
    fn named(&self, path: &StepPath, name: &str) -> Result<Option<StepPath>, NoDecision> {
        let mut above = path.parent();
        while let Some(at) = above {
            let place = self.place(&at)?;
            if place.scope().is_some_and(|scope| scope.node(name).is_some()) {
                return Ok(Some(at.child(name)));
            }
            // What a workflow sees ends at the workflow.
            if place.workflow().is_some() {
                return Ok(None);
            }
            above = at.parent();
        }
        Ok(None)
    }

    /// The input of the innermost workflow around a path.
    fn workflow_input(&self, path: &StepPath) -> Result<Json, NoDecision> {
        let mut above = path.parent();
        while let Some(at) = above {
            if self.place(&at)?.workflow().is_some() {
                return self.input_of_open(&at);
            }
            above = at.parent();
        }
        Ok(Json::null())
    }

    fn about_run(&self) -> Json {
        Json::from(serde_json::json!({
            "id": self.run.id.to_string(),
            "workflowId": self.run.workflow_id,
            "resourceId": self.run.resource_id,
            "createdAt": self.run.created_at.0,
        }))
    }
}

/// The value, or what is wrong; with the whole expression, if only a part of it is to blame.
fn told<T>(expression: &Expression, value: Result<T, EvaluationError>) -> Evaluated<T> {
    value.map_err(|error| {
        let is_whole = error.span.len() == expression.source().len();
        NoValue::Problem(if is_whole {
            error.to_string()
        } else {
            format!("`{}`: {error}", expression.source())
        })
    })
}
