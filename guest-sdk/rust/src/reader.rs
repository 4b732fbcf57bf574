//! From JSON text to values of any type: numbers keep every digit or are refused, and errors say where in the text they are.
//!
//! `serde_json` finds the parts of the text; what a number may become is decided here. `2.0` reads as the whole number 2, a number that
//! does not fit its type is an error and never another number.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, Expected, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};
use serde::{Deserialize, forward_to_deserialize_any};
use serde_json::value::RawValue;

/// Levels of arrays and objects in one another. Hosts take fewer.
const DEEPEST: usize = 128;

/// The name under which `serde_json` asks for a text as it is.
const RAW: &str = "$serde_json::private::RawValue";

/// Reads a text.
///
/// # Errors
/// With the place of what does not fit.
pub(crate) fn read<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, Flaw> {
    T::deserialize(At { text: text.trim_ascii(), place: Place::Root, depth: 0 })
}

/// What does not fit, and where. In a box, as it goes through many hands.
#[derive(Debug)]
pub(crate) struct Flaw(Box<Inner>);

#[derive(Debug)]
struct Inner {
    place: Option<String>,
    message: String,
}

impl Flaw {
    #[inline(never)]
    fn new(message: impl Into<String>) -> Self {
        Self(Box::new(Inner { place: None, message: message.into() }))
    }

    /// Notes the place, unless one further inside is known.
    #[inline(never)]
    fn at(mut self, place: &Place<'_>) -> Self {
        self.0.place.get_or_insert_with(|| place.to_string());
        self
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = self.0.place.as_deref().filter(|place| !place.is_empty()) {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Flaw {}

impl de::Error for Flaw {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let found = match found {
            Unexpected::Unit | Unexpected::Option => "null".to_owned(),
            Unexpected::Bool(value) => value.to_string(),
            Unexpected::Unsigned(number) => number.to_string(),
            Unexpected::Signed(number) => number.to_string(),
            Unexpected::Float(number) => number.to_string(),
            Unexpected::Str(text) => format!("\"{}\"", shortened(text)),
            Unexpected::Map => "an object".to_owned(),
            Unexpected::Seq => "an array".to_owned(),
            other => other.to_string(),
        };
        Self::new(format!("{found} is not {expected}"))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }
}

/// Where in the whole text something is; written as a JSON pointer.
#[derive(Clone, Copy)]
enum Place<'a> {
    Root,
    Key(&'a Place<'a>, &'a str),
    Index(&'a Place<'a>, usize),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Key(outer, key) => write!(f, "{outer}/{}", key.replace('~', "~0").replace('/', "~1")),
            Self::Index(outer, index) => write!(f, "{outer}/{index}"),
        }
    }
}

/// A part of the text, without blanks around it.
#[derive(Clone, Copy)]
struct At<'a, 'de> {
    text: &'de str,
    place: Place<'a>,
    depth: usize,
}

impl<'a, 'de> At<'a, 'de> {
    fn located<T>(&self, read: Result<T, Flaw>) -> Result<T, Flaw> {
        read.map_err(|flaw| flaw.at(&self.place))
    }

    fn part<'b>(&'b self, text: &'de RawValue, place: Place<'b>) -> At<'b, 'de> {
        At { text: text.get(), place, depth: self.depth + 1 }
    }

    /// Splits an array or object into its parts.
    fn parts<T: Deserialize<'de>>(&self) -> Result<T, Flaw> {
        if self.depth >= DEEPEST {
            return Err(Flaw::new(format!("more than {DEEPEST} levels of arrays and objects")));
        }
        serde_json::from_str(self.text).map_err(no_json)
    }

    fn any<V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, Flaw> {
        match self.found()? {
            Found::Object(members) => {
                visitor.visit_map(Entries { of: self, members: members.iter(), value: None })
            }
            Found::Array(items) => visitor.visit_seq(Items { of: self, items: items.iter().enumerate() }),
            Found::Text(Cow::Borrowed(text)) => visitor.visit_borrowed_str(text),
            Found::Text(Cow::Owned(text)) => visitor.visit_string(text),
            Found::Unsigned(number) => visitor.visit_u64(number),
            Found::Signed(number) => visitor.visit_i64(number),
            Found::Float(number) => visitor.visit_f64(number),
            Found::Bool(value) => visitor.visit_bool(value),
            Found::Null => visitor.visit_unit(),
        }
    }

    /// What stands here.
    #[inline(never)]
    fn found(&self) -> Result<Found<'de>, Flaw> {
        Ok(match self.text.as_bytes().first() {
            Some(b'{') => Found::Object(self.parts::<Members<'de>>()?.0),
            Some(b'[') => Found::Array(self.parts()?),
            Some(b'"') => Found::Text(string(self.text)?),
            Some(b'-' | b'0'..=b'9') => number(self.text)?,
            _ => match self.text {
                "null" => Found::Null,
                "true" => Found::Bool(true),
                "false" => Found::Bool(false),
                _ => return Err(Flaw::new(format!("{} is not JSON", shortened(self.text)))),
            },
        })
    }

    fn is_number(&self) -> bool {
        self.text.starts_with(|first: char| first == '-' || first.is_ascii_digit())
    }
}

/// What stands at a place, in its parts.
enum Found<'de> {
    Object(Vec<Member<'de>>),
    Array(Vec<&'de RawValue>),
    Text(Cow<'de, str>),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Bool(bool),
    Null,
}

/// A name and what it names.
type Member<'de> = (Cow<'de, str>, &'de RawValue);

/// A number for a type that takes several kinds of them.
fn number(text: &str) -> Result<Found<'static>, Flaw> {
    if text.contains(['.', 'e', 'E']) {
        return float(text).map(Found::Float);
    }
    if let Ok(whole) = text.parse() {
        return Ok(Found::Unsigned(whole));
    }
    text.parse().map(Found::Signed).map_err(|_| {
        Flaw::new(format!(
            "{} has more digits than a number in Rust's `Value` can keep; read it into an integer type or a `RawValue`",
            shortened(text)
        ))
    })
}

/// A number for an integer type with these bounds.
fn integer<T: FromStr>(text: &str, bounds: &dyn fmt::Display) -> Result<T, Flaw> {
    let digits =
        whole(text).ok_or_else(|| Flaw::new(format!("{} is not a whole number", shortened(text))))?;
    digits.parse().map_err(|_| Flaw::new(format!("{} is not from {bounds}", shortened(text))))
}

fn single(text: &str) -> Result<f32, Flaw> {
    // To be rounded once, and not on the way through an f64.
    match text.parse::<f32>() {
        Ok(value) if value.is_finite() => Ok(value),
        _ => Err(Flaw::new(format!("{} does not fit an f32, whose largest is 3.4e38", shortened(text)))),
    }
}

fn no_json(error: serde_json::Error) -> Flaw {
    Flaw::new(error.to_string())
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The text that a JSON string stands for.
fn string(text: &str) -> Result<Cow<'_, str>, Flaw> {
    struct Text;
    impl<'de> Visitor<'de> for Text {
        type Value = Cow<'de, str>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string")
        }

        fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
            Ok(Cow::Borrowed(text))
        }

        fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
            Ok(Cow::Owned(text.to_owned()))
        }
    }
    serde_json::Deserializer::from_str(text).deserialize_str(Text).map_err(no_json)
}

/// The digits of a whole number that may be written with a fraction of zeros or an exponent. None if it is no whole number; one that is
/// longer than any integer type becomes some number that is too long.
fn whole(number: &str) -> Option<String> {
    const LONGER_THAN_ANY: i64 = 60;
    let (sign, rest) = match number.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", number),
    };
    let (mantissa, exponent) = rest.split_once(['e', 'E']).unwrap_or((rest, "0"));
    let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{before}{after}");
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Some("0".to_owned());
    }
    let negative = exponent.starts_with('-');
    let exponent = exponent.parse().unwrap_or(if negative { i64::MIN / 2 } else { i64::MAX / 2 });
    let shift = exponent.saturating_sub(i64::try_from(after.len()).unwrap_or(i64::MAX));
    if shift >= 0 {
        let zeros = usize::try_from(shift.min(LONGER_THAN_ANY)).unwrap_or_default();
        return Some(format!("{sign}{digits}{}", "0".repeat(zeros)));
    }
    let cut = usize::try_from(shift.unsigned_abs()).unwrap_or(usize::MAX);
    let kept = digits.len().checked_sub(cut).filter(|&kept| kept > 0)?;
    let (kept, fraction) = digits.split_at_checked(kept)?;
    fraction.bytes().all(|digit| digit == b'0').then(|| format!("{sign}{kept}"))
}

/// The nearest double of a number with a fraction or an exponent; a whole number exactly.
fn float(text: &str) -> Result<f64, Flaw> {
    let value: f64 = text.parse().map_err(|_| Flaw::new(format!("{} is not a number", shortened(text))))?;
    if !value.is_finite() {
        return Err(Flaw::new(format!("{} does not fit an f64, whose largest is 1.8e308", shortened(text))));
    }
    let digits = text.trim_start_matches('-');
    if digits.bytes().all(|digit| digit.is_ascii_digit()) && format!("{:.0}", value.abs()) != digits {
        return Err(Flaw::new(format!("{} has more digits than an f64 can keep", shortened(text))));
    }
    Ok(value)
}

/// An integer type, as numbers are read into it.
macro_rules! integers {
    ($($deserialize:ident $visit:ident $integer:ty,)+) => {$(
        fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Flaw> {
            if !self.is_number() {
                return self.located(self.any(visitor));
            }
            let bounds = format_args!("{} to {}", <$integer>::MIN, <$integer>::MAX);
            self.located(integer(self.text, &bounds).and_then(|value| visitor.$visit(value)))
        }
    )+};
}

impl<'de> Deserializer<'de> for At<'_, 'de> {
    type Error = Flaw;

    integers! {
        deserialize_i8 visit_i8 i8,
        deserialize_i16 visit_i16 i16,
        deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64,
        deserialize_i128 visit_i128 i128,
        deserialize_u8 visit_u8 u8,
        deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32,
        deserialize_u64 visit_u64 u64,
        deserialize_u128 visit_u128 u128,
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Flaw> {
        self.located(self.any(visitor))
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Flaw> {
        if !self.is_number() {
            return self.located(self.any(visitor));
        }
        self.located(float(self.text).and_then(|value| visitor.visit_f64(value)))
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Flaw> {
        if !self.is_number() {
            return self.located(self.any(visitor));
        }
        self.located(single(self.text).and_then(|value| visitor.visit_f32(value)))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Flaw> {
        if self.text == "null" { self.located(visitor.visit_none()) } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Flaw> {
        if name == RAW {
            let raw = serde_json::Deserializer::from_str(self.text).deserialize_newtype_struct(name, visitor);
            return self.located(raw.map_err(no_json));
        }
        self.located(visitor.visit_newtype_struct(self))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Flaw> {
        let read = || match self.text.as_bytes().first() {
            Some(b'"') => visitor.visit_enum(string(self.text)?.into_deserializer()),
            Some(b'{') => match self.parts::<Members<'de>>()?.0.as_slice() {
                [(name, value)] => {
                    let content = self.part(value, Place::Key(&self.place, name));
                    visitor.visit_enum(Variant { name, content })
                }
                members => Err(Flaw::new(format!(
                    "an object with {} keys is not one variant of an enum",
                    members.len()
                ))),
            },
            _ => Err(Flaw::new(format!("{} is not a variant of an enum", shortened(self.text)))),
        };
        self.located(read())
    }

    forward_to_deserialize_any! {
        bool char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// The members of an object, in their order.
struct Members<'de>(Vec<Member<'de>>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((Name(name), value)) = map.next_entry()? {
                    members.push((name, value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// The name of a member, as it stands in the text where that is possible.
struct Name<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

struct Items<'a, 'de> {
    of: &'a At<'a, 'de>,
    items: std::iter::Enumerate<std::slice::Iter<'a, &'de RawValue>>,
}

impl<'de> SeqAccess<'de> for Items<'_, 'de> {
    type Error = Flaw;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Flaw> {
        let Some((index, item)) = self.items.next() else { return Ok(None) };
        seed.deserialize(self.of.part(item, Place::Index(&self.of.place, index))).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

struct Entries<'a, 'de> {
    of: &'a At<'a, 'de>,
    members: std::slice::Iter<'a, Member<'de>>,
    value: Option<&'a Member<'de>>,
}

impl<'de> MapAccess<'de> for Entries<'_, 'de> {
    type Error = Flaw;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Flaw> {
        self.value = self.members.next();
        let Some((name, _)) = self.value else { return Ok(None) };
        seed.deserialize(Key(name.clone())).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Flaw> {
        let (name, value) =
            self.value.take().ok_or_else(|| Flaw::new("a value was asked for before its key"))?;
        seed.deserialize(self.of.part(value, Place::Key(&self.of.place, name)))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.members.len())
    }
}

/// A key of an object, which is a text, for types that may be others.
struct Key<'de>(Cow<'de, str>);

macro_rules! integer_keys {
    ($($deserialize:ident $visit:ident,)+) => {$(
        fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Flaw> {
            match self.0.parse() {
                Ok(value) => visitor.$visit(value),
                Err(_) => self.deserialize_any(visitor),
            }
        }
    )+};
}

impl<'de> Deserializer<'de> for Key<'de> {
    type Error = Flaw;

    integer_keys! {
        deserialize_i8 visit_i8,
        deserialize_i16 visit_i16,
        deserialize_i32 visit_i32,
        deserialize_i64 visit_i64,
        deserialize_i128 visit_i128,
        deserialize_u8 visit_u8,
        deserialize_u16 visit_u16,
        deserialize_u32 visit_u32,
        deserialize_u64 visit_u64,
        deserialize_u128 visit_u128,
        deserialize_bool visit_bool,
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Flaw> {
        match self.0 {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Flaw> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Flaw> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Flaw> {
        self.0.into_deserializer().deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier
        ignored_any
    }
}

/// A variant of an enum that holds something: an object with one key.
struct Variant<'a, 'de> {
    name: &'a str,
    content: At<'a, 'de>,
}

impl<'a, 'de> EnumAccess<'de> for Variant<'a, 'de> {
    type Error = Flaw;
    type Variant = At<'a, 'de>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, At<'a, 'de>), Flaw> {
        Ok((seed.deserialize(self.name.into_deserializer())?, self.content))
    }
}

impl<'de> VariantAccess<'de> for At<'_, 'de> {
    type Error = Flaw;

    fn unit_variant(self) -> Result<(), Flaw> {
        Deserialize::deserialize(self)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Flaw> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Flaw> {
        self.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Flaw> {
        self.deserialize_map(visitor)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::Value;

    use super::*;

    fn check<T: for<'de> Deserialize<'de> + fmt::Debug>(text: &str, expected: &str) {
        let found = match read::<T>(text) {
            Ok(value) => format!("{value:?}"),
            Err(flaw) => flaw.to_string(),
        };
        assert_eq!(found, expected, "{text}");
    }

    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "read by Debug")]
    struct Line {
        sku: String,
        #[serde(default)]
        count: Option<u8>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    #[allow(dead_code, reason = "read by Debug")]
    enum Shape {
        Point,
        Circle(f32),
        Line { to: i8 },
        Pair(u8, u8),
    }

    #[derive(Debug, Deserialize)]
    #[serde(tag = "kind")]
    #[allow(dead_code, reason = "read by Debug")]
    enum Tagged {
        A { n: u64 },
    }

    #[derive(Debug, Deserialize)]
    #[serde(transparent)]
    struct Wrapped(#[allow(dead_code, reason = "read by Debug")] u16);

    #[test]
    fn whole_numbers_are_those_that_are_whole() {
        check::<u64>("2.0", "2");
        check::<u64>(" 18446744073709551615 ", "18446744073709551615");
        check::<i64>("-1.5e1", "-15");
        check::<i64>("100e-2", "1");
        check::<u8>("-0.0", "0");
        check::<u128>("340282366920938463463374607431768211455", "340282366920938463463374607431768211455");
        check::<Wrapped>("7", "Wrapped(7)");
        check::<u32>("2.5", "2.5 is not a whole number");
        check::<u32>("1e-400", "1e-400 is not a whole number");
        check::<u32>("4294967296", "4294967296 is not from 0 to 4294967295");
        check::<i8>("1e400", "1e400 is not from -128 to 127");
        check::<u8>("-1", "-1 is not from 0 to 255");
        check::<u64>(
            "1e99999999999999999999",
            "1e99999999999999999999 is not from 0 to 18446744073709551615",
        );
        check::<u32>("\"2\"", "\"2\" is not u32");
    }

    #[test]
    fn other_numbers_are_the_nearest_or_refused() {
        check::<f64>("0.1", "0.1");
        check::<f64>("2", "2.0");
        check::<f64>("5e-324", "5e-324");
        check::<f64>("1.7976931348623157e308", "1.7976931348623157e308");
        check::<f32>("16777217.0", "16777216.0");
        check::<f64>("1e400", "1e400 does not fit an f64, whose largest is 1.8e308");
        check::<f64>("9007199254740993", "9007199254740993 has more digits than an f64 can keep");
        check::<f32>("1e39", "1e39 does not fit an f32, whose largest is 3.4e38");
        check::<Value>(
            "[1.5, -7, 18446744073709551615]",
            "Array [Number(1.5), Number(-7), Number(18446744073709551615)]",
        );
        check::<Value>(
            r#"{"a": [123456789012345678901234567890]}"#,
            "/a/0: 123456789012345678901234567890 has more digits than a number in Rust's `Value` can keep; \
             read it into an integer type or a `RawValue`",
        );
    }

    #[test]
    fn values_of_all_kinds_are_read() {
        check::<Line>(
            r#"{"sku": "a\nb", "count": 3.0, "more": [{}]}"#,
            r#"Line { sku: "a\nb", count: Some(3) }"#,
        );
        check::<Line>(r#"{"sku": "a", "count": null}"#, r#"Line { sku: "a", count: None }"#);
        check::<Vec<Shape>>(
            r#"["point", {"circle": 1}, {"line": {"to": 1}}, {"pair": [1, 2]}]"#,
            "[Point, Circle(1.0), Line { to: 1 }, Pair(1, 2)]",
        );
        check::<Tagged>(r#"{"kind": "A", "n": 5}"#, "A { n: 5 }");
        check::<BTreeMap<u8, bool>>(r#"{"1": true}"#, "{1: true}");
        check::<(u8, Option<()>, char)>(r#"[1, null, "x"]"#, "(1, None, 'x')");
        check::<Box<RawValue>>("[1.10]", "RawValue([1.10])");
    }

    #[test]
    fn what_does_not_fit_is_named_with_its_place() {
        check::<Vec<Line>>(r#"[{"sku": "a"}, {"sku": true}]"#, "/1/sku: true is not a string");
        check::<BTreeMap<String, Line>>(r#"{"a/b": {}}"#, "/a~1b: missing field `sku`");
        check::<Line>(r#"{"sku": "a", "count": 300}"#, "/count: 300 is not from 0 to 255");
        check::<Vec<Shape>>(r#"[{"line": {"to": 500}}]"#, "/0/line/to: 500 is not from -128 to 127");
        check::<Shape>("7", "7 is not a variant of an enum");
        check::<BTreeMap<u8, bool>>(r#"{"x": true}"#, "\"x\" is not u8");
        check::<bool>("tru", "tru is not JSON");
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        let flaw = read::<Value>(&deep).expect_err("it is too deep").to_string();
        assert!(
            flaw.ends_with("more than 128 levels of arrays and objects") || flaw.contains("recursion limit"),
            "{flaw}"
        );
    }
}
