//! Claims: the table `claims`. What one owner has claimed, no other one gets.
//!
//! What may be claimed is looked for by readers; only what was found is written, all at once, so that a look which
//! finds nothing costs no write. A claim that is of another version of its run, or of a message that was taken, is
//! void: no commit needs to remove it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use reentry_core::id::OwnerId;
use reentry_core::time::Timestamp;
use rusqlite::{Connection, Row, params};

use crate::StoreError;
use crate::claims::CLAIM_MS;
use crate::columns::column;
use crate::sqlite::fault::Fault;
use crate::sqlite::owners::Locks;
use crate::sqlite::reader::get;

/// Who claims, and when.
pub(crate) struct Claimer {
    pub(crate) owner: OwnerId,
    pub(crate) now: Timestamp,
    locks: Arc<Locks>,
    /// Which owners were found dead or alive so far.
    known: RefCell<HashMap<OwnerId, bool>>,
}

/// Something that may be claimed.
pub(crate) struct Candidate<T> {
    /// The run or message.
    pub(crate) id: [u8; 16],
    /// The version of the run; `None` for a message.
    pub(crate) version: Option<i64>,
    /// The dead owner that has claimed it.
    pub(crate) dead: Option<OwnerId>,
    /// What is told of it.
    pub(crate) what: T,
}

impl Claimer {
    /// One that asks who is alive.
    pub(crate) fn new(owner: OwnerId, now: Timestamp, locks: Arc<Locks>) -> Self {
        Self { owner, now, locks, known: RefCell::default() }
    }

    /// Whether an owner is dead.
    pub(crate) fn is_dead(&self, owner: OwnerId) -> Result<bool, StoreError> {
        if let Some(dead) = self.known.borrow().get(&owner) {
            return Ok(*dead);
        }
        let dead = self.locks.is_dead(owner)?;
        self.known.borrow_mut().insert(owner, dead);
        Ok(dead)
    }

    /// What may be claimed, given the column with the other owner that has claimed it, if any; `None` if that one is
    /// alive.
    pub(crate) fn candidate<T>(
        &self,
        row: &Row<'_>,
        claimed: usize,
        (id, version): ([u8; 16], Option<i64>),
        what: T,
    ) -> Result<Option<Candidate<T>>, StoreError> {
        let dead = get::<Option<[u8; 16]>>(row, claimed)?.map(OwnerId::from_bytes);
        if let Some(owner) = dead
            && !self.is_dead(owner)?
        {
            return Ok(None);
        }
        Ok(Some(Candidate { id, version, dead, what }))
    }
}

/// Another owner's claim of a run in the same row, as a join. ?1 is the instant, ?2 the owner that asks.
pub(crate) const OF_RUN: &str = "LEFT JOIN claims ON claims.id = runs.id AND claims.version = runs.version
    AND claims.until > ?1 AND claims.owner <> ?2";

/// The same of a message.
pub(crate) const OF_MESSAGE: &str = "LEFT JOIN claims ON claims.id = messages.id AND claims.version IS NULL
    AND claims.until > ?1 AND claims.owner <> ?2";

/// Claims what was found, and removes claims that are void. Says of each whether it was got: another owner may have
/// been faster.
pub(crate) fn claim<T>(
    connection: &Connection,
    owner: OwnerId,
    now: Timestamp,
    found: &[Candidate<T>],
) -> Result<Vec<bool>, Fault> {
    let sql = "DELETE FROM claims WHERE until <= ?1 OR CASE WHEN version IS NULL
        THEN NOT EXISTS (SELECT 1 FROM messages WHERE messages.id = claims.id AND taken_at IS NULL)
        ELSE NOT EXISTS (SELECT 1 FROM runs WHERE runs.id = claims.id AND runs.version = claims.version) END";
    connection.prepare_cached(sql)?.execute([column(now)])?;
    let sql = "INSERT INTO claims (id, version, owner, until) SELECT ?1, ?2, ?3, ?4
        WHERE CASE WHEN ?2 IS NULL
            THEN EXISTS (SELECT 1 FROM messages WHERE id = ?1 AND taken_at IS NULL)
            ELSE EXISTS (SELECT 1 FROM runs WHERE id = ?1 AND version = ?2) END
        ON CONFLICT (id) DO UPDATE SET version = excluded.version, owner = excluded.owner, until = excluded.until
        WHERE claims.version IS NOT excluded.version OR claims.owner IN (?3, ?5)";
    let mut statement = connection.prepare_cached(sql)?;
    let until = column(now.plus_ms(CLAIM_MS));
    let got = found.iter().map(|one| {
        let dead = one.dead.as_ref().map(OwnerId::as_bytes);
        Ok(statement.execute(params![one.id, one.version, owner.as_bytes(), until, dead])? > 0)
    });
    got.collect()
}

/// Removes an owner's claims.
pub(crate) fn let_go(connection: &Connection, owner: OwnerId, ids: &[[u8; 16]]) -> Result<(), Fault> {
    let mut statement = connection.prepare_cached("DELETE FROM claims WHERE id = ?1 AND owner = ?2")?;
    for id in ids {
        statement.execute(params![id, owner.as_bytes()])?;
    }
    Ok(())
}
