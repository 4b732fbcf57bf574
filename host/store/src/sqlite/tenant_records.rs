//! How tenants stand and what is set for them: the table `tenants`.

use reentry_core::id::TenantId;
use reentry_core::json::Json;
use rusqlite::{Connection, Row, params};

use crate::codes::{tenant_state_code, tenant_state_of};
use crate::columns::{column, damaged, instant};
use crate::sqlite::fault::Fault;
use crate::sqlite::reader::{all, get, one};
use crate::sqlite::run_key::tenant_of;
use crate::{StoreError, TenantRecord};

const COLUMNS: &str = "SELECT tenant, state, settings, added_at FROM tenants";

/// Reads the record of a tenant.
pub(crate) fn read(connection: &Connection, tenant: &TenantId) -> Result<Option<TenantRecord>, StoreError> {
    one(connection, &format!("{COLUMNS} WHERE tenant = ?1"), [tenant.as_str()], decode)
}

/// Reads all records, by name.
pub(crate) fn list(connection: &Connection) -> Result<Vec<TenantRecord>, StoreError> {
    all(connection, &format!("{COLUMNS} ORDER BY tenant"), [], decode)
}

/// Keeps a record unless there is one; returns whether there was none.
pub(crate) fn add(connection: &Connection, record: &TenantRecord) -> Result<bool, Fault> {
    Ok(write(connection, record, "NOTHING")? > 0)
}

/// Keeps a record in the place of the one there is.
pub(crate) fn put(connection: &Connection, record: &TenantRecord) -> Result<(), Fault> {
    write(connection, record, "UPDATE SET state = excluded.state, settings = excluded.settings")?;
    Ok(())
}

fn write(connection: &Connection, record: &TenantRecord, otherwise: &str) -> rusqlite::Result<usize> {
    let sql = format!(
        "INSERT INTO tenants (tenant, state, settings, added_at) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (tenant) DO {otherwise}"
    );
    connection.prepare_cached(&sql)?.execute(params![
        record.tenant.as_str(),
        tenant_state_code(record.state),
        record.settings.as_ref().map(Json::text),
        record.added_at.map(column),
    ])
}

fn decode(row: &Row<'_>) -> Result<TenantRecord, StoreError> {
    let tenant = tenant_of(row, 0)?;
    let settings = get::<Option<String>>(row, 2)?.map(Json::stored).transpose();
    Ok(TenantRecord {
        state: tenant_state_of(get(row, 1)?)?,
        settings: settings.map_err(|error| damaged(format_args!("settings of tenant {tenant}"), error))?,
        added_at: get::<Option<i64>>(row, 3)?.map(instant).transpose()?,
        tenant,
    })
}
