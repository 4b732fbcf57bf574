//! JSON text in and out, with errors that say which text it was.

use std::fmt::Display;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};
use crate::{finite, reader};

/// Reads `what`; the error has the given code.
pub(crate) fn read<T: DeserializeOwned>(what: &str, code: &str, text: &str) -> Result<T> {
    reader::read(text).map_err(|flaw| {
        Error::new(format!("{what} does not fit {}: {flaw}", short(std::any::type_name::<T>()))).code(code)
    })
}

/// Writes `what`.
pub(crate) fn write(what: &str, value: &(impl Serialize + ?Sized)) -> Result<String> {
    let unwritable =
        |flaw: &dyn Display| Error::new(format!("{what} cannot be written as JSON: {flaw}")).code("not-json");
    finite::check(value).map_err(|flaw| unwritable(&flaw))?;
    serde_json::to_string(value).map_err(|error| unwritable(&error))
}

/// The name of a type without the modules that it and its parameters are in.
fn short(name: &str) -> String {
    let parts = name.split_inclusive(|part: char| !part.is_alphanumeric() && part != '_' && part != ':');
    parts.map(|part| part.rsplit("::").next().unwrap_or(part)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_types_are_short() {
        assert_eq!(short("alloc::vec::Vec<my_step::Answer>"), "Vec<Answer>");
        assert_eq!(short("(u8, core::option::Option<&str>)"), "(u8, Option<&str>)");
    }
}
