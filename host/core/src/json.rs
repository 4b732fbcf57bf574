//! JSON as text: what crosses the boundary to guests, callers and disks.

mod door;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use crate::schema::Violation;

/// Deepest nesting of arrays and objects that is let in from outside. Less than [`DEPTH_MAX`], so that what was let
/// in can be wrapped: in the output of a block, in the shared state, in what is given to `catch`.
pub const OUTSIDE_DEPTH_MAX: usize = 96;

/// Deepest nesting of a value that workflows and steps work with; the figure at which serde_json gives up, so that
/// each can be read.
pub const DEPTH_MAX: usize = 127;

/// A well-formed JSON text.
///
/// Kept as text so that numbers keep every digit, and so that payloads which nobody looks into are never parsed.
/// Cloning is cheap. Two values are equal when their texts are.
///
/// There are two ways in. [`Self::parse`] is for what comes from outside: callers, guests, files. [`Self::stored`],
/// and deserializing, are for what was let in before, by whatever version: nothing but damage is refused there. A
/// value that comes from outside on another way is held to the same rule by [`Self::check_outside`].
#[derive(Clone)]
pub struct Json(Arc<RawValue>);

/// Why a text was not taken as JSON.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// Not JSON at all, or not the JSON that the reader of it needs.
    #[error("not valid JSON: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Too many levels of arrays and objects.
    #[error("nested {found} levels deep, at most {at_most} are allowed")]
    TooDeep {
        /// Levels found.
        found: usize,
        /// Levels allowed.
        at_most: usize,
    },
    /// Well-formed, and yet no value, or not the same one to every reader: half of a surrogate pair, a number that is
    /// too large, a key that is there twice.
    #[error("{}{problem}", shown_place(at))]
    Odd {
        /// JSON Pointer to the place; empty for the value as a whole.
        at: String,
        /// What was found there.
        problem: String,
    },
}

fn shown_place(at: &str) -> String {
    if at.is_empty() { String::new() } else { format!("{at}: ") }
}

impl JsonError {
    /// The error as a violation of the rule for what comes from outside.
    pub fn violation(&self) -> Violation {
        match self {
            Self::Odd { at, problem } => Violation { at: at.clone(), message: problem.clone() },
            other => Violation { at: String::new(), message: other.to_string() },
        }
    }
}

impl Json {
    /// Takes a text that comes from outside.
    ///
    /// # Errors
    /// [`JsonError`] when the text is not one well-formed JSON value, or breaks the rule of [`Self::check_outside`].
    pub fn parse(text: impl Into<String>) -> Result<Self, JsonError> {
        let json = Self::stored(text)?;
        json.check_outside()?;
        Ok(json)
    }

    /// Takes a text that was put together of values which were let in.
    ///
    /// # Errors
    /// [`JsonError`] when the text is not one well-formed JSON value, or is nested more than [`DEPTH_MAX`] levels deep.
    pub fn within(text: impl Into<String>) -> Result<Self, JsonError> {
        let json = Self::stored(text)?;
        json.check_depth(DEPTH_MAX)?;
        Ok(json)
    }

    /// Takes a text that was stored.
    ///
    /// # Errors
    /// [`JsonError::Malformed`] when the text is not one well-formed JSON value.
    pub fn stored(text: impl Into<String>) -> Result<Self, JsonError> {
        Ok(Self(Arc::from(RawValue::from_string(text.into())?)))
    }

    /// Checks what holds for every value that comes from outside: at most [`OUTSIDE_DEPTH_MAX`] levels of nesting, no
    /// half of a surrogate pair, no number beyond those of doubles, no key twice in one object.
    ///
    /// # Errors
    /// [`JsonError::TooDeep`], or [`JsonError::Odd`] with the first place.
    pub fn check_outside(&self) -> Result<(), JsonError> {
        self.check_depth(OUTSIDE_DEPTH_MAX)?;
        door::check(self.text()).map_err(|problem| JsonError::Odd { at: problem.at, problem: problem.what })
    }

    fn check_depth(&self, at_most: usize) -> Result<(), JsonError> {
        match depth(self.text()) {
            found if found > at_most => Err(JsonError::TooDeep { found, at_most }),
            _ => Ok(()),
        }
    }

    /// Writes any serialisable value as a value that workflows and steps can work with.
    ///
    /// # Errors
    /// [`JsonError`] when the value has no JSON form (a map with keys that are not strings, for one), or is nested
    /// more than [`DEPTH_MAX`] levels deep.
    pub fn of(value: &(impl Serialize + ?Sized)) -> Result<Self, JsonError> {
        let json = Self::record(value)?;
        json.check_depth(DEPTH_MAX)?;
        Ok(json)
    }

    /// Writes a record to be stored, which has values within it: as deep as they make it.
    ///
    /// # Errors
    /// [`JsonError::Malformed`] when it has no JSON form.
    pub fn record(value: &(impl Serialize + ?Sized)) -> Result<Self, JsonError> {
        // Well-formed as it was just written, so it is not read again.
        Ok(Self(Arc::from(to_raw_value(value)?)))
    }

    /// An object with these members: however deep they are.
    pub fn object<'a>(members: impl IntoIterator<Item = (&'a str, &'a Self)>) -> Self {
        let members: BTreeMap<&str, &Self> = members.into_iter().collect();
        Self(Arc::from(to_raw_value(&members).expect("an object of JSON texts is one")))
    }

    /// The value `null`.
    pub fn null() -> Self {
        Self(Arc::from(RawValue::NULL.to_owned()))
    }

    /// The text.
    pub fn text(&self) -> &str {
        self.0.get()
    }

    /// The text that all texts of the same value share: without blanks, keys in order, strings escaped in one way.
    /// Numbers stay as they are written.
    pub fn canonical(&self) -> String {
        let mut out = String::with_capacity(self.text().len());
        canonical(self.text(), &mut out);
        out
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

/// Writes a well-formed text in its canonical form; what is nested more deeply than readers go is left as it is.
fn canonical(text: &str, out: &mut String) {
    let text = text.trim_ascii();
    let written = match text.bytes().next() {
        Some(b'{') => serde_json::from_str::<BTreeMap<String, &RawValue>>(text).ok().map(|members| {
            out.push('{');
            for (at, (key, member)) in members.into_iter().enumerate() {
                out.push_str(if at == 0 { "" } else { "," });
                out.push_str(&serde_json::Value::from(key).to_string());
                out.push(':');
                canonical(member.get(), out);
            }
            out.push('}');
        }),
        Some(b'[') => serde_json::from_str::<Vec<&RawValue>>(text).ok().map(|items| {
            out.push('[');
            for (at, item) in items.into_iter().enumerate() {
                out.push_str(if at == 0 { "" } else { "," });
                canonical(item.get(), out);
            }
            out.push(']');
        }),
        Some(b'"') => serde_json::from_str::<String>(text)
            .ok()
            .map(|text| out.push_str(&serde_json::Value::from(text).to_string())),
        _ => None,
    };
    if written.is_none() {
        out.push_str(text);
    }
}

/// Reads a field that may be missing and whose `null` is a value like any other. Without it, serde takes a `null` for
/// a missing field.
///
/// To be used as `#[serde(default, deserialize_with = "crate::json::present")]`.
///
/// # Errors
/// The deserializer's.
pub fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Json>, D::Error> {
    Json::deserialize(deserializer).map(Some)
}

/// Whether a number need not be written, as it is what is read where nothing was.
pub(crate) fn is_zero<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
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

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::from(serde_json::Value::from(text))
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
        Ok(Self(Arc::from(Box::<RawValue>::deserialize(deserializer)?)))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::expect_used)]
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
        assert!(Json::parse(deep(OUTSIDE_DEPTH_MAX)).unwrap().value().is_ok());
        let error = Json::parse(deep(100_000)).unwrap_err().to_string();
        assert_eq!(error, "nested 100000 levels deep, at most 96 are allowed");
        let within = Json::of(&Json::stored(deep(DEPTH_MAX)).unwrap()).unwrap();
        assert!(within.value().is_ok());
        let error = Json::of(&[within]).unwrap_err().to_string();
        assert_eq!(error, "nested 128 levels deep, at most 127 are allowed");
    }

    #[test]
    fn what_was_stored_is_read_again_however_odd_it_is() {
        let deep = "[".repeat(5_000) + &"]".repeat(5_000);
        for text in [&deep, r#""\ud83d""#, "1e400", r#"{"a":1,"a":2}"#] {
            let json = Json::stored(text).unwrap();
            let record = Json::record(&std::collections::BTreeMap::from([("output", &json)])).unwrap();
            let read: std::collections::BTreeMap<String, Json> = record.decode().unwrap();
            assert_eq!(read["output"].text(), text);
        }
    }

    #[test]
    fn texts_of_one_value_have_one_canonical_form() {
        let of = |text: &str| Json::stored(text).unwrap().canonical();
        let one = r#"{"a":[1,{"b":"é/"},[],{}],"c":1.10}"#;
        assert_eq!(of(one), one);
        assert_eq!(of(" { \"c\" : 1.10 , \"\\u0061\" : [ 1 , {\"b\":\"\\u00e9\\/\"} , [ ] , { } ] } "), one);
        for other in [r#"{"a":[1,{"b":"é/"},[],{}],"c":1.1}"#, r#"{"a":[{"b":"é/"},1,[],{}],"c":1.10}"#] {
            assert_ne!(of(other), one);
        }
        // What only an earlier version let in.
        assert_eq!(of(r#"["\ud83d"]"#), r#"["\ud83d"]"#);
    }

    /// Texts of RFC 8259's grammar and next to it, one a line, with what is said of each at the door.
    #[test]
    fn odd_texts_are_let_in_or_refused_by_name_and_place() {
        let cases = include_str!("json/cases.txt");
        let mut said = String::new();
        let texts = cases.lines().filter(|line| !line.starts_with("  ") && !line.starts_with('#'));
        let mut count = 0;
        for line in texts {
            count += 1;
            // So that what is no text of its own can be written down in one line.
            let text = line.replace("<tab>", "\t").replace("<nul>", "\0").replace("<del>", "\u{7f}");
            let found = match Json::parse(text.replace("<bom>", "\u{feff}").replace("<space>", " ")) {
                Ok(json) => {
                    json.value().expect("what is let in can be read");
                    "let in".to_owned()
                }
                Err(error) => error.to_string(),
            };
            said.push_str(&format!("{line}\n  {found}\n"));
        }
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/src/json/cases.txt"), &said).unwrap();
        }
        assert_eq!(said, cases);
        println!("{count} texts");
    }
}
