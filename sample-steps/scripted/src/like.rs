//! Any JSON, under the schema of a type.

use std::borrow::Cow;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// Anything: no schema says more.
pub type Any = Value;

/// JSON as it came, described as a `T`. The host checks it; the step takes it as it is.
pub struct Like<T>(pub Value, PhantomData<T>);

impl<T> Like<T> {
    pub fn new(value: Value) -> Self {
        Self(value, PhantomData)
    }
}

impl<T: JsonSchema> JsonSchema for Like<T> {
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

impl<T> Serialize for Like<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T> Deserialize<'de> for Like<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self::new)
    }
}
