//! JSON with places.

use std::ops::Range;

use super::document::{Member, Members, Node, Value};
use super::mistake::Mistake;
use crate::syntax::syntax_error;

/// Reads a JSON text.
pub(super) fn read(text: &str) -> Result<Node, Vec<Mistake>> {
    if text.trim().is_empty() {
        return Err(vec![Mistake::new(0, "the file is empty")]);
    }
    // Whether it is JSON at all is known best to those who know JSON.
    if let Err(error) = serde_json::from_str::<serde_json::Value>(text) {
        let (problem, _) = syntax_error(text, &error);
        return Err(vec![Mistake::new(place(text, &error), problem)]);
    }
    let mut reader = Reader { text, at: 0, mistakes: Vec::new() };
    let node = reader.value();
    match (node, reader.mistakes) {
        (Some(node), mistakes) if mistakes.is_empty() => Ok(node),
        (None, mistakes) if mistakes.is_empty() => Err(vec![Mistake::new(reader.at, "expected a value")]),
        (_, mistakes) => Err(mistakes),
    }
}

/// Where an error is. Columns are counted in bytes, from 1; at the end of a text the last byte is named, but what is
/// missing comes after it.
fn place(text: &str, error: &serde_json::Error) -> usize {
    if error.is_eof() {
        return text.trim_end().len();
    }
    let above: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    above + error.column().saturating_sub(1)
}

/// Walks a text that is known to be JSON.
struct Reader<'t> {
    text: &'t str,
    at: usize,
    mistakes: Vec<Mistake>,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The next character that is no white space.
    fn peek(&mut self) -> Option<char> {
        let rest = self.rest().trim_start_matches([' ', '\t', '\r', '\n']);
        self.at = self.text.len() - rest.len();
        rest.chars().next()
    }

    fn skip(&mut self, what: char) -> bool {
        let there = self.peek() == Some(what);
        self.at += if there { what.len_utf8() } else { 0 };
        there
    }

    fn value(&mut self) -> Option<Node> {
        let first = self.peek()?;
        let start = self.at;
        let value = match first {
            '{' => Value::Map(self.members()?),
            '[' => Value::List(self.items()?),
            '"' => Value::Text(self.string()?.0),
            _ => self.word()?,
        };
        Some(Node { span: start..self.at, value })
    }

    fn items(&mut self) -> Option<Vec<Node>> {
        let mut items = Vec::new();
        self.skip('[');
        while !self.skip(']') {
            items.push(self.value()?);
            self.skip(',');
        }
        Some(items)
    }

    fn members(&mut self) -> Option<Vec<Member>> {
        let mut members = Members::default();
        self.skip('{');
        while !self.skip('}') {
            self.peek()?;
            let (key, span) = self.string()?;
            self.skip(':');
            let value = self.value()?;
            self.skip(',');
            self.mistakes.extend(members.add(key, span, value).err());
        }
        Some(members.finish())
    }

    /// A text, and where it stands.
    fn string(&mut self) -> Option<(String, Range<usize>)> {
        let (mut length, mut escaped) = (1, false);
        for byte in self.rest().bytes().skip(1) {
            length += 1;
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => break,
                _ => {}
            }
        }
        let span = self.at..self.at + length;
        self.at = span.end;
        Some((serde_json::from_str(self.text.get(span.clone())?).ok()?, span))
    }

    /// A number, `true`, `false` or `null`.
    fn word(&mut self) -> Option<Value> {
        let rest = self.rest();
        let end =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c))).unwrap_or(rest.len());
        self.at += end.max(1);
        match rest.get(..end)? {
            "" => None,
            "null" => Some(Value::Null),
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            number => Some(Value::Number(number.to_owned())),
        }
    }
}
