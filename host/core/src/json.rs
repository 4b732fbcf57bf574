//! JSON as text: what crosses the boundary to guests, callers and disks.

use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

/// Deepest nesting of arrays and objects that is let in.
///
/// Stops a text of opening brackets from exhausting the stack of whoever walks the value; the same figure at which
/// serde_json itself gives up, so that what was let in can always be read again.
pub const DEPTH_MAX: usize = 127;

/// A JSON text that is known to be well-formed and at most [`DEPTH_MAX`] levels deep.
///
/// Kept as text so that numbers keep every digit, and so that payloads which nobody looks into are never parsed. Cloning is
/// cheap. Two values are equal when their texts are.
#[derive(Clone)]
pub struct Json(Arc<RawValue>);

/// Why a text was not taken as JSON.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// Not JSON at all, or not the JSON that the reader of it needs.
    #[error("not valid JSON: {0}")]
    Malformed(#[from] serde_json::Error),
    /// More than [`DEPTH_MAX`] levels of arrays and objects.
    #[error("nested {found} levels deep, at most {DEPTH_MAX} are allowed")]
    TooDeep {
        /// Levels found.
        found: usize,
    },
}

impl Json {
    /// Takes a text as JSON.
    ///
    /// # Errors
    /// [`JsonError`] when the text is not one well-formed JSON value, or is nested too deeply.
    pub fn parse(text: impl Into<String>) -> Result<Self, JsonError> {
        Self::bounded(RawValue::from_string(text.into())?)
    }

    fn bounded(raw: Box<RawValue>) -> Result<Self, JsonError> {
        let found = depth(raw.get());
        if found > DEPTH_MAX {
            return Err(JsonError::TooDeep { found });
        }
        Ok(Self(Arc::from(raw)))
    }

    /// Writes any serialisable value as JSON text.
    ///
    /// # Errors
    /// [`JsonError`] when the value has no JSON form (a map with keys that are not strings, for one).
    pub fn of(value: &(impl Serialize + ?Sized)) -> Result<Self, JsonError> {
        // Well-formed as it was just written, so it is not read again.
        Self::bounded(to_raw_value(value)?)
    }

    /// The value `null`.
    pub fn null() -> Self {
        Self(Arc::from(RawValue::NULL.to_owned()))
    }

    /// The text.
    pub fn text(&self) -> &str {
        self.0.get()
    }

    /// The beginning of the text, for messages.
    pub fn shown(&self) -> String {
        const BYTES_MAX: usize = 60;
        match self.text().char_indices().find(|(at, _)| *at >= BYTES_MAX) {
            None => self.text().to_owned(),
            Some((at, _)) => format!("{}...", self.text().split_at(at).0),
        }
    }

    /// Whether the value is `null`.
    pub fn is_null(&self) -> bool {
        self.text() == "null"
    }

    /// The value, parsed.
    ///
    /// # Errors
    /// [`JsonError::Malformed`] for a number that does not fit serde_json's number types.
    pub fn value(&self) -> Result<serde_json::Value, JsonError> {
        self.decode()
    }

    /// The value as a type of the reader's.
    ///
    /// # Errors
    /// [`JsonError::Malformed`] when the text does not describe a `T`.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, JsonError> {
        Ok(serde_json::from_str(self.text())?)
    }
}

/// Reads a field that may be missing and whose `null` is a value like any other. Without it, serde takes a `null` for a missing field.
///
/// To be used as `#[serde(default, deserialize_with = "crate::json::present")]`.
///
/// # Errors
/// The deserializer's.
pub fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Json>, D::Error> {
    Json::deserialize(deserializer).map(Some)
}

/// How deep arrays and objects are nested in a well-formed text.
fn depth(text: &str) -> usize {
    let (mut open, mut deepest, mut quoted, mut escaped) = (0usize, 0usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => {
                open += 1;
                deepest = deepest.max(open);
            }
            b'}' | b']' if !quoted => open = open.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

impl From<serde_json::Value> for Json {
    fn from(value: serde_json::Value) -> Self {
        let raw = to_raw_value(&value).expect("a Value has string keys");
        Self(Arc::from(raw))
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for Json {}

impl Serialize for Json {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        match depth(raw.get()) {
            found if found > DEPTH_MAX => Err(serde::de::Error::custom(JsonError::TooDeep { found })),
            _ => Ok(Self(Arc::from(raw))),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_every_digit() {
        let text = r#"{"n":123456789012345678901234567890.10}"#;
        assert_eq!(Json::parse(text).unwrap().text(), text);
    }

    #[test]
    fn a_null_that_is_there_is_told_from_nothing() {
        #[derive(Deserialize)]
        struct Record {
            #[serde(default, deserialize_with = "present")]
            output: Option<Json>,
        }
        let output = |text: &str| Json::parse(text).unwrap().decode::<Record>().unwrap().output;
        assert_eq!((output("{}"), output(r#"{"output":null}"#)), (None, Some(Json::null())));
    }

    #[test]
    fn brackets_in_strings_are_not_depth() {
        assert_eq!(depth(r#"["[[[\"[[", {"a[": 1}]"#), 2);
    }

    #[test]
    fn a_text_of_brackets_is_refused_before_anyone_walks_it() {
        let deep = |n: usize| "[".repeat(n) + &"]".repeat(n);
        assert!(Json::parse(deep(DEPTH_MAX)).unwrap().value().is_ok());
        let error = Json::parse(deep(100_000)).unwrap_err().to_string();
        assert_eq!(error, "nested 100000 levels deep, at most 127 are allowed");
    }
}
