//! The thread that moves commits from the write-ahead log into the database, so that the log can begin anew.
//!
//! Nobody waits for it but, for moments, writers when the log has become long.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};

use rusqlite::Connection;
use rusqlite::hooks::Wal;

use crate::sqlite::fault::is_passing;
use crate::sqlite::health::{Health, PanicWatch};
use crate::sqlite::open::Files;

/// Pages (4 KiB) by which the log grows before they are moved. A reader looks through the log, a start after a kill
/// reads all of it, and each checkpoint costs two fsyncs: this is 8 MiB.
const PAGES_PER_CHECKPOINT: u32 = 2_000;

/// Pages from which on writers are held up until the log can begin anew; without it, writers that never pause would
/// let it grow without end.
const RESTART_PAGES: u32 = 2 * PAGES_PER_CHECKPOINT;

/// A log file larger than this is cut, to give back what one large burst took. Smaller ones are written over, because
/// fdatasync is faster on a file that does not grow.
const LOG_BYTES_MAX: u64 = 64 << 20;

/// The checkpointing thread's state.
pub(crate) struct Checkpointer {
    pub(crate) connection: Connection,
    /// Lengths of the log, in pages.
    pub(crate) lengths: Receiver<u32>,
    pub(crate) files: Files,
    pub(crate) health: Arc<Health>,
}

impl Checkpointer {
    /// Makes checkpoints until nobody can ask for one any more.
    pub(crate) fn run(self) {
        let _watch = PanicWatch(&self.health, "the checkpoint thread");
        while let Ok(pages) = self.lengths.recv() {
            let result = self.checkpoint(pages);
            match result {
                Err(error) if is_passing(&error) => {
                    tracing::warn!(%error, "a checkpoint could not be made now")
                }
                Err(error) => self.health.fail("a checkpoint", error),
                Ok(()) => {}
            }
        }
    }

    fn checkpoint(&self, pages: u32) -> rusqlite::Result<()> {
        // Moves nearly everything while writers go on, so that the second one holds them up for little.
        self.pragma("PRAGMA wal_checkpoint(PASSIVE)", 2)?;
        if pages < RESTART_PAGES {
            return Ok(());
        }
        let length = std::fs::metadata(&self.files.wal).map_or(0, |log| log.len());
        if length > LOG_BYTES_MAX {
            self.pragma("PRAGMA wal_checkpoint(TRUNCATE)", 3)
        } else {
            self.pragma("PRAGMA wal_checkpoint(RESTART)", 3)
        }
    }

    /// SQLite does not tell how many fsyncs it made: one of the log, one of the database, and one of the log's new
    /// header by the next writer if it begins anew.
    fn pragma(&self, sql: &str, fsyncs: u64) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.query_row([], |_| Ok(()))?;
        self.health.count_fsyncs(fsyncs);
        Ok(())
    }
}

/// What the writing connection calls after each commit: asks for a checkpoint whenever the log has grown enough.
pub(crate) fn watch(
    checkpoints: SyncSender<u32>,
) -> impl FnMut(&mut Wal, i32) -> rusqlite::Result<()> + Send + 'static {
    let mut asked = 0;
    move |_, pages| {
        let pages = u32::try_from(pages).unwrap_or(0);
        // A shorter log is one that has begun anew.
        asked = if pages < asked { 0 } else { asked };
        if pages - asked >= PAGES_PER_CHECKPOINT && checkpoints.try_send(pages).is_ok() {
            asked = pages;
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// A database whose log grows by about 1,000 pages at each call of `grow`.
    fn database(folder: &std::path::Path) -> (Connection, Checkpointer) {
        let files = Files::prepare(&folder.join("runs.db")).unwrap();
        let mut writer = files.open().unwrap().connection;
        let (asked, lengths) = mpsc::sync_channel(1);
        writer.wal_hook(Some(watch(asked))).unwrap();
        let connection = files.connect_for_checkpoints().unwrap();
        (writer, Checkpointer { connection, lengths, files, health: Arc::default() })
    }

    fn grow(writer: &Connection) {
        let sql = "INSERT INTO images (id, data) VALUES (randomblob(16), zeroblob(1000 * 4096))";
        writer.execute(sql, []).unwrap();
    }

    fn log_bytes(checkpointer: &Checkpointer) -> u64 {
        std::fs::metadata(&checkpointer.files.wal).unwrap().len()
    }

    #[test]
    fn a_checkpoint_is_asked_for_once_for_each_growth() {
        let folder = tempfile::tempdir().unwrap();
        let (writer, checkpointer) = database(folder.path());
        let mut asked = Vec::new();
        for _ in 0..8 {
            grow(&writer);
            asked.push(checkpointer.lengths.try_recv().is_ok());
        }
        assert_eq!(asked, [false, true, false, true, false, true, false, true]);
    }

    #[test]
    fn a_long_log_begins_anew_and_a_huge_one_is_cut() {
        let folder = tempfile::tempdir().unwrap();
        let (writer, checkpointer) = database(folder.path());
        grow(&writer);
        grow(&writer);
        checkpointer.checkpoint(PAGES_PER_CHECKPOINT).unwrap();
        let short = log_bytes(&checkpointer);
        grow(&writer);
        grow(&writer);
        checkpointer.checkpoint(2 * PAGES_PER_CHECKPOINT).unwrap();
        let long = log_bytes(&checkpointer);
        grow(&writer);
        // Written over from the start, so no longer than before.
        assert_eq!((short > 8_000_000, log_bytes(&checkpointer)), (true, long));

        while log_bytes(&checkpointer) <= LOG_BYTES_MAX {
            grow(&writer);
        }
        checkpointer.checkpoint(2 * PAGES_PER_CHECKPOINT).unwrap();
        assert_eq!(log_bytes(&checkpointer), 0);
        let rows: i64 = writer.query_row("SELECT count(*) FROM images", [], |row| row.get(0)).unwrap();
        assert!(rows > 16, "{rows}");
        assert!(checkpointer.health.stats().fsyncs > 0);
    }
}
