//! What a command ends with instead of a result, and how that is told.

use std::fmt::Display;

use reentry::core::error::ErrorKind;
use reentry::core::id::RunId;
use reentry::core::resume::TargetError;
use reentry::core::run::Refused;
use reentry::store::RemoveError;
use serde_json::{Map, Value, json};

use crate::commands::components::usage;
use crate::ui::{Ui, hang, harmless};

/// Why a command has no result.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The library said so. Hints are added where the command's arguments are known.
    Library(Box<reentry::Error>),
    /// The command found out by itself.
    Own(Box<Report>),
    /// Interrupted from the keyboard while the run was at work, or was waited for.
    Interrupted {
        /// The run.
        run: RunId,
        /// Whether one of its steps was being called.
        at_work: bool,
    },
}

impl From<reentry::Error> for Failure {
    fn from(error: reentry::Error) -> Self {
        Self::Library(Box::new(error))
    }
}

impl From<Report> for Failure {
    fn from(report: Report) -> Self {
        Self::Own(Box::new(report))
    }
}

/// An error as it is told.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Report {
    /// Who can act on it.
    pub(crate) kind: ErrorKind,
    /// A stable word for programs.
    pub(crate) code: &'static str,
    /// What is wrong, without a full stop.
    pub(crate) message: String,
    /// A piece of what the user wrote, with a mark under the mistake.
    pub(crate) excerpt: Option<String>,
    /// Why, from the outside in.
    pub(crate) causes: Vec<String>,
    /// What to do about it.
    pub(crate) hints: Vec<String>,
    /// Data for programs.
    pub(crate) details: Option<Value>,
    /// The single errors, if this one sums several up. People are told those first, programs find them in the details.
    pub(crate) parts: Vec<Report>,
}

impl Report {
    pub(crate) fn new(kind: ErrorKind, code: &'static str, message: impl Into<String>) -> Self {
        let (excerpt, causes, hints, details, parts) = (None, Vec::new(), Vec::new(), None, Vec::new());
        Self { kind, code, message: message.into(), excerpt, causes, hints, details, parts }
    }

    pub(crate) fn refused(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Refused, code, message)
    }

    pub(crate) fn not_found(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, code, message)
    }

    pub(crate) fn unavailable(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unavailable, code, message)
    }

    pub(crate) fn cause(mut self, cause: impl Display) -> Self {
        self.causes.push(cause.to_string());
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    pub(crate) fn excerpt(mut self, excerpt: String) -> Self {
        self.excerpt = Some(excerpt);
        self
    }

    pub(crate) fn details(mut self, details: Value) -> Self {
        self.details = Some(details);
        self
    }

    pub(crate) fn parts(mut self, parts: Vec<Report>) -> Self {
        self.parts = parts;
        self
    }

    /// What the library said, without hints.
    pub(crate) fn of(error: &reentry::Error) -> Self {
        let mut report = Self::new(error.kind(), error.code(), error.to_string());
        report.details = details(error);
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            let text = cause.to_string();
            // Many messages end with the text of their cause already.
            let told = report.causes.last().unwrap_or(&report.message);
            if !told.contains(&text) {
                report.causes.push(text);
            }
            source = cause.source();
        }
        report
    }

    /// Tells the error: as text, or as one line of JSON.
    pub(crate) fn tell(&self, ui: &Ui) {
        let text = if ui.is_json() { self.json() } else { self.text(ui) };
        ui.note(&text);
    }

    fn text(&self, ui: &Ui) -> String {
        let mut text: String = self.parts.iter().map(|part| part.text(ui) + "\n").collect();
        text += &format!("{} {}", ui.err.red("error:"), harmless(&self.message));
        if let Some(excerpt) = &self.excerpt {
            text += &format!("\n  {}", hang(&harmless(excerpt), 2));
        }
        for cause in &self.causes {
            text += &format!("\n  because: {}", hang(&harmless(cause), 4));
        }
        for hint in &self.hints {
            text += &format!("\n{} {}", ui.err.cyan("hint:"), hang(&harmless(hint), 6));
        }
        text
    }

    /// The error as one JSON object.
    pub(crate) fn json(&self) -> String {
        let message = std::iter::once(&self.message).chain(&self.causes).map(String::as_str);
        let mut error = Map::new();
        let mut field = |name: &str, value: Value| error.insert(name.to_owned(), value);
        field("code", json!(self.code));
        field("kind", json!(self.kind));
        field("message", json!(message.collect::<Vec<_>>().join(": ")));
        if !self.hints.is_empty() {
            field("hint", json!(self.hints.join("\n")));
        }
        if let Some(details) = &self.details {
            field("details", details.clone());
        }
        json!({ "error": error }).to_string()
    }
}

/// What programs may want to look at, beside the message.
fn details(error: &reentry::Error) -> Option<Value> {
    match error {
        reentry::Error::Remove(RemoveError::ComponentUsed { usage, .. }) => Some(usage::as_json(usage)),
        reentry::Error::Remove(RemoveError::PublishedUsed { usage, .. }) => {
            Some(usage::published_as_json(*usage))
        }
        reentry::Error::Refused(Refused::Invalid { what, violations }) => {
            let violation =
                |at: &reentry::core::schema::Violation| json!({"at": at.at, "message": at.message});
            Some(json!({"what": what, "violations": violations.0.iter().map(violation).collect::<Vec<_>>()}))
        }
        reentry::Error::Refused(Refused::Target(
            TargetError::Unknown { open, .. }
            | TargetError::Ambiguous { open, .. }
            | TargetError::Consumed { open, .. }
            | TargetError::Unseen { open, .. },
        )) => {
            let candidate = |found: &reentry::core::resume::Candidate| json!({"step": found.path, "suspensionId": found.suspension, "labels": found.labels});
            Some(json!({"suspended": open.0.iter().map(candidate).collect::<Vec<_>>()}))
        }
        reentry::Error::Refused(Refused::Target(TargetError::NotSuspended { status })) => {
            Some(json!({"status": status}))
        }
        reentry::Error::AnswerRefused { path, suspension, .. } => {
            Some(json!({"step": path, "suspensionId": suspension}))
        }
        reentry::Error::Definition(problems) => {
            let problem = |at: &reentry::core::workflow::DefinitionError| json!({"workflow": at.workflow, "entry": at.path, "problem": at.problem});
            Some(json!({"problems": problems.iter().map(problem).collect::<Vec<_>>()}))
        }
        reentry::Error::NoRun(run) => Some(json!({"runId": run})),
        reentry::Error::NoComponent(digest) => Some(json!({"digest": digest})),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Color, Format};

    fn report() -> Report {
        Report::refused("invalid-json", "--input is not valid JSON: it\u{1b}[2K")
            .excerpt("{\n^".to_owned())
            .cause("first\nsecond")
            .hint("do this")
            .hint("or that")
    }

    #[test]
    fn people_are_told_what_why_and_what_to_do() {
        let ui = Ui::new(Format::Text, Color::Never, 0);
        insta::assert_snapshot!(report().text(&ui), @r"
        error: --input is not valid JSON: it\u{1b}[2K
          {
          ^
          because: first
            second
        hint: do this
        hint: or that
        ");
    }

    #[test]
    fn programs_get_one_line() {
        insta::assert_snapshot!(report().json(), @r#"{"error":{"code":"invalid-json","hint":"do this\nor that","kind":"refused","message":"--input is not valid JSON: it\u001b[2K: first\nsecond"}}"#);
    }

    #[test]
    fn a_cause_that_the_message_ends_with_is_not_told_twice() {
        let source = std::io::Error::other("disk full");
        let error = reentry::store::StoreError::Unavailable(Box::new(source));
        let report = Report::of(&error.into());
        assert_eq!(
            (report.message.as_str(), report.causes.len()),
            ("the store is unavailable: disk full", 0)
        );
        let (doing, path, source) = ("read", "x".to_owned(), std::io::Error::other("disk full"));
        let report = Report::of(&reentry::Error::File { doing, path, source });
        assert_eq!(
            (report.message.as_str(), report.causes.as_slice()),
            ("cannot read x", &["disk full".to_owned()][..])
        );
    }
}
