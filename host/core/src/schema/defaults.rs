//! Defaults: what a schema says of properties that are missing, written into the data.
//!
//! Works on texts rather than on values, so that whatever is not concerned keeps its very text, numbers with all
//! their digits.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::bounds::local;
use super::effort::{NESTING_MAX, STEPS_MAX, TooMuch};

/// Most bytes that the defaults of one check may add. Stops a large default that is added to each of many items.
pub const ADDED_BYTES_MAX: usize = 1024 * 1024;

/// Bytes of data that are read in about the time of one step.
const BYTES_A_STEP: usize = 32;

/// The data with the defaults of `root` filled in; `None` when there was nothing to fill in.
///
/// # Errors
/// [`TooMuch`], when schema and data multiply each other.
pub(super) fn fill(root: &Value, data: &str) -> Result<Option<String>, TooMuch> {
    Fill { root, steps: STEPS_MAX, bytes: ADDED_BYTES_MAX }.apply(root, data, 1)
}

struct Fill<'s> {
    root: &'s Value,
    /// Steps that are left.
    steps: usize,
    /// Bytes of defaults that may still be added.
    bytes: usize,
}

impl Fill<'_> {
    fn apply(&mut self, schema: &Value, text: &str, depth: usize) -> Result<Option<String>, TooMuch> {
        if depth > NESTING_MAX {
            return Err(TooMuch::Nesting);
        }
        self.steps = self.steps.checked_sub(1 + text.len() / BYTES_A_STEP).ok_or(TooMuch::Steps)?;
        let mut text = Cow::Borrowed(text);
        let target =
            schema.get("$ref").and_then(Value::as_str).and_then(|reference| local(self.root, reference));
        let all_of = schema.get("allOf").and_then(Value::as_array).into_iter().flatten();
        for part in target.into_iter().chain(all_of) {
            text = replaced(self.apply(part, &text, depth + 1)?, text);
        }
        match text.bytes().next() {
            Some(b'{') => {
                if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
                    text = replaced(self.object(properties, &text, depth)?, text);
                }
            }
            Some(b'[') => text = replaced(self.array(schema, &text, depth)?, text),
            _ => {}
        }
        Ok(match text {
            Cow::Borrowed(_) => None,
            Cow::Owned(text) => Some(text),
        })
    }

    fn object(
        &mut self,
        properties: &Map<String, Value>,
        text: &str,
        depth: usize,
    ) -> Result<Option<String>, TooMuch> {
        let Ok(members) = serde_json::from_str::<BTreeMap<String, &RawValue>>(text) else { return Ok(None) };
        let mut members: BTreeMap<_, _> =
            members.into_iter().map(|(name, raw)| (name, Cow::Borrowed(raw.get()))).collect();
        self.steps = self.steps.checked_sub(properties.len()).ok_or(TooMuch::Steps)?;
        let mut filled = false;
        for (name, property) in properties {
            if !members.contains_key(name)
                && let Some(default) = property.get("default")
            {
                let default = default.to_string();
                self.bytes = self.bytes.checked_sub(name.len() + default.len()).ok_or(TooMuch::Added)?;
                members.insert(name.clone(), Cow::Owned(default));
                filled = true;
            }
            if let Some(member) = members.get_mut(name)
                && let Some(inner) = self.apply(property, member, depth + 1)?
            {
                *member = Cow::Owned(inner);
                filled = true;
            }
        }
        let member =
            |(name, text): (&String, &Cow<'_, str>)| format!("{}:{text}", Value::from(name.as_str()));
        let all = || members.iter().map(member).collect::<Vec<_>>().join(",");
        Ok(filled.then(|| format!("{{{}}}", all())))
    }

    fn array(&mut self, schema: &Value, text: &str, depth: usize) -> Result<Option<String>, TooMuch> {
        let prefix = schema.get("prefixItems").and_then(Value::as_array);
        let rest = schema.get("items");
        if prefix.is_none() && rest.is_none() {
            return Ok(None);
        }
        let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(text) else { return Ok(None) };
        let mut filled = false;
        let mut texts = Vec::with_capacity(items.len());
        for (at, item) in items.into_iter().enumerate() {
            let mut item = Cow::Borrowed(item.get());
            if let Some(schema) = prefix.and_then(|prefix| prefix.get(at)).or(rest)
                && let Some(inner) = self.apply(schema, &item, depth + 1)?
            {
                item = Cow::Owned(inner);
                filled = true;
            }
            texts.push(item);
        }
        Ok(filled.then(|| format!("[{}]", texts.join(","))))
    }
}

fn replaced(new: Option<String>, old: Cow<'_, str>) -> Cow<'_, str> {
    new.map_or(old, Cow::Owned)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::{Value, json};

    use super::super::Schema;
    use crate::json::Json;

    fn filled(schema: Value, data: &str) -> String {
        match Schema::compile(&Json::from(schema)).unwrap().check(&Json::parse(data).unwrap()) {
            Ok(data) => data.to_string(),
            Err(violations) => violations.to_string().trim().to_owned(),
        }
    }

    #[test]
    fn what_is_there_keeps_its_text_beside_a_default() {
        let schema = json!({"properties": {"b": {"default": "x"}, "deep": {"items": {"properties": {"c": {"default": 1}}}}}});
        let said = filled(
            schema,
            r#"{ "n": 1.50000000000000000000001, "deep": [ {"m": 1e2 }, {"c": 10000000000000000000000} ] }"#,
        );
        let kept = r#"{"b":"x","deep":[{"c":1,"m":1e2},{"c": 10000000000000000000000}],"n":1.50000000000000000000001}"#;
        assert_eq!(said, kept);
    }

    #[test]
    fn defaults_reach_items_tuples_and_defaults_of_defaults() {
        let one = json!({"properties": {"a": {"default": 1}}});
        assert_eq!(filled(json!({"items": one}), "[{}, 5]"), r#"[{"a":1},5]"#);
        assert_eq!(filled(json!({"prefixItems": [true, one]}), "[{}, {}]"), r#"[{},{"a":1}]"#);
        let inner = json!({"properties": {"in": {"default": {}, "properties": {"a": {"default": 1}}}}});
        assert_eq!(filled(inner, "{}"), r#"{"in":{"a":1}}"#);
        assert_eq!(filled(json!({"anyOf": [one]}), "{}"), "{}");
    }

    #[test]
    fn a_null_is_there() {
        let schema = json!({"properties": {"a": {"type": ["integer", "null"], "default": 1}}});
        assert_eq!(filled(schema.clone(), r#"{"a": null}"#), r#"{"a": null}"#);
        assert_eq!(filled(schema, "{}"), r#"{"a":1}"#);
    }

    #[test]
    fn defaults_that_grow_without_end_are_stopped() {
        let both =
            json!({"properties": {"a": {"$ref": "#", "default": {}}, "b": {"$ref": "#", "default": {}}}});
        assert!(filled(both, "{}").contains("more than 512 levels deep"));
        let large = json!({"items": {"properties": {"a": {"default": "x".repeat(100_000)}}}});
        assert_eq!(filled(large.clone(), "[{}]").len(), 100_010);
        assert!(
            filled(large, &format!("[{}{{}}]", "{},".repeat(20)))
                .contains("would add more than 1048576 bytes")
        );
        let both = json!({"allOf": [{"properties": {"n": {"$ref": "#"}}}, {"properties": {"n": {"$ref": "#"}}}],
            "properties": {"a": {"default": 1}}});
        let deep = r#"{"n":"#.repeat(40) + "{}" + &"}".repeat(40);
        assert!(filled(both, &deep).contains("more than 1000000 steps"));
    }
}
