//! Patterns: how many a schema may have, and how large they may be when they are compiled.
//!
//! A pattern of a few characters can stand for a matcher of many kilobytes, and a schema can have thousands of them.
//! Neither can be interrupted while it is compiled, so both are bounded before.

use std::collections::{HashMap, HashSet};

use jsonschema::PatternOptions;
use serde_json::{Value, json};

use super::SchemaError;
use super::bounds::{Applies, held, local};

/// Most patterns in one schema: values of `pattern`, and names in `patternProperties`.
pub const PATTERNS_MAX: usize = 200;

/// Most bytes that all patterns of one schema take when they are compiled.
pub const PATTERNS_BYTES_MAX: usize = 2 * 1024 * 1024;

/// How many times as much all schemas of one definition, or of one component, may have together.
const SCHEMAS: usize = 10;

/// Largest compiled pattern, in bytes. A pattern of a few characters can stand for millions of states, each of which
/// may be looked at for each character that is matched.
pub(super) const PATTERN_BYTES_MAX: usize = 256 * 1024;

/// Bytes that a matcher may take for what it remembers of texts that it has seen.
const PATTERN_CACHE_BYTES_MAX: usize = 64 * 1024;

/// Sizes at which a pattern is tried, the smallest first: a matcher does not say how large it is, only whether it is
/// larger than allowed. So many patterns of the first size are allowed at all.
const SIZES: [usize; 5] =
    [PATTERNS_BYTES_MAX / PATTERNS_MAX, 32 * 1024, 64 * 1024, 128 * 1024, PATTERN_BYTES_MAX];

/// What patterns come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PatternCost {
    /// How many there are.
    pub count: usize,
    /// What they take when they are compiled, in bytes; each up to the next of a few sizes.
    pub bytes: usize,
}

impl PatternCost {
    /// What both come to together.
    #[must_use = "neither is changed"]
    pub fn and(self, other: Self) -> Self {
        Self { count: self.count.saturating_add(other.count), bytes: self.bytes.saturating_add(other.bytes) }
    }

    /// Checks that it is no more than one schema may have.
    ///
    /// # Errors
    /// A sentence that says what there is too much of.
    pub fn check(self) -> Result<(), String> {
        self.within(1)
    }

    /// Checks that it is no more than all schemas of a definition or a component may have together.
    ///
    /// # Errors
    /// [`SchemaError`], of the one with which it became too much.
    pub fn check_all(self) -> Result<(), SchemaError> {
        self.within(SCHEMAS).map_err(|what| SchemaError { reason: format!("with those before it, {what}") })
    }

    fn within(self, schemas: usize) -> Result<(), String> {
        let (count_max, bytes_max) = (PATTERNS_MAX * schemas, PATTERNS_BYTES_MAX * schemas);
        if self.count > count_max {
            return Err(format!("{} patterns, at most {count_max} are allowed", self.count));
        }
        if self.bytes > bytes_max {
            return Err(format!(
                "patterns that take {} bytes when they are compiled, at most {bytes_max} are allowed",
                self.bytes
            ));
        }
        Ok(())
    }
}

/// How patterns are compiled.
pub(super) fn options(bytes_max: usize) -> PatternOptions<jsonschema::Regex> {
    PatternOptions::regex().size_limit(bytes_max).dfa_size_limit(bytes_max.min(PATTERN_CACHE_BYTES_MAX))
}

/// What the patterns of a schema come to. `root` must have passed [`super::bounds::check_schema`].
///
/// # Errors
/// A sentence that says what there is too much of.
pub(super) fn cost(root: &Value) -> Result<PatternCost, String> {
    let patterns = found(root);
    let mut cost = PatternCost { count: patterns.len(), bytes: 0 };
    cost.check()?;
    let mut known = HashMap::new();
    for pattern in patterns {
        let bytes = *known.entry(pattern).or_insert_with(|| size(pattern));
        cost.bytes = cost.bytes.saturating_add(bytes);
        cost.check()?;
    }
    Ok(cost)
}

/// The first of [`SIZES`] that is enough; the last for what is no pattern at all, which is said elsewhere.
fn size(pattern: &str) -> usize {
    let schema = json!({ "pattern": pattern });
    let fits =
        |bytes: &usize| jsonschema::options().with_pattern_options(options(*bytes)).build(&schema).is_ok();
    SIZES.into_iter().find(fits).unwrap_or(PATTERN_BYTES_MAX)
}

/// The patterns of all schemas that apply somewhere.
fn found(root: &Value) -> Vec<&str> {
    let (mut to_do, mut seen, mut found) = (vec![root], HashSet::new(), Vec::new());
    while let Some(schema) = to_do.pop() {
        let (Some(keywords), true) = (schema.as_object(), seen.insert(std::ptr::from_ref(schema))) else {
            continue;
        };
        for (keyword, value) in keywords {
            match (keyword.as_str(), value) {
                ("pattern", Value::String(pattern)) => found.push(pattern.as_str()),
                ("$ref", Value::String(reference)) => to_do.extend(local(root, reference)),
                _ => {
                    if let ("patternProperties", Value::Object(schemas)) = (keyword.as_str(), value) {
                        found.extend(schemas.keys().map(String::as_str));
                    }
                    let (Applies::Here(schemas) | Applies::Elsewhere(schemas)) = held(keyword, value);
                    to_do.extend(schemas);
                }
            }
        }
    }
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::super::Schema;
    use crate::json::Json;

    fn check(schema: Value) -> String {
        match Schema::compile(&Json::from(schema)) {
            Ok(schema) => format!("{} patterns, {} bytes", schema.patterns().count, schema.patterns().bytes),
            Err(error) => error.to_string(),
        }
    }

    fn properties(count: usize, pattern: &str) -> Value {
        let each = |number: usize| (format!("p{number}"), json!({ "pattern": format!("{pattern}{number}") }));
        json!({ "properties": (0..count).map(each).collect::<Map<_, _>>() })
    }

    #[test]
    fn a_schema_has_a_bounded_number_of_patterns() {
        insta::assert_snapshot!(check(properties(200, "^[a-z]+")), @"200 patterns, 2097000 bytes");
        insta::assert_snapshot!(
            check(properties(201, "^[a-z]+")),
            @"not a usable JSON Schema: 201 patterns, at most 200 are allowed"
        );
        let names: Map<String, Value> =
            (0..150).map(|number| (format!("^{number}$"), json!({ "pattern": "a" }))).collect();
        insta::assert_snapshot!(
            check(json!({ "patternProperties": names })),
            @"not a usable JSON Schema: 300 patterns, at most 200 are allowed"
        );
        // What nothing refers to is never compiled.
        let unused = json!({ "$defs": { "a": properties(300, "a") } });
        insta::assert_snapshot!(check(unused), @"0 patterns, 0 bytes");
        let used = json!({ "$ref": "#/$defs/a", "$defs": { "a": properties(300, "a") } });
        insta::assert_snapshot!(check(used), @"not a usable JSON Schema: 300 patterns, at most 200 are allowed");
    }

    #[test]
    fn patterns_of_a_schema_are_bounded_together() {
        insta::assert_snapshot!(check(properties(8, r"^\p{L}{5}")), @"8 patterns, 2097152 bytes");
        insta::assert_snapshot!(check(properties(9, r"^\p{L}{5}")), @"not a usable JSON Schema: patterns that take 2359296 bytes when they are compiled, at most 2097152 are allowed");
    }
}
