//! A project that is built: its folder and its tools.

mod calls;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::{create_dir_all, read_dir};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fmt, io};

use clap::ValueEnum as _;

use super::kept::{Inputs, Shelf};
use super::tool::{Found, Places, Tool};
use super::{Embedded, Language, embedded};
use crate::codes;
use crate::failure::{Failure, Report};
use crate::ui::Ui;

/// Folder in a project for what building leaves.
const WORK: &str = ".reentry";

/// Folder in a project with the SDK, if the project has a copy of its own.
pub(crate) const SDK: &str = "sdk";

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

    /// Says something beside the result.
    pub(crate) fn note(&self, text: &str) {
        self.ui.note(text);
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

fn unusable(doing: &str, path: &Path, error: &io::Error) -> Failure {
    Report::new(&reentry::codes::FILE_UNAVAILABLE, format!("cannot {doing} {}", path.display()))
        .cause(error)
        .into()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
