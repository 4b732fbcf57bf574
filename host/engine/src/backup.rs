//! A copy of a data folder, taken while hosts use it, and a data folder made of such a copy.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use reentry_store::sqlite::SqliteStore;

use crate::SystemEntropy;
use crate::builder::DATABASE;
use crate::chance::Chance;
use crate::error::Error;
use crate::host::Host;
use crate::host_key::{self, file};

impl Host {
    /// Writes a copy of the store into a folder, which is made, or must be empty: as it is at one moment, with all
    /// that was acknowledged before. Hosts go on meanwhile. The copy is on disk on return.
    ///
    /// The host key is left out unless `with_key` asks for it. Without that key nothing of the copy can be used, and
    /// with it whoever has the copy can make runs do what he wants: keep it apart.
    ///
    /// # Errors
    /// `Refused` for a folder that is not empty, and for a store that is no SQLite file; `Unavailable` when the copy
    /// cannot be written.
    pub async fn backup(&self, dir: impl AsRef<Path>, with_key: bool) -> Result<(), Error> {
        let dir = dir.as_ref();
        host_key::private_folder(dir)?;
        let mut there = fs::read_dir(dir).map_err(|source| file("read", dir, source))?;
        if there.next().is_some() {
            return Err(Error::NotEmpty { path: dir.display().to_string() });
        }
        self.shared.store.backup(&dir.join(DATABASE)).await?;
        if with_key {
            let path = dir.join(host_key::FILE);
            write_private(&path, &self.shared.key).map_err(|source| file("write", &path, source))?;
        }
        sync(dir)
    }
}

/// Makes a data folder of a backup. The folder must not have a database; the key must be in the backup, or in the
/// folder already.
///
/// A run that was under way at the moment of the backup is taken over by the first host that uses the folder: see to
/// it that the folder from which the backup came is not used any more, or what its runs do happens twice.
///
/// # Errors
/// `NotFound` when there is no backup; `Refused` when the folder has a database; `Damaged` when the key is missing or
/// another one, and when the backup cannot be read. The folder has no database then.
pub async fn restore(backup: impl AsRef<Path>, data_dir: impl AsRef<Path>) -> Result<(), Error> {
    let (backup, dir) = (backup.as_ref(), data_dir.as_ref());
    let (from, to) = (backup.join(DATABASE), dir.join(DATABASE));
    if !from.is_file() {
        return Err(Error::NoBackup { path: backup.display().to_string() });
    }
    host_key::private_folder(dir)?;
    if to.exists() {
        return Err(Error::NotEmpty { path: dir.display().to_string() });
    }
    let key = (backup.join(host_key::FILE), dir.join(host_key::FILE));
    if key.0.exists() && !key.1.exists() {
        let copied = fs::read(&key.0).and_then(|bytes| write_private(&key.1, &bytes));
        copied.map_err(|source| file("write", &key.1, source))?;
    }
    // Under another name until it is whole.
    let part = dir.join("reentry.db.part");
    let copied = fs::File::open(&from).and_then(|mut from| {
        let _ = fs::remove_file(&part);
        let mut to = private().open(&part)?;
        io::copy(&mut from, &mut to)?;
        to.sync_all()?;
        fs::rename(&part, dir.join(DATABASE))
    });
    copied.map_err(|source| file("write", &to, source))?;
    sync(dir)?;
    let checked = check(dir).await;
    if checked.is_err() {
        for suffix in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(dir.join(format!("{DATABASE}{suffix}")));
        }
    }
    checked
}

/// Opens the store of a data folder, and looks whether the key there is its own.
async fn check(dir: &Path) -> Result<(), Error> {
    let store = SqliteStore::open(dir.join(DATABASE))?;
    let chance = Chance::new(std::sync::Arc::new(SystemEntropy));
    host_key::of(dir, &store, &chance).await.map(drop)
}

fn private() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = private().open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes the names in a folder durable.
fn sync(dir: &Path) -> Result<(), Error> {
    match cfg!(unix) {
        true => {
            fs::File::open(dir).and_then(|dir| dir.sync_all()).map_err(|source| file("write", dir, source))
        }
        false => Ok(()),
    }
}
