//! The thread that makes commits durable: one fdatasync of the write-ahead log for all that were written before it.
//!
//! Commits are written without fsync. docs/decisions/0003-two-durabilities-on-sqlite.md says why an fdatasync of the
//! log by somebody else makes them as durable as SQLite's own would, and in which order things must happen for that.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use crate::CommitError;
use crate::sqlite::fault::OpenFault;
use crate::sqlite::health::{Health, PanicWatch};
use crate::sqlite::open::{Files, private_file};
use crate::sqlite::writer::Answer;

/// The syncing thread's state.
pub(crate) struct Syncer {
    log: Log,
    written: Receiver<Vec<Answer>>,
    health: Arc<Health>,
}

/// The write-ahead log, opened once.
struct Log {
    file: File,
    path: PathBuf,
}

impl Syncer {
    /// Opens the log. A connection of the same store must be open, and stay open as long as this thread lives: it keeps
    /// every process from removing the log.
    pub(crate) fn open(
        files: &Files,
        written: Receiver<Vec<Answer>>,
        health: Arc<Health>,
    ) -> Result<Self, OpenFault> {
        let file = private_file().open(&files.wal).map_err(OpenFault::file(&files.wal))?;
        Ok(Self { log: Log { file, path: files.wal.clone() }, written, health })
    }

    /// Makes durable what is written, until nobody can write any more.
    pub(crate) fn run(self) {
        let _watch = PanicWatch(&self.health, "the sync thread");
        while let Ok(mut answers) = self.written.recv() {
            answers.extend(self.written.try_iter().flatten());
            let synced = self.sync();
            for answer in answers {
                let result = synced.as_ref().map_err(|()| CommitError::Store(self.health.unanswered()));
                // Whoever does not wait any more does not want to know.
                let _ = answer.send(result.copied());
            }
        }
    }

    /// Never tried again after a failure: the system may have dropped what it could not write, and would then say
    /// "done".
    fn sync(&self) -> Result<(), ()> {
        self.health.check().map_err(drop)?;
        self.health.count_fsyncs(1);
        self.log.sync().map_err(|error| self.health.fail("fsync of the write-ahead log", error))
    }
}

impl Log {
    fn sync(&self) -> io::Result<()> {
        self.file.sync_data()?;
        // Commits go to the file of that name. Were it another one, something would have been synced, but not they.
        if self.is_in_place()? {
            Ok(())
        } else {
            Err(io::Error::other(format!("{} was removed or replaced", self.path.display())))
        }
    }

    #[cfg(unix)]
    fn is_in_place(&self) -> io::Result<bool> {
        use std::os::unix::fs::MetadataExt;
        let (mine, named) = (self.file.metadata()?, std::fs::metadata(&self.path)?);
        Ok((mine.dev(), mine.ino()) == (named.dev(), named.ino()))
    }

    /// Other systems do not let an open file be removed.
    #[cfg(not(unix))]
    fn is_in_place(&self) -> io::Result<bool> {
        Ok(true)
    }
}

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::mpsc;

    use tokio::sync::oneshot;

    use super::*;

    #[test]
    fn a_failed_fsync_fails_every_commit_from_then_on_and_is_not_tried_again() {
        let health = Arc::new(Health::default());
        let (to_sync, written) = mpsc::channel();
        // A device that can be opened and written, but not synced.
        let path = PathBuf::from("/dev/null");
        let log = Log { file: private_file().open(&path).unwrap(), path };
        let syncer = Syncer { log, written, health: Arc::clone(&health) };
        let mut answered: Vec<_> = (0..3)
            .map(|_| {
                let (answer, answered) = oneshot::channel();
                to_sync.send(vec![answer]).unwrap();
                answered
            })
            .collect();
        drop(to_sync);
        assert!(syncer.sync().is_err() && syncer.sync().is_err());
        syncer.run();
        for answered in &mut answered {
            let told = answered.try_recv().unwrap().unwrap_err().to_string();
            assert!(told.contains("fsync of the write-ahead log"), "{told}");
        }
        assert!(health.check().is_err());
        assert_eq!(health.stats().fsyncs, 1);
    }
}
