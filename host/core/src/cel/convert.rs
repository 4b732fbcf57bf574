//! Conversions between types.

use super::arithmetic::whole;
use super::budget::Budget;
use super::error::{EvaluationErrorKind, Fault, fault};
use super::evaluate::wrong_type;
use super::span::{Span, excerpt};
use super::time;
use super::value::Value;

/// What is given is text that does not say what is wanted.
pub(super) fn unreadable<T>(text: &str, expected: &'static str, span: Span) -> Result<T, Fault> {
    let found = super::document::quoted(&excerpt(text));
    fault(span, EvaluationErrorKind::Convert { found, expected })
}

pub(super) fn to_int(value: Value<'_>, span: Span) -> Result<Value<'_>, Fault> {
    let int = match &value {
        Value::Int(_) => return Ok(value),
        Value::Uint(number) => i64::try_from(*number).ok(),
        Value::Double(number) => whole(number.trunc()).and_then(|number| i64::try_from(number).ok()),
        Value::Timestamp(at) => {
            Some(at.as_nanosecond().div_euclid(1_000_000_000)).and_then(|s| i64::try_from(s).ok())
        }
        Value::Text(text) => match text.parse() {
            Ok(number) => Some(number),
            Err(_) => return unreadable(text, "int", span),
        },
        other => return wrong_type("int, uint, double, string or timestamp", other, span),
    };
    int.map_or_else(
        || fault(span, EvaluationErrorKind::Overflow { of: "int" }),
        |number| Ok(Value::Int(number)),
    )
}

pub(super) fn to_uint(value: Value<'_>, span: Span) -> Result<Value<'_>, Fault> {
    let uint = match &value {
        Value::Uint(_) => return Ok(value),
        Value::Int(number) => u64::try_from(*number).ok(),
        Value::Double(number) if *number < 0.0 => None,
        Value::Double(number) => whole(number.trunc()).and_then(|number| u64::try_from(number).ok()),
        Value::Text(text) => match text.parse() {
            Ok(number) => Some(number),
            Err(_) => return unreadable(text, "uint", span),
        },
        other => return wrong_type("int, uint, double or string", other, span),
    };
    uint.map_or_else(
        || fault(span, EvaluationErrorKind::Overflow { of: "uint" }),
        |number| Ok(Value::Uint(number)),
    )
}

pub(super) fn to_double(value: Value<'_>, span: Span) -> Result<Value<'_>, Fault> {
    #[allow(clippy::cast_precision_loss, reason = "rounding is what the conversion is for")]
    match &value {
        Value::Double(_) => Ok(value),
        Value::Int(number) => Ok(Value::Double(*number as f64)),
        Value::Uint(number) => Ok(Value::Double(*number as f64)),
        Value::Text(text) => match text.parse() {
            Ok(number) => Ok(Value::Double(number)),
            Err(_) => unreadable(text, "double", span),
        },
        other => wrong_type("int, uint, double or string", other, span),
    }
}

pub(super) fn to_text<'a>(budget: &Budget, value: Value<'a>, span: Span) -> Result<Value<'a>, Fault> {
    let text = match &value {
        Value::Text(_) => return Ok(value),
        Value::Bool(value) => value.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Uint(number) => number.to_string(),
        Value::Double(number) => number.to_string(),
        Value::Timestamp(at) => at.to_string(),
        Value::Duration(duration) => time::shown(*duration),
        Value::Bytes(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => {
                let found = "bytes that are not UTF-8".to_owned();
                return fault(span, EvaluationErrorKind::Convert { found, expected: "string" });
            }
        },
        other => return wrong_type("a value that is not a list, map or null", other, span),
    };
    budget.bytes(text.len(), span)?;
    Ok(Value::text(text))
}

pub(super) fn to_bool(value: Value<'_>, span: Span) -> Result<Value<'_>, Fault> {
    match &value {
        Value::Bool(_) => Ok(value),
        Value::Text(text) => match &**text {
            "true" | "True" | "TRUE" | "t" | "1" => Ok(Value::Bool(true)),
            "false" | "False" | "FALSE" | "f" | "0" => Ok(Value::Bool(false)),
            _ => unreadable(text, "bool", span),
        },
        other => wrong_type("bool or string", other, span),
    }
}

pub(super) fn to_bytes<'a>(budget: &Budget, value: Value<'a>, span: Span) -> Result<Value<'a>, Fault> {
    match &value {
        Value::Bytes(_) => Ok(value),
        Value::Text(text) => {
            budget.bytes(text.len(), span)?;
            Ok(Value::Bytes(text.as_bytes().into()))
        }
        other => wrong_type("bytes or string", other, span),
    }
}

pub(super) fn to_timestamp(value: Value<'_>, span: Span) -> Result<Value<'_>, Fault> {
    match &value {
        Value::Timestamp(_) => Ok(value),
        Value::Text(text) => match time::timestamp(text) {
            Some(at) => Ok(Value::Timestamp(at)),
            None => unreadable(text, "timestamp (as in 2026-01-31T12:00:00Z)", span),
        },
        Value::Int(seconds) => {
            let at = jiff::Timestamp::from_second(*seconds)
                .ok()
                .and_then(|at| time::shift(at, jiff::SignedDuration::ZERO));
            at.map_or_else(
                || fault(span, EvaluationErrorKind::Overflow { of: "timestamp" }),
                |at| Ok(Value::Timestamp(at)),
            )
        }
        other => wrong_type("timestamp, string or int (seconds since 1970)", other, span),
    }
}

pub(super) fn to_duration(value: Value<'_>, span: Span) -> Result<Value<'_>, Fault> {
    match &value {
        Value::Duration(_) => Ok(value),
        Value::Text(text) => match time::duration(text) {
            Some(duration) => Ok(Value::Duration(duration)),
            None => unreadable(text, "duration (as in 30m or 1h30m)", span),
        },
        other => wrong_type("duration or string", other, span),
    }
}
