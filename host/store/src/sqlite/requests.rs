//! Requests that were answered: the table `requests`.

use reentry_core::id::{RunId, TenantId};
use reentry_core::json::Json;
use rusqlite::{Connection, params};

use crate::columns::damaged;
use crate::rows::RunRow;
use crate::sqlite::fault::Fault;
use crate::sqlite::reader::{get, one};
use crate::{CommitError, RequestKey, RequestRecord, StoreError};

/// Stores the request that a commit answers.
pub(crate) fn claim(connection: &Connection, run: &RunRow, request: &RequestKey) -> Result<(), Fault> {
    let sql = "INSERT INTO requests (tenant, key, digest, run) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (tenant, key) DO NOTHING";
    let params = params![run.tenant.as_str(), request.key, request.digest, run.id.as_bytes()];
    match connection.prepare_cached(sql)?.execute(params)? {
        0 => Err(Fault::Refused(CommitError::RequestKnown { key: request.key.clone() })),
        _ => Ok(()),
    }
}

/// Forgets a request of a run that has got no answer: it may be made again.
pub(crate) fn free(connection: &Connection, run: &RunRow, key: &str) -> Result<(), Fault> {
    let sql = "DELETE FROM requests WHERE tenant = ?1 AND key = ?2 AND run = ?3 AND answer IS NULL";
    connection.prepare_cached(sql)?.execute(params![run.tenant.as_str(), key, run.id.as_bytes()])?;
    Ok(())
}

/// Stores what the caller was told, unless it is stored already.
pub(crate) fn answer(
    connection: &Connection,
    tenant: &TenantId,
    key: &str,
    answer: &Json,
) -> Result<(), Fault> {
    let sql = "UPDATE requests SET answer = ?3 WHERE tenant = ?1 AND key = ?2 AND answer IS NULL";
    connection.prepare_cached(sql)?.execute(params![tenant.as_str(), key, answer.text()])?;
    Ok(())
}

/// Reads what is known of a request.
pub(crate) fn read(
    connection: &Connection,
    tenant: &TenantId,
    key: &str,
) -> Result<Option<RequestRecord>, StoreError> {
    let sql = "SELECT digest, run, answer FROM requests WHERE tenant = ?1 AND key = ?2";
    one(connection, sql, params![tenant.as_str(), key], |row| {
        let answer = get::<Option<String>>(row, 2)?.map(Json::stored).transpose();
        Ok(RequestRecord {
            key: key.to_owned(),
            digest: get(row, 0)?,
            run: RunId::from_bytes(get(row, 1)?),
            answer: answer.map_err(|error| damaged(format_args!("answer of request `{key}`"), error))?,
        })
    })
}
