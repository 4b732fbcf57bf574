//! What building needs beside this program: found, its version told, and the command that installs it.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where a project keeps the programs of its own, by its package managers.
const PROJECT_PLACES: [&str; 2] = ["node_modules/.bin", ".venv/bin"];

/// A version, as far as it matters.
pub(crate) type Version = (u32, u32);

/// Something that must be installed to build a project.
#[derive(Debug)]
pub(crate) struct Tool {
    /// Its name in messages.
    pub(crate) name: &'static str,
    /// How it is found.
    pub(crate) kind: Kind,
    /// The oldest version that does; `None` for any.
    pub(crate) wanted: Option<Version>,
    /// The command that installs it; for what belongs into a project, to be given in the project's folder.
    pub(crate) install: &'static str,
}

/// How a tool is found and asked for its version.
#[derive(Debug)]
pub(crate) enum Kind {
    /// A program under one of these names, and the arguments that make it tell its version.
    Program { names: &'static [&'static str], version: &'static [&'static str] },
    /// A program of an npm package, whose version is the package's.
    Npm { program: &'static str, package: &'static str },
    /// The standard library of Rust for this target.
    RustStd { target: &'static str },
}

/// A tool that is there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    /// The program, or for a library its folder.
    pub(crate) path: PathBuf,
    /// The version as it is told: `1.95.0`.
    pub(crate) version: Option<String>,
}

/// Where tools are looked for: first in the project and the folders around it, then in PATH.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    folders: Vec<PathBuf>,
}

impl Places {
    /// The places for a project, with PATH as given.
    pub(crate) fn new(project: &Path, path: &OsStr) -> Self {
        let own = project.ancestors().flat_map(|folder| PROJECT_PLACES.map(|place| folder.join(place)));
        let path = std::env::split_paths(path).filter(|folder| folder.is_absolute());
        Self { folders: own.chain(path).filter(|folder| folder.is_dir()).collect() }
    }

    /// As PATH for a tool that calls others.
    pub(crate) fn path(&self) -> OsString {
        std::env::join_paths(&self.folders).unwrap_or_default()
    }

    fn program(&self, name: &str) -> Option<PathBuf> {
        let is_program = |file: &PathBuf| {
            file.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
        };
        self.folders.iter().map(|folder| folder.join(name)).find(is_program)
    }
}

impl Tool {
    /// Looks for the tool, of whatever version.
    pub(crate) fn find(&self, places: &Places) -> Option<Found> {
        match self.kind {
            Kind::Program { names, version } => {
                let path = names.iter().find_map(|name| places.program(name))?;
                let version = said(Command::new(&path).args(version).env("PATH", places.path()));
                Some(Found { version: version.as_deref().and_then(version_in), path })
            }
            Kind::Npm { program, package } => {
                let path = places.program(program)?;
                Some(Found { version: version_of_package(&path, package), path })
            }
            Kind::RustStd { target } => rust_std(target, places),
        }
    }

    /// Whether what was found does. A tool that does not tell its version is taken as it is.
    pub(crate) fn is_met_by(&self, found: &Found) -> bool {
        let version = found.version.as_deref().and_then(parts);
        self.wanted.is_none() || version.is_none() || version >= self.wanted
    }

    /// `1.95 or newer`; empty for any version.
    pub(crate) fn wanted_text(&self) -> String {
        self.wanted.map(|(major, minor)| format!("{major}.{minor} or newer")).unwrap_or_default()
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(format!("{} {}", self.name, self.wanted_text()).trim_end())
    }
}

/// The folder of the standard library for a target, of the compiler that cargo would call with the flags it would use.
fn rust_std(target: &str, places: &Places) -> Option<Found> {
    let compiler = std::env::var_os("RUSTC").map(PathBuf::from).or_else(|| places.program("rustc"))?;
    let flags = std::env::var("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS").unwrap_or_default();
    let sysroot = flags.split_whitespace().filter(|flag| flag.starts_with("--sysroot="));
    let mut command = Command::new(compiler);
    command.args(sysroot).args(["--print", "target-libdir", "--target", target]).env("PATH", places.path());
    let path = PathBuf::from(said(&mut command)?.trim());
    let is_std = |file: std::io::Result<std::fs::DirEntry>| {
        file.is_ok_and(|file| file.file_name().to_string_lossy().starts_with("libstd-"))
    };
    path.read_dir().ok()?.any(is_std).then_some(Found { path, version: None })
}

/// What a command prints, if it ends well.
fn said(command: &mut Command) -> Option<String> {
    let done = command.stdin(Stdio::null()).output().ok().filter(|done| done.status.success())?;
    Some(format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr)))
}

/// The first thing in a text that looks like a version.
fn version_in(text: &str) -> Option<String> {
    let words = text.split(|c: char| !(c.is_ascii_digit() || c == '.'));
    words.map(|word| word.trim_matches('.')).find(|word| parts(word).is_some()).map(str::to_owned)
}

/// The two first numbers of a version.
fn parts(version: &str) -> Option<Version> {
    let mut numbers = version.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// The version of the npm package that a program belongs to.
fn version_of_package(program: &Path, package: &str) -> Option<String> {
    let program = program.canonicalize().ok()?;
    let manifests = program.ancestors().filter_map(|folder| std::fs::read(folder.join("package.json")).ok());
    let mut manifests = manifests.filter_map(|text| serde_json::from_slice::<serde_json::Value>(&text).ok());
    let manifest = manifests.find(|manifest| manifest.get("name").is_some_and(|name| name == package))?;
    Some(manifest.get("version")?.as_str()?.to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn tool(wanted: Option<Version>) -> Tool {
        let kind = Kind::Program { names: &["python-zig", "zig"], version: &["version"] };
        Tool { name: "zig", kind, wanted, install: "pip install ziglang" }
    }

    fn program(folder: &Path, name: &str, says: &str) {
        std::fs::create_dir_all(folder).unwrap();
        let file = folder.join(name);
        std::fs::write(&file, format!("#!/bin/sh\necho '{says}'\n")).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    #[test]
    fn the_version_is_the_first_thing_that_looks_like_one() {
        let texts = [
            "cargo 1.95.0 (abc 2026)",
            "v20.20.2",
            "go version go1.27.3 linux/amd64",
            "zig",
            "7",
            "Version 0.28.20",
        ];
        let versions = texts.map(|text| version_in(text).unwrap_or_default());
        assert_eq!(versions, ["1.95.0", "20.20.2", "1.27.3", "", "", "0.28.20"]);
    }

    #[test]
    fn numbers_of_versions_are_compared_as_numbers() {
        let met = |version: &str| {
            tool(Some((0, 17))).is_met_by(&Found { path: PathBuf::new(), version: Some(version.to_owned()) })
        };
        assert!(met("0.17.1") && met("0.100.0") && met("1.0.0"));
        assert!(!met("0.9.1") && !met("0.16.2"));
    }

    #[test]
    fn a_tool_of_the_project_comes_before_that_of_the_path() {
        let folder = tempfile::tempdir().unwrap();
        let (project, path) = (folder.path().join("a/b"), folder.path().join("bin"));
        std::fs::create_dir_all(&project).unwrap();
        program(&path, "zig", "0.16.0");
        let found =
            |project| tool(None).find(&Places::new(project, path.as_os_str())).unwrap().version.unwrap();
        assert_eq!(found(&project), "0.16.0");
        program(&folder.path().join("a/.venv/bin"), "zig", "0.17.1");
        assert_eq!(found(&project), "0.17.1");
        assert!(tool(None).find(&Places::new(&path, OsStr::new(""))).is_none());
    }

    #[test]
    fn a_program_of_npm_has_the_version_of_its_package() {
        let folder = tempfile::tempdir().unwrap();
        let package = folder.path().join("node_modules/@b/maker");
        program(&package.join("bin"), "make.js", "nothing");
        std::fs::write(package.join("package.json"), r#"{"name": "@b/maker", "version": "0.4.5"}"#).unwrap();
        let bin = folder.path().join("node_modules/.bin");
        std::fs::create_dir_all(&bin).unwrap();
        std::os::unix::fs::symlink("../@b/maker/bin/make.js", bin.join("make")).unwrap();
        let kind = Kind::Npm { program: "make", package: "@b/maker" };
        let found = Tool { kind, ..tool(None) }.find(&Places::new(folder.path(), OsStr::new(""))).unwrap();
        assert_eq!(found.version.unwrap(), "0.4.5");
    }
}
