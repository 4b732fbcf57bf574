//! The values that sub-expressions have.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::Deref;
use std::rc::Rc;

use super::document::{Document, Entry};
use super::pattern::Pattern;

/// The value of a sub-expression. Cheap to clone: what is large is borrowed or shared.
#[derive(Clone)]
pub(super) enum Value<'a> {
    /// A part of a document that nobody has looked into yet.
    Unread(&'a Document<'a>),
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(Text<'a>),
    Bytes(Rc<[u8]>),
    List(List<'a>),
    Map(Map<'a>),
    Timestamp(jiff::Timestamp),
    Duration(jiff::SignedDuration),
    Type(&'static str),
    /// A compiled pattern of `matches`.
    Pattern(&'a Pattern),
}

/// A text, part of the scope or made by the expression.
#[derive(Clone)]
pub(super) enum Text<'a> {
    Borrowed(&'a str),
    Shared(Rc<str>),
}

/// A list, part of the scope or made by the expression.
#[derive(Clone)]
pub(super) enum List<'a> {
    Read(&'a [Document<'a>]),
    Made(Rc<Vec<Value<'a>>>),
}

/// A map, part of the scope or made by the expression.
#[derive(Clone)]
pub(super) enum Map<'a> {
    Read(&'a [Entry<'a>]),
    Made(Rc<BTreeMap<Key<'a>, Value<'a>>>),
}

/// A key of a map.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key<'a> {
    Bool(bool),
    Number(Whole),
    Text(Text<'a>),
}

/// A whole number as a key: the same key in whichever type it comes.
#[derive(Clone, Copy)]
pub(super) struct Whole {
    pub(super) number: i128,
    pub(super) is_uint: bool,
}

impl PartialEq for Whole {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Whole {}

impl PartialOrd for Whole {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Whole {
    fn cmp(&self, other: &Self) -> Ordering {
        self.number.cmp(&other.number)
    }
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Shared(text) => text,
        }
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Text<'_> {}

impl PartialOrd for Text<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        (**self).cmp(&**other)
    }
}

impl<'a> From<Cow<'a, str>> for Text<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        match text {
            Cow::Borrowed(text) => Self::Borrowed(text),
            Cow::Owned(text) => Self::Shared(text.into()),
        }
    }
}

impl<'a> List<'a> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Read(elements) => elements.len(),
            Self::Made(elements) => elements.len(),
        }
    }

    pub(super) fn get(&self, index: usize) -> Option<Value<'a>> {
        match self {
            Self::Read(elements) => elements.get(index).map(Value::Unread),
            Self::Made(elements) => elements.get(index).cloned(),
        }
    }

    /// The elements; the list goes along, so that nothing is copied.
    pub(super) fn into_iter(self) -> impl Iterator<Item = Value<'a>> + 'a {
        (0..self.len()).filter_map(move |at| self.get(at))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Value<'a>> + '_ {
        (0..self.len()).filter_map(|at| self.get(at))
    }
}

impl<'a> Map<'a> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Read(entries) => entries.len(),
            Self::Made(entries) => entries.len(),
        }
    }

    pub(super) fn get(&self, key: &Key<'a>) -> Option<Value<'a>> {
        match (self, key) {
            (Self::Read(_), Key::Text(text)) => self.field(text),
            (Self::Read(_), _) => None,
            (Self::Made(entries), key) => entries.get(key).cloned(),
        }
    }

    /// The value of a key that is text.
    pub(super) fn field(&self, name: &str) -> Option<Value<'a>> {
        match self {
            Self::Read(entries) => {
                let at = entries.binary_search_by(|(key, _)| (**key).cmp(name)).ok()?;
                entries.get(at).map(|(_, document)| Value::Unread(document))
            }
            // A key of the map's own lifetime cannot be made of a shorter one without a copy; maps that expressions
            // make are small.
            Self::Made(entries) => entries.get(&Key::Text(Text::Shared(name.into()))).cloned(),
        }
    }

    /// The keys in their order.
    pub(super) fn into_keys(self) -> Box<dyn Iterator<Item = Value<'a>> + 'a> {
        match self {
            Self::Read(entries) => Box::new(entries.iter().map(|(key, _)| Value::Text(Text::Borrowed(key)))),
            Self::Made(entries) => {
                Box::new(entries.keys().cloned().map(Value::from).collect::<Vec<_>>().into_iter())
            }
        }
    }

    /// The entries in the order of their keys.
    pub(super) fn entries(&self) -> Box<dyn Iterator<Item = (Key<'a>, Value<'a>)> + '_> {
        match self {
            Self::Read(entries) => Box::new(
                entries.iter().map(|(key, value)| (Key::Text(Text::Borrowed(key)), Value::Unread(value))),
            ),
            Self::Made(entries) => Box::new(entries.iter().map(|(key, value)| (key.clone(), value.clone()))),
        }
    }
}

impl<'a> From<Key<'a>> for Value<'a> {
    fn from(key: Key<'a>) -> Self {
        match key {
            Key::Bool(value) => Self::Bool(value),
            Key::Text(text) => Self::Text(text),
            Key::Number(Whole { number, is_uint }) => match (i64::try_from(number), u64::try_from(number)) {
                (Ok(number), _) if !is_uint => Self::Int(number),
                (_, Ok(number)) => Self::Uint(number),
                _ => Self::Null,
            },
        }
    }
}

impl Key<'_> {
    /// The key as JSON.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Bool(value) => value.to_string(),
            Self::Number(whole) => whole.number.to_string(),
            Self::Text(text) => super::document::quoted(text),
        }
    }
}

impl<'a> Value<'a> {
    pub(super) fn text(text: impl Into<Rc<str>>) -> Self {
        Self::Text(Text::Shared(text.into()))
    }

    pub(super) fn list(elements: Vec<Value<'a>>) -> Self {
        Self::List(List::Made(Rc::new(elements)))
    }

    /// The name of the value's type; a document has to be read first.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Unread(_) => "dyn",
            Self::Null => "null_type",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Uint(_) => "uint",
            Self::Double(_) => "double",
            Self::Text(_) => "string",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Timestamp(_) => "timestamp",
            Self::Duration(_) => "duration",
            Self::Type(_) => "type",
            Self::Pattern(_) => "pattern",
        }
    }
}
