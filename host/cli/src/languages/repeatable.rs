//! Tools that run a step's code while they build, and keep its memory: made to make the same of the same sources.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::Project;
use super::kept::Inputs;
use super::tool::{Kind, Tool};
use crate::failure::Failure;

/// What is loaded into such a tool.
const SOURCE: &str = include_str!("repeatable.c");

/// Both lie in what building leaves. The path is relative to the project, as the loader takes blanks and colons for
/// ends of a path.
const LIBRARY: &str = ".reentry/repeatable.so";
const LOADED: &str = "LD_PRELOAD";

/// Of use, and not needed.
const C_COMPILER: Tool = Tool {
    name: "cc",
    kind: Kind::Program { names: &["cc", "gcc", "clang"], version: &["--version"] },
    wanted: None,
    install: "sudo apt-get install gcc libc6-dev",
};

/// The library, made by the machine's C compiler.
#[derive(Debug)]
pub(super) struct Repeatable {
    source: PathBuf,
}

impl Repeatable {
    /// Makes the library. Where that is not possible there is none, and a note says what follows.
    ///
    /// # Errors
    /// Unavailable when a file cannot be written.
    pub(super) fn prepare(project: &Project) -> Result<Option<Self>, Failure> {
        let library = project.work("repeatable.so")?;
        let source = project.work("repeatable.c")?;
        let is_made =
            library.is_file() && std::fs::read(&source).is_ok_and(|found| found == SOURCE.as_bytes());
        if !is_made && !compiled(project, &library)? {
            project.note(&format!(
                "note: without a C compiler for this machine, building the same sources again may make another component: {}",
                C_COMPILER.install
            ));
            return Ok(None);
        }
        Ok(Some(Self { source }))
    }

    /// What the library is made of, as an input of the tool.
    pub(super) fn input(&self) -> (&'static str, &Path) {
        ("repeatable", &self.source)
    }

    /// Has the tool load it. The tool must be called in the project's folder. Random numbers follow from all that the
    /// tool is given, so that they are others in each component: the hashes of Python are seeded with them.
    pub(super) fn load(tool: &mut Command, inputs: &Inputs) {
        let others = std::env::var(LOADED).unwrap_or_default();
        tool.env(LOADED, format!("{LIBRARY} {others}").trim_end()).env("REENTRY_SEED", inputs.key());
    }
}

/// Whether the machine's C compiler is there and has made the library.
fn compiled(project: &Project, library: &Path) -> Result<bool, Failure> {
    let source = project.write("repeatable.c", SOURCE)?;
    // What is half written must not pass for the library, nor one of an older source.
    let _ = std::fs::remove_file(library);
    let beside = project.work("repeatable.so.new")?;
    let Ok(mut cc) = project.tool(&C_COMPILER) else { return Ok(false) };
    cc.args(["-O1", "-shared", "-fPIC", "-o"]).arg(&beside).arg(&source);
    Ok(project.output(&mut cc).is_ok() && std::fs::rename(&beside, library).is_ok())
}
