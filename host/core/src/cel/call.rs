//! Calls of functions.

use super::error::{EvaluationErrorKind, Fault, fault};
use super::evaluate::{Evaluation, wrong_type};
use super::function::{Function, Part};
use super::pattern::Pattern;
use super::span::Span;
use super::syntax::Node;
use super::value::Value;
use super::{convert, text, time};

/// The value of a call. The table of functions has made sure of the number of arguments.
pub(super) fn call<'a>(
    evaluation: &mut Evaluation<'a>,
    function: Function,
    nodes: &'a [Node],
    span: Span,
) -> Result<Value<'a>, Fault> {
    let Some((first, rest)) = nodes.split_first() else { return Ok(Value::Null) };
    let value = match function {
        Function::Dyn => return evaluation.value(first),
        _ => evaluation.read(first)?,
    };
    let budget = evaluation.budget;
    match function {
        Function::Size => size(evaluation, &value, first.span),
        Function::Type => Ok(Value::Type(value.type_name())),
        Function::ToInt => convert::to_int(value, span),
        Function::ToUint => convert::to_uint(value, span),
        Function::ToDouble => convert::to_double(value, span),
        Function::ToText => convert::to_text(budget, value, span),
        Function::ToBool => convert::to_bool(value, span),
        Function::ToBytes => convert::to_bytes(budget, value, span),
        Function::ToTimestamp => convert::to_timestamp(value, span),
        Function::ToDuration => convert::to_duration(value, span),
        Function::Matches => matches(evaluation, value, first.span, rest),
        Function::Join => text::join(evaluation, &value, rest, first.span),
        Function::Part(part) => part_of(evaluation, part, &value, rest, first.span),
        function => text::call(evaluation, function, &value, rest, first.span),
    }
}

fn size<'a>(evaluation: &Evaluation<'a>, value: &Value<'a>, span: Span) -> Result<Value<'a>, Fault> {
    let size = match value {
        Value::Text(text) => {
            evaluation.budget.bytes(text.len(), span)?;
            text.chars().count()
        }
        Value::Bytes(bytes) => bytes.len(),
        Value::List(list) => list.len(),
        Value::Map(map) => map.len(),
        other => return wrong_type("string, bytes, list or map", other, span),
    };
    i64::try_from(size)
        .map_or_else(|_| fault(span, EvaluationErrorKind::Overflow { of: "int" }), |n| Ok(Value::Int(n)))
}

fn matches<'a>(
    evaluation: &mut Evaluation<'a>,
    value: Value<'a>,
    span: Span,
    rest: &'a [Node],
) -> Result<Value<'a>, Fault> {
    let Value::Text(text) = value else { return wrong_type("string", &value, span) };
    let Some(argument) = rest.first() else { return Ok(Value::Null) };
    match evaluation.read(argument)? {
        Value::Pattern(pattern) => is_in(evaluation, pattern, &text, span),
        Value::Text(pattern) => {
            evaluation.budget.pattern(argument.span)?;
            match Pattern::compile(&pattern) {
                Ok(pattern) => is_in(evaluation, &pattern, &text, span),
                Err(reason) => fault(argument.span, EvaluationErrorKind::Pattern { reason }),
            }
        }
        other => wrong_type("string", &other, argument.span),
    }
}

fn is_in<'a>(
    evaluation: &Evaluation<'a>,
    pattern: &Pattern,
    text: &str,
    span: Span,
) -> Result<Value<'a>, Fault> {
    evaluation.budget.matched(text.len(), pattern.weight(), span)?;
    Ok(Value::Bool(pattern.is_in(text)))
}

fn part_of<'a>(
    evaluation: &mut Evaluation<'a>,
    part: Part,
    value: &Value<'a>,
    rest: &'a [Node],
    span: Span,
) -> Result<Value<'a>, Fault> {
    let zone = match rest.first() {
        None => jiff::tz::TimeZone::UTC,
        Some(argument) => match evaluation.read(argument)? {
            Value::Text(text) => match time::zone(&text) {
                Some(zone) => zone,
                None => {
                    return convert::unreadable(
                        &text,
                        "time zone (as in UTC, Europe/Berlin or +02:00)",
                        argument.span,
                    );
                }
            },
            other => return wrong_type("string", &other, argument.span),
        },
    };
    match value {
        Value::Timestamp(at) => Ok(Value::Int(time::part_of_timestamp(part, *at, zone))),
        Value::Duration(duration) => match time::part_of_duration(part, *duration) {
            Some(number) if rest.is_empty() => Ok(Value::Int(number)),
            _ => wrong_type("timestamp", value, span),
        },
        other => wrong_type("timestamp or duration", other, span),
    }
}
