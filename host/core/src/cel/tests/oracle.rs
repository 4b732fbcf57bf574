//! Random expressions give what another implementation of CEL says they give.

mod generate;

use std::sync::{Arc, LazyLock};

use ::cel as other;
use proptest::prelude::*;
use serde_json::Value as JsonValue;

use super::*;

/// The other implementation, with its extension for text.
static ENVIRONMENT: LazyLock<Arc<other::Env>> = LazyLock::new(|| {
    let mut environment = other::Env::stdlib().with_optional_support(false);
    environment.add_extension(other::extensions::strings).unwrap();
    Arc::new(environment)
});

/// JSON as the values of the other implementation, with the types that we give to numbers.
fn to_other(value: &JsonValue) -> other::Value {
    match value {
        JsonValue::Null => other::Value::Null,
        JsonValue::Bool(value) => (*value).into(),
        JsonValue::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => number.into(),
            (_, Some(number)) => number.into(),
            _ => number.as_f64().unwrap().into(),
        },
        JsonValue::String(text) => text.as_str().into(),
        JsonValue::Array(elements) => elements.iter().map(to_other).collect::<Vec<_>>().into(),
        JsonValue::Object(entries) => {
            let entries = entries.iter().map(|(key, value)| (key.clone(), to_other(value)));
            entries.collect::<std::collections::HashMap<_, _>>().into()
        }
    }
}

/// A value of the other implementation as we would write it in JSON; `None` when that cannot be done.
fn from_other(value: &other::Value) -> Option<JsonValue> {
    Some(match value {
        other::Value::Null => JsonValue::Null,
        other::Value::Bool(value) => (*value).into(),
        other::Value::Int(number) => (*number).into(),
        other::Value::UInt(number) => (*number).into(),
        other::Value::Float(number) => serde_json::Number::from_f64(*number)?.into(),
        other::Value::String(text) => text.as_str().into(),
        other::Value::List(elements) => elements.iter().map(from_other).collect::<Option<_>>()?,
        other::Value::Map(map) => {
            let entry = |(key, value): (&other::objects::Key, _)| Some((key.to_string(), from_other(value)?));
            JsonValue::Object(map.map.iter().map(entry).collect::<Option<_>>()?)
        }
        _ => return None,
    })
}

/// What the other implementation gives; `None` for an error.
fn from_the_other(source: &str, input: &JsonValue) -> Option<JsonValue> {
    let program = ENVIRONMENT.compile(source).ok()?;
    let mut context = other::Context::with_env(ENVIRONMENT.clone());
    context.add_variable_from_value("input", to_other(input));
    from_other(&program.execute(&context).ok()?)
}

/// What we give, and why there is nothing if there is not.
fn from_us(source: &str, input: &JsonValue) -> Result<JsonValue, String> {
    let text = Json::from(input.clone());
    let scope = Scope::new().json("input", &text);
    let expression = Expression::compile(source).map_err(|error| error.to_string())?;
    let parsed = expression.evaluate_json(&scope.clone()).map_err(|error| error.to_string());
    let value =
        expression.evaluate_json(&Scope::new().value("input", input)).map_err(|error| error.to_string());
    assert_eq!(parsed.clone().map(|json| json.value().unwrap()), value.map(|json| json.value().unwrap()));
    Ok(parsed?.value().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn expressions_give_the_same(input in generate::document(), choices in generate::choices()) {
        let source = generate::Source::new(choices).expression();
        let (ours, theirs) = (from_us(&source, &input), from_the_other(&source, &input));
        prop_assert_eq!(ours.clone().ok(), theirs, "`{}` over {}: {:?}", source, input, ours);
    }

    #[test]
    fn the_same_texts_are_expressions(
        choices in generate::choices(),
        at in any::<prop::sample::Index>(),
        other in any::<prop::sample::Index>(),
        how in 0..3,
    ) {
        let mut words = generate::Source::new(choices).words();
        let (at, other) = (at.index(words.len()), other.index(words.len()));
        match how {
            0 => drop(words.remove(at)),
            1 => words.swap(at, other),
            _ => words.insert(at, words.get(other).cloned().unwrap()),
        }
        let source = words.join(" ");
        let ours = Expression::compile(&source).map(|_| ()).map_err(|error| error.message);
        // The other implementation finds out about functions and their arguments only when it calls them, and has
        // what we have not: messages (`a.b{}`), names that begin with a dot, lists without elements but with a comma.
        let ours_alone =
            ["function", "arguments", "is called as", "takes", "message", "found `.`", "found `,`", "found `{`"];
        prop_assume!(!ours.as_ref().is_err_and(|message| ours_alone.iter().any(|part| message.contains(part))));
        let theirs = ENVIRONMENT.compile(&source).is_ok();
        prop_assert_eq!(ours.is_ok(), theirs, "`{}`: {:?}", source, ours);
    }
}
