//! Mistakes in a file, and how they are told.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::place::{excerpt, line_and_column};
use crate::failure::Report;

/// Most mistakes of one file that are told. More help nobody.
const TOLD_MAX: usize = 50;

/// Something that is wrong with a file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mistake {
    /// Byte of the text.
    pub(super) at: usize,
    /// What is wrong, what was expected, what to do.
    pub(super) problem: String,
    /// Path of the entry, when it is known by then.
    pub(super) entry: Option<String>,
    /// The field of the entry.
    pub(super) field: Option<String>,
}

impl Mistake {
    pub(super) fn new(at: usize, problem: impl Into<String>) -> Self {
        Self { at, problem: problem.into(), entry: None, field: None }
    }

    /// A key that is there already.
    pub(super) fn twice(at: usize, key: &str) -> Self {
        Self::new(at, format!("the key `{key}` is there twice"))
    }
}

/// A file with mistakes: its path, its text, and they.
#[derive(Clone, Debug)]
pub(crate) struct Mistakes {
    path: String,
    text: String,
    mistakes: Vec<Mistake>,
}

impl Mistakes {
    /// Those of a file; in the order of its lines.
    pub(super) fn new(path: &Path, text: &str, mut mistakes: Vec<Mistake>) -> Self {
        mistakes.sort_by_key(|mistake| mistake.at);
        Self { path: path.display().to_string(), text: text.to_owned(), mistakes }
    }

    /// None of a file.
    pub(crate) fn none(path: &Path) -> Self {
        Self::new(path, "", Vec::new())
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.mistakes.len()
    }

    /// Each as an error of its own.
    pub(crate) fn reports(&self) -> Vec<Report> {
        let report = |mistake: &Mistake| {
            let (line, column) = line_and_column(&self.text, mistake.at);
            let entry = mistake.entry.as_ref().map(|entry| format!("entry `{entry}`: ")).unwrap_or_default();
            let message = format!("{}:{line}:{column}: {entry}{}", self.path, mistake.problem);
            Report::refused("invalid-workflow", message).excerpt(excerpt(&self.text, mistake.at))
        };
        self.mistakes.iter().take(TOLD_MAX).map(report).collect()
    }

    /// Each for programs.
    pub(crate) fn details(&self) -> Vec<Value> {
        let detail = |mistake: &Mistake| {
            let (line, column) = line_and_column(&self.text, mistake.at);
            let mut detail = Map::from_iter([
                ("file".to_owned(), json!(self.path)),
                ("line".to_owned(), json!(line)),
                ("column".to_owned(), json!(column)),
                ("problem".to_owned(), json!(mistake.problem)),
            ]);
            for (name, value) in [("entry", &mistake.entry), ("field", &mistake.field)] {
                if let Some(value) = value {
                    detail.insert(name.to_owned(), json!(value));
                }
            }
            Value::Object(detail)
        };
        self.mistakes.iter().map(detail).collect()
    }

    /// All of them as one error.
    pub(crate) fn report(&self) -> Report {
        Self::report_of(std::slice::from_ref(self))
    }

    /// Those of several files as one error.
    pub(crate) fn report_of(files: &[Self]) -> Report {
        let details: Vec<Value> = files.iter().flat_map(Self::details).collect();
        let mut parts: Vec<Report> = files.iter().flat_map(Self::reports).collect();
        let count: usize = files.iter().map(Self::count).sum();
        let report = match (parts.pop(), files) {
            (Some(only), _) if count == 1 => only,
            (last, files) => {
                parts.extend(last);
                let names: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
                let message = match names.as_slice() {
                    [name] => format!("{name} has {count} mistakes"),
                    names => format!("{count} mistakes in {} files", names.len()),
                };
                Report::refused("invalid-workflow", message).parts(parts)
            }
        };
        report.details(json!({"problems": details}))
    }
}
