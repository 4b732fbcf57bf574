//! JSON text in and out, with errors that say which text it was.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// Reads `what`; the error has the given code.
pub(crate) fn read<T: DeserializeOwned>(what: &str, code: &str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| {
        Error::new(format!("{what} is not a {}: {error}", std::any::type_name::<T>())).code(code)
    })
}

/// Writes `what`.
pub(crate) fn write(what: &str, value: &(impl Serialize + ?Sized)) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|error| Error::new(format!("{what} cannot be written as JSON: {error}")).code("not-json"))
}
