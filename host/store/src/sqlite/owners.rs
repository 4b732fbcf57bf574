//! Who is alive: an owner holds a lock on a file of its own.
//!
//! The system frees the lock at the owner's end, whatever ended it; no clock and no heartbeat is needed, and nobody
//! can be taken for dead because it was slow. Works for processes of one machine, as SQLite's log does.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use reentry_core::id::OwnerId;

use crate::sqlite::open::private_file;
use crate::{OwnerGuard, StoreError};

/// How often an owner tries to lock its file. Others hold it for microseconds when they look whether it is free.
const TRIES_MAX: u32 = 100;

/// The lock files of owners.
pub(crate) struct Locks {
    folder: PathBuf,
    /// How many of this handle are alive.
    own: Arc<AtomicUsize>,
}

/// The locked file of a live owner. Dropping it removes the file, then frees the lock.
struct Guard {
    path: PathBuf,
    own: Arc<AtomicUsize>,
    _lock: File,
}

impl OwnerGuard for Guard {}

impl Drop for Guard {
    fn drop(&mut self) {
        remove(&self.path);
        self.own.fetch_sub(1, Relaxed);
    }
}

impl Locks {
    /// The owners of a store.
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, own: Arc::default() }
    }

    /// Registers an owner, and removes the files of dead ones: an owner without a file is dead as well.
    pub(crate) fn register(&self, owner: OwnerId) -> Result<Box<dyn OwnerGuard>, StoreError> {
        let path = self.path(owner);
        let lock = lock_new(&path).map_err(|error| fault(&path, error))?;
        self.remove_dead().map_err(|error| fault(&self.folder, error))?;
        self.own.fetch_add(1, Relaxed);
        Ok(Box::new(Guard { path, own: Arc::clone(&self.own), _lock: lock }))
    }

    /// Whether there are live owners beside those of this handle.
    pub(crate) fn others_are_alive(&self) -> Result<bool, StoreError> {
        let own = self.own.load(Relaxed);
        let alive = self.alive().map_err(|error| fault(&self.folder, error))?;
        Ok(alive > own)
    }

    fn alive(&self) -> io::Result<usize> {
        self.remove_dead()?;
        let mut alive = 0;
        for entry in fs::read_dir(&self.folder)? {
            let name = entry?.file_name();
            let owner = name.to_str().and_then(|name| name.strip_suffix(".lock"));
            alive += usize::from(owner.is_some_and(|owner| owner.parse::<OwnerId>().is_ok()));
        }
        Ok(alive)
    }

    /// Whether nobody holds the owner's file.
    pub(crate) fn is_dead(&self, owner: OwnerId) -> Result<bool, StoreError> {
        let path = self.path(owner);
        take_if_dead(&path).map_err(|error| fault(&path, error))
    }

    fn remove_dead(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.folder)? {
            let name = entry?.file_name();
            let owner = name.to_str().and_then(|name| name.strip_suffix(".lock"));
            if let Some(owner) = owner.and_then(|owner| owner.parse().ok()) {
                take_if_dead(&self.path(owner))?;
            }
        }
        Ok(())
    }

    fn path(&self, owner: OwnerId) -> PathBuf {
        self.folder.join(format!("{owner}.lock"))
    }
}

/// Makes and locks a file. Between the two somebody may have found it unlocked and removed it; then a lock on it says
/// nothing, and a new file is made.
fn lock_new(path: &Path) -> io::Result<File> {
    for _ in 0..TRIES_MAX {
        let file = private_file().create(true).truncate(false).open(path)?;
        match file.try_lock() {
            Ok(()) if is_at(&file, path)? => return Ok(file),
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => std::thread::sleep(std::time::Duration::from_millis(1)),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Err(io::Error::other("somebody else holds this owner's lock: is it registered already?"))
}

/// Whether the owner of a file is dead; if so, removes the file while holding its lock.
fn take_if_dead(path: &Path) -> io::Result<bool> {
    let file = match private_file().open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(error),
    };
    match file.try_lock() {
        Ok(()) => {
            // It may be another file by now, made by an owner that has just registered.
            if is_at(&file, path)? {
                remove(path);
                return Ok(true);
            }
            Ok(!path.exists())
        }
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Whether the path still names this very file.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let mine = file.metadata()?;
    match fs::metadata(path) {
        Ok(named) => Ok((mine.dev(), mine.ino()) == (named.dev(), named.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Other systems keep the name of an open file taken.
#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> io::Result<bool> {
    Ok(path.exists())
}

/// Removes a lock file. One that stays does no harm: nobody holds its lock, so its owner counts as dead.
fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(%error, path = %path.display(), "a lock file could not be removed");
    }
}

fn fault(path: &Path, error: io::Error) -> StoreError {
    let message = format!("owner lock {}: {error}", path.display());
    StoreError::Unavailable(Box::new(io::Error::new(error.kind(), message)))
}
