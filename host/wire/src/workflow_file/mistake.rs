//! Mistakes in a file, and how they are told.

use std::fmt;
use std::path::Path;

use serde::Serialize;

use crate::error::{Details, Problem};
use crate::place::{excerpt, line_and_column};

/// Something that is wrong with a file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mistake {
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
pub struct Mistakes {
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
    pub fn none(path: &Path) -> Self {
        Self::new(path, "", Vec::new())
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.mistakes.len()
    }

    /// Each with its place, in the order of the lines.
    pub fn problems(&self) -> Vec<FileProblem> {
        let row = |mistake: &Mistake| {
            let (line, column) = line_and_column(&self.text, mistake.at);
            FileProblem {
                column,
                entry: mistake.entry.clone(),
                field: mistake.field.clone(),
                file: self.path.clone(),
                line,
                problem: mistake.problem.clone(),
                excerpt: excerpt(&self.text, mistake.at),
            }
        };
        self.mistakes.iter().map(row).collect()
    }

    /// All mistakes of some files as one error.
    pub fn problem(files: &[Self]) -> Problem {
        let problems: Vec<FileProblem> = files.iter().flat_map(Self::problems).collect();
        let message = match (problems.as_slice(), files) {
            ([only], _) => only.to_string(),
            (all, [file]) => format!("{} has {} mistakes", file.path, all.len()),
            (all, files) => format!("{} mistakes in {} files", all.len(), files.len()),
        };
        let details = Some(Details::Files { problems });
        Problem { details, ..Problem::new(&reentry::codes::INVALID_WORKFLOW, message) }
    }
}

/// Something that is wrong with a workflow file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileProblem {
    /// Where in the line it begins, in characters from 1.
    pub column: usize,
    /// Path of the entry. Absent where the mistake is in no entry, or was found before entries were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// The field of the entry. Absent where it is the entry as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The file, as it was named.
    pub file: String,
    /// In which line it begins, from 1.
    pub line: usize,
    /// What is wrong, what was expected, what to do.
    pub problem: String,
    /// The line, and below it a mark under the mistake.
    #[serde(skip)]
    pub excerpt: String,
}

impl fmt::Display for FileProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: ", self.file, self.line, self.column)?;
        if let Some(entry) = &self.entry {
            write!(f, "entry `{entry}`: ")?;
        }
        f.write_str(&self.problem)
    }
}
