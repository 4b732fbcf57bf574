//! The files that a process behind walls still reaches.

/// A file or folder, what may be done with it, and why.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Where it is.
    pub at: Where,
    /// What may be done with it and, of a folder, with all that is in it.
    pub right: Right,
    /// Why the process needs it.
    pub why: &'static str,
}

/// Where a file or folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    /// The data folder of the host.
    DataFolder,
    /// The folder `cache` in it, wherever a link of that name leads.
    Cache,
    /// What the caller left to be read: [`Walls::read`](crate::Walls::read).
    Read,
    /// What the caller left to be written: [`Walls::written`](crate::Walls::written).
    Written,
    /// The file of the program itself.
    Program,
    /// At the same path on every machine.
    At(&'static str),
}

/// What may be done with a place. Nothing may be executed in any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// Reading files, and listing folders.
    Read,
    /// That, and writing, making, renaming and removing files and folders.
    Write,
}

/// All places.
pub const PLACES: &[Place] = &[
    Place { at: Where::DataFolder, right: Right::Write, why: "database, host key, compiled code, locks" },
    Place {
        at: Where::Cache,
        right: Right::Write,
        why: "compiled code, where `cache` in the data folder is a link to another disk",
    },
    Place {
        at: Where::Read,
        right: Right::Read,
        why: "files and folders that the command line names, and the components that a workflow file names",
    },
    Place { at: Where::Written, right: Right::Write, why: "the folder of `reentry backup`" },
    Place {
        at: Where::Program,
        right: Right::Read,
        why: "names of functions, for the report of a panic (RUST_BACKTRACE)",
    },
    Place {
        at: Where::At("/proc/self"),
        right: Right::Read,
        why: "the page map, which tells what a guest has written; the limits of the container",
    },
    Place {
        at: Where::At("/sys/fs/cgroup"),
        right: Right::Read,
        why: "how many processors the container may use",
    },
    Place { at: Where::At("/etc/passwd"), right: Right::Read, why: "the name of the user who acts" },
    Place {
        at: Where::At("/dev/urandom"),
        right: Right::Read,
        why: "chance, for names of SQLite's temporary files",
    },
    Place { at: Where::At("/dev/null"), right: Right::Read, why: "input of commands that are given none" },
];
