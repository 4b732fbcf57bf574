//! JSON that is read only where an expression looks.
//!
//! A [`Document`] is a part of a text. Asked for its elements, it finds where each of them begins and ends, once, and
//! does not look into them. So an expression pays for what it reads, numbers that are only passed on keep every digit,
//! and a part that is passed on whole is copied as text.

use std::borrow::Cow;
use std::cell::OnceCell;

use serde_json::Value;

/// A JSON value that is in the scope of an expression.
pub(super) struct Document<'a> {
    given: Given<'a>,
    parts: OnceCell<Parts<'a>>,
}

/// The form in which the value was given.
enum Given<'a> {
    /// A well-formed text without blanks around it.
    Text(&'a str),
    Value(&'a Value),
    /// Entries that somebody else put together.
    Entries,
}

/// The elements of a list, or the entries of a map in the order of their keys.
pub(super) enum Parts<'a> {
    List(Vec<Document<'a>>),
    Map(Vec<Entry<'a>>),
}

pub(super) type Entry<'a> = (Cow<'a, str>, Document<'a>);

/// What a document is, one level deep.
pub(super) enum Shape<'a, 'd> {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(Cow<'a, str>),
    List(&'d [Document<'a>]),
    Map(&'d [Entry<'a>]),
}

/// Why there is no shape.
#[derive(Debug, PartialEq)]
pub(super) enum Unreadable {
    /// The text is well-formed JSON and yet stands for no value: half of a surrogate pair, or a number beyond all
    /// doubles.
    NoValue,
    /// More elements than wanted.
    TooMany,
}

impl<'a> Document<'a> {
    pub(super) fn of_text(text: &'a str) -> Self {
        Self { given: Given::Text(text.trim_ascii()), parts: OnceCell::new() }
    }

    pub(super) fn of_value(value: &'a Value) -> Self {
        Self { given: Given::Value(value), parts: OnceCell::new() }
    }

    /// A map of documents.
    pub(super) fn of_entries(entries: impl Iterator<Item = (&'a str, Document<'a>)>) -> Self {
        let entries = entries.map(|(key, document)| (Cow::Borrowed(key), document)).collect();
        let parts = OnceCell::from(Parts::Map(sorted(entries)));
        Self { given: Given::Entries, parts }
    }

    /// Whether [`Self::shape`] has work to do that was not done before, and how many bytes it will look at.
    pub(super) fn bytes_to_read(&self) -> Option<usize> {
        match self.given {
            _ if self.parts.get().is_some() => None,
            Given::Text(text) => Some(text.len()),
            Given::Value(_) | Given::Entries => Some(0),
        }
    }

    /// The value, one level deep. Lists and maps that were not read before may have `elements_max` elements.
    pub(super) fn shape(&self, elements_max: usize) -> Result<Shape<'a, '_>, Unreadable> {
        match self.given {
            Given::Text(text) => match text.as_bytes().first() {
                Some(b'{' | b'[') => self.parts(elements_max),
                Some(b'"') => Ok(Shape::Text(string(text)?)),
                Some(b'n') => Ok(Shape::Null),
                Some(b't') => Ok(Shape::Bool(true)),
                Some(b'f') => Ok(Shape::Bool(false)),
                _ => number(text),
            },
            Given::Value(Value::Null) => Ok(Shape::Null),
            Given::Value(Value::Bool(value)) => Ok(Shape::Bool(*value)),
            Given::Value(Value::Number(value)) => number(&value.to_string()),
            Given::Value(Value::String(value)) => Ok(Shape::Text(Cow::Borrowed(value))),
            Given::Value(_) | Given::Entries => self.parts(elements_max),
        }
    }

    /// Writes the value as it was given; the caller makes sure that this is not too much.
    pub(super) fn text(&self) -> Cow<'_, str> {
        match (&self.given, self.parts.get()) {
            (Given::Text(text), _) => Cow::Borrowed(text),
            (Given::Value(value), _) => Cow::Owned(value.to_string()),
            (Given::Entries, Some(Parts::Map(entries))) => {
                let entry = |(key, value): &Entry<'_>| format!("{}:{}", quoted(key), value.text());
                Cow::Owned(format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(",")))
            }
            (Given::Entries, _) => Cow::Borrowed("{}"),
        }
    }

    fn parts(&self, elements_max: usize) -> Result<Shape<'a, '_>, Unreadable> {
        if self.parts.get().is_none() {
            let parts = match self.given {
                Given::Text(text) => split(text, elements_max)?,
                Given::Value(value) => members(value, elements_max)?,
                Given::Entries => return Err(Unreadable::NoValue),
            };
            // Nobody else can have set it in between.
            let _ = self.parts.set(parts);
        }
        match self.parts.get() {
            Some(Parts::List(elements)) => Ok(Shape::List(elements)),
            Some(Parts::Map(entries)) => Ok(Shape::Map(entries)),
            None => Err(Unreadable::NoValue),
        }
    }
}

/// A text as JSON.
pub(super) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn members(value: &Value, elements_max: usize) -> Result<Parts<'_>, Unreadable> {
    let count = value.as_array().map(Vec::len).or(value.as_object().map(serde_json::Map::len));
    if count > Some(elements_max) {
        return Err(Unreadable::TooMany);
    }
    Ok(match value {
        Value::Array(elements) => Parts::List(elements.iter().map(Document::of_value).collect()),
        Value::Object(entries) => Parts::Map(sorted(
            entries
                .iter()
                .map(|(key, value)| (Cow::Borrowed(key.as_str()), Document::of_value(value)))
                .collect(),
        )),
        _ => Parts::List(Vec::new()),
    })
}

/// Sorts entries by key; of two with the same key, the later one counts.
fn sorted(mut entries: Vec<Entry<'_>>) -> Vec<Entry<'_>> {
    entries.reverse();
    entries.sort_by(|(a, _), (b, _)| a.cmp(b));
    entries.dedup_by(|(a, _), (b, _)| a == b);
    entries
}

fn number<'d, 'a>(text: &str) -> Result<Shape<'a, 'd>, Unreadable> {
    if let Ok(number) = text.parse::<i64>() {
        return Ok(Shape::Int(number));
    }
    if let Ok(number) = text.parse::<u64>() {
        return Ok(Shape::Uint(number));
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(Shape::Double(number)),
        _ => Err(Unreadable::NoValue),
    }
}

fn string(text: &str) -> Result<Cow<'_, str>, Unreadable> {
    if !text.contains('\\') {
        return Ok(Cow::Borrowed(text.get(1..text.len().saturating_sub(1)).unwrap_or_default()));
    }
    serde_json::from_str::<String>(text).map(Cow::Owned).map_err(|_| Unreadable::NoValue)
}

/// Finds the elements of a list or the entries of a map.
fn split(text: &str, elements_max: usize) -> Result<Parts<'_>, Unreadable> {
    let is_map = text.starts_with('{');
    let (mut elements, mut entries, mut at) = (Vec::new(), Vec::new(), 1);
    loop {
        at = skip_blank(text, at);
        match text.as_bytes().get(at) {
            None | Some(b'}' | b']') => break,
            Some(b',') => at += 1,
            _ if elements.len() + entries.len() == elements_max => return Err(Unreadable::TooMany),
            _ if is_map => {
                let (key, end) = value_at(text, at)?;
                // Well-formed: after the key there are blanks, a colon and blanks.
                let start = skip_blank(text, skip_blank(text, end) + 1);
                let (value, end) = value_at(text, start)?;
                entries.push((string(key)?, Document::of_text(value)));
                at = end;
            }
            _ => {
                let (value, end) = value_at(text, at)?;
                elements.push(Document::of_text(value));
                at = end;
            }
        }
    }
    Ok(if is_map { Parts::Map(sorted(entries)) } else { Parts::List(elements) })
}

/// The value that begins at a byte, and where it ends.
fn value_at(text: &str, start: usize) -> Result<(&str, usize), Unreadable> {
    let end = value_end(text, start).ok_or(Unreadable::NoValue)?;
    Ok((text.get(start..end).unwrap_or_default(), end))
}

fn skip_blank(text: &str, mut at: usize) -> usize {
    while matches!(text.as_bytes().get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// Where the value that begins at a byte ends.
fn value_end(text: &str, start: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut open) = (start, 0usize);
    loop {
        match bytes.get(at)? {
            b'"' => at = string_end(bytes, at)?,
            b'{' | b'[' => {
                open += 1;
                at += 1;
            }
            b'}' | b']' => {
                open = open.checked_sub(1)?;
                at += 1;
            }
            _ if open > 0 => {
                at += 1;
                continue;
            }
            _ => return Some(scalar_end(bytes, at)),
        }
        if open == 0 {
            return Some(at);
        }
    }
}

/// Where the string that begins at a byte ends.
fn string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match bytes.get(at)? {
            b'\\' => at += 2,
            b'"' => return Some(at + 1),
            _ => at += 1,
        }
    }
}

fn scalar_end(bytes: &[u8], start: usize) -> usize {
    let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r');
    let rest = bytes.get(start..).unwrap_or_default();
    start + rest.iter().position(ends).unwrap_or(rest.len())
}
