//! JSON Schemas as people read them: a summary of what is expected, and the form of an answer with blanks to fill in.
//!
//! A help, not a check: the library checks answers. What a schema says that is not understood here is shown as `any`.

use serde_json::Value;

/// How deep schemas are followed; they may refer to themselves.
const DEPTH_MAX: usize = 5;

/// Most choices of an enumeration that are shown.
const CHOICES_SHOWN: usize = 8;

/// Most characters of a form. A longer one would hide the command that it is part of.
const FORM_CHARS: usize = 400;

/// Stands for data of which nothing is known.
pub(crate) const ANY_FORM: &str = "<JSON>";

/// What data of this schema looks like: `{approved: boolean, comment?: string | null}`.
pub(crate) fn summary(schema: &Value) -> String {
    Reader { root: schema }.summary(schema, DEPTH_MAX)
}

/// The form of data of this schema, with blanks to fill in: `{"approved": <true|false>, "comment": <text, optional>}`.
///
/// It is never JSON, whatever the schema: pasted as it is, it is refused, so that nothing is answered by mistake.
pub(crate) fn form(schema: Option<&Value>) -> String {
    let form = schema.map(|schema| Reader { root: schema }.form(schema, "", DEPTH_MAX));
    form.filter(|form| form.chars().count() <= FORM_CHARS).unwrap_or_else(|| ANY_FORM.to_owned())
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

    /// The form of a value; `note` is said of it in its blank. There is a blank in every form.
    fn form(&self, schema: &'a Value, note: &str, depth: usize) -> String {
        let schema = self.follow(schema);
        let blank = |what: &str| format!("<{}{note}>", if what.is_empty() { "JSON" } else { what });
        let Some(depth) = depth.checked_sub(1) else { return blank("JSON") };
        if let Some(value) = schema.get("const") {
            return blank(&value.to_string());
        }
        if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
            let shown = choices.iter().take(CHOICES_SHOWN).map(Value::to_string);
            let more = (choices.len() > CHOICES_SHOWN).then(|| "…".to_owned());
            return blank(&shown.chain(more).collect::<Vec<_>>().join("|"));
        }
        if alternatives(schema).is_some() {
            return blank(&self.summary(schema, depth).replace(" | ", "|"));
        }
        match schema.get("type") {
            Some(Value::Array(types)) => {
                let names: Vec<&str> = types.iter().filter_map(Value::as_str).map(blank_of).collect();
                blank(&names.join("|"))
            }
            Some(Value::String(name)) if name == "object" => self.object_form(schema, note, depth),
            Some(Value::String(name)) if name == "array" => match schema.get("items") {
                Some(items) => format!("[{}, …]", self.form(items, note, depth)),
                None => blank("list"),
            },
            Some(Value::String(name)) => blank(blank_of(name)),
            _ if schema.get("properties").is_some() => self.object_form(schema, note, depth),
            _ => blank("JSON"),
        }
    }

    /// The form of an object: a blank for each field, those that may be left out last.
    fn object_form(&self, schema: &'a Value, note: &str, depth: usize) -> String {
        let properties = schema.get("properties").and_then(Value::as_object);
        let mut properties: Vec<_> = properties.into_iter().flatten().collect();
        if properties.is_empty() {
            return format!("<object{note}>");
        }
        properties.sort_by_key(|(name, _)| !is_required(schema, name));
        let field = |(name, property): (&String, &'a Value)| {
            let note = if is_required(schema, name) { note } else { ", optional" };
            format!("{}: {}", Value::from(name.as_str()), self.form(property, note, depth))
        };
        format!("{{{}}}", properties.into_iter().map(field).collect::<Vec<_>>().join(", "))
    }
}

/// What stands in the blank of a type.
fn blank_of(name: &str) -> &str {
    match name {
        "boolean" => "true|false",
        "string" => "text",
        "array" => "list",
        other => other,
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
    use serde_json::json;

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
        insta::assert_snapshot!(
            outline(&json!({"$ref": "#/$defs/a", "$defs": {"a": {"properties": {"b": true}}}})),
            @"{b?}"
        );
        insta::assert_snapshot!(outline(&json!({"type": "array", "items": {"type": "string"}})), @"string[]");
    }

    #[test]
    fn a_form_has_a_blank_for_each_field() {
        insta::assert_snapshot!(form(Some(&answer())), @r#"{"approved": <true|false>, "by": {"name": <text>}, "comment": <text|null, optional>, "level": <"low"|"high"|null, optional>, "lines": [<integer, optional>, …]}"#);
        let optional =
            json!({"properties": {"limit": {"type": "integer", "minimum": 5}, "mode": {"default": "fast"}}});
        insta::assert_snapshot!(form(Some(&optional)), @r#"{"limit": <integer, optional>, "mode": <JSON, optional>}"#);
    }

    /// Schemas of every kind, those that take nearly anything first.
    fn schemas() -> Vec<Value> {
        let long = "x".repeat(FORM_CHARS);
        vec![
            json!(true),
            json!({}),
            json!({"not": {}}),
            json!({"$ref": "#/nowhere"}),
            json!({"$ref": "#"}),
            json!({"const": 5}),
            json!({"const": {"approved": true}}),
            json!({"default": {"approved": true}}),
            json!({"examples": [1], "type": "integer"}),
            json!({"enum": []}),
            json!({"enum": [true, "yes", null]}),
            json!({"type": "boolean"}),
            json!({"type": "boolean", "default": true}),
            json!({"type": "null"}),
            json!({"type": "integer", "minimum": 1}),
            json!({"type": ["null", "string"]}),
            json!({"type": []}),
            json!({"type": "string"}),
            json!({"type": "array"}),
            json!({"type": "array", "items": {}}),
            json!({"type": "array", "items": {"type": "object"}}),
            json!({"type": "object"}),
            json!({"type": "object", "properties": {}}),
            json!({"type": "object", "properties": {"it's \u{202e} \n<>": {"type": "string", "default": "x"}}}),
            json!({"type": "object", "properties": {long: {}}}),
            json!({"oneOf": [{"const": true}, {"const": false}]}),
            json!({"anyOf": []}),
            json!({"type": "object", "required": ["next"], "properties": {"next": {"$ref": "#"}}}),
            answer(),
        ]
    }

    #[test]
    fn no_form_is_an_answer() {
        let forms = schemas().iter().map(|schema| form(Some(schema))).chain([form(None)]).collect::<Vec<_>>();
        for form in &forms {
            assert!(serde_json::from_str::<serde::de::IgnoredAny>(form).is_err(), "{form} is JSON");
            // Neither is it a file or standard input to the options that take JSON.
            assert!(form.starts_with(['<', '{', '[']), "{form}");
        }
        insta::assert_snapshot!(crate::ui::harmless(&forms.join("\n")), @r#"
        <JSON>
        <JSON>
        <JSON>
        <JSON>
        <JSON>
        <5>
        <{"approved":true}>
        <JSON>
        <integer>
        <JSON>
        <true|"yes"|null>
        <true|false>
        <true|false>
        <null>
        <integer>
        <null|text>
        <JSON>
        <text>
        <list>
        [<JSON>, …]
        [<object>, …]
        <object>
        <object>
        {"it's \u{202e} \n<>": <text, optional>}
        <JSON>
        <true|false>
        <JSON>
        {"next": {"next": {"next": {"next": {"next": <JSON>}}}}}
        {"approved": <true|false>, "by": {"name": <text>}, "comment": <text|null, optional>, "level": <"low"|"high"|null, optional>, "lines": [<integer, optional>, …]}
        <JSON>
        "#);
    }

    #[test]
    fn schemas_that_refer_to_themselves_end() {
        let tree = json!({"type": "object", "required": ["next"], "properties": {"next": {"$ref": "#"}}});
        insta::assert_snapshot!(summary(&tree), @"{next: {next: {next: {next: {next: …}}}}}");
        insta::assert_snapshot!(form(Some(&tree)), @r#"{"next": {"next": {"next": {"next": {"next": <JSON>}}}}}"#);
    }

    #[test]
    fn anything_else_is_any() {
        for schema in [json!(true), json!({}), json!({"not": {}}), json!({"$ref": "#/nowhere"}), json!(5)] {
            assert_eq!((summary(&schema), form(Some(&schema))), ("any".to_owned(), ANY_FORM.to_owned()));
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
        insta::assert_snapshot!(schemas.map(|schema| form(Some(&schema))).join("\n"), @r#"
        [<"a"|"b">, …]
        [<text>, …]
        <5>
        [<{a?: null|string}|any>, …]
        [{"a": <null|text, optional>}, …]
        "#);
    }
}
