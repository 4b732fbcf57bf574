//! A workflow file: read, and blamed for what is wrong with it.

use std::path::{Path, PathBuf};

use reentry::core::digest::ComponentDigest;
use reentry::core::workflow::{Definition, DefinitionError};

use super::document::{Document, Node, Value, Written};
use super::mistake::{Mistake, Mistakes};
use super::shape::SCHEMA_KEY;
use super::{read_json, read_yaml, shape};

/// A workflow file whose shape is right.
#[derive(Debug)]
pub struct Source {
    path: PathBuf,
    document: Document,
    /// What it says, with components as they are named there.
    pub definition: Definition<String>,
}

impl Source {
    /// Reads the bytes of a file, JSON or YAML. The path is for its ending, which may say which, and for what is told
    /// of it: it is not opened.
    ///
    /// # Errors
    /// All that is wrong with its shape.
    pub fn read(path: &Path, bytes: &[u8]) -> Result<Self, Mistakes> {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text),
            Err(error) => {
                let start =
                    bytes.get(..error.valid_up_to()).and_then(|bytes| std::str::from_utf8(bytes).ok());
                let problem = "the file is neither WebAssembly nor text in UTF-8";
                let start = start.unwrap_or_default();
                return Err(Mistakes::new(path, start, vec![Mistake::new(start.len(), problem)]));
            }
        };
        let wrong = |mistakes| Mistakes::new(path, text, mistakes);
        let root = if is_yaml(path, text) { read_yaml::read(text) } else { read_json::read(text) };
        let document = Document { text: text.to_owned(), root: root.map_err(wrong)? };
        let definition = definition(&document).map_err(wrong)?;
        Ok(Self { path: path.to_owned(), document, definition })
    }

    /// What the file calls its components, each once, in the order in which they first come.
    pub fn component_names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for (_, step) in self.definition.step_entries() {
            if !names.contains(&step.component) {
                names.push(step.component.clone());
            }
        }
        names
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is no mistake, and yet may not be meant: questions whose answers are not checked.
    pub fn hints(&self) -> Mistakes {
        let open = self.definition.ask_entries().into_iter().filter(|(_, ask)| ask.answer.is_none());
        let hints = open.map(|(pointer, ask)| {
            let problem = "it takes any JSON as its answer; `answer`, a JSON Schema, has answers checked";
            let entry = (!ask.id.is_empty()).then(|| ask.id.clone());
            Mistake { entry, ..Mistake::new(self.document.root.find(&pointer).key(), problem) }
        });
        let hints = hints.collect();
        Mistakes::new(&self.path, &self.document.text, hints)
    }

    /// Shows where in the file the problems of its definition are. Components are called what the file calls them.
    pub(super) fn blame(
        &self,
        problems: &[DefinitionError],
        names: &[(String, ComponentDigest)],
    ) -> Mistakes {
        let told = |problem: &str| {
            names.iter().fold(problem.to_owned(), |told, (name, digest)| {
                told.replace(&digest.to_string(), &format!("`{name}`"))
            })
        };
        let mistake = |problem: &DefinitionError| {
            let found = self.document.root.find(&problem.pointer);
            let at = match &problem.span {
                Some(span) => found.inside(&self.document.text, span.start),
                None if problem.field.is_empty() => found.key(),
                None => found.value(),
            };
            let entry = (!problem.path.is_root()).then(|| problem.path.to_string());
            let field = (!problem.field.is_empty()).then(|| problem.field.clone());
            Mistake { at, problem: told(&problem.problem), entry, field }
        };
        Mistakes::new(&self.path, &self.document.text, problems.iter().map(mistake).collect())
    }
}

fn is_yaml(path: &Path, text: &str) -> bool {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    match ending.as_deref() {
        Some("yaml" | "yml") => true,
        Some("json") => false,
        _ => !text.trim_start().starts_with('{'),
    }
}

fn definition(document: &Document) -> Result<Definition<String>, Vec<Mistake>> {
    let whole = Written::of(&document.root);
    let value = serde_json::from_str(&whole.text).map_err(|error| vec![unforeseen(&whole, &error)])?;
    let mistakes = shape::mistakes(document, &value);
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let written = without_schema(&document.root);
    serde_json::from_str(&written.text).map_err(|error| vec![unforeseen(&written, &error)])
}

/// The file without the key that only editors need.
fn without_schema(root: &Node) -> Written {
    match &root.value {
        Value::Map(members) => {
            Written::of_members(members.iter().filter(|member| member.key != SCHEMA_KEY), root.span.start)
        }
        _ => Written::of(root),
    }
}

/// What the schema lets pass and the definition does not: whole numbers written as `1.0`, or too large.
fn unforeseen(written: &Written, error: &serde_json::Error) -> Mistake {
    let said = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    let problem = said.strip_suffix(&position).unwrap_or(&said);
    let problem =
        problem.replace("u32", "a whole number of 32 bits").replace("u64", "a whole number of 64 bits");
    Mistake::new(written.origin(error.column()), problem)
}
