//! Walls around a process that runs guests.
//!
//! A guest runs in the sandbox of the WebAssembly runtime. These walls are for the day on which that has a flaw: what
//! breaks out finds a process that can neither start programs nor reach the network nor any file but those that it
//! works on. [`PLACES`] and [`CALLS`] are all that is left to it, each with its reason.
//!
//! The library `reentry` never restricts the process that embeds it: whether and when is for that to say. The command
//! `reentry` does it first of all.
//!
//! ```no_run
//! let standing = reentry_walls::Walls::new().data_folder("data").put_up();
//! for (wall, reason) in &standing.missed {
//!     eprintln!("no {}: {reason}", wall.name());
//! }
//! // Only now are threads started, guests compiled and called.
//! ```

mod calls;
#[cfg(target_os = "linux")]
mod filter;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
#[path = "elsewhere.rs"]
mod linux;
mod places;

use std::path::PathBuf;

pub use calls::{CALLS, Calls, Only, REFUSAL};
pub use places::{PLACES, Place, Right, Where};

/// One of the walls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wall {
    /// No program that the process could start has more rights than itself.
    Privileges,
    /// The system writes no core files, which would have what guests and tenants had in memory.
    CoreFiles,
    /// Only [`PLACES`] can be opened, and no port can be bound or connected to (Landlock).
    Files,
    /// Only [`CALLS`] can be made (seccomp).
    Calls,
}

impl Wall {
    /// All of them, in the order in which they are put up.
    pub const ALL: [Self; 4] = [Self::CoreFiles, Self::Privileges, Self::Files, Self::Calls];

    /// A short name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Privileges => "privileges",
            Self::CoreFiles => "core-files",
            Self::Files => "files",
            Self::Calls => "calls",
        }
    }

    /// What it keeps from a process that was taken over, in one line.
    pub fn keeps(self) -> &'static str {
        match self {
            Self::Privileges => "gaining rights by starting programs",
            Self::CoreFiles => "leaving its memory on disk when it ends badly",
            Self::Files => "files that it does not work on, and network ports",
            Self::Calls => "starting programs, sockets, and whatever else of the system it does not need",
        }
    }
}

/// Which walls stand after [`Walls::put_up`], and which do not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Those that stand.
    pub had: Vec<Wall>,
    /// Those that this system does not give, each with the reason.
    pub missed: Vec<(Wall, String)>,
}

impl Standing {
    fn note(&mut self, wall: Wall, result: Result<(), String>) {
        match result {
            Ok(()) => self.had.push(wall),
            Err(reason) => self.missed.push((wall, reason)),
        }
    }
}

/// What a process shall still reach when the walls stand.
#[derive(Clone, Debug, Default)]
pub struct Walls {
    data_folder: Option<PathBuf>,
    read: Vec<PathBuf>,
    written: Vec<PathBuf>,
}

impl Walls {
    /// Makes walls that leave nothing but what every such process needs.
    pub fn new() -> Self {
        Self::default()
    }

    /// Leaves the data folder of a host to be read and written. It must be there when the walls are put up.
    #[must_use]
    pub fn data_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.data_folder = Some(folder.into());
        self
    }

    /// Leaves a file, or a folder with all in it, to be read. What is not there when the walls are put up stays out of
    /// reach.
    #[must_use]
    pub fn read(mut self, path: impl Into<PathBuf>) -> Self {
        self.read.push(path.into());
        self
    }

    /// Leaves a folder with all in it to be read and written.
    #[must_use]
    pub fn written(mut self, folder: impl Into<PathBuf>) -> Self {
        self.written.push(folder.into());
        self
    }

    /// Puts up all walls that this system gives. There is no way back: they hold for this process and all that it
    /// starts, until they end.
    ///
    /// Must be called before the process starts threads: the wall around files is of the thread that puts it up, and of
    /// those that it starts afterwards. With others there it is missed.
    pub fn put_up(self) -> Standing {
        linux::put_up(&self)
    }
}

/// Finds out which walls this system gives, without putting them up around the caller.
///
/// Core files are off afterwards all the same, and so are they in programs that the process starts.
pub fn look() -> Standing {
    linux::look()
}

/// Hides the memory of this process from other ones of the same user.
///
/// To be called when the first runtime for guests is there: a process that is hidden and not the superuser's cannot
/// open its own page map any more, which tells the runtime what a guest has written.
pub fn hide_memory() {
    linux::hide_memory();
}
