//! Linux: Landlock for files, seccomp for calls.

use std::io;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, LandlockStatus, Ruleset, RulesetAttr as _,
    RulesetCreated, RulesetCreatedAttr as _, RulesetError, RulesetStatus, Scope, path_beneath_rules,
};
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

use crate::filter::{self, Apply};
use crate::places::{PLACES, Place, Right, Where};
use crate::{Standing, Wall, Walls};

/// The rights that are taken away where the kernel knows them. A kernel that is older takes those that it knows; what
/// it does not know of files is closed by the list of calls all the same.
const LANDLOCK: ABI = ABI::V6;

pub(crate) fn put_up(walls: &Walls) -> Standing {
    build(walls, threads(), seccompiler::apply_filter_all_threads)
}

/// Puts them up around a thread of its own, which ends then.
pub(crate) fn look() -> Standing {
    let seen = std::thread::spawn(|| build(&Walls::new(), Ok(1), seccompiler::apply_filter));
    seen.join().unwrap_or_default()
}

pub(crate) fn hide_memory() {
    // A kernel that refuses this leaves the memory as open as it is without walls.
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

fn build(walls: &Walls, threads: io::Result<usize>, apply: Apply) -> Standing {
    let mut standing = Standing::default();
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    standing.note(Wall::CoreFiles, setrlimit(Resource::Core, none).map_err(|error| error.to_string()));
    let (privileges, files) = close_files(walls, threads);
    standing.note(Wall::Privileges, privileges);
    standing.note(Wall::Files, files);
    standing.note(Wall::Calls, filter::close(apply));
    standing
}

/// How many threads the process has.
fn threads() -> io::Result<usize> {
    Ok(std::fs::read_dir("/proc/self/task")?.count())
}

/// The walls around privileges and files, which Landlock puts up together.
fn close_files(walls: &Walls, threads: io::Result<usize>) -> (Result<(), String>, Result<(), String>) {
    let closed = ruleset(walls).and_then(RulesetCreated::restrict_self);
    let status = match closed {
        Ok(status) => status,
        Err(error) => return (Err(error.to_string()), Err(error.to_string())),
    };
    let privileges = status.no_new_privs.then_some(()).ok_or_else(|| "the kernel refuses it".to_owned());
    let files = match (status.ruleset, status.landlock, threads) {
        (_, LandlockStatus::NotImplemented, _) => {
            Err("this kernel has no Landlock (Linux 5.13 has)".to_owned())
        }
        (_, LandlockStatus::NotEnabled, _) => {
            Err("Landlock is not enabled (the kernel's parameter `lsm=` does not list it)".to_owned())
        }
        (RulesetStatus::NotEnforced, ..) => Err("the kernel does not enforce it".to_owned()),
        (_, _, Ok(1)) => Ok(()),
        (_, _, Ok(threads)) => {
            Err(format!("{} other threads of the process are outside", threads.saturating_sub(1)))
        }
        (_, _, Err(error)) => Err(format!("whether other threads are outside is not known: {error}")),
    };
    (privileges, files)
}

fn ruleset(walls: &Walls) -> Result<RulesetCreated, RulesetError> {
    let mut ruleset = Ruleset::default()
        .handle_access(AccessFs::from_all(LANDLOCK))?
        .handle_access(AccessNet::from_all(LANDLOCK))?
        .scope(Scope::from_all(LANDLOCK))?
        .create()?;
    for place in PLACES {
        for path in paths(place, walls) {
            let rights = rights(place.right);
            for rule in path_beneath_rules([path], rights) {
                // What is no file of a file system, such as a pipe, takes no rule and needs none.
                let _ = rule.and_then(|rule| (&mut ruleset).add_rule(rule).map(|_| ()));
            }
        }
    }
    Ok(ruleset)
}

fn paths(place: &Place, walls: &Walls) -> Vec<PathBuf> {
    match place.at {
        Where::DataFolder => walls.data_folder.iter().cloned().collect(),
        Where::Cache => walls.data_folder.iter().map(|folder| folder.join("cache")).collect(),
        Where::Read => walls.read.clone(),
        Where::Written => walls.written.clone(),
        Where::Program => std::env::current_exe().into_iter().collect(),
        Where::At(path) => vec![Path::new(path).to_owned()],
    }
}

fn rights(right: Right) -> BitFlags<AccessFs> {
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    match right {
        Right::Read => read,
        Right::Write => {
            let make = AccessFs::MakeReg | AccessFs::MakeDir | AccessFs::RemoveFile | AccessFs::RemoveDir;
            read | make | AccessFs::WriteFile | AccessFs::Truncate | AccessFs::Refer
        }
    }
}
