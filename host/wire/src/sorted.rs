//! Members in the order of their names.

use serde::{Serialize, Serializer};

/// Writes a value with the members of all its objects in the order of their names.
pub(crate) fn sorted<T: Serialize, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serde_json::to_value(value).map_err(serde::ser::Error::custom)?.serialize(serializer)
}
