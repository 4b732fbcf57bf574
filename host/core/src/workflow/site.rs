//! Where in a definition something is wrong.

use std::ops::Range;

use crate::path::StepPath;

/// Longest part of an expression that an error quotes, in characters.
const EXCERPT_CHARS_MAX: usize = 80;

/// One thing that is wrong with a definition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("workflow `{workflow}`{}: {problem}{}", self.place(), self.quote())]
#[non_exhaustive]
pub struct DefinitionError {
    /// Id of the outermost workflow.
    pub workflow: String,
    /// The entry; the root path for the workflow itself. Repetitions have no index here.
    pub path: StepPath,
    /// The field of the entry, as `arms[1].when`; empty for the entry as a whole.
    pub field: String,
    /// JSON Pointer to that very place in the definition.
    pub pointer: String,
    /// What is wrong there, and what was expected.
    pub problem: String,
    /// The text, if the field is one of a language of its own, as expressions are.
    pub text: Option<String>,
    /// The part of that text that is wrong, in bytes.
    pub span: Option<Range<usize>>,
}

impl DefinitionError {
    fn place(&self) -> String {
        let entry = if self.path.is_root() { String::new() } else { format!(", entry `{}`", self.path) };
        let field = if self.field.is_empty() { String::new() } else { format!(", `{}`", self.field) };
        entry + &field
    }

    fn quote(&self) -> String {
        let Some(text) = &self.text else { return String::new() };
        let mut words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some((cut, _)) = words.char_indices().nth(EXCERPT_CHARS_MAX) {
            words.truncate(cut);
            words.push('…');
        }
        format!(", in `{words}`")
    }
}

/// Where an entry, or a workflow, stands.
#[derive(Clone, Debug, Default)]
pub(super) struct Site {
    pub(super) path: StepPath,
    /// JSON Pointer in the definition.
    pub(super) pointer: String,
}

/// The way from an entry to something in it: for people, and as a JSON Pointer.
#[derive(Clone, Debug, Default)]
pub(super) struct Field {
    pub(super) text: String,
    pub(super) pointer: String,
}

impl Field {
    /// The entry as a whole.
    pub(super) fn whole() -> Self {
        Self::default()
    }

    /// The field of this name.
    pub(super) fn of(name: &str) -> Self {
        Self::whole().key(name)
    }

    /// The field of this name, in this one.
    pub(super) fn key(mut self, name: &str) -> Self {
        let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
        match (plain, self.text.is_empty()) {
            (true, true) => self.text.push_str(name),
            (true, false) => self.text = format!("{}.{name}", self.text),
            (false, _) => self.text = format!("{}[{name:?}]", self.text),
        }
        self.pointer = format!("{}/{}", self.pointer, name.replace('~', "~0").replace('/', "~1"));
        self
    }

    /// The element with this number, in this one.
    pub(super) fn index(self, index: usize) -> Self {
        Self { text: format!("{}[{index}]", self.text), pointer: format!("{}/{index}", self.pointer) }
    }
}

/// Everything that was found wrong so far.
pub(super) struct Problems<'a> {
    pub(super) workflow: &'a str,
    pub(super) found: Vec<DefinitionError>,
}

impl Problems<'_> {
    /// Adds one.
    pub(super) fn add(&mut self, site: &Site, field: Field, problem: impl Into<String>) {
        self.found.push(DefinitionError {
            workflow: self.workflow.to_owned(),
            path: site.path.clone(),
            field: field.text,
            pointer: format!("{}{}", site.pointer, field.pointer),
            problem: problem.into(),
            text: None,
            span: None,
        });
    }

    /// Adds one inside a text.
    pub(super) fn add_in(
        &mut self,
        site: &Site,
        field: Field,
        problem: impl Into<String>,
        (text, span): (&str, Range<usize>),
    ) {
        self.add(site, field, problem);
        if let Some(last) = self.found.last_mut() {
            (last.text, last.span) = (Some(text.to_owned()), Some(span));
        }
    }
}
