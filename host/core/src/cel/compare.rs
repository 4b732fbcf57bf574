//! Equality and order.

use std::cmp::Ordering;

use super::budget::Budget;
use super::error::{EvaluationErrorKind, Fault, fault};
use super::evaluate::open;
use super::span::Span;
use super::syntax::Operator;
use super::value::{List, Map, Value};

/// Whether two values are the same. Values of different types are not, except numbers, which are compared by what
/// they stand for.
pub(super) fn equal<'a>(budget: &Budget, a: &Value<'a>, b: &Value<'a>, span: Span) -> Result<bool, Fault> {
    budget.steps(1, span)?;
    match (a, b) {
        (Value::Unread(_), _) | (_, Value::Unread(_)) => {
            let (a, b) = (open(budget, a.clone(), span)?, open(budget, b.clone(), span)?);
            equal_read(budget, &a, &b, span)
        }
        _ => equal_read(budget, a, b, span),
    }
}

fn equal_read<'a>(budget: &Budget, a: &Value<'a>, b: &Value<'a>, span: Span) -> Result<bool, Fault> {
    match (a, b) {
        (Value::Null, Value::Null) => Ok(true),
        (Value::Bool(a), Value::Bool(b)) => Ok(a == b),
        (Value::Text(a), Value::Text(b)) => {
            budget.bytes(a.len().min(b.len()), span)?;
            Ok(a == b)
        }
        (Value::Bytes(a), Value::Bytes(b)) => {
            budget.bytes(a.len().min(b.len()), span)?;
            Ok(a == b)
        }
        (Value::List(a), Value::List(b)) => equal_lists(budget, a, b, span),
        (Value::Map(a), Value::Map(b)) => equal_maps(budget, a, b, span),
        (Value::Timestamp(a), Value::Timestamp(b)) => Ok(a == b),
        (Value::Duration(a), Value::Duration(b)) => Ok(a == b),
        (Value::Type(a), Value::Type(b)) => Ok(a == b),
        _ => Ok(numbers(a, b) == Some(Some(Ordering::Equal))),
    }
}

fn equal_lists<'a>(budget: &Budget, a: &List<'a>, b: &List<'a>, span: Span) -> Result<bool, Fault> {
    if a.len() != b.len() {
        return Ok(false);
    }
    for (a, b) in a.iter().zip(b.iter()) {
        if !equal(budget, &a, &b, span)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn equal_maps<'a>(budget: &Budget, a: &Map<'a>, b: &Map<'a>, span: Span) -> Result<bool, Fault> {
    if a.len() != b.len() {
        return Ok(false);
    }
    for (key, a) in a.entries() {
        match b.get(&key) {
            Some(b) if equal(budget, &a, &b, span)? => {}
            _ => return Ok(false),
        }
    }
    Ok(true)
}

/// `<`, `<=`, `>`, `>=`. Values are read already.
pub(super) fn ordered<'a>(
    budget: &Budget,
    operator: Operator,
    a: &Value<'a>,
    b: &Value<'a>,
    span: Span,
) -> Result<bool, Fault> {
    let ordering = match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::Text(a), Value::Text(b)) => {
            budget.bytes(a.len().min(b.len()), span)?;
            Some(a.cmp(b))
        }
        (Value::Bytes(a), Value::Bytes(b)) => {
            budget.bytes(a.len().min(b.len()), span)?;
            Some(a.cmp(b))
        }
        (Value::Timestamp(a), Value::Timestamp(b)) => Some(a.cmp(b)),
        (Value::Duration(a), Value::Duration(b)) => Some(a.cmp(b)),
        _ => numbers(a, b).flatten(),
    };
    let Some(ordering) = ordering else { return not_comparable(operator, a, b, span) };
    Ok(match operator {
        Operator::Less => ordering.is_lt(),
        Operator::LessOrEqual => ordering.is_le(),
        Operator::Greater => ordering.is_gt(),
        _ => ordering.is_ge(),
    })
}

fn not_comparable<T>(operator: Operator, a: &Value<'_>, b: &Value<'_>, span: Span) -> Result<T, Fault> {
    let expected = format!("two values that `{}` can compare", operator.sign());
    let name = |value: &Value<'_>| match value {
        Value::Double(number) if number.is_nan() => "NaN",
        other => other.type_name(),
    };
    let found = format!("{} and {}", name(a), name(b));
    fault(span, EvaluationErrorKind::Type { expected, found })
}

/// How two numbers compare; `None` when one of the values is no number, `Some(None)` when one of them is not a number
/// (NaN).
fn numbers(a: &Value<'_>, b: &Value<'_>) -> Option<Option<Ordering>> {
    match (a, b) {
        (Value::Double(a), Value::Double(b)) => Some(a.partial_cmp(b)),
        (Value::Double(a), b) => Some(with_double(integer(b)?, *a).map(Ordering::reverse)),
        (a, Value::Double(b)) => Some(with_double(integer(a)?, *b)),
        (a, b) => Some(Some(integer(a)?.cmp(&integer(b)?))),
    }
}

fn integer(value: &Value<'_>) -> Option<i128> {
    match value {
        Value::Int(value) => Some(i128::from(*value)),
        Value::Uint(value) => Some(i128::from(*value)),
        _ => None,
    }
}

/// Compares without rounding the integer, which has more digits than a double.
fn with_double(integer: i128, double: f64) -> Option<Ordering> {
    /// Beyond every int and uint.
    const FAR: f64 = 1e20;
    if double.is_nan() {
        return None;
    }
    let floor = double.floor().clamp(-FAR, FAR);
    #[allow(clippy::cast_possible_truncation, reason = "clamped, and whole")]
    let whole = floor as i128;
    Some(integer.cmp(&whole).then(if double > floor { Ordering::Less } else { Ordering::Equal }))
}
