//! Ids: one type each, so that a swapped argument does not compile, with a prefix that says what a pasted id is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::quote::beginning;

/// A text that is not an id of the kind asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a {kind} id: expected `{prefix}` and 32 hexadecimal digits")]
pub struct IdError {
    /// What the id should have named.
    pub kind: &'static str,
    /// How such an id begins.
    pub prefix: &'static str,
    /// The beginning of the text as it came.
    pub found: String,
}

macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// Makes an id from the time and 10 random bytes (UUID version 7: ids sort by time).
            pub fn new(now: crate::time::Timestamp, random: [u8; 10]) -> Self {
                Self(uuid::Builder::from_unix_timestamp_millis(now.0, &random).into_uuid())
            }

            /// The 16 bytes.
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// An id from its 16 bytes.
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0.simple())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                text.strip_prefix($prefix)
                    .filter(|hex| hex.len() == 32)
                    .and_then(|hex| Uuid::try_parse(hex).ok())
                    .map(Self)
                    .ok_or_else(|| IdError { kind: $kind, prefix: $prefix, found: beginning(text) })
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

id_type! {
    /// One execution of a workflow.
    RunId, "run", "run_"
}
id_type! {
    /// One stop of one step: the single-use address of an answer.
    SuspensionId, "suspension", "sus_"
}
id_type! {
    /// The kept memory of one guest at one suspension, or something else that is kept as memories are.
    BlobId, "snapshot", "snap_"
}
id_type! {
    /// One running host process, as owner of the calls it performs.
    OwnerId, "owner", "own_"
}
id_type! {
    /// One event as it was sent: what a step that waits for an event gets.
    MessageId, "message", "msg_"
}

impl BlobId {
    /// The id of something else that is kept as memories are, of a run: the same for the same text.
    pub fn of_part(run: RunId, text: &str) -> Self {
        let mut id = [0; 16];
        blake3::Hasher::new().update(run.as_bytes()).update(text.as_bytes()).finalize_xof().fill(&mut id);
        Self::from_bytes(id)
    }
}

impl SuspensionId {
    /// The id so many places after this one, in the order of ids. Those that are made one after the other in a
    /// millisecond are made so, as two ids of one millisecond are in no order otherwise.
    #[must_use]
    pub fn after(self, places: u64) -> Self {
        // A version 7 id: 48 bits of time, 4 of version, 12 of chance, 2 of variant, 62 of chance.
        const LOW: u128 = (1 << 62) - 1;
        let bits = self.0.as_u128();
        let number = (bits >> 80 << 74) | ((bits >> 64 & 0xfff) << 62) | (bits & LOW);
        let number = number.wrapping_add(u128::from(places));
        let (time, high, low) = (number >> 74 << 80, number >> 62 & 0xfff, number & LOW);
        Self(Uuid::from_u128(time | 0x7 << 76 | high << 64 | 0b10 << 62 | low))
    }
}

/// Longest name of a tenant, workflow or step, in bytes. Names are part of keys and paths; this bounds both.
pub const NAME_BYTES_MAX: usize = 128;

/// A name that cannot be used where names end up in paths and keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{found}` cannot be the id of a {what}: use 1 to {NAME_BYTES_MAX} letters, digits, `-` and `_`, beginning with a letter or digit"
)]
pub struct NameError {
    /// What the name was for.
    pub what: &'static str,
    /// The beginning of the name as it came.
    pub found: String,
}

/// Checks a name of a tenant, workflow or step.
///
/// Dots and brackets are excluded because they separate the parts of a step path.
///
/// # Errors
/// [`NameError`] with the rule.
pub fn check_name(what: &'static str, name: &str) -> Result<(), NameError> {
    let fits = !name.is_empty() && name.len() <= NAME_BYTES_MAX;
    let begins = name.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
    if fits && begins && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
        Ok(())
    } else {
        Err(NameError { what, found: beginning(name) })
    }
}

/// On whose behalf a run exists. Nothing of one tenant is ever seen by another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TenantId(String);

impl TenantId {
    /// Takes a name as tenant id.
    ///
    /// # Errors
    /// [`NameError`] when the name breaks the rule for names.
    pub fn new(name: impl Into<String>) -> Result<Self, NameError> {
        let name = name.into();
        check_name("tenant", &name)?;
        Ok(Self(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for TenantId {
    /// The tenant of those who have only one.
    fn default() -> Self {
        Self("default".to_owned())
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for TenantId {
    type Error = NameError;
    fn try_from(name: String) -> Result<Self, NameError> {
        Self::new(name)
    }
}

impl From<TenantId> for String {
    fn from(tenant: TenantId) -> Self {
        tenant.0
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    #[test]
    fn ids_sort_by_time_and_say_what_they_are() {
        let earlier = RunId::new(Timestamp(1_000), [0xff; 10]);
        let later = RunId::new(Timestamp(1_001), [0; 10]);
        assert!(earlier < later && earlier.to_string() < later.to_string());
        assert_eq!(earlier.to_string().parse::<RunId>().unwrap(), earlier);
        let error = earlier.to_string().parse::<BlobId>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`run_0000000003e87fffbfffffffffffffff` is not a snapshot id: expected `snap_` and 32 hexadecimal digits"
        );
        let message = MessageId::new(Timestamp(1_000), [0xff; 10]);
        assert_eq!(message.to_string(), "msg_0000000003e87fffbfffffffffffffff");
        assert_eq!(message.to_string().parse::<MessageId>().unwrap(), message);
    }

    #[test]
    fn ids_that_are_made_after_one_another_sort_so() {
        let first = SuspensionId::new(Timestamp(1_000), [0xff; 10]);
        assert_eq!(first.after(0), first);
        // Where a millisecond has no more of them, the next one has.
        assert_eq!(first.after(1), SuspensionId::new(Timestamp(1_001), [0; 10]));
        let low =
            SuspensionId::new(Timestamp(1_000), [0x05, 0x12, 0x3f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        assert_eq!(low.after(1), SuspensionId::new(Timestamp(1_000), [0x05, 0x13, 0, 0, 0, 0, 0, 0, 0, 0]));
        assert!(low < low.after(1) && low.after(1) < low.after(2) && low.after(u64::MAX) > low.after(2));
    }

    #[test]
    fn names_that_would_break_a_path_are_refused() {
        for bad in ["", "a.b", "a[0]", "-a", "é", &"a".repeat(129)] {
            assert!(check_name("step", bad).is_err(), "{bad}");
        }
        assert!(check_name("step", "Expense-approval_2").is_ok());
    }
}
