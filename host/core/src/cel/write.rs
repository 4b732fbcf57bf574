//! The result of an evaluation as JSON.

use super::budget::Budget;
use super::document::quoted;
use super::error::{EvaluationErrorKind, Fault, fault};
use super::span::Span;
use super::time;
use super::value::{Key, Map, Value};
use crate::json::Json;

/// Writes a value as JSON. Parts of documents are copied as they are.
pub(super) fn json(budget: &Budget, value: &Value<'_>, span: Span) -> Result<Json, Fault> {
    let mut writer = Writer { budget, span, out: String::new() };
    writer.value(value)?;
    // What is written is well-formed; what can be wrong with it is its depth.
    Json::within(writer.out).or_else(|_| fault(span, EvaluationErrorKind::TooDeep))
}

struct Writer<'b> {
    budget: &'b Budget,
    span: Span,
    out: String,
}

impl Writer<'_> {
    fn value(&mut self, value: &Value<'_>) -> Result<(), Fault> {
        match value {
            Value::Unread(document) => self.text(&document.text()),
            Value::Null => self.text("null"),
            Value::Bool(value) => self.text(&value.to_string()),
            Value::Int(number) => self.text(&number.to_string()),
            Value::Uint(number) => self.text(&number.to_string()),
            Value::Double(number) => match serde_json::Number::from_f64(*number) {
                Some(number) => self.text(&number.to_string()),
                None => self.no_json(&number.to_string()),
            },
            Value::Text(text) => {
                self.budget.result(text.len(), self.span)?;
                self.text(&quoted(text))
            }
            Value::Bytes(bytes) => {
                self.budget.result(bytes.len(), self.span)?;
                self.text(&format!("\"{}\"", base64(bytes)))
            }
            Value::Timestamp(at) => self.text(&format!("\"{at}\"")),
            Value::Duration(duration) => self.text(&format!("\"{}\"", time::shown(*duration))),
            Value::List(list) => self.bracketed("[", "]", list.iter(), Self::value),
            Value::Map(map) => {
                self.keys_differ(map)?;
                self.bracketed("{", "}", map.entries(), Self::entry)
            }
            Value::Type(name) => self.no_json(&format!("the type {name}")),
            Value::Pattern(_) => self.no_json("a pattern"),
        }
    }

    fn entry(&mut self, (key, value): &(Key<'_>, Value<'_>)) -> Result<(), Fault> {
        self.text(&name(key))?;
        self.text(":")?;
        self.value(value)
    }

    /// Checks that no two keys are the same text: `{1: 'a', '1': 'b'}` would be an object with a key twice.
    fn keys_differ(&self, map: &Map<'_>) -> Result<(), Fault> {
        // They are sorted: those that are text are the last ones.
        let others = map.entries().map(|(key, _)| key).take_while(|key| !matches!(key, Key::Text(_)));
        for other in others {
            let text = other.shown();
            if map.field(&text).is_some() {
                let keys = format!("{text} and {}", quoted(&text));
                return fault(self.span, EvaluationErrorKind::SameKey { keys });
            }
        }
        Ok(())
    }

    fn bracketed<T>(
        &mut self,
        open: &str,
        close: &str,
        elements: impl Iterator<Item = T>,
        write: impl Fn(&mut Self, &T) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.text(open)?;
        for (at, element) in elements.enumerate() {
            if at > 0 {
                self.text(",")?;
            }
            write(self, &element)?;
        }
        self.text(close)
    }

    fn text(&mut self, text: &str) -> Result<(), Fault> {
        self.budget.result(self.out.len() + text.len(), self.span)?;
        self.out.push_str(text);
        Ok(())
    }

    fn no_json(&self, found: &str) -> Result<(), Fault> {
        fault(self.span, EvaluationErrorKind::NotJson { found: found.to_owned() })
    }
}

/// A key as that of a JSON object, which is text: `{1: 'a'}` becomes `{"1":"a"}`.
fn name(key: &Key<'_>) -> String {
    match key {
        Key::Text(text) => quoted(text),
        other => format!("\"{}\"", other.shown()),
    }
}

/// Base64 with padding (RFC 4648).
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let bits =
            three.iter().fold(0usize, |bits, byte| bits << 8 | usize::from(*byte)) << (8 * (3 - three.len()));
        for place in 0..4 {
            let digit = ALPHABET.get(bits >> (18 - 6 * place) & 63).filter(|_| place <= three.len());
            out.push(digit.map_or('=', |digit| char::from(*digit)));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn base64_is_that_of_rfc_4648() {
        let of = |text: &str| super::base64(text.as_bytes());
        assert_eq!(
            ["", "f", "fo", "foo", "foob", "fooba", "foobar"].map(of),
            ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"]
        );
    }
}
