//! By what rows name runs: their numbers in this file, tenants and ids.

use reentry_core::id::{RunId, TenantId};
use rusqlite::{Connection, Row, params};

use crate::StoreError;
use crate::columns::damaged;
use crate::sqlite::reader::{get, one};

/// The number of a run in this file.
pub(crate) fn seq_of(
    connection: &Connection,
    tenant: &TenantId,
    id: RunId,
) -> Result<Option<i64>, StoreError> {
    let sql = "SELECT seq FROM runs WHERE id = ?1 AND tenant = ?2";
    one(connection, sql, params![id.as_bytes(), tenant.as_str()], |row| get(row, 0))
}

/// Reads the tenant and the id of a run from two columns.
pub(crate) fn run_key(row: &Row<'_>, first: usize) -> Result<(TenantId, RunId), StoreError> {
    Ok((tenant_of(row, first)?, RunId::from_bytes(get(row, first + 1)?)))
}

/// Reads a tenant from a column.
pub(crate) fn tenant_of(row: &Row<'_>, column: usize) -> Result<TenantId, StoreError> {
    TenantId::new(get::<String>(row, column)?).map_err(|error| damaged("tenant", error))
}
