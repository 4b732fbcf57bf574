//! Expressions of workflows, in the Common Expression Language (CEL): conditions, mappings.
//!
//! An expression is compiled once, when a workflow is read, and evaluated in a [`Scope`] whenever the workflow gets
//! there. Both come from strangers, so whatever an evaluation does is counted, and one that does too much ends with
//! an error ([`EvaluationLimits`]). The source is short ([`SOURCE_BYTES_MAX`]) and neither it nor the values it makes
//! can be nested without end, which is why everything here may recurse.
//!
//! The way of an expression: `token` and `literal` cut the text into words, `parse` and `member` make a tree of them
//! (`syntax`) in which variables (`names`) and functions (`function`) are resolved, `evaluate` walks the tree, and
//! `write` turns the `value` at the top into JSON. JSON in the scope is read lazily (`document`).

mod arithmetic;
mod budget;
mod call;
mod compare;
mod convert;
mod document;
mod each;
mod error;
mod evaluate;
mod function;
mod literal;
mod member;
mod names;
mod parse;
mod pattern;
mod scope;
mod span;
mod syntax;
mod text;
mod time;
mod token;
mod value;
mod write;

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use error::{EvaluationError, EvaluationErrorKind, ExpressionError};
pub use scope::{EvaluationLimits, RESULT_BYTES_MAX, STEPS_MAX, Scope};
pub use span::Place;

use crate::json::Json;

/// Longest source of an expression, in bytes. What needs more belongs in a step.
pub const SOURCE_BYTES_MAX: usize = 4 * 1024;

/// A compiled expression. Cloning is cheap. Two expressions are equal when their sources are.
#[derive(Clone)]
pub struct Expression(Arc<CompiledExpression>);

struct CompiledExpression {
    source: String,
    root: syntax::Node,
    /// Names of the variables, in the order of the indices that the tree has for them.
    order: Vec<String>,
    variables: BTreeSet<String>,
    steps: BTreeSet<String>,
}

impl Expression {
    /// Compiles an expression that may read any variable.
    ///
    /// # Errors
    /// [`ExpressionError`] when the text is longer than [`SOURCE_BYTES_MAX`], is no expression, calls what is no
    /// function, or uses `steps` without naming a step.
    pub fn compile(source: &str) -> Result<Self, ExpressionError> {
        Self::compiled(source, None)
    }

    /// Compiles an expression that may read the named variables only.
    ///
    /// # Errors
    /// Those of [`Self::compile`], and an [`ExpressionError`] that names a variable which is not allowed, and those
    /// that are.
    pub fn compile_with(source: &str, allowed_variables: &[&str]) -> Result<Self, ExpressionError> {
        Self::compiled(source, Some(allowed_variables))
    }

    fn compiled(source: &str, allowed: Option<&[&str]>) -> Result<Self, ExpressionError> {
        let wrong = |(span, message): token::Wrong| ExpressionError::new(source, span, message);
        if source.len() > SOURCE_BYTES_MAX {
            let message = format!("{} bytes long, at most {SOURCE_BYTES_MAX} are allowed", source.len());
            return Err(wrong((span::Span::new(0, source.len()), message)));
        }
        let parser = parse::Parser::new(source, names::Names::new(allowed)).map_err(wrong)?;
        let (root, names) = parser.whole().map_err(wrong)?;
        let variables = names.variables.iter().cloned().collect();
        let source = source.to_owned();
        Ok(Self(Arc::new(CompiledExpression {
            source,
            root,
            order: names.variables,
            variables,
            steps: names.steps,
        })))
    }

    /// The text.
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// The variables that the expression may read. Those that its macros introduce are not among them.
    pub fn variables(&self) -> &BTreeSet<String> {
        &self.0.variables
    }

    /// The ids of all steps whose output the expression may read: each X of a `steps.X` or `steps["X"]`, also in
    /// `has(…)`. Each comes once, in order.
    pub fn step_references(&self) -> impl Iterator<Item = &str> {
        self.0.steps.iter().map(String::as_str)
    }

    /// The value of a condition.
    ///
    /// # Errors
    /// [`EvaluationError`] when the expression has no value in the scope, or one that is not a bool.
    pub fn evaluate_bool(&self, scope: &Scope<'_>) -> Result<bool, EvaluationError> {
        self.evaluate(scope, |evaluation, root, _| evaluation.bool(root))
    }

    /// The value as JSON.
    ///
    /// Parts of the scope that are passed on as they are keep their text. Timestamps become text as in RFC 3339,
    /// durations text as in `5400s`, bytes text in base64; maps that the expression makes are written in the order of
    /// their keys.
    ///
    /// # Errors
    /// [`EvaluationError`] when the expression has no value in the scope, or one that JSON cannot express: a double
    /// that is not finite, a type.
    pub fn evaluate_json(&self, scope: &Scope<'_>) -> Result<Json, EvaluationError> {
        self.evaluate(scope, |evaluation, root, budget| {
            let value = evaluation.value(root)?;
            write::json(budget, &value, root.span)
        })
    }

    /// Sets up an evaluation; what is read of the scope lives as long as it does.
    fn evaluate<T>(
        &self,
        scope: &Scope<'_>,
        run: impl for<'a> FnOnce(
            &mut evaluate::Evaluation<'a>,
            &'a syntax::Node,
            &budget::Budget,
        ) -> Result<T, error::Fault>,
    ) -> Result<T, EvaluationError> {
        let budget = budget::Budget::new(scope.limits);
        let roots = evaluate::Roots::new(scope, &self.0.order);
        let mut evaluation = evaluate::Evaluation::new(&roots, &budget);
        run(&mut evaluation, &self.0.root, &budget).map_err(|fault| error::to_error(&self.0.source, *fault))
    }
}

impl FromStr for Expression {
    type Err = ExpressionError;

    fn from_str(source: &str) -> Result<Self, ExpressionError> {
        Self::compile(source)
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.0.source).finish()
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.source)
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.0.source == other.0.source
    }
}

impl Eq for Expression {}

impl Serialize for Expression {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.source)
    }
}

impl<'de> Deserialize<'de> for Expression {
    /// Reads the source and compiles it.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let source = String::deserialize(deserializer)?;
        Self::compile(&source).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
