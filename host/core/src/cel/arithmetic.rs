//! `+`, `-`, `*`, `/`, `%`.

use super::budget::Budget;
use super::error::{EvaluationErrorKind, Fault, fault};
use super::evaluate::wrong_type;
use super::span::Span;
use super::syntax::Operator;
use super::time;
use super::value::{List, Value};

/// A double without a fraction as an integer.
pub(super) fn whole(value: f64) -> Option<i128> {
    #[allow(clippy::cast_possible_truncation, reason = "whole, and smaller than 2^64")]
    (value.fract() == 0.0 && value.abs() < 18_446_744_073_709_551_616.0).then_some(value as i128)
}

pub(super) fn negate(value: Value<'_>, span: Span) -> Result<Value<'_>, Fault> {
    match value {
        Value::Int(value) => checked(value.checked_neg().map(Value::Int), "int", span),
        Value::Double(value) => Ok(Value::Double(-value)),
        other => wrong_type("int or double", &other, span),
    }
}

/// The value of an operator that is not a comparison. The operands are read already.
pub(super) fn binary<'a>(
    budget: &Budget,
    operator: Operator,
    left: Value<'a>,
    right: Value<'a>,
    span: Span,
) -> Result<Value<'a>, Fault> {
    match (left, right) {
        (Value::Int(a), Value::Int(b)) => int(operator, a, b, span),
        (Value::Uint(a), Value::Uint(b)) => uint(operator, a, b, span),
        (Value::Double(a), Value::Double(b)) if operator != Operator::Remainder => Ok(double(operator, a, b)),
        (left, right) => match operator {
            Operator::Add => add(budget, left, right, span),
            Operator::Subtract => subtract(left, right, span),
            _ => mismatch(operator, &left, &right, span),
        },
    }
}

fn int<'a>(operator: Operator, a: i64, b: i64, span: Span) -> Result<Value<'a>, Fault> {
    let result = match operator {
        Operator::Add => a.checked_add(b),
        Operator::Subtract => a.checked_sub(b),
        Operator::Multiply => a.checked_mul(b),
        _ if b == 0 => return fault(span, EvaluationErrorKind::DivideByZero),
        Operator::Divide => a.checked_div(b),
        _ => a.checked_rem(b),
    };
    checked(result.map(Value::Int), "int", span)
}

fn uint<'a>(operator: Operator, a: u64, b: u64, span: Span) -> Result<Value<'a>, Fault> {
    let result = match operator {
        Operator::Add => a.checked_add(b),
        Operator::Subtract => a.checked_sub(b),
        Operator::Multiply => a.checked_mul(b),
        _ if b == 0 => return fault(span, EvaluationErrorKind::DivideByZero),
        Operator::Divide => a.checked_div(b),
        _ => a.checked_rem(b),
    };
    checked(result.map(Value::Uint), "uint", span)
}

fn double<'a>(operator: Operator, a: f64, b: f64) -> Value<'a> {
    Value::Double(match operator {
        Operator::Add => a + b,
        Operator::Subtract => a - b,
        Operator::Multiply => a * b,
        _ => a / b,
    })
}

fn add<'a>(budget: &Budget, left: Value<'a>, right: Value<'a>, span: Span) -> Result<Value<'a>, Fault> {
    match (left, right) {
        (Value::Text(a), Value::Text(b)) => {
            budget.bytes(a.len() + b.len(), span)?;
            Ok(Value::text([&*a, &*b].concat()))
        }
        (Value::Bytes(a), Value::Bytes(b)) => {
            budget.bytes(a.len() + b.len(), span)?;
            Ok(Value::Bytes([&*a, &*b].concat().into()))
        }
        (Value::List(a), Value::List(b)) => {
            budget.steps(a.len() + b.len(), span)?;
            Ok(concatenated(&a, &b))
        }
        (Value::Timestamp(at), Value::Duration(by)) | (Value::Duration(by), Value::Timestamp(at)) => {
            checked(time::shift(at, by).map(Value::Timestamp), "timestamp", span)
        }
        (Value::Duration(a), Value::Duration(b)) => {
            checked(a.checked_add(b).filter(time::fits).map(Value::Duration), "duration", span)
        }
        (left, right) => mismatch(Operator::Add, &left, &right, span),
    }
}

fn concatenated<'a>(a: &List<'a>, b: &List<'a>) -> Value<'a> {
    Value::list(a.iter().chain(b.iter()).collect())
}

fn subtract<'a>(left: Value<'a>, right: Value<'a>, span: Span) -> Result<Value<'a>, Fault> {
    match (left, right) {
        (Value::Timestamp(at), Value::Duration(by)) => {
            let by = by.checked_neg();
            checked(by.and_then(|by| time::shift(at, by)).map(Value::Timestamp), "timestamp", span)
        }
        (Value::Timestamp(a), Value::Timestamp(b)) => Ok(Value::Duration(a.duration_since(b))),
        (Value::Duration(a), Value::Duration(b)) => {
            checked(a.checked_sub(b).filter(time::fits).map(Value::Duration), "duration", span)
        }
        (left, right) => mismatch(Operator::Subtract, &left, &right, span),
    }
}

fn checked<'a>(value: Option<Value<'a>>, of: &'static str, span: Span) -> Result<Value<'a>, Fault> {
    value.map_or_else(|| fault(span, EvaluationErrorKind::Overflow { of }), Ok)
}

/// Numbers of two types are not mixed: whether the result is rounded should be the author's choice.
fn mismatch<T>(operator: Operator, a: &Value<'_>, b: &Value<'_>, span: Span) -> Result<T, Fault> {
    let is_number = |value: &Value<'_>| matches!(value, Value::Int(_) | Value::Uint(_) | Value::Double(_));
    let sign = operator.sign();
    let expected = match is_number(a) && is_number(b) {
        true if operator == Operator::Remainder => "two int or two uint for `%`".to_owned(),
        true => format!("two numbers of one type for `{sign}` (convert with double(…) or int(…))"),
        false => format!("two values that `{sign}` can take"),
    };
    let found = format!("{} and {}", a.type_name(), b.type_name());
    fault(span, EvaluationErrorKind::Type { expected, found })
}
