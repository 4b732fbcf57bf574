//! Finds numbers that JSON cannot write. `serde_json` writes `null` in their place, and nothing would tell.

use std::fmt;

use serde::ser::{self, Serialize, Serializer};

/// Says whether a value holds nothing but numbers that can be written.
///
/// # Errors
/// With the place of a number that is infinite or none at all, or with what the value says of itself.
pub(crate) fn check(value: &(impl Serialize + ?Sized)) -> Result<(), Unwritable> {
    value.serialize(Finite)
}

/// What cannot be written, and where. In a box, as it goes through many hands.
#[derive(Debug)]
pub(crate) struct Unwritable(Box<Inner>);

#[derive(Debug)]
struct Inner {
    place: String,
    message: String,
}

impl Unwritable {
    #[inline(never)]
    fn within(mut self, key: &dyn fmt::Display) -> Self {
        self.0.place.insert_str(0, &format!("/{key}"));
        self
    }
}

impl fmt::Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let colon = if self.0.place.is_empty() { "" } else { ": " };
        write!(f, "{}{colon}{}", self.0.place, self.0.message)
    }
}

impl std::error::Error for Unwritable {}

impl ser::Error for Unwritable {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(Box::new(Inner { place: String::new(), message: message.to_string() }))
    }
}

struct Finite;

fn float(number: f64) -> Result<(), Unwritable> {
    if number.is_finite() {
        Ok(())
    } else {
        Err(ser::Error::custom(format!("{number} is not a number in JSON")))
    }
}

macro_rules! fine {
    ($($method:ident $type:ty,)+) => {$(
        fn $method(self, _: $type) -> Result<(), Unwritable> {
            Ok(())
        }
    )+};
}

impl Serializer for Finite {
    type Ok = ();
    type Error = Unwritable;
    type SerializeSeq = Parts;
    type SerializeTuple = Parts;
    type SerializeTupleStruct = Parts;
    type SerializeTupleVariant = Parts;
    type SerializeMap = Parts;
    type SerializeStruct = Parts;
    type SerializeStructVariant = Parts;

    fine! {
        serialize_bool bool,
        serialize_i8 i8,
        serialize_i16 i16,
        serialize_i32 i32,
        serialize_i64 i64,
        serialize_i128 i128,
        serialize_u8 u8,
        serialize_u16 u16,
        serialize_u32 u32,
        serialize_u64 u64,
        serialize_u128 u128,
        serialize_char char,
        serialize_str &str,
        serialize_bytes &[u8],
        serialize_unit_struct &'static str,
    }

    fn serialize_f32(self, number: f32) -> Result<(), Unwritable> {
        float(number.into())
    }

    fn serialize_f64(self, number: f64) -> Result<(), Unwritable> {
        float(number)
    }

    fn serialize_none(self) -> Result<(), Unwritable> {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Unwritable> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Unwritable> {
        Ok(())
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Result<(), Unwritable> {
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Unwritable> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Unwritable> {
        value.serialize(self).map_err(|flaw| flaw.within(&variant))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Parts, Unwritable> {
        Ok(Parts::default())
    }

    fn serialize_tuple(self, _: usize) -> Result<Parts, Unwritable> {
        Ok(Parts::default())
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Parts, Unwritable> {
        Ok(Parts::default())
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Parts, Unwritable> {
        Ok(Parts { variant: Some(variant), ..Parts::default() })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Parts, Unwritable> {
        Ok(Parts::default())
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Parts, Unwritable> {
        Ok(Parts::default())
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Parts, Unwritable> {
        Ok(Parts { variant: Some(variant), ..Parts::default() })
    }
}

/// The parts of an array or an object.
#[derive(Default)]
struct Parts {
    variant: Option<&'static str>,
    index: usize,
    key: String,
}

impl Parts {
    fn part<T: Serialize + ?Sized>(&self, key: &dyn fmt::Display, value: &T) -> Result<(), Unwritable> {
        check(value).map_err(|flaw| {
            let flaw = flaw.within(key);
            match self.variant {
                Some(variant) => flaw.within(&variant),
                None => flaw,
            }
        })
    }

    fn next<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unwritable> {
        let index = self.index;
        self.index += 1;
        self.part(&index, value)
    }
}

macro_rules! arrays {
    ($($of:ident $method:ident,)+) => {$(
        impl ser::$of for Parts {
            type Ok = ();
            type Error = Unwritable;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unwritable> {
                self.next(value)
            }

            fn end(self) -> Result<(), Unwritable> {
                Ok(())
            }
        }
    )+};
}

arrays! {
    SerializeSeq serialize_element,
    SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field,
}

macro_rules! objects {
    ($($of:ident,)+) => {$(
        impl ser::$of for Parts {
            type Ok = ();
            type Error = Unwritable;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Unwritable> {
                self.part(&key, value)
            }

            fn end(self) -> Result<(), Unwritable> {
                Ok(())
            }
        }
    )+};
}

objects! { SerializeStruct, SerializeStructVariant, }

impl ser::SerializeMap for Parts {
    type Ok = ();
    type Error = Unwritable;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Unwritable> {
        // What cannot be a key is found when the text is written.
        serde_json::to_string(key).unwrap_or_default().trim_matches('"').clone_into(&mut self.key);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unwritable> {
        self.part(&self.key, value)
    }

    fn end(self) -> Result<(), Unwritable> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(serde::Serialize)]
    enum Shape {
        Circle { radius: f32 },
        Pair(f64, f64),
        Wrapped(Option<f64>),
    }

    fn refused(value: &impl Serialize, words: &str) {
        assert_eq!(check(value).expect_err("it cannot be written").to_string(), words);
    }

    #[test]
    fn numbers_that_json_has_not_are_named_with_their_place() {
        refused(&f64::NAN, "NaN is not a number in JSON");
        refused(&(1, f32::NEG_INFINITY), "/1: -inf is not a number in JSON");
        refused(&BTreeMap::from([("a", vec![0.5, f64::INFINITY])]), "/a/1: inf is not a number in JSON");
        refused(&[Shape::Circle { radius: f32::NAN }], "/0/Circle/radius: NaN is not a number in JSON");
        refused(&Shape::Pair(1.0, f64::NAN), "/Pair/1: NaN is not a number in JSON");
        refused(&Some(Shape::Wrapped(Some(f64::NAN))), "/Wrapped: NaN is not a number in JSON");
        assert!(check(&(1.5, "a", [Some(())], BTreeMap::from([(1, false)]), Shape::Wrapped(None))).is_ok());
    }
}
