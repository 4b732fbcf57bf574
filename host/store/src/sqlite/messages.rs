//! Messages: the table `messages`, and which suspensions wait for which.

use reentry_core::actor::By;
use reentry_core::id::{MessageId, RunId, SuspensionId, TenantId};
use reentry_core::json::Json;
use reentry_core::time::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::claims::{Batch, Except};
use crate::codes::topic_code;
use crate::columns::{column, column_of, damaged, instant};
use crate::mail::EXPIRED_MAX;
use crate::rows::RunRow;
use crate::sqlite::claims::{Candidate, Claimer, OF_MESSAGE};
use crate::sqlite::fault::{Fault, store_error};
use crate::sqlite::reader::{all, bytes_or_null, get, one};
use crate::sqlite::rotation::Rotation;
use crate::sqlite::run_key::tenant_of;
use crate::{CommitError, Message, Sent, StoreError, Topic, TopicKind};

/// Stores a message, unless the same is there.
pub(crate) fn send(connection: &Connection, message: &Message) -> Result<Sent, Fault> {
    let tenant = message.tenant.as_str();
    if let Some(dedup) = &message.dedup {
        let sql = "SELECT id FROM messages WHERE tenant = ?1 AND dedup = ?2";
        let known = connection.prepare_cached(sql)?.query_row([tenant, dedup], |row| row.get(0));
        if let Some(known) = known.optional()? {
            return Ok(Sent::Known(MessageId::from_bytes(known)));
        }
    }
    let sql = "INSERT INTO messages (id, tenant, name, key, sent_at, dedup, expires_at, payload, sender)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    connection.prepare_cached(sql)?.execute(params![
        message.id.as_bytes(),
        tenant,
        message.name,
        message.key,
        column(message.sent_at),
        message.dedup,
        message.expires_at.map(column),
        message.payload.text(),
        sender(message)?,
    ])?;
    Ok(Sent::Kept)
}

/// Takes a message, which only one commit ever can.
pub(crate) fn take(connection: &Connection, run: &RunRow, message: MessageId) -> Result<(), Fault> {
    let sql = "UPDATE messages SET taken_at = ?3 WHERE id = ?1 AND tenant = ?2 AND taken_at IS NULL";
    let params = params![message.as_bytes(), run.tenant.as_str(), run.updated_at];
    match connection.prepare_cached(sql)?.execute(params)? {
        0 => Err(Fault::Refused(CommitError::MessageTaken { message })),
        _ => Ok(()),
    }
}

const COLUMNS: &str = "SELECT id, name, key, sent_at, dedup, expires_at, payload, sender FROM messages";

/// Reads a message, taken or not.
pub(crate) fn read(
    connection: &Connection,
    tenant: &TenantId,
    id: MessageId,
) -> Result<Option<Message>, StoreError> {
    let sql = format!("{COLUMNS} WHERE tenant = ?1 AND id = ?2");
    one(connection, &sql, params![tenant.as_str(), id.as_bytes()], |row| decode(tenant, row))
}

/// Lists messages that nobody has taken, oldest first.
pub(crate) fn list(
    connection: &Connection,
    tenant: &TenantId,
    name: &str,
    key: Option<&str>,
    limit: usize,
) -> Result<Vec<Message>, StoreError> {
    let by_key = if key.is_some() { "key = ?3" } else { "?3 IS NULL" };
    let sql = format!(
        "{COLUMNS} WHERE tenant = ?1 AND name = ?2 AND {by_key} AND taken_at IS NULL ORDER BY seq LIMIT ?4"
    );
    let params = params![tenant.as_str(), name, key, column_of(limit)];
    all(connection, &sql, params, |row| decode(tenant, row))
}

/// Who sent a message, as JSON.
fn sender(message: &Message) -> Result<Option<String>, Fault> {
    let by = (!message.by.is_empty()).then(|| serde_json::to_string(&message.by));
    by.transpose().map_err(|error| Fault::refused(error.to_string()))
}

fn decode(tenant: &TenantId, row: &Row<'_>) -> Result<Message, StoreError> {
    let id = MessageId::from_bytes(get(row, 0)?);
    Ok(Message {
        id,
        tenant: tenant.clone(),
        name: get(row, 1)?,
        key: get(row, 2)?,
        payload: Json::stored(get::<String>(row, 6)?)
            .map_err(|error| damaged(format_args!("message {id}"), error))?,
        by: match bytes_or_null(row, 7)? {
            Some(by) => {
                serde_json::from_slice(by).map_err(|error| damaged(format_args!("message {id}"), error))?
            }
            None => By::default(),
        },
        sent_at: instant(get(row, 3)?)?,
        dedup: get(row, 4)?,
        expires_at: get::<Option<i64>>(row, 5)?.map(instant).transpose()?,
    })
}

/// Open suspensions that what comes under a topic would end, oldest first.
pub(crate) fn waiting_for(
    connection: &Connection,
    tenant: &TenantId,
    topic: &Topic,
) -> Result<Vec<(RunId, SuspensionId)>, StoreError> {
    let select = "SELECT runs.id, suspensions.id FROM suspensions JOIN runs ON runs.seq = suspensions.run
        WHERE suspensions.tenant = ?1 AND suspensions.event = ?2 AND suspensions.ended IS NULL
        AND suspensions.topic_kind IS ?4 AND runs.status <> 8";
    let sql = format!(
        "{select} AND suspensions.event_key IS NULL UNION ALL {select} AND suspensions.event_key = ?3"
    );
    let params = params![tenant.as_str(), topic.name, topic.key, topic_code(topic.kind)];
    let mut waiting = all(connection, &sql, params, |row| {
        Ok((RunId::from_bytes(get(row, 0)?), SuspensionId::from_bytes(get(row, 1)?)))
    })?;
    waiting.sort_by_key(|(_, suspension)| *suspension);
    Ok(waiting)
}

/// A message that waits to be delivered.
type Deliverable = (TenantId, MessageId);

/// Names the first tenant after ?1 that has a message which nobody has taken.
pub(crate) const FOLLOWING: &str =
    "SELECT tenant FROM messages WHERE taken_at IS NULL AND tenant > ?1 ORDER BY tenant LIMIT 1";

/// Messages that nobody has taken although a suspension waits for them, and that nobody else has claimed, oldest
/// first, but for some; of each tenant its share. Where tenants that have their shares have very many, those of others
/// are looked for by themselves, in turn.
pub(crate) fn deliverable(
    connection: &Connection,
    claimer: &Claimer,
    except: &Except<MessageId>,
    rotation: &Rotation,
    limit: usize,
) -> Result<Vec<Candidate<Deliverable>>, StoreError> {
    let mut found = Batch::new(limit);
    let is_all = look(connection, claimer, None, |row| {
        offer(row, claimer, except, &mut found)?;
        Ok(found.is_enough())
    })?;
    let room = if is_all { 0 } else { found.make_room() };
    if room > 0 {
        rotation.each(connection, FOLLOWING, |tenant| {
            if !found.has_some(tenant) && !except.tenants.contains(tenant) {
                let enough = found.offered() + room.div_ceil(5);
                look(connection, claimer, Some(tenant), |row| {
                    offer(row, claimer, except, &mut found)?;
                    Ok(found.offered() >= enough)
                })?;
            }
            Ok(found.is_full())
        })?;
    }
    Ok(found.finish())
}

/// Goes through messages that wait to be delivered, of one tenant or of all, the oldest first, until it is enough; says
/// whether these were all.
fn look(
    connection: &Connection,
    claimer: &Claimer,
    tenant: Option<&TenantId>,
    mut each: impl FnMut(&Row<'_>) -> Result<bool, StoreError>,
) -> Result<bool, StoreError> {
    let waits =
        "EXISTS (SELECT 1 FROM suspensions JOIN runs ON runs.seq = suspensions.run AND runs.status <> 8
        WHERE suspensions.tenant = messages.tenant AND suspensions.event = messages.name
        AND suspensions.topic_kind IS ?3 AND suspensions.ended IS NULL AND suspensions.event_key";
    let whose = if tenant.is_some() { "messages.tenant = ?4" } else { "?4 IS NULL" };
    let sql = format!(
        "SELECT messages.tenant, messages.id, claims.owner FROM messages {OF_MESSAGE}
        WHERE {whose} AND taken_at IS NULL AND ({waits} IS NULL) OR {waits} = messages.key)) ORDER BY seq"
    );
    let mut statement = connection.prepare_cached(&sql).map_err(store_error)?;
    let kind = topic_code(TopicKind::Event);
    let params = params![column(claimer.now), claimer.owner.as_bytes(), kind, tenant.map(TenantId::as_str)];
    let mut rows = statement.query(params).map_err(store_error)?;
    while let Some(row) = rows.next().map_err(store_error)? {
        if each(row)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Takes in a message, unless it is not to be claimed.
fn offer(
    row: &Row<'_>,
    claimer: &Claimer,
    except: &Except<MessageId>,
    found: &mut Batch<Candidate<Deliverable>>,
) -> Result<(), StoreError> {
    let (tenant, message) = (tenant_of(row, 0)?, MessageId::from_bytes(get(row, 1)?));
    if except.tenants.contains(&tenant) {
        found.pass_over();
    } else if !except.ids.contains(&message) {
        let key = (*message.as_bytes(), None);
        if let Some(candidate) = claimer.candidate(row, 2, key, (tenant.clone(), message))? {
            found.offer(&tenant, candidate);
        }
    }
    Ok(())
}

/// Drops messages that expired, and those that were taken long ago; not more than [`EXPIRED_MAX`].
pub(crate) fn expire(connection: &Connection, now: Timestamp, taken_before: Timestamp) -> Result<u64, Fault> {
    let mut left = EXPIRED_MAX;
    for (sql, at) in [
        (
            "DELETE FROM messages WHERE seq IN (SELECT seq FROM messages
            WHERE taken_at IS NULL AND expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
            now,
        ),
        (
            "DELETE FROM messages WHERE seq IN (SELECT seq FROM messages
            WHERE taken_at < ?1 ORDER BY taken_at LIMIT ?2)",
            taken_before,
        ),
    ] {
        let dropped = connection.prepare_cached(sql)?.execute([column(at), column_of(left)])?;
        left = left.saturating_sub(dropped as u64);
    }
    Ok(EXPIRED_MAX - left)
}
