//! Data folders of tests. What a host has compiled in one of them is of use to all others, and so is what `make
//! guests` compiles.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use crate::guests::root;

/// A new data folder, which lasts as long as it is held.
///
/// # Errors
/// When it cannot be made.
pub fn data_folder() -> Result<TempDir> {
    let folder = tempfile::tempdir()?;
    furnish(folder.path())?;
    Ok(folder)
}

/// Makes a data folder, or makes one of an empty folder.
///
/// # Errors
/// When that is not possible.
pub fn furnish(folder: &Path) -> Result<()> {
    let (cache, _) = compiled_code()?;
    make(folder)?;
    fs::copy(shared().join(KEY), folder.join(KEY))?;
    std::os::unix::fs::symlink(cache, folder.join("cache"))?;
    Ok(())
}

/// The folder of compiled code, and the secret with which it is sealed.
///
/// # Errors
/// When they cannot be made.
pub fn compiled_code() -> Result<(PathBuf, [u8; 32])> {
    let (cache, key) = (shared().join("cache"), shared().join(KEY));
    make(&cache)?;
    if !key.exists() {
        keep_new(&key)?;
    }
    let secret = fs::read(&key)?.as_slice().try_into().with_context(|| key.display().to_string())?;
    Ok((cache, secret))
}

const KEY: &str = "host.key";

/// The data folder to which `make guests` opens what it builds.
fn shared() -> PathBuf {
    root().join("target/compiled")
}

fn make(folder: &Path) -> Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder).with_context(|| folder.display().to_string())
}

/// Keeps a new secret, unless another process is faster. It is whole as soon as it is there.
fn keep_new(key: &Path) -> Result<()> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|error| anyhow::anyhow!("no random bytes: {error}"))?;
    let beside = tempfile::Builder::new().tempdir_in(shared())?;
    let new = beside.path().join(KEY);
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?.write_all(&secret)?;
    match fs::hard_link(&new, key) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error.into()),
        _ => Ok(()),
    }
}
