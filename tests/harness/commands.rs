//! The command `reentry` of this build, in processes of its own, with the tools of all languages where `make guests`
//! has put them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context as _, Result, ensure};

use crate::folders::furnish;
use crate::guests::root;

/// Calls `reentry` in a folder; what runs leave goes to the folder `data` in it, and what is kept of builds to `cache`.
///
/// # Errors
/// When `reentry` or the tools are not there.
pub fn reentry(folder: &Path, arguments: &[&str]) -> Result<Output> {
    Ok(surrounded("reentry", folder)?.args(arguments).output()?)
}

/// A command in a folder that finds `reentry` and the tools.
///
/// # Errors
/// When `reentry` or the tools are not there.
pub fn surrounded(program: &str, folder: &Path) -> Result<Command> {
    let tools = root().join("target/tools");
    ensure!(tools.is_dir(), "{} is not there; `make guests` sets the tools up", tools.display());
    let before = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(program_dir()?).chain(std::env::split_paths(&before)))?;
    let data = folder.join("data");
    if !data.exists() {
        furnish(&data)?;
    }
    let mut command = Command::new("bash");
    command
        .args(["-c", r#". toolchain/env.sh && cd "$1" && exec "${@:2}""#, "bash"])
        .arg(folder)
        .arg(program);
    command.current_dir(root()).env("PATH", path).env("REENTRY_DATA_DIR", data);
    command.env("XDG_CACHE_HOME", folder.join("cache"));
    Ok(command)
}

/// The folder that the command `reentry` of this build is in.
///
/// # Errors
/// When it is not there.
pub fn program_dir() -> Result<PathBuf> {
    let tests = std::env::current_exe()?;
    let dir = tests.parent().and_then(Path::parent).context("target/debug")?.to_owned();
    ensure!(dir.join("reentry").exists(), "{} has no `reentry`: cargo build -p reentry-cli", dir.display());
    Ok(dir)
}
