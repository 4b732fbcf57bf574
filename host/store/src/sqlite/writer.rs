//! The one thread that writes: it stores whatever waits in one transaction.
//!
//! A commit is answered here when it has to be visible only; durable ones are handed to the thread of sync.rs, so
//! that the next group is written while the disk is busy with this one.

use std::sync::Arc;
use std::sync::mpsc::Sender;

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::rows::CommitRows;
use crate::sqlite::fault::{Fault, is_passing};
use crate::sqlite::health::{Health, PanicWatch};
use crate::sqlite::in_use::InUse;
use crate::sqlite::queue::{Requested, Whose};
use crate::sqlite::runs;
use crate::{CommitError, Durability, StoreError};

/// What is to be stored as a whole.
pub(crate) enum Change {
    /// A commit.
    Run(Box<CommitRows>),
    /// Anything else.
    Other {
        /// About how many bytes are to be written.
        bytes: usize,
        /// Writes it.
        work: Work,
    },
}

/// Writes within a transaction. When it fails, part of it may be written: the caller undoes that.
pub(crate) type Work = Box<dyn Fn(&Connection) -> Result<(), Fault> + Send>;

/// Where the one who waits for a change gets to know about it.
pub(crate) type Answer = oneshot::Sender<Result<(), CommitError>>;

/// A change that waits to be stored.
pub(crate) struct Request {
    pub(crate) whose: Whose,
    pub(crate) change: Change,
    pub(crate) durability: Durability,
    pub(crate) answer: Answer,
    /// A place in the queue, given back once the change is stored.
    pub(crate) place: OwnedSemaphorePermit,
}

/// The writing thread's state.
pub(crate) struct Writer {
    pub(crate) connection: Connection,
    pub(crate) in_use: InUse,
    pub(crate) requests: Requested,
    pub(crate) to_sync: Sender<Vec<Answer>>,
    pub(crate) health: Arc<Health>,
}

impl Writer {
    /// Stores what is requested until nobody can request any more. The other threads can end then; the connection is
    /// returned to be closed after theirs.
    pub(crate) fn run(self) -> (Connection, InUse) {
        let health = Arc::clone(&self.health);
        let _watch = PanicWatch(&health, "the writing thread");
        while let Some(group) = self.requests.group() {
            self.store(group);
        }
        (self.connection, self.in_use)
    }

    /// Stores a group and answers it, or sees to it that it is answered.
    fn store(&self, group: Vec<Request>) {
        match self.health.check().map_err(Broken::Before).and_then(|()| self.transact(&group)) {
            Ok(results) => self.answer(group, results),
            Err(broken) => {
                let error = Arc::new(broken);
                for request in group {
                    let error = StoreError::Unavailable(Box::new(Arc::clone(&error)));
                    // Whoever does not wait any more does not want to know.
                    let _ = request.answer.send(Err(error.into()));
                }
            }
        }
    }

    /// Stores a group in one transaction; the results of its changes are true once this returns.
    fn transact(&self, group: &[Request]) -> Result<Vec<Result<usize, CommitError>>, Broken> {
        let fsyncs = self.in_use.say(&self.connection).map_err(|error| self.give_up(error))?;
        self.health.count_fsyncs(fsyncs);
        // What else there is may have told what it found out, and must not do so twice.
        let may_be_tried =
            group.len() == 1 || group.iter().all(|request| matches!(request.change, Change::Run(_)));
        let tried = if may_be_tried { self.all_or_none(group) } else { Ok(None) };
        let results = match tried {
            Ok(Some(results)) => Ok(results),
            Ok(None) => self.each_or_not(group),
            Err(error) => Err(error),
        };
        results.map_err(|error| self.give_up(error))
    }

    /// Stores a group in which nothing is refused. Otherwise nothing is stored: changes are seldom refused, and
    /// savepoints between them copy every page that they touch.
    fn all_or_none(&self, group: &[Request]) -> rusqlite::Result<Option<Vec<Result<usize, CommitError>>>> {
        self.execute("BEGIN IMMEDIATE")?;
        let mut results = Vec::with_capacity(group.len());
        for request in group {
            match self.write(&request.change) {
                Ok(bytes) => results.push(Ok(bytes)),
                Err(Fault::Refused(_)) => {
                    self.execute("ROLLBACK")?;
                    return Ok(None);
                }
                Err(Fault::Broken(error)) => return Err(error),
            }
        }
        self.execute("COMMIT")?;
        Ok(Some(results))
    }

    /// Stores what is not refused of a group.
    fn each_or_not(&self, group: &[Request]) -> rusqlite::Result<Vec<Result<usize, CommitError>>> {
        self.execute("BEGIN IMMEDIATE")?;
        let results = group.iter().map(|request| self.apply(&request.change));
        let results = results.collect::<rusqlite::Result<Vec<_>>>()?;
        self.execute("COMMIT")?;
        Ok(results)
    }

    /// Stores one change within the group's transaction; returns how many bytes it was. A refused change leaves no
    /// trace in it.
    fn apply(&self, change: &Change) -> rusqlite::Result<Result<usize, CommitError>> {
        self.execute("SAVEPOINT change")?;
        let result = match self.write(change) {
            Ok(bytes) => Ok(bytes),
            Err(Fault::Broken(error)) => return Err(error),
            Err(Fault::Refused(error)) => {
                self.execute("ROLLBACK TO change")?;
                Err(error)
            }
        };
        self.execute("RELEASE change")?;
        Ok(result)
    }

    /// Stores one change, or part of one that fails.
    fn write(&self, change: &Change) -> Result<usize, Fault> {
        match change {
            Change::Run(rows) => runs::store(&self.connection, rows),
            Change::Other { bytes, work } => work(&self.connection).map(|()| *bytes),
        }
    }

    fn execute(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(drop)
    }

    /// Leaves a broken transaction behind. Unless nothing worse happened than that it could not be done now, nothing is
    /// written any more.
    fn give_up(&self, error: rusqlite::Error) -> Broken {
        // SQLite ends a transaction by itself after some errors.
        let rolled_back = self.connection.is_autocommit() || self.execute("ROLLBACK").is_ok();
        if !(rolled_back && is_passing(&error)) {
            self.health.fail("writing to the database", &error);
        }
        Broken::Now(error)
    }

    fn answer(&self, group: Vec<Request>, results: Vec<Result<usize, CommitError>>) {
        let mut durable = Vec::new();
        let (mut stored, mut bytes) = (0, 0);
        for (Request { durability, answer, place, .. }, result) in group.into_iter().zip(results) {
            let result = result.map(|written| {
                stored += 1;
                bytes += written as u64;
            });
            drop(place);
            match durability {
                Durability::Durable if result.is_ok() => durable.push(answer),
                // Whoever does not wait any more does not want to know.
                _ => drop(answer.send(result)),
            }
        }
        self.health.count_group(stored, bytes);
        // The other thread gone, the answers are dropped, which tells those who wait that something failed.
        if !durable.is_empty() && self.to_sync.send(durable).is_err() {
            self.health.fail("handing over to the sync thread", "it ended");
        }
    }
}

/// Why a whole group was not stored.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error(transparent)]
    Before(StoreError),
    #[error(transparent)]
    Now(rusqlite::Error),
}

impl Change {
    /// About how many bytes are to be written.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Run(rows) => rows.bytes_max(),
            Self::Other { bytes, .. } => *bytes,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::mpsc;

    use reentry_core::digest::WorkflowDigest;
    use reentry_core::id::TenantId;
    use reentry_core::json::Json;
    use reentry_core::time::Timestamp;
    use tokio::sync::Semaphore;

    use super::*;
    use crate::WorkflowRecord;
    use crate::sqlite::open::{Files, OpenDatabase};
    use crate::sqlite::queue::queue;
    use crate::sqlite::workflows;

    fn writer(folder: &std::path::Path) -> (Writer, mpsc::Receiver<Vec<Answer>>) {
        let OpenDatabase { connection, in_use, .. } =
            Files::prepare(&folder.join("runs.db")).unwrap().open().unwrap();
        let ((_, requests), (to_sync, written)) = (queue(), mpsc::channel());
        (Writer { connection, in_use, requests, to_sync, health: Arc::default() }, written)
    }

    fn workflow(bytes: usize) -> Change {
        let definition = Json::parse(format!("\"{}\"", "x".repeat(bytes))).unwrap();
        let digest = WorkflowDigest::of(definition.text().as_bytes());
        let created_at = Timestamp(1);
        let record =
            WorkflowRecord { digest, id: "w".to_owned(), definition, components: Vec::new(), created_at };
        let store =
            move |connection: &Connection| workflows::store(connection, &TenantId::default(), &record);
        Change::Other { bytes, work: Box::new(store) }
    }

    /// Stores changes as one group; returns what each was told.
    fn told(writer: &Writer, changes: Vec<Change>) -> Vec<Result<(), String>> {
        let places = Arc::new(Semaphore::new(changes.len()));
        let (group, answers): (Vec<_>, Vec<_>) = changes
            .into_iter()
            .map(|change| {
                let (answer, answered) = oneshot::channel();
                let place = Arc::clone(&places).try_acquire_owned().unwrap();
                let durability = Durability::Visible;
                (Request { whose: None, change, durability, answer, place }, answered)
            })
            .unzip();
        writer.store(group);
        let told = answers.into_iter().map(|mut answered| answered.try_recv().unwrap());
        told.map(|result| result.map_err(|error| error.to_string())).collect()
    }

    fn count(writer: &Writer) -> i64 {
        writer.connection.query_row("SELECT count(*) FROM workflows", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn what_does_not_fit_the_disk_fails_its_group_and_later_ones_go_on() {
        let folder = tempfile::tempdir().unwrap();
        let (writer, _written) = writer(folder.path());
        let pages: i64 = writer.connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
        writer.connection.pragma_update(None, "max_page_count", pages + 10).unwrap();
        let results = told(&writer, vec![workflow(10), workflow(100_000)]);
        for result in results {
            assert_eq!(result, Err("the store is unavailable: database or disk is full".to_owned()));
        }
        assert_eq!(count(&writer), 0);
        assert_eq!(told(&writer, vec![workflow(10)]), [Ok(())]);
        assert_eq!(count(&writer), 1);
    }

    #[test]
    fn after_an_error_that_says_nothing_of_the_disk_nothing_is_written_any_more() {
        let folder = tempfile::tempdir().unwrap();
        let (writer, _written) = writer(folder.path());
        writer.connection.execute_batch("ALTER TABLE workflows RENAME TO elsewhere").unwrap();
        let first = told(&writer, vec![workflow(10)]);
        assert!(first.iter().all(|result| result.as_ref().is_err_and(|said| said.contains("no such table"))));
        writer.connection.execute_batch("ALTER TABLE elsewhere RENAME TO workflows").unwrap();
        let second = told(&writer, vec![workflow(10)]);
        assert!(second.iter().all(|r| r.as_ref().is_err_and(|said| said.contains("writing failed earlier"))));
        assert_eq!(count(&writer), 0);
    }

    #[test]
    fn nobody_waits_for_a_sync_thread_that_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let (writer, written) = writer(folder.path());
        drop(written);
        let (answer, mut answered) = oneshot::channel();
        let place = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
        let (change, durability) = (workflow(1), Durability::Durable);
        writer.store(vec![Request { whose: None, change, durability, answer, place }]);
        assert!(answered.try_recv().is_err());
        assert!(writer.health.check().is_err());
    }
}
