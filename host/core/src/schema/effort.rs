//! What a check takes: steps, nesting, memory for errors. Counted before the validator begins, which cannot be
//! interrupted.

use serde_json::{Map, Value};

use super::bounds::{Applies, held, local};

/// Most steps of one check: schemas applied, entries of theirs looked at. Stops schemas and data that multiply each
/// other; at some ten nanoseconds a step it is a hundredth of a second.
pub const STEPS_MAX: usize = 1_000_000;

/// Deepest nesting of schemas applied in one check. The validator takes stack for each level, and an exhausted stack
/// ends the process.
pub const NESTING_MAX: usize = 512;

/// Most bytes that the validator's errors may take. It keeps one for each alternative that does not fit, with a copy of
/// the data.
pub const EXPLAINED_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What one error takes beside the data in it.
const ERROR_BYTES: usize = 512;

/// What one value takes beside the texts in it.
const VALUE_BYTES: usize = 72;

/// Bytes of a string that a pattern matches in about the time of one step.
const PATTERN_BYTES_A_STEP: usize = 8;

/// Entries of an `enum` or `required` that are looked at in about the time of one step.
const ENTRIES_A_STEP: usize = 8;

/// What a check would have needed too much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum TooMuch {
    #[error("checking it takes more than {STEPS_MAX} steps; simplify the schema or send less data")]
    Steps,
    #[error("schemas apply more than {NESTING_MAX} levels deep; simplify the schema or nest the data less")]
    Nesting,
    #[error("the schema's defaults would add more than {} bytes", super::defaults::ADDED_BYTES_MAX)]
    Added,
}

/// Checks that checking `data` stays within bounds, and says what it takes. `root` must have passed [`check_schema`].
///
/// # Errors
/// [`TooMuch`], with what it would take too much of.
pub(super) fn check_effort<'s>(root: &'s Value, data: &Value) -> Result<Effort<'s>, TooMuch> {
    let mut effort = Effort { root, steps: STEPS_MAX, explained_bytes: 0, copied_bytes: 0 };
    effort.apply(root, data, 1)?;
    Ok(effort)
}

/// What a check takes at most.
pub(super) struct Effort<'s> {
    root: &'s Value,
    /// How many are left.
    steps: usize,
    /// What all errors would take if nothing fitted.
    pub(super) explained_bytes: usize,
    /// What an error copies of the data where the check stands; 0 outside of alternatives.
    copied_bytes: usize,
}

/// Schemas that the validator takes for alternatives: it keeps their errors inside its own.
fn is_alternative(keyword: &str) -> bool {
    matches!(keyword, "anyOf" | "oneOf")
}

impl Effort<'_> {
    fn take(&mut self, steps: usize) -> Result<(), TooMuch> {
        self.steps = self.steps.checked_sub(steps).ok_or(TooMuch::Steps)?;
        Ok(())
    }

    fn apply(&mut self, schema: &Value, data: &Value, depth: usize) -> Result<(), TooMuch> {
        if depth > NESTING_MAX {
            return Err(TooMuch::Nesting);
        }
        self.take(1)?;
        let Some(keywords) = schema.as_object() else { return Ok(()) };
        self.take(keywords.len())?;
        let each = ERROR_BYTES.saturating_add(self.copied_bytes);
        self.explained_bytes = self.explained_bytes.saturating_add(each.saturating_mul(keywords.len()));
        // To know what is unevaluated, the validator asks the other schemas of the place once more.
        let again =
            keywords.contains_key("unevaluatedProperties") || keywords.contains_key("unevaluatedItems");
        for (keyword, value) in keywords {
            let here = match (keyword.as_str(), value) {
                ("$ref", Value::String(reference)) => local(self.root, reference).into_iter().collect(),
                ("pattern", _) => {
                    self.take(data.as_str().map_or(0, str::len) / PATTERN_BYTES_A_STEP)?;
                    continue;
                }
                ("enum" | "required", Value::Array(entries)) => {
                    self.take(entries.len() / ENTRIES_A_STEP)?;
                    continue;
                }
                _ => match held(keyword, value) {
                    Applies::Here(schemas) => schemas,
                    Applies::Elsewhere(_) => {
                        self.inside(keyword, value, keywords, data, depth)?;
                        continue;
                    }
                },
            };
            let outside = self.copied_bytes;
            if is_alternative(keyword) && outside == 0 {
                // What is inside is no larger.
                self.copied_bytes = self.size(data)?;
            }
            for schema in here {
                self.apply(schema, data, depth + 1)?;
                if again {
                    self.apply(schema, data, depth + 1)?;
                }
            }
            self.copied_bytes = outside;
        }
        Ok(())
    }

    /// What a copy of a value takes. Recursion is bounded by the depth at which JSON is read.
    fn size(&mut self, data: &Value) -> Result<usize, TooMuch> {
        self.take(1)?;
        Ok(match data {
            Value::Null | Value::Bool(_) | Value::Number(_) => VALUE_BYTES,
            Value::String(text) => VALUE_BYTES + text.len(),
            Value::Array(items) => {
                let mut bytes = VALUE_BYTES;
                for item in items {
                    bytes = bytes.saturating_add(self.size(item)?);
                }
                bytes
            }
            Value::Object(members) => {
                let mut bytes = VALUE_BYTES;
                for (name, member) in members {
                    bytes = bytes.saturating_add(name.len() + VALUE_BYTES).saturating_add(self.size(member)?);
                }
                bytes
            }
        })
    }

    /// Follows a keyword into the members or items of the data.
    fn inside(
        &mut self,
        keyword: &str,
        value: &Value,
        keywords: &Map<String, Value>,
        data: &Value,
        depth: usize,
    ) -> Result<(), TooMuch> {
        let depth = depth + 1;
        match (keyword, value, data) {
            ("properties", Value::Object(schemas), Value::Object(members)) => {
                self.take(schemas.len())?;
                for (name, member) in members {
                    schemas.get(name).map_or(Ok(()), |schema| self.apply(schema, member, depth))?;
                }
            }
            ("patternProperties", Value::Object(schemas), Value::Object(members)) => {
                for (name, member) in members {
                    self.take(schemas.len().saturating_mul(1 + name.len() / PATTERN_BYTES_A_STEP))?;
                    schemas.values().try_for_each(|schema| self.apply(schema, member, depth))?;
                }
            }
            ("additionalProperties", schema, Value::Object(members)) => {
                let named = keywords.get("properties").and_then(Value::as_object);
                for (_, member) in
                    members.iter().filter(|(name, _)| !named.is_some_and(|n| n.contains_key(*name)))
                {
                    self.apply(schema, member, depth)?;
                }
            }
            ("unevaluatedProperties", schema, Value::Object(members)) => {
                members.values().try_for_each(|member| self.apply(schema, member, depth))?;
            }
            ("propertyNames", schema, Value::Object(members)) => {
                for name in members.keys() {
                    self.apply(schema, &Value::String(name.clone()), depth)?;
                }
            }
            ("prefixItems" | "items", Value::Array(schemas), Value::Array(items)) => {
                for (schema, item) in schemas.iter().zip(items) {
                    self.apply(schema, item, depth)?;
                }
            }
            ("items" | "additionalItems" | "unevaluatedItems" | "contains", schema, Value::Array(items)) => {
                items.iter().try_for_each(|item| self.apply(schema, item, depth))?;
            }
            _ => {}
        }
        Ok(())
    }
}
