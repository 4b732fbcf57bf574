//! JSON Schemas as people read them: a summary of what is expected, and a first answer to edit.
//!
//! A help, not a check: the library checks answers. What a schema says that is not understood here is shown as `any`.

use serde_json::{Map, Value, json};

/// How deep schemas are followed; they may refer to themselves.
const DEPTH_MAX: usize = 5;

/// Most choices of an enumeration that are shown.
const CHOICES_SHOWN: usize = 8;

/// What data of this schema looks like: `{approved: boolean, comment?: string | null}`.
pub(crate) fn summary(schema: &Value) -> String {
    Reader { root: schema }.summary(schema, DEPTH_MAX)
}

/// Data to begin with: what is required, with placeholders in it. Fits the schema where that is easily done.
pub(crate) fn skeleton(schema: &Value) -> Value {
    Reader { root: schema }.skeleton(schema, DEPTH_MAX)
}

/// The same in short, without the types of an object's properties: `{approved, comment?}`.
pub(crate) fn outline(schema: &Value) -> String {
    let reader = Reader { root: schema };
    let followed = reader.follow(schema);
    let Some(properties) = followed.get("properties").and_then(Value::as_object) else {
        return summary(schema);
    };
    let (required, others): (Vec<_>, Vec<_>) =
        properties.keys().partition(|name| is_required(followed, name));
    let others = others.into_iter().map(|name| format!("{name}?"));
    let names: Vec<String> = required.into_iter().cloned().chain(others).collect();
    format!("{{{}}}", names.join(", "))
}

struct Reader<'a> {
    root: &'a Value,
}

impl<'a> Reader<'a> {
    /// The schema that a local reference leads to, or else the schema itself.
    fn follow(&self, schema: &'a Value) -> &'a Value {
        let target = schema.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix('#'));
        target.and_then(|pointer| self.root.pointer(pointer)).unwrap_or(schema)
    }

    fn summary(&self, schema: &'a Value, depth: usize) -> String {
        let schema = self.follow(schema);
        let Some(depth) = depth.checked_sub(1) else { return shallow(schema) };
        if let Some(value) = schema.get("const") {
            return value.to_string();
        }
        if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
            let shown = choices.iter().take(CHOICES_SHOWN).map(Value::to_string);
            let more = (choices.len() > CHOICES_SHOWN).then(|| "…".to_owned());
            return shown.chain(more).collect::<Vec<_>>().join(" | ");
        }
        if let Some(parts) = alternatives(schema) {
            let mut shown: Vec<String> = parts.iter().map(|part| self.summary(part, depth)).collect();
            shown.dedup();
            return shown.join(" | ");
        }
        match schema.get("type") {
            Some(Value::Array(types)) => {
                let one = |name: &Value| self.of_type(schema, name.as_str().unwrap_or("any"), depth);
                types.iter().map(one).collect::<Vec<_>>().join(" | ")
            }
            Some(Value::String(name)) => self.of_type(schema, name, depth),
            _ if schema.get("properties").is_some() => self.of_type(schema, "object", depth),
            _ => "any".to_owned(),
        }
    }

    fn of_type(&self, schema: &'a Value, name: &str, depth: usize) -> String {
        match name {
            "object" => self.object(schema, depth),
            "array" => match schema.get("items") {
                Some(items) => {
                    let item = self.summary(items, depth);
                    if is_union(&item) { format!("({item})[]") } else { format!("{item}[]") }
                }
                None => "array".to_owned(),
            },
            other => other.to_owned(),
        }
    }

    fn object(&self, schema: &'a Value, depth: usize) -> String {
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
            return "object".to_owned();
        };
        let mut fields: Vec<(bool, String)> = properties
            .iter()
            .map(|(name, property)| {
                let required = is_required(schema, name);
                let mark = if required { "" } else { "?" };
                (!required, format!("{name}{mark}: {}", self.summary(property, depth)))
            })
            .collect();
        // What must be said comes first.
        fields.sort_by_key(|(optional, _)| *optional);
        format!("{{{}}}", fields.into_iter().map(|(_, field)| field).collect::<Vec<_>>().join(", "))
    }

    fn skeleton(&self, schema: &'a Value, depth: usize) -> Value {
        let schema = self.follow(schema);
        let Some(depth) = depth.checked_sub(1) else { return Value::Null };
        let first = |key: &str| schema.get(key).and_then(|list| list.get(0)).cloned();
        let given = schema.get("const").or_else(|| schema.get("default")).cloned();
        if let Some(value) = given.or_else(|| first("examples")).or_else(|| first("enum")) {
            return value;
        }
        if let Some(part) = alternatives(schema).and_then(|parts| parts.first()) {
            return self.skeleton(part, depth);
        }
        let name = match schema.get("type") {
            Some(Value::Array(types)) => types.first().and_then(Value::as_str),
            Some(Value::String(name)) => Some(name.as_str()),
            _ => schema.get("properties").map(|_| "object"),
        };
        match name {
            Some("object") => self.object_skeleton(schema, depth),
            Some("array") => self.array_skeleton(schema, depth),
            Some("boolean") => json!(true),
            Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or_else(|| json!(0)),
            Some("string") => json!("..."),
            _ => Value::Null,
        }
    }

    fn array_skeleton(&self, schema: &'a Value, depth: usize) -> Value {
        let wants_one = schema.get("minItems").and_then(Value::as_u64).is_some_and(|items| items > 0);
        let item = schema.get("items").filter(|_| wants_one);
        Value::Array(item.map(|item| self.skeleton(item, depth)).into_iter().collect())
    }

    /// The required fields, or all of them when none is.
    fn object_skeleton(&self, schema: &'a Value, depth: usize) -> Value {
        let properties = schema.get("properties").and_then(Value::as_object);
        let properties: Vec<_> = properties.into_iter().flatten().collect();
        let any_required = properties.iter().any(|(name, _)| is_required(schema, name));
        let chosen = properties.into_iter().filter(|(name, _)| !any_required || is_required(schema, name));
        Value::Object(
            chosen
                .map(|(name, property)| (name.clone(), self.skeleton(property, depth)))
                .collect::<Map<_, _>>(),
        )
    }
}

/// What is said of a schema that lies too deep to look into.
fn shallow(schema: &Value) -> String {
    match schema.get("type").and_then(Value::as_str) {
        Some(scalar @ ("string" | "integer" | "number" | "boolean" | "null")) => scalar.to_owned(),
        _ => "…".to_owned(),
    }
}

/// Whether a summary has alternatives outside of all braces.
fn is_union(summary: &str) -> bool {
    let mut depth = 0_usize;
    summary.chars().any(|c| {
        match c {
            '{' | '(' => depth += 1,
            '}' | ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == '|' && depth == 0
    })
}

fn alternatives(schema: &Value) -> Option<&Vec<Value>> {
    schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array)
}

fn is_required(schema: &Value, name: &str) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    required.is_some_and(|names| names.iter().any(|required| required == name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> Value {
        json!({"type": "object", "required": ["approved", "by"], "properties": {
            "comment": {"type": ["string", "null"]},
            "approved": {"type": "boolean"},
            "by": {"$ref": "#/$defs/person"},
            "lines": {"type": "array", "items": {"type": "integer"}},
            "level": {"anyOf": [{"enum": ["low", "high"]}, {"type": "null"}]},
        }, "$defs": {"person": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}}})
    }

    #[test]
    fn a_summary_shows_required_fields_first_and_marks_the_others() {
        insta::assert_snapshot!(summary(&answer()), @r#"{approved: boolean, by: {name: string}, comment?: string | null, level?: "low" | "high" | null, lines?: integer[]}"#);
    }

    #[test]
    fn an_outline_has_the_names_alone() {
        insta::assert_snapshot!(outline(&answer()), @"{approved, by, comment?, level?, lines?}");
        insta::assert_snapshot!(outline(&json!({"$ref": "#/$defs/a", "$defs": {"a": {"properties": {"b": true}}}})), @"{b?}");
        insta::assert_snapshot!(outline(&json!({"type": "array", "items": {"type": "string"}})), @"string[]");
    }

    #[test]
    fn a_skeleton_has_what_is_required() {
        insta::assert_snapshot!(skeleton(&answer()), @r#"{"approved":true,"by":{"name":"..."}}"#);
        let optional =
            json!({"properties": {"limit": {"type": "integer", "minimum": 5}, "mode": {"default": "fast"}}});
        insta::assert_snapshot!(skeleton(&optional), @r#"{"limit":5,"mode":"fast"}"#);
    }

    #[test]
    fn schemas_that_refer_to_themselves_end() {
        let tree = json!({"type": "object", "required": ["next"], "properties": {"next": {"$ref": "#"}}});
        insta::assert_snapshot!(summary(&tree), @"{next: {next: {next: {next: {next: …}}}}}");
        insta::assert_snapshot!(skeleton(&tree), @r#"{"next":{"next":{"next":{"next":{"next":null}}}}}"#);
    }

    #[test]
    fn anything_else_is_any() {
        for schema in [json!(true), json!({}), json!({"not": {}}), json!({"$ref": "#/nowhere"}), json!(5)] {
            assert_eq!((summary(&schema).as_str(), skeleton(&schema)), ("any", Value::Null));
        }
    }

    #[test]
    fn arrays_and_choices_read_like_types() {
        let schemas = [
            json!({"type": "array", "items": {"enum": ["a", "b"]}}),
            json!({"type": "array", "minItems": 1, "items": {"type": "string"}}),
            json!({"const": 5}),
            json!({"type": "array", "items": {"oneOf": [{"properties": {"a": {"type": ["null", "string"]}}}, {}]}}),
            json!({"type": "array", "items": {"properties": {"a": {"type": ["null", "string"]}}}}),
        ];
        assert_eq!(
            schemas.each_ref().map(summary),
            ["(\"a\" | \"b\")[]", "string[]", "5", "({a?: null | string} | any)[]", "{a?: null | string}[]"]
        );
        assert_eq!(
            schemas.each_ref().map(skeleton),
            [json!([]), json!(["..."]), json!(5), json!([]), json!([])]
        );
    }
}
