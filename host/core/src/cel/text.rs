//! Functions of text. Positions count characters.

use super::error::{EvaluationErrorKind, Fault, fault};
use super::evaluate::{Evaluation, wrong_type};
use super::function::Function;
use super::span::Span;
use super::syntax::Node;
use super::value::{Text, Value};

/// The value of a function whose first argument is text.
pub(super) fn call<'a>(
    evaluation: &mut Evaluation<'a>,
    function: Function,
    value: &Value<'a>,
    rest: &'a [Node],
    span: Span,
) -> Result<Value<'a>, Fault> {
    let Value::Text(text) = value else { return wrong_type("string", value, span) };
    evaluation.budget.bytes(text.len(), span)?;
    match (function, rest) {
        (Function::LowerAscii, _) => Ok(Value::text(text.to_ascii_lowercase())),
        (Function::UpperAscii, _) => Ok(Value::text(text.to_ascii_uppercase())),
        (Function::Trim, _) => Ok(Value::text(text.trim())),
        (Function::Contains, [part]) => Ok(Value::Bool(text.contains(&*argument(evaluation, part)?))),
        (Function::StartsWith, [part]) => Ok(Value::Bool(text.starts_with(&*argument(evaluation, part)?))),
        (Function::EndsWith, [part]) => Ok(Value::Bool(text.ends_with(&*argument(evaluation, part)?))),
        (Function::Split, [separator, rest @ ..]) => split(evaluation, text, separator, rest, span),
        (Function::Replace, [from, to, rest @ ..]) => replace(evaluation, text, [from, to], rest, span),
        (Function::Substring, [start, rest @ ..]) => substring(evaluation, text, start, rest),
        _ => wrong_type("another function", value, span),
    }
}

fn argument<'a>(evaluation: &mut Evaluation<'a>, node: &'a Node) -> Result<Text<'a>, Fault> {
    match evaluation.read(node)? {
        Value::Text(text) => {
            evaluation.budget.bytes(text.len(), node.span)?;
            Ok(text)
        }
        other => wrong_type("string", &other, node.span),
    }
}

/// How often at most: any negative number means as often as possible.
fn limit<'a>(evaluation: &mut Evaluation<'a>, rest: &'a [Node]) -> Result<usize, Fault> {
    let Some(node) = rest.first() else { return Ok(usize::MAX) };
    match evaluation.read(node)? {
        Value::Int(number) => Ok(usize::try_from(number).unwrap_or(usize::MAX)),
        other => wrong_type("int", &other, node.span),
    }
}

/// Parts between separators, the last of them with what is left; an empty separator is between all characters.
fn split<'a>(
    evaluation: &mut Evaluation<'a>,
    text: &Text<'a>,
    separator: &'a Node,
    rest: &'a [Node],
    span: Span,
) -> Result<Value<'a>, Fault> {
    let separator = argument(evaluation, separator)?;
    let limit = limit(evaluation, rest)?;
    let parts: Vec<&str> = match separator.is_empty() {
        true => characters(text, limit),
        false => text.splitn(limit, &*separator).collect(),
    };
    evaluation.budget.steps(parts.len(), span)?;
    Ok(Value::list(parts.into_iter().map(Value::text).collect()))
}

fn characters(text: &str, limit: usize) -> Vec<&str> {
    let mut parts: Vec<&str> = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next().filter(|_| parts.len() < limit) {
        let length = if parts.len() + 1 == limit { rest.len() } else { first.len_utf8() };
        let (part, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        parts.push(part);
        rest = after;
    }
    parts
}

fn replace<'a>(
    evaluation: &mut Evaluation<'a>,
    text: &Text<'a>,
    [from, to]: [&'a Node; 2],
    rest: &'a [Node],
    span: Span,
) -> Result<Value<'a>, Fault> {
    let (from, to) = (argument(evaluation, from)?, argument(evaluation, to)?);
    let limit = limit(evaluation, rest)?;
    let places = text.matches(&*from).take(limit).count();
    // Paid before it is made: a short text can become a very long one.
    evaluation.budget.bytes(places.saturating_mul(to.len()), span)?;
    Ok(Value::text(text.replacen(&*from, &to, limit)))
}

fn substring<'a>(
    evaluation: &mut Evaluation<'a>,
    text: &Text<'a>,
    start: &'a Node,
    rest: &'a [Node],
) -> Result<Value<'a>, Fault> {
    let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let start = place(evaluation, &places, start)?;
    let end = match rest.first() {
        Some(end) => place(evaluation, &places, end)?,
        None => text.len(),
    };
    match text.get(start..end) {
        Some(part) => Ok(Value::text(part)),
        None => fault(
            rest.first().map_or(Span::new(0, 0), |end| end.span),
            EvaluationErrorKind::Overflow { of: "the text" },
        ),
    }
}

/// The byte at which a character begins.
fn place<'a>(evaluation: &mut Evaluation<'a>, places: &[usize], node: &'a Node) -> Result<usize, Fault> {
    let value = evaluation.read(node)?;
    let Value::Int(number) = value else { return wrong_type("int", &value, node.span) };
    let place = usize::try_from(number).ok().and_then(|number| places.get(number));
    place.map_or_else(
        || fault(node.span, EvaluationErrorKind::Overflow { of: "the text" }),
        |place| Ok(*place),
    )
}

/// The texts of a list, with a separator between them.
pub(super) fn join<'a>(
    evaluation: &mut Evaluation<'a>,
    value: &Value<'a>,
    rest: &'a [Node],
    span: Span,
) -> Result<Value<'a>, Fault> {
    let Value::List(list) = value else { return wrong_type("list", value, span) };
    let separator = match rest.first() {
        Some(node) => argument(evaluation, node)?,
        None => Text::Borrowed(""),
    };
    let mut joined = String::new();
    for (at, element) in list.iter().enumerate() {
        let element = evaluation.open(element, span)?;
        let Value::Text(text) = element else { return wrong_type("a list of string", &element, span) };
        evaluation.budget.steps(1, span)?;
        evaluation.budget.bytes(text.len() + separator.len(), span)?;
        if at > 0 {
            joined.push_str(&separator);
        }
        joined.push_str(&text);
    }
    Ok(Value::text(joined))
}
