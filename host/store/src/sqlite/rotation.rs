//! Which tenants are looked at when there are too many rows of a few: each in its turn, by name.

use std::sync::{Mutex, PoisonError};

use reentry_core::id::TenantId;
use rusqlite::Connection;

use crate::StoreError;
use crate::sqlite::reader::one;
use crate::sqlite::run_key::tenant_of;

/// Most tenants that one look goes through.
const TENANTS_MAX: usize = 1_000;

/// The tenant after which the next look begins.
#[derive(Default)]
pub(crate) struct Rotation(Mutex<String>);

impl Rotation {
    /// Looks at tenants, from the one after that at which the last look ended, until `look` says that it is enough or
    /// all have been looked at. `following` asks for the first tenant after ?1 in the order of names.
    pub(crate) fn each(
        &self,
        connection: &Connection,
        following: &str,
        mut look: impl FnMut(&TenantId) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        let began = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (mut at, mut is_round) = (began.clone(), false);
        for _ in 0..TENANTS_MAX {
            match one(connection, following, [&at], |row| tenant_of(row, 0))? {
                Some(tenant) if is_round && tenant.as_str() > began.as_str() => break,
                Some(tenant) => {
                    tenant.as_str().clone_into(&mut at);
                    if look(&tenant)? {
                        break;
                    }
                }
                None if is_round => break,
                None => {
                    is_round = true;
                    at.clear();
                }
            }
        }
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = at;
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn each_tenant_has_its_turn_and_none_two_in_one_look() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch("CREATE TABLE t (tenant TEXT); INSERT INTO t VALUES ('a'), ('b'), ('c'), ('d')")
            .unwrap();
        let (rotation, mut looked) = (Rotation::default(), String::new());
        let following = "SELECT tenant FROM t WHERE tenant > ?1 ORDER BY tenant LIMIT 1";
        for enough in [3, 3, 9, 1] {
            let mut count = 0;
            let look = |tenant: &TenantId| {
                looked.push_str(tenant.as_str());
                count += 1;
                Ok(count == enough)
            };
            rotation.each(&connection, following, look).unwrap();
            looked.push(' ');
        }
        assert_eq!(looked, "abc dab cdab c ");
    }
}
