//! From Rust types to the JSON Schemas that `describe` hands to the host.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;

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
        let settings = SchemaSettings::draft2020_12().for_serialize();
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
    let settings = SchemaSettings::draft2020_12().for_deserialize();
    settings.into_generator().into_root_schema_for::<T>().as_value().to_string()
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
    fn a_default_is_optional_to_read_and_always_written() {
        let read = Form::schema_read().unwrap_or_default();
        let written = Form::schema_written().unwrap_or_default();
        assert!(read.contains(r#""default":0"#) && !read.contains("required"), "{read}");
        assert!(written.contains(r#""required":["amount"]"#), "{written}");
        assert!(read.contains("https://json-schema.org/draft/2020-12/schema"), "{read}");
    }
}
