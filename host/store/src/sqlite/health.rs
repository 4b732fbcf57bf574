//! Whether the store may still be written to, and how much it has written.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::{StoreError, StoreStats};

/// Shared by the threads of one store.
#[derive(Debug, Default)]
pub(crate) struct Health {
    failure: OnceLock<String>,
    commits: AtomicU64,
    groups: AtomicU64,
    bytes: AtomicU64,
    fsyncs: AtomicU64,
}

/// Why nothing is written any more.
#[derive(Debug, thiserror::Error)]
#[error(
    "writing failed earlier and it is not known what the disk holds ({0}): check the disk, then start this process again"
)]
struct WriteFailure(String);

impl Health {
    /// Ends all writing. What the disk holds after a failed write or fsync is not known, and trying again may seem to
    /// succeed although the data is gone, so that only a new process, reading what is there, may go on.
    pub(crate) fn fail(&self, what: &str, error: impl std::fmt::Display) {
        if self.failure.set(format!("{what}: {error}")).is_ok() {
            tracing::error!(%error, "{what} failed: nothing is written any more");
        }
    }

    /// The error for writes after a failure.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        self.failure.get().map_or(Ok(()), |reason| Err(failed(reason.clone())))
    }

    /// The error for a write whose thread went away without an answer.
    pub(crate) fn unanswered(&self) -> StoreError {
        failed(self.failure.get().cloned().unwrap_or_else(|| "the writing thread ended".to_owned()))
    }

    pub(crate) fn count_group(&self, commits: u64, bytes: u64) {
        self.groups.fetch_add(1, Relaxed);
        self.bytes.fetch_add(bytes, Relaxed);
        self.commits.fetch_add(commits, Relaxed);
    }

    pub(crate) fn count_fsyncs(&self, fsyncs: u64) {
        self.fsyncs.fetch_add(fsyncs, Relaxed);
    }

    pub(crate) fn stats(&self) -> StoreStats {
        StoreStats {
            commits: self.commits.load(Relaxed),
            groups: self.groups.load(Relaxed),
            bytes: self.bytes.load(Relaxed),
            fsyncs: self.fsyncs.load(Relaxed),
            // Others read.
            bytes_read: 0,
        }
    }
}

fn failed(reason: String) -> StoreError {
    StoreError::Unavailable(Box::new(WriteFailure(reason)))
}

/// Ends all writing when its thread panics.
pub(crate) struct PanicWatch<'a>(pub(crate) &'a Health, pub(crate) &'static str);

impl Drop for PanicWatch<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.fail(self.1, "it panicked");
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_ends_all_writing_and_the_first_reason_stays() {
        let health = Health::default();
        assert!(health.check().is_ok());
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                let _watch = PanicWatch(&health, "the writing thread");
                panic!("a broken invariant");
            });
            assert!(thread.join().is_err());
        });
        health.fail("a checkpoint", "later");
        let told = health.check().unwrap_err().to_string();
        assert!(told.contains("(the writing thread: it panicked)"), "{told}");
    }
}
