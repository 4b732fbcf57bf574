//! JSON Schemas: compiled once, then used to check data and to fill in defaults.
//!
//! Schemas and data come from strangers, and one check must never take the host down: see `bounds` and `effort`.

mod bounds;
mod cache;
mod defaults;
mod effort;
mod own_defaults;
mod patterns;

use std::fmt;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{PatternOptions, Regex};
use serde_json::Value;

pub use bounds::{CHAIN_MAX, PLACE_MAX};
pub use cache::SchemaCache;
pub use defaults::ADDED_BYTES_MAX;
pub use effort::{EXPLAINED_BYTES_MAX, NESTING_MAX, STEPS_MAX};
pub use patterns::{PATTERNS_BYTES_MAX, PATTERNS_MAX, PatternCost};

use crate::compiled::count_schema;
use crate::json::Json;

/// Largest schema that is taken, in bytes. A schema is compiled into something many times its size.
pub const SCHEMA_BYTES_MAX: usize = 256 * 1024;

/// Most violations that one check lists. More help nobody, and the data decides how many there are.
pub const VIOLATIONS_MAX: usize = 20;

/// Longest text of one violation, in characters: messages quote the data.
const MESSAGE_CHARS_MAX: usize = 300;

/// A compiled JSON Schema (2020-12 unless it names another draft).
///
/// References into other documents are not followed, nor are anchors and `$dynamicRef`: a reference is a JSON Pointer
/// into the schema itself. `pattern` runs on a matcher with linear time; look-around and back-references are
/// therefore refused. How much a check may do is bounded ([`STEPS_MAX`], [`NESTING_MAX`]), so neither schema nor data
/// can make one run away.
pub struct Schema {
    text: Json,
    root: Value,
    validator: jsonschema::Validator,
    has_defaults: bool,
    patterns: PatternCost,
    /// Nothing in it refers to anything else, or asks for schemas once more.
    is_plain: bool,
}

/// A schema that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a usable JSON Schema: {reason}")]
pub struct SchemaError {
    /// What is wrong with it.
    pub reason: String,
}

/// Where and how data breaks a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violations(pub Vec<Violation>);

/// One place at which data breaks a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// JSON Pointer into the data, for a missing property to where it would stand; empty for the data as a whole.
    pub at: String,
    /// What is wrong there.
    pub message: String,
}

impl fmt::Display for Violations {
    /// One line a violation: `- /path: message`, for the data as a whole `- (top): message`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for violation in &self.0 {
            let at = if violation.at.is_empty() { "(top)" } else { &violation.at };
            write!(f, "\n- {at}: {}", violation.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for Violations {}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Schema").field(&self.text).finish()
    }
}

impl Schema {
    /// Compiles a schema.
    ///
    /// # Errors
    /// [`SchemaError`] when it is too large, is no schema, refers to other documents or to itself in a circle, has more
    /// patterns than [`PATTERNS_MAX`] or larger ones, uses a pattern that cannot be matched in linear time, or has a
    /// default that its own schema refuses.
    pub fn compile(text: &Json) -> Result<Self, SchemaError> {
        let refuse = |reason: String| SchemaError { reason };
        if text.text().len() > SCHEMA_BYTES_MAX {
            let found = text.text().len();
            return Err(refuse(format!("{found} bytes long, at most {SCHEMA_BYTES_MAX} are allowed")));
        }
        text.check_outside().map_err(|error| refuse(error.to_string()))?;
        let root = text.value().map_err(|error| refuse(error.to_string()))?;
        if !(root.is_object() || root.is_boolean()) {
            return Err(refuse("expected an object or a boolean".to_owned()));
        }
        bounds::check_schema(&root).map_err(refuse)?;
        let cost = patterns::cost(&root).map_err(refuse)?;
        let options = patterns::options(patterns::PATTERN_BYTES_MAX);
        let schema = Self { patterns: cost, ..Self::built(text, root, options)? };
        if schema.has_defaults {
            own_defaults::check(&schema.root).map_err(refuse)?;
        }
        Ok(schema)
    }

    /// Compiles a schema that was let in before, by whatever version: without the bounds on what is let in, which may
    /// have become narrower since. How much a check may do is bounded all the same.
    ///
    /// # Errors
    /// [`SchemaError`] when it is no schema.
    pub fn stored(text: &Json) -> Result<Self, SchemaError> {
        let refuse = |reason: String| SchemaError { reason };
        let root = text.value().map_err(|error| refuse(error.to_string()))?;
        Self::built(text, root, PatternOptions::regex())
    }

    fn built(text: &Json, root: Value, patterns: PatternOptions<Regex>) -> Result<Self, SchemaError> {
        count_schema();
        let validator = jsonschema::options()
            .with_pattern_options(patterns)
            .should_validate_formats(true)
            .build(&root)
            .map_err(|error| SchemaError { reason: shorten(error.to_string()) })?;
        let words = root.to_string();
        let has_defaults = words.contains("\"default\"");
        let is_plain = !["Ref\"", "$ref\"", "unevaluated"].iter().any(|word| words.contains(word));
        let patterns = PatternCost::default();
        Ok(Self { text: text.clone(), root, validator, has_defaults, patterns, is_plain })
    }

    /// What its patterns come to; nothing for one that was let in before.
    pub fn patterns(&self) -> PatternCost {
        self.patterns
    }

    /// The schema as it was given.
    pub fn text(&self) -> &Json {
        &self.text
    }

    /// Checks data and returns it with the schema's defaults filled in. What needs none keeps its very text.
    ///
    /// Defaults are filled in for missing properties of objects, also nested ones, through `properties`, `items`,
    /// `prefixItems`, `allOf` and local references; not through `anyOf`, `oneOf` and `if`, where it is open which
    /// branch would apply. An object that gets one has its keys in order afterwards. Filling in turns nothing valid
    /// into something invalid: where the data is valid as it is and would not be with its defaults, it stays as it
    /// is. Numbers are compared as 64-bit floats or integers: one that fits neither is a violation, and a default
    /// with more digits loses them.
    ///
    /// # Errors
    /// [`Violations`], at most [`VIOLATIONS_MAX`] of them. Data that takes too long to check is one.
    pub fn check(&self, data: &Json) -> Result<Json, Violations> {
        let whole = |message: String| Violations(vec![Violation { at: String::new(), message }]);
        let filled = match self.has_defaults {
            true => defaults::fill(&self.root, data.text()).map_err(|error| whole(error.to_string()))?,
            false => None,
        };
        let Some(filled) = filled else { return self.held_to(data).map(|()| data.clone()) };
        let filled = Json::stored(filled).map_err(|error| whole(error.to_string()))?;
        let Err(mut with) = self.held_to(&filled) else { return Ok(filled) };
        let Err(without) = self.held_to(data) else { return Ok(data.clone()) };
        // What only the defaults broke, and what they would have mended, is no mistake of the data's.
        with.0.retain(|violation| without.0.contains(violation));
        Err(if with.0.is_empty() { without } else { with })
    }

    /// Whether a check stays within bounds whatever is in the data: each schema of a plain one is applied to each value
    /// once at most.
    fn is_light(&self, data: &Json) -> bool {
        let steps = self.text.text().len().saturating_mul(data.text().len());
        self.is_plain && steps <= STEPS_MAX
    }

    fn held_to(&self, data: &Json) -> Result<(), Violations> {
        let whole = |message: String| Violations(vec![Violation { at: String::new(), message }]);
        let value = data.value().map_err(|error| whole(error.to_string()))?;
        if self.is_light(data) && self.validator.is_valid(&value) {
            return Ok(());
        }
        let violations =
            violations(&self.validator, &self.root, &value).map_err(|error| whole(error.to_string()))?;
        if violations.is_empty() { Ok(()) } else { Err(Violations(violations)) }
    }
}

/// Where data breaks a schema: nowhere, or in at most [`VIOLATIONS_MAX`] places.
///
/// The validator makes an error for each place and alternative that does not fit, each with a copy of the data there.
/// So it is asked for them only when they are wanted, and take no more than [`EXPLAINED_BYTES_MAX`].
///
/// # Errors
/// When the check would take too long.
fn violations(
    validator: &jsonschema::Validator,
    root: &Value,
    data: &Value,
) -> Result<Vec<Violation>, effort::TooMuch> {
    let effort = effort::check_effort(root, data)?;
    if validator.is_valid(data) {
        return Ok(Vec::new());
    }
    if effort.explained_bytes > EXPLAINED_BYTES_MAX {
        let message =
            "it does not fit; saying where would take too much memory, as schema and data are large";
        return Ok(vec![Violation { at: String::new(), message: message.to_owned() }]);
    }
    let violations = validator.iter_errors(data).take(VIOLATIONS_MAX);
    Ok(violations.map(|error| Violation { at: place(&error), message: message(&error) }).collect())
}

/// Where the data is wrong: for a property that is missing, where it would stand.
fn place(error: &jsonschema::ValidationError<'_>) -> String {
    match error.kind() {
        ValidationErrorKind::Required { property: Value::String(property) } => {
            error.instance_path().join(property).to_string()
        }
        _ => error.instance_path().to_string(),
    }
}

/// What the validator says, without the data if that would fill the whole message.
fn message(error: &jsonschema::ValidationError<'_>) -> String {
    let message = error.to_string();
    match message.chars().count() > MESSAGE_CHARS_MAX {
        true => shorten(error.masked().to_string()),
        false => message,
    }
}

fn shorten(message: String) -> String {
    match message.char_indices().nth(MESSAGE_CHARS_MAX) {
        None => message,
        Some((end, _)) => format!("{}…", message.get(..end).unwrap_or_default()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(schema: Value, data: &str) -> String {
        let schema = Schema::compile(&Json::from(schema)).unwrap();
        match schema.check(&Json::parse(data).unwrap()) {
            Ok(data) => data.to_string(),
            Err(violations) => format!("refused:{violations}"),
        }
    }

    fn answer() -> Value {
        json!({"type": "object", "required": ["ok"], "properties": {
            "ok": {"type": "boolean"},
            "note": {"type": "string", "default": "none"},
            "by": {"$ref": "#/$defs/person"},
        }, "$defs": {"person": {"type": "object", "properties": {"role": {"default": "clerk"}}}}})
    }

    #[test]
    fn defaults_are_filled_in_also_behind_references() {
        let full = r#"{"by":{"role":"clerk"},"note":"none","ok":true}"#;
        assert_eq!(check(answer(), r#"{"ok": true, "by": {}}"#), full);
    }

    #[test]
    fn data_that_needs_no_defaults_keeps_its_text() {
        let text = r#"{"n": 1.50000000000000000000001}"#;
        assert_eq!(check(json!({"type": "object"}), text), text);
    }

    #[test]
    fn a_violation_names_the_place() {
        insta::assert_snapshot!(check(answer(), r#"{"ok": "yes", "note": 5}"#), @r#"
        refused:
        - /note: 5 is not of type "string"
        - /ok: "yes" is not of type "boolean"
        "#);
        insta::assert_snapshot!(check(answer(), "{}"), @r#"
        refused:
        - /ok: "ok" is a required property
        "#);
        insta::assert_snapshot!(check(answer(), "5"), @r#"
        refused:
        - (top): 5 is not of type "object"
        "#);
        let nested = json!({"properties": {"a/b": {"items": {"required": ["k~"]}}}});
        insta::assert_snapshot!(check(nested, r#"{"a/b": [{"k~": 1}, {}]}"#), @r#"
        refused:
        - /a~1b/1/k~0: "k~" is a required property
        "#);
    }

    #[test]
    fn filling_in_turns_nothing_valid_into_something_invalid() {
        let one = json!({"maxProperties": 1, "properties": {"a": {"default": 1}}});
        assert_eq!(check(one.clone(), r#"{"b": 2}"#), r#"{"b": 2}"#);
        assert_eq!(check(one, "{}"), r#"{"a":1}"#);
        let either = json!({"oneOf": [{"required": ["a"]}, {"required": ["b"]}],
            "properties": {"a": {"default": 1}, "b": {"type": "integer"}}});
        assert_eq!(check(either.clone(), r#"{"b": 2}"#), r#"{"b": 2}"#);
        // What is wrong is told of what was sent, not of what was filled in.
        insta::assert_snapshot!(check(either, r#"{"b": "x"}"#), @r#"
        refused:
        - /b: "x" is not of type "integer"
        "#);
        let mends = json!({"required": ["a"], "properties": {"a": {"default": 1}, "b": {"type": "integer"}}});
        insta::assert_snapshot!(check(mends, r#"{"b": "x"}"#), @r#"
        refused:
        - /b: "x" is not of type "integer"
        "#);
    }

    #[test]
    fn a_default_that_breaks_its_own_schema_is_told_when_the_schema_is_added() {
        let reason = |schema: Value| match Schema::compile(&Json::from(schema)) {
            Ok(_) => "taken".to_owned(),
            Err(error) => error.reason,
        };
        let in_place = json!({"properties": {"a b/c": {"type": "integer", "default": "x"}}});
        insta::assert_snapshot!(
            reason(in_place),
            @r#"/properties/a%20b~1c: the default "x" breaks its own schema: "x" is not of type "integer""#
        );
        let behind = json!({"items": {"$ref": "#/$defs/p"}, "$defs": {"p": {"properties": {"n": {"$ref": "#/$defs/q", "default": -1}}},
            "q": {"minimum": 0}}});
        insta::assert_snapshot!(
            reason(behind),
            @"/$defs/p/properties/n: the default -1 breaks its own schema: -1 is less than the minimum of 0"
        );
        // One that its own defaults make whole is good, and so is one that is never filled in.
        let whole = json!({"properties": {"a": {"default": {}, "required": ["n"], "properties": {"n": {"default": 1}}}}});
        assert_eq!(reason(whole), "taken");
        assert_eq!(
            reason(json!({"anyOf": [{"properties": {"a": {"type": "integer", "default": "x"}}}]})),
            "taken"
        );
        let old = json!({"$schema": "http://json-schema.org/draft-07/schema#", "$id": "https://example.com/a",
            "properties": {"a": {"type": "integer", "default": 1}, "b": {"$ref": "#/definitions/b"}},
            "definitions": {"b": {"properties": {"c": {"default": "x"}}}}});
        assert_eq!(reason(old), "taken");
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        let list = json!({"type": "object", "properties": {"next": {"$ref": "#"}, "n": {"default": 1}}});
        assert_eq!(check(list, r#"{"next":{"next":{}}}"#), r#"{"n":1,"next":{"n":1,"next":{"n":1}}}"#);
    }

    #[test]
    fn schemas_that_could_run_away_are_refused() {
        let reason = |schema: Value| Schema::compile(&Json::from(schema)).unwrap_err().reason;
        assert!(!reason(json!({"pattern": "(a+)+\\1"})).is_empty());
        assert!(!reason(json!({"$ref": "https://example.com/schema"})).is_empty());
        assert_eq!(reason(json!(5)), "expected an object or a boolean");
        assert!(reason(json!({"title": "x".repeat(SCHEMA_BYTES_MAX)})).contains("at most 262144"));
    }
}
