//! What can be wrong with an expression, before and while it is evaluated.

use std::fmt;
use std::ops::Range;

use super::span::{Place, Span, excerpt};

/// A text that is not an expression, or one that names what there is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpressionError {
    /// What is wrong, and what to do.
    pub message: String,
    /// The part of the text that is wrong, in bytes.
    pub span: Range<usize>,
    /// Where that part begins.
    pub place: Place,
    excerpt: String,
}

impl ExpressionError {
    pub(super) fn new(source: &str, span: Span, message: impl Into<String>) -> Self {
        let place = Place::of(source, span.start);
        Self { message: message.into(), span: span.range(), place, excerpt: excerpt(source) }
    }
}

impl fmt::Display for ExpressionError {
    /// The expression, what is wrong, and where: "`a +`: expected an expression, found the end at 1:4".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {} at {}", self.excerpt, self.message, self.place)
    }
}

impl std::error::Error for ExpressionError {}

/// An expression that has no value in this scope.
#[derive(Debug, Clone, PartialEq)]
pub struct EvaluationError {
    /// What went wrong.
    pub kind: EvaluationErrorKind,
    /// The sub-expression that has no value, in bytes of the expression.
    pub span: Range<usize>,
    /// Where that sub-expression begins.
    pub place: Place,
    excerpt: String,
}

impl fmt::Display for EvaluationError {
    /// The sub-expression, what went wrong, and where: "`input.n / 0`: divided by zero at 1:1".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {} at {}", self.excerpt, self.kind, self.place)
    }
}

impl std::error::Error for EvaluationError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.kind)
    }
}

/// Why a sub-expression has no value.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluationErrorKind {
    /// The budget of steps is used up.
    #[error("more than {steps} steps of work: make it smaller, or do this in a step")]
    OutOfFuel {
        /// The budget.
        steps: u64,
    },
    /// The result is too large as JSON.
    #[error("the result is larger than {bytes} bytes: return less, or do this in a step")]
    TooLarge {
        /// The bound.
        bytes: usize,
    },
    /// The result is nested more deeply than JSON is let in.
    #[error("the result is nested more than {} levels deep", crate::json::DEPTH_MAX)]
    TooDeep,
    /// A value of a type that cannot be used here.
    #[error("expected {expected}, found {found}")]
    Type {
        /// What can be used.
        expected: String,
        /// Type of the value.
        found: String,
    },
    /// The scope has no such variable.
    #[error("`{name}` is not known here")]
    NoSuchVariable {
        /// The name.
        name: String,
    },
    /// A map has no such key.
    #[error("no such key: {key}; ask with has(…) first when it may be missing")]
    NoSuchKey {
        /// The key, as JSON.
        key: String,
    },
    /// A list has no such element.
    #[error("no element {index} in a list of {length}")]
    NoSuchElement {
        /// The index.
        index: String,
        /// Elements of the list.
        length: usize,
    },
    /// Division, or remainder, by zero.
    #[error("divided by zero")]
    DivideByZero,
    /// A number, timestamp or duration outside of its range.
    #[error("out of the range of {of}")]
    Overflow {
        /// The type.
        of: &'static str,
    },
    /// A value that cannot be converted.
    #[error("cannot read {found} as {expected}")]
    Convert {
        /// The value, shortened.
        found: String,
        /// What it should be.
        expected: &'static str,
    },
    /// Two entries of a map have the same key.
    #[error("the key {key} is there twice")]
    DuplicateKey {
        /// The key, as JSON.
        key: String,
    },
    /// Two keys of a map in the result are one text, as which JSON has them.
    #[error("the keys {keys} of a map are the same in JSON, whose keys are text")]
    SameKey {
        /// The two keys.
        keys: String,
    },
    /// A pattern that is not a regular expression, or too large a one.
    #[error("not a usable pattern: {reason}")]
    Pattern {
        /// What is wrong with it.
        reason: String,
    },
    /// The result cannot be written as JSON.
    #[error("{found} has no form in JSON")]
    NotJson {
        /// What was found.
        found: String,
    },
}

impl EvaluationErrorKind {
    /// Whether no part of the expression may make up for it: `true || …` forgives a wrong type, never a used-up budget.
    pub(super) fn is_final(&self) -> bool {
        matches!(self, Self::OutOfFuel { .. } | Self::TooLarge { .. } | Self::TooDeep)
    }
}

/// An error on its way out of an evaluation. Boxed, because results are passed on far more often than errors are made.
pub(super) type Fault = Box<(EvaluationErrorKind, Span)>;

pub(super) fn fault<T>(span: Span, kind: EvaluationErrorKind) -> Result<T, Fault> {
    Err(Box::new((kind, span)))
}

pub(super) fn to_error(source: &str, (kind, span): (EvaluationErrorKind, Span)) -> EvaluationError {
    let part = source.get(span.range()).unwrap_or(source);
    EvaluationError { kind, span: span.range(), place: Place::of(source, span.start), excerpt: excerpt(part) }
}
