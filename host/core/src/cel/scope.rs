//! The variables that an expression may read.

use serde_json::Value as JsonValue;

use super::document::Document;
use super::value::Value;
use crate::json::Json;
use crate::time::Timestamp;

/// Steps of work that an evaluation may take, unless the scope says otherwise.
pub const STEPS_MAX: u64 = 100_000;

/// Largest result of an evaluation as JSON in bytes, unless the scope says otherwise.
pub const RESULT_BYTES_MAX: usize = 1024 * 1024;

/// How much an evaluation may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EvaluationLimits {
    /// Steps of work: one for each sub-expression and element that is looked at, and for each few bytes that are
    /// copied, compared or searched.
    pub steps: u64,
    /// Bytes of the result as JSON.
    pub result_bytes: usize,
}

impl Default for EvaluationLimits {
    fn default() -> Self {
        Self { steps: STEPS_MAX, result_bytes: RESULT_BYTES_MAX }
    }
}

/// Variables and their values. Nothing is parsed or copied before an expression reads it.
#[derive(Clone, Debug, Default)]
pub struct Scope<'a> {
    variables: Vec<(&'a str, Given<'a>)>,
    pub(super) limits: EvaluationLimits,
}

#[derive(Clone, Debug)]
enum Given<'a> {
    Text(&'a str),
    Value(&'a JsonValue),
    Entries(Vec<(&'a str, &'a Json)>),
    Int(i64),
    Timestamp(Timestamp),
}

impl<'a> Scope<'a> {
    /// A scope without variables.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how much an evaluation may do.
    #[must_use]
    pub fn limits(mut self, limits: EvaluationLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Adds a variable. Like all that add, it replaces a variable of the same name.
    #[must_use]
    pub fn json(self, name: &'a str, value: &'a Json) -> Self {
        self.with(name, Given::Text(value.text()))
    }

    /// Adds a variable whose value is parsed already.
    #[must_use]
    pub fn value(self, name: &'a str, value: &'a JsonValue) -> Self {
        self.with(name, Given::Value(value))
    }

    /// Adds a variable that is a map, put together from values that stay where they are: the outputs of steps by id.
    #[must_use]
    pub fn entries(self, name: &'a str, entries: impl IntoIterator<Item = (&'a str, &'a Json)>) -> Self {
        self.with(name, Given::Entries(entries.into_iter().collect()))
    }

    /// Adds an int: a counter.
    #[must_use]
    pub fn int(self, name: &'a str, value: i64) -> Self {
        self.with(name, Given::Int(value))
    }

    /// Adds a timestamp.
    #[must_use]
    pub fn timestamp(self, name: &'a str, value: Timestamp) -> Self {
        self.with(name, Given::Timestamp(value))
    }

    fn with(mut self, name: &'a str, given: Given<'a>) -> Self {
        self.variables.retain(|(known, _)| *known != name);
        self.variables.push((name, given));
        self
    }

    /// The value of a variable for one evaluation.
    pub(super) fn root(&self, name: &str) -> Option<Root<'a>> {
        let (_, given) = self.variables.iter().find(|(known, _)| *known == name)?;
        Some(match given {
            Given::Text(text) => Root::Document(Document::of_text(text)),
            Given::Value(value) => Root::Document(Document::of_value(value)),
            Given::Entries(entries) => {
                let documents = entries.iter().map(|(key, json)| (*key, Document::of_text(json.text())));
                Root::Document(Document::of_entries(documents))
            }
            Given::Int(value) => Root::Value(Value::Int(*value)),
            Given::Timestamp(at) => {
                let millisecond = i64::try_from(at.0).unwrap_or(i64::MAX);
                // Beyond the year 9999 there is no timestamp in CEL; the number is better than nothing.
                Root::Value(
                    jiff::Timestamp::from_millisecond(millisecond)
                        .map_or(Value::Int(millisecond), Value::Timestamp),
                )
            }
        })
    }
}

/// A variable during an evaluation.
pub(super) enum Root<'a> {
    Document(Document<'a>),
    Value(Value<'a>),
}
