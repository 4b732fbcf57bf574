//! The threads of one store: how they begin, how they are reached, how they end.

use std::sync::Arc;
use std::sync::mpsc;
use std::thread::{Builder, JoinHandle};

use rusqlite::Connection;
use rusqlite::hooks::Wal;
use tokio::sync::oneshot;

use crate::sqlite::checkpoint::{self, Checkpointer};
use crate::sqlite::fault::OpenFault;
use crate::sqlite::health::Health;
use crate::sqlite::in_use::InUse;
use crate::sqlite::open::{Files, OpenDatabase};
use crate::sqlite::queue::{Requests, Whose, queue};
use crate::sqlite::sync::Syncer;
use crate::sqlite::writer::{Change, Request, Writer};
use crate::{CommitError, Durability, StoreStats};

/// The running threads.
pub(crate) struct Threads {
    /// Taken away at the end, which ends the threads.
    requests: Option<Requests>,
    health: Arc<Health>,
    /// Whether the log of the database was missing when it was opened.
    pub(crate) log_is_missing: bool,
    writer: Option<JoinHandle<(Connection, InUse)>>,
    others: Vec<JoinHandle<()>>,
}

impl Threads {
    /// Opens the database and starts the threads.
    pub(crate) fn start(files: &Files) -> Result<Self, OpenFault> {
        let health = Arc::new(Health::default());
        let (requests, requested) = queue();
        let (to_sync, written) = mpsc::channel();
        // One length may wait while a checkpoint is made; a second would say the same.
        let (checkpoints, lengths) = mpsc::sync_channel(1);

        let OpenDatabase { mut connection, in_use, log_is_missing } = files.open()?;
        connection.wal_hook(Some(checkpoint::watch(checkpoints)))?;
        let syncer = Syncer::open(files, written, Arc::clone(&health))?;
        let checkpointer = Checkpointer {
            connection: files.connect_for_checkpoints()?,
            lengths,
            files: files.clone(),
            health: Arc::clone(&health),
        };
        let writer = Writer { connection, in_use, requests: requested, to_sync, health: Arc::clone(&health) };

        Ok(Self {
            requests: Some(requests),
            health,
            log_is_missing,
            writer: Some(spawn(files, "store-write", || writer.run())?),
            others: vec![
                spawn(files, "store-sync", || syncer.run())?,
                spawn(files, "store-checkpoint", || checkpointer.run())?,
            ],
        })
    }

    /// Stores a change and waits until it is as safe as asked.
    pub(crate) async fn store(
        &self,
        whose: Whose,
        change: Change,
        durability: Durability,
    ) -> Result<(), CommitError> {
        self.health.check()?;
        let (answer, answered) = oneshot::channel();
        if let Some(requests) = &self.requests
            && let Some(place) = requests.place(&whose).await
        {
            requests.send(Request { whose, change, durability, answer, place });
        }
        answered.await.unwrap_or_else(|_| Err(self.health.unanswered().into()))
    }

    pub(crate) fn stats(&self) -> StoreStats {
        self.health.stats()
    }
}

impl Drop for Threads {
    /// Ends the threads: the writer when nobody can request anything, the others when it cannot ask them for anything.
    ///
    /// Its connection is closed last and alone. It keeps the log in place for the sync thread, and of two connections
    /// that close at once each may leave it to the other to move the log into the database.
    fn drop(&mut self) {
        self.requests = None;
        let mut writer = self.writer.take().and_then(|writer| writer.join().ok());
        if let Some((connection, _)) = &mut writer {
            // With the hook goes the sender that the checkpoint thread listens to.
            let _ = connection.wal_hook(None::<fn(&mut Wal, i32) -> rusqlite::Result<()>>);
        }
        for thread in self.others.drain(..) {
            // A thread that panicked has said so.
            let _ = thread.join();
        }
        match writer {
            Some((connection, in_use)) if self.health.check().is_ok() => in_use.leave(connection),
            // What the disk holds is not known.
            failed => drop(failed),
        }
    }
}

fn spawn<T: Send + 'static>(
    files: &Files,
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, OpenFault> {
    Builder::new().name(name.to_owned()).spawn(work).map_err(OpenFault::file(&files.database))
}
