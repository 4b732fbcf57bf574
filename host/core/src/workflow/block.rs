//! Parts of entries that may be written in two ways: blocks, conditions, mappings.
//!
//! Each is told apart by the kind of JSON value, by hand rather than as an untagged enum, so that mistakes keep their
//! line.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::definition::{Entry, Fields, StepEntry};
use crate::digest::ComponentDigest;

/// Entries that follow one another inside a block. Written as an array, or as a single entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Block<C = ComponentDigest>(pub Vec<Entry<C>>);

/// What decides about an arm or a loop. Written as the text of an expression, or as a step.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition<C = ComponentDigest> {
    /// An expression that gives a boolean.
    Expression(String),
    /// A step whose output is a boolean.
    Step(StepEntry<C>),
}

/// What a `map` gives. Written as the text of an expression, or as an object of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mapping {
    /// The value of an expression.
    Expression(String),
    /// An object with the value of an expression under each key.
    Fields(Fields),
}

/// A text that may be computed. Written as the text itself, or as `{"expr": "..."}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Text {
    /// This text.
    Plain(String),
    /// The text that an expression gives; where several are asked for, also an array of texts.
    Expression(String),
}

impl<C> From<Entry<C>> for Block<C> {
    fn from(entry: Entry<C>) -> Self {
        Self(vec![entry])
    }
}

impl<C> From<Vec<Entry<C>>> for Block<C> {
    fn from(entries: Vec<Entry<C>>) -> Self {
        Self(entries)
    }
}

impl<C: Serialize> Serialize for Block<C> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => one.serialize(serializer),
            several => several.serialize(serializer),
        }
    }
}

impl<'de, C: Deserialize<'de>> Deserialize<'de> for Block<C> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntryOrArray<C>(PhantomData<C>);
        impl<'de, C: Deserialize<'de>> Visitor<'de> for EntryOrArray<C> {
            type Value = Block<C>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an entry or an array of entries")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Block<C>, A::Error> {
                Ok(Block(vec![Entry::deserialize(MapAccessDeserializer::new(map))?]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Block<C>, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(seq)).map(Block)
            }
        }
        deserializer.deserialize_any(EntryOrArray(PhantomData))
    }
}

impl<C: Serialize> Serialize for Condition<C> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Expression(text) => text.serialize(serializer),
            Self::Step(step) => step.serialize(serializer),
        }
    }
}

impl<'de, C: Deserialize<'de>> Deserialize<'de> for Condition<C> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrStep<C>(PhantomData<C>);
        impl<'de, C: Deserialize<'de>> Visitor<'de> for TextOrStep<C> {
            type Value = Condition<C>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an expression or a step")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Condition<C>, E> {
                Ok(Condition::Expression(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Condition<C>, A::Error> {
                StepEntry::deserialize(MapAccessDeserializer::new(map)).map(Condition::Step)
            }
        }
        deserializer.deserialize_any(TextOrStep(PhantomData))
    }
}

impl Serialize for Mapping {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Expression(text) => text.serialize(serializer),
            Self::Fields(fields) => fields.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Mapping {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrFields;
        impl<'de> Visitor<'de> for TextOrFields {
            type Value = Mapping;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an expression or an object of expressions")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Mapping, E> {
                Ok(Mapping::Expression(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Mapping, A::Error> {
                Fields::deserialize(MapAccessDeserializer::new(map)).map(Mapping::Fields)
            }
        }
        deserializer.deserialize_any(TextOrFields)
    }
}

/// A text that is computed, as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ComputedText {
    expr: String,
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Plain(text) => text.serialize(serializer),
            Self::Expression(expr) => ComputedText { expr: expr.clone() }.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PlainOrComputed;
        impl<'de> Visitor<'de> for PlainOrComputed {
            type Value = Text;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or an object with `expr`")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Text, E> {
                Ok(Text::Plain(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Text, A::Error> {
                let ComputedText { expr } = ComputedText::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Text::Expression(expr))
            }
        }
        deserializer.deserialize_any(PlainOrComputed)
    }
}
