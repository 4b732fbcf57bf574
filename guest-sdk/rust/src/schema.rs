//! From Rust types to the JSON Schemas that `describe` hands to the host.

use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema};
use serde_json::{Number, Value};

/// Stands for "this step has no such thing": the default form and answer of [`Context`](crate::Context).
///
/// It has no values, so a step that names no form has nothing to call `suspend` with.
#[derive(Clone, Copy, Debug)]
pub enum Never {}

/// What a step asks or is told: any type with a JSON Schema, or [`Never`].
pub trait Described {
    /// The JSON Schema (2020-12) of the values that are read, as text. None for [`Never`].
    fn schema_read() -> Option<String>;

    /// The JSON Schema (2020-12) of the values that are written, as text. None for [`Never`].
    fn schema_written() -> Option<String>;
}

impl<T: JsonSchema> Described for T {
    fn schema_read() -> Option<String> {
        Some(of_read::<T>())
    }

    fn schema_written() -> Option<String> {
        let settings = SchemaSettings::draft2020_12().for_serialize().with_transform(Bounds);
        Some(settings.into_generator().into_root_schema_for::<T>().as_value().to_string())
    }
}

impl Described for Never {
    fn schema_read() -> Option<String> {
        None
    }

    fn schema_written() -> Option<String> {
        None
    }
}

/// The schema of what is read: a field with a default may be left out.
pub(crate) fn of_read<T: JsonSchema>() -> String {
    let settings = SchemaSettings::draft2020_12().for_deserialize().with_transform(Bounds);
    settings.into_generator().into_root_schema_for::<T>().as_value().to_string()
}

/// Adds the bounds of the types of numbers, which schemars gives as a format that others do not check.
#[derive(Clone)]
struct Bounds;

impl Transform for Bounds {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        let Some((least, most)) = schema.get("format").and_then(Value::as_str).and_then(bounds) else {
            return;
        };
        if let Some(object) = schema.as_object_mut() {
            object.entry("minimum").or_insert(Value::Number(least));
            object.entry("maximum").or_insert(Value::Number(most));
        }
    }
}

/// The least and the largest number of a type, by the format that schemars gives it. Integers of 128 bits have none that JSON can hold here.
fn bounds(format: &str) -> Option<(Number, Number)> {
    Some(match format {
        "int8" => (i8::MIN.into(), i8::MAX.into()),
        "int16" => (i16::MIN.into(), i16::MAX.into()),
        "int32" => (i32::MIN.into(), i32::MAX.into()),
        "int64" => (i64::MIN.into(), i64::MAX.into()),
        "int" => (isize::MIN.into(), isize::MAX.into()),
        "uint8" => (u8::MIN.into(), u8::MAX.into()),
        "uint16" => (u16::MIN.into(), u16::MAX.into()),
        "uint32" => (u32::MIN.into(), u32::MAX.into()),
        "uint64" => (u64::MIN.into(), u64::MAX.into()),
        "uint" => (usize::MIN.into(), usize::MAX.into()),
        "float" => (Number::from_f64(f32::MIN.into())?, Number::from_f64(f32::MAX.into())?),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Serialize, serde::Deserialize, JsonSchema)]
    struct Form {
        #[serde(default)]
        amount: u8,
    }

    #[test]
    fn never_has_no_schema() {
        assert_eq!((Never::schema_read(), Never::schema_written()), (None, None));
    }

    #[test]
    fn numbers_have_the_bounds_of_their_types() {
        let schema = |schema: Option<String>| schema.unwrap_or_default();
        let check = |schema: String, bounds: &str| assert!(schema.contains(bounds), "{schema}");
        check(schema(u32::schema_read()), r#""maximum":4294967295,"minimum":0"#);
        check(
            schema(Vec::<i64>::schema_read()),
            r#""maximum":9223372036854775807,"minimum":-9223372036854775808"#,
        );
        check(schema(Option::<u64>::schema_written()), r#""maximum":18446744073709551615,"minimum":0"#);
        check(schema(<(i16,)>::schema_read()), r#""maximum":32767,"minimum":-32768"#);
        check(schema(f32::schema_read()), r#""maximum":3.4028234663852886e+38"#);
        assert!(!schema(f64::schema_read()).contains("maximum"));
    }

    #[test]
    fn a_default_is_optional_to_read_and_always_written() {
        let read = Form::schema_read().unwrap_or_default();
        let written = Form::schema_written().unwrap_or_default();
        assert!(read.contains(r#""default":0"#) && !read.contains("required"), "{read}");
        assert!(written.contains(r#""required":["amount"]"#), "{written}");
        assert!(read.contains("https://json-schema.org/draft/2020-12/schema"), "{read}");
    }
}
