//! Where in an author's sources something is.

use std::path::{Path, PathBuf};

use reentry::core::error::ErrorKind;

use crate::codes;
use crate::failure::{Failure, Report};
use crate::languages::{Project, SDK};

/// Most places that are told.
const TOLD_MAX: usize = 3;

/// Most files that are looked at, and the bytes of the largest one: a help, not a search engine.
const FILES_MAX: usize = 1_000;
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Folders with what others wrote.
const OTHERS: [&str; 6] = [SDK, "target", "node_modules", "venv", "vendor", "__pycache__"];

/// Endings of files that name a step and do not make one: manifests, locks, pages.
const NO_SOURCES: [&str; 9] = ["json", "lock", "md", "mod", "sum", "toml", "txt", "yaml", "yml"];

/// The one who is told about a component: what was written, and where.
pub(super) struct Author<'a> {
    /// The file that names the steps, as messages have it.
    pub(super) file: String,
    /// How that is written in the language.
    pub(super) export: Option<&'a str>,
    /// The project's folder.
    pub(super) folder: Option<PathBuf>,
}

impl<'a> Author<'a> {
    /// The author of a project.
    pub(super) fn of(project: &Project) -> Self {
        let (files, export) = project.language.export;
        let first = files.first().copied().unwrap_or_default();
        let file = files.iter().copied().find(|file| project.file(file).is_some()).unwrap_or(first);
        Self { file: file.to_owned(), export: Some(export), folder: Some(project.folder.clone()) }
    }

    /// What it says of a module that is no component, with the file that is wrong and the hint.
    pub(super) fn told(&self, failure: Failure) -> Failure {
        match failure {
            Failure::Own(report)
                if report.code.kind == ErrorKind::Guest || report.code == &codes::NO_WORLD =>
            {
                let message = format!("{}: what was made of it is no step", self.file);
                let report = Report { message, ..*report };
                Failure::from(self.hinted(report))
            }
            other => other,
        }
    }

    /// The report with the language's hint.
    pub(super) fn hinted(&self, report: Report) -> Report {
        match self.export {
            Some(export) => report.hint(format!("{} says which steps there are: `{export}`", self.file)),
            None => report,
        }
    }

    /// The author of a core module, of whom nothing is known.
    pub(super) fn of_module(module: &Path) -> Self {
        Self { file: module.display().to_string(), export: None, folder: None }
    }
}

/// The first lines of the author's sources with this text in quotes, as `FILE:LINE`.
pub(super) fn places_of(author: &Author<'_>, text: &str) -> Vec<String> {
    let Some(folder) = &author.folder else { return Vec::new() };
    let forms = ['"', '\'', '`'].map(|quote| format!("{quote}{text}{quote}"));
    let mut places = Vec::new();
    for file in sources(folder) {
        let Ok(source) = std::fs::read_to_string(folder.join(&file)) else { continue };
        let lines = source.lines().enumerate();
        let here = lines.filter(|(_, line)| forms.iter().any(|form| line.contains(form)));
        places.extend(here.map(|(at, _)| format!("{}:{}", file.display(), at + 1)));
    }
    places.truncate(TOLD_MAX);
    places
}

/// The files of a folder that its author may have written, in order, by their paths in it.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let (mut files, mut folders) = (Vec::new(), vec![PathBuf::new()]);
    while let Some(within) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(folder.join(&within)) else { continue };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = within.join(&name);
            let Ok(kind) = entry.file_type() else { continue };
            let is_others = name.starts_with('.') || OTHERS.contains(&name.as_str());
            let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
            // Tests name the steps, too.
            let is_source = !name.contains("test") && !NO_SOURCES.contains(&ending);
            if kind.is_dir() && !is_others {
                folders.push(path);
            } else if kind.is_file()
                && is_source
                && entry.metadata().is_ok_and(|file| file.len() <= FILE_BYTES_MAX)
            {
                files.push(path);
            }
            if files.len() == FILES_MAX {
                folders.clear();
                break;
            }
        }
    }
    files.sort();
    files
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_where_it_stands_in_quotes() {
        let folder = tempfile::tempdir().unwrap();
        for dir in ["src", "sdk", ".reentry"] {
            std::fs::create_dir(folder.path().join(dir)).unwrap();
            std::fs::write(folder.path().join(dir).join("a.rs"), "// buy\nStep::new(\"buy\", buy)\n")
                .unwrap();
        }
        std::fs::write(folder.path().join("b.py"), "@step('buy')\n@step(\"buy-2\")\n").unwrap();
        std::fs::write(folder.path().join("step_test.py"), "run('buy')").unwrap();
        std::fs::write(folder.path().join("Cargo.toml"), "name = \"buy\"").unwrap();
        std::fs::write(folder.path().join("c.wasm"), [0xff, 0xfe, b'"', b'b']).unwrap();
        let author = Author { file: String::new(), export: None, folder: Some(folder.path().to_owned()) };
        assert_eq!(places_of(&author, "buy"), ["b.py:1", "src/a.rs:2"]);
        assert!(places_of(&author, "none").is_empty());
    }
}
