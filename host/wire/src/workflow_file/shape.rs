//! The shape of a workflow file: everything that its JSON Schema has against it.

use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::{ValidationError, Validator};
use reentry::core::similar::closest;
use serde_json::Value;

use super::document::{Document, Found, Value as Part};
use super::mistake::Mistake;

/// The JSON Schema of workflow files.
pub const SCHEMA: &str = include_str!("../../../../docs/workflow.schema.json");

/// The key with which a file says where its schema is. Only editors need it.
pub(super) const SCHEMA_KEY: &str = "$schema";

/// Most characters of a wrong value that are quoted.
const QUOTED_MAX: usize = 40;

/// What the schema has against a document.
pub(super) fn mistakes(document: &Document, value: &Value) -> Vec<Mistake> {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap_or_default();
    match jsonschema::draft202012::new(&schema) {
        Ok(validator) => Shape { document, schema: &schema }.of(&validator, value),
        Err(error) => vec![Mistake::new(0, format!("the schema of workflow files is damaged: {error}"))],
    }
}

struct Shape<'a> {
    document: &'a Document,
    schema: &'a Value,
}

impl Shape<'_> {
    fn of(&self, validator: &Validator, value: &Value) -> Vec<Mistake> {
        validator.iter_errors(value).flat_map(|error| self.told(&error)).collect()
    }

    fn told(&self, error: &ValidationError<'_>) -> Vec<Mistake> {
        let found = self.document.root.find(error.instance_path().as_str());
        let here = |problem: String| vec![Mistake::new(found.value(), problem)];
        match error.kind() {
            Kind::AdditionalProperties { unexpected } => {
                unexpected.iter().map(|key| self.unknown(error, &found, key)).collect()
            }
            Kind::Required { property } => {
                let missing = property.as_str().unwrap_or_default();
                vec![Mistake::new(found.key(), format!("the field `{missing}` is missing"))]
            }
            Kind::MinProperties { .. } => {
                vec![Mistake::new(
                    found.key(),
                    format!("an entry needs a verb: one of {}", self.names(error)),
                )]
            }
            Kind::MaxProperties { .. } => here(format!("an entry has one verb, this has {}", keys(&found))),
            Kind::OneOfNotValid { .. } | Kind::OneOfMultipleValid { .. } => {
                vec![Mistake::new(found.key(), format!("give exactly one of {}", self.alternatives(error)))]
            }
            Kind::Type { .. } => here(self.wrong_type(error, &found)),
            Kind::MinItems { .. } => here("it is empty: give at least one".to_owned()),
            Kind::MaxItems { limit } => here(format!("it has too many elements, expected at most {limit}")),
            Kind::MinLength { .. } => here("it is empty".to_owned()),
            Kind::Pattern { .. } => here(format!(
                "`{}` cannot be an id: use 1 to 128 letters, digits, `-` and `_`, beginning with a letter or digit",
                quoted(error)
            )),
            Kind::Minimum { limit } => here(format!("it is {}, expected at least {limit}", quoted(error))),
            Kind::Maximum { limit } => here(format!("it is {}, expected at most {limit}", quoted(error))),
            Kind::Enum { options } => here(self.choice(error, options)),
            _ => here(error.masked().to_string()),
        }
    }

    /// A key that has no business there.
    fn unknown(&self, error: &ValidationError<'_>, found: &Found<'_>, key: &str) -> Mistake {
        let known = self.properties(error);
        let what = if error.schema_path().as_str().starts_with("/$defs/entry/") { "verb" } else { "field" };
        let problem = match closest(key, known.iter().copied()) {
            Some(meant) => format!("unknown {what} `{key}`; did you mean `{meant}`?"),
            None => format!("unknown {what} `{key}`, expected one of {}", list(&known)),
        };
        Mistake::new(found.node.key_of(key).map_or(found.value(), |span| span.start), problem)
    }

    /// The schema object in which the keyword stands that is not fulfilled.
    fn around(&self, error: &ValidationError<'_>) -> Option<&Value> {
        self.schema.pointer(error.schema_path().as_str().rsplit_once('/')?.0)
    }

    fn properties(&self, error: &ValidationError<'_>) -> Vec<&str> {
        let properties = self.around(error).and_then(|schema| schema.get("properties")?.as_object());
        let names = properties.into_iter().flat_map(|known| known.keys());
        names.map(String::as_str).filter(|name| *name != SCHEMA_KEY).collect()
    }

    fn names(&self, error: &ValidationError<'_>) -> String {
        list(&self.properties(error))
    }

    /// The fields of which one has to be there.
    fn alternatives(&self, error: &ValidationError<'_>) -> String {
        let one_of = self.around(error).and_then(|schema| schema.get("oneOf")?.as_array());
        let field = |choice: &Value| Some(choice.get("required")?.get(0)?.as_str()?.to_owned());
        let fields: Vec<String> = one_of.into_iter().flatten().filter_map(field).collect();
        list(&fields.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn wrong_type(&self, error: &ValidationError<'_>, found: &Found<'_>) -> String {
        let path = error.schema_path().as_str();
        let expected = match path {
            "/$defs/expression/type" => "an expression, which is a text",
            "/$defs/entry/type" => "an entry, which is an object with a verb",
            "/$defs/step/type" => "a step, which is an object, or an expression, which is a text",
            "/$defs/map/properties/to/else/type" | "/$defs/ask/properties/payload/else/type" => {
                "an expression, which is a text, or an object of expressions"
            }
            "/$defs/text/else/type" => "a text, or an object with `expr`",
            _ => match self.schema.pointer(path).and_then(Value::as_str) {
                Some("integer") => "a whole number",
                Some("number") => "a number",
                Some("object") => "an object",
                Some("array") => "an array",
                Some("string") => "a text",
                _ => "an object, `true` or `false`",
            },
        };
        let quotes = match (&found.node.value, expected.contains("a text")) {
            (Part::Bool(_) | Part::Number(_) | Part::Null, true) => "; put it in quotes to make it one",
            _ => "",
        };
        format!("expected {expected}, found {}{quotes}", kind(&found.node.value, error))
    }

    fn choice(&self, error: &ValidationError<'_>, options: &Value) -> String {
        let options: Vec<&str> = options.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        format!("it is `{}`, expected one of {}", quoted(error), list(&options))
    }
}

fn kind(value: &Part, error: &ValidationError<'_>) -> String {
    match value {
        Part::List(_) => "an array".to_owned(),
        Part::Map(_) => "an object".to_owned(),
        Part::Text(_) => format!("the text `{}`", quoted(error)),
        Part::Null => "nothing".to_owned(),
        Part::Bool(_) | Part::Number(_) => format!("`{}`", quoted(error)),
    }
}

fn quoted(error: &ValidationError<'_>) -> String {
    let text = error.instance().as_str().map_or_else(|| error.instance().to_string(), str::to_owned);
    match text.char_indices().nth(QUOTED_MAX) {
        None => text,
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

fn keys(found: &Found<'_>) -> String {
    match &found.node.value {
        Part::Map(members) => list(&members.iter().map(|member| member.key.as_str()).collect::<Vec<_>>()),
        _ => String::new(),
    }
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
