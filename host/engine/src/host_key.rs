//! The secret of a host, from which the keys of all seals are made: a file in the data folder, or what the embedder
//! gives.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use reentry_store::{Store, Upkeep};

use crate::chance::Chance;
use crate::error::Error;

/// Name of the file.
pub(crate) const FILE: &str = "host.key";

/// What fingerprints are made for; another text would give other fingerprints.
const FINGERPRINT: &str = "reentry 2026 fingerprint of the host key";

/// The secret: read, or made at the first use of the folder. Never made beside a store whose seals are another one's.
///
/// # Errors
/// [`Error::Damaged`] when the key of the store is lost or another one; [`Error::Unsafe`] when others may have read
/// or put it there.
pub(crate) async fn of(dir: &Path, store: &dyn Store, chance: &Chance) -> Result<[u8; 32], Error> {
    let path = dir.join(FILE);
    let kept = store.key_fingerprint().await?;
    let is_there = match fs::symlink_metadata(&path) {
        Ok(found) => {
            check_file(&path, &found)?;
            true
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(source) => return Err(file("read", &path, source)),
    };
    // A store of an earlier version has no fingerprint; what a component left there was sealed all the same.
    if !is_there && (kept.is_some() || store.has_components().await?) {
        let reason = "it is lost, and what is stored beside it can be used with that key alone; restore the file from a backup";
        return Err(Error::Damaged { what: name(&path), reason: reason.to_owned() });
    }
    if !is_there {
        make(&path, chance)?;
    }
    let bytes = fs::read(&path).map_err(|source| file("read", &path, source))?;
    let key = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| Error::Damaged {
        what: name(&path),
        reason: format!("it has {} bytes, expected 32; restore the file from a backup", bytes.len()),
    })?;
    match agrees(store, &key).await? {
        Agreement::Same => Ok(key),
        Agreement::Other => {
            let reason = "it is not the key with which the store was sealed; restore that file from a backup";
            Err(Error::Damaged { what: name(&path), reason: reason.to_owned() })
        }
        Agreement::Overtaken => Err(Error::Damaged {
            what: name(&path),
            reason: "another process has just used another key for this store".to_owned(),
        }),
    }
}

/// Checks a secret that the embedder gave.
///
/// # Errors
/// [`Error::OtherSecret`] when the store was sealed with another one.
pub(crate) async fn check(store: &dyn Upkeep, secret: &[u8; 32]) -> Result<(), Error> {
    match agrees(store, secret).await? {
        Agreement::Same => Ok(()),
        Agreement::Other | Agreement::Overtaken => Err(Error::OtherSecret),
    }
}

/// Whether a key is the one that seals what a store keeps.
enum Agreement {
    /// It is, be it from now on.
    Same,
    /// The store was sealed with another one.
    Other,
    /// The store had none, and another process has just used another one.
    Overtaken,
}

/// Compares a key with the fingerprint in the store, and keeps its own where there is none.
async fn agrees(store: &dyn Upkeep, key: &[u8; 32]) -> Result<Agreement, Error> {
    let own = blake3::derive_key(FINGERPRINT, key);
    match store.key_fingerprint().await? {
        Some(kept) if kept != own => return Ok(Agreement::Other),
        Some(_) => return Ok(Agreement::Same),
        None => store.keep_key_fingerprint(own).await?,
    }
    // Of two processes that came with different keys, the first one counts.
    match store.key_fingerprint().await? {
        Some(kept) if kept != own => Ok(Agreement::Overtaken),
        _ => Ok(Agreement::Same),
    }
}

fn name(path: &Path) -> String {
    format!("host key {}", path.display())
}

pub(crate) fn file(doing: &'static str, path: &Path, source: io::Error) -> Error {
    Error::File { doing, path: path.display().to_string(), source }
}

/// Makes the file. Written under another name first and then linked, so that of two processes that make it at the
/// same time both end up with the same one, whole.
fn make(path: &Path, chance: &Chance) -> Result<(), Error> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let unique: [u8; 8] = chance.bytes();
    let temporary = path.with_extension(format!("{:016x}.tmp", u64::from_le_bytes(unique)));
    let write = || {
        let mut file = options.open(&temporary)?;
        file.write_all(&chance.bytes::<32>())?;
        file.sync_all()
    };
    let linked = write().and_then(|()| match fs::hard_link(&temporary, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    });
    // Whatever happened, the temporary name is of no further use.
    let _ = fs::remove_file(&temporary);
    linked.map_err(|source| file("write", path, source))
}

/// Makes a folder that only its owner can use, or makes sure that one is so: guests' memories may hold secrets, and
/// compiled code is run.
///
/// # Errors
/// [`Error::Unsafe`] when it is another user's, or others could have put something there.
pub(crate) fn private_folder(dir: &Path) -> Result<(), Error> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|source| file("make the folder", dir, source))?;
    let found = fs::metadata(dir).map_err(|source| file("read", dir, source))?;
    check_folder(dir, &found)
}

#[cfg(not(unix))]
fn check_folder(_: &Path, _: &fs::Metadata) -> Result<(), Error> {
    Ok(())
}

#[cfg(not(unix))]
fn check_file(_: &Path, _: &fs::Metadata) -> Result<(), Error> {
    Ok(())
}

#[cfg(unix)]
fn check_folder(dir: &Path, found: &fs::Metadata) -> Result<(), Error> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    check_owner(dir, found)?;
    let mode = found.mode() & 0o777;
    if mode & 0o022 != 0 {
        let found = format!("other users may write to it (mode {mode:03o})");
        let repair = format!("make sure that all in it is yours, then `chmod 700 {}`", dir.display());
        return Err(Error::Unsafe { path: dir.display().to_string(), found, repair });
    }
    if mode & 0o077 != 0 {
        // Nothing in it was ever for others to read. By its file: a process behind walls changes no path.
        let private = fs::Permissions::from_mode(0o700);
        let changed = fs::File::open(dir).and_then(|dir| dir.set_permissions(private));
        changed.map_err(|source| file("make private", dir, source))?;
    }
    Ok(())
}

#[cfg(unix)]
fn check_file(path: &Path, found: &fs::Metadata) -> Result<(), Error> {
    use std::os::unix::fs::MetadataExt;
    let shown = path.display();
    let refuse =
        |found: String, repair: String| Err(Error::Unsafe { path: shown.to_string(), found, repair });
    if !found.is_file() {
        let repair = "put the key itself there, a regular file of 32 bytes".to_owned();
        return refuse("it is no regular file".to_owned(), repair);
    }
    check_owner(path, found)?;
    let mode = found.mode() & 0o777;
    if mode & 0o077 != 0 {
        let repair = format!("if no one else has read or written it, `chmod 600 {shown}`");
        return refuse(format!("other users may use it (mode {mode:03o})"), repair);
    }
    Ok(())
}

/// What is used must be this user's. The superuser may use what is another's: he brings others' folders into
/// containers.
#[cfg(unix)]
fn check_owner(path: &Path, found: &fs::Metadata) -> Result<(), Error> {
    use std::os::unix::fs::MetadataExt;
    let Ok(process) = fs::metadata("/proc/self") else { return Ok(()) };
    let (owner, user) = (found.uid(), process.uid());
    if owner == user || user == 0 {
        return Ok(());
    }
    let found = format!("it belongs to user {owner}, and this process runs as user {user}");
    let repair = format!("run as user {owner}, or `chown {user} {}`", path.display());
    Err(Error::Unsafe { path: path.display().to_string(), found, repair })
}
