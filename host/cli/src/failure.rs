//! What a command ends with instead of a result, and how that is told.

use std::fmt::Display;

use reentry::core::error::ErrorCode;
use reentry::core::id::RunId;
use reentry_wire::lookup::{Ambiguous, Called, LookupError};
use reentry_wire::{Details, Problem};

use crate::json_text;
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

impl From<LookupError> for Failure {
    fn from(error: LookupError) -> Self {
        match error {
            LookupError::Library(error) => Self::Library(error),
            LookupError::Ambiguous(several) => say_more(&several).into(),
        }
    }
}

/// Asks which of several things is meant.
fn say_more(several: &Ambiguous) -> Report {
    let end = if several.more { "\n…" } else { "" };
    let all = several.candidates.join("\n") + end;
    Report::from(several.problem()).hint(match several.is {
        Called::Name => format!("say which one by its digest:\n{all}"),
        Called::Runs | Called::Questions | Called::Digests => format!("say more of it:\n{all}"),
    })
}

/// An error as it is told.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Report {
    /// Its row of a table of codes, which has the kind, too.
    pub(crate) code: &'static ErrorCode,
    /// What is wrong, without a full stop.
    pub(crate) message: String,
    /// A piece of what the user wrote, with a mark under the mistake.
    pub(crate) excerpt: Option<String>,
    /// Why, from the outside in.
    pub(crate) causes: Vec<String>,
    /// What to do about it.
    pub(crate) hints: Vec<String>,
    /// Data for programs.
    pub(crate) details: Option<Details>,
    /// The single errors, if this one sums several up. People are told those first, programs find them in the details.
    pub(crate) parts: Vec<Report>,
}

impl Report {
    pub(crate) fn new(code: &'static ErrorCode, message: impl Into<String>) -> Self {
        let (excerpt, causes, hints, details, parts) = (None, Vec::new(), Vec::new(), None, Vec::new());
        Self { code, message: message.into(), excerpt, causes, hints, details, parts }
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

    pub(crate) fn parts(mut self, parts: Vec<Report>) -> Self {
        self.parts = parts;
        self
    }

    /// What the library said, without hints.
    pub(crate) fn of(error: &reentry::Error) -> Self {
        Problem::of(error).into()
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
        let Self { code, message, causes, details, .. } = self.clone();
        let problem = Problem { code, message, causes, details };
        let hint = (!self.hints.is_empty()).then(|| self.hints.join("\n"));
        json_text::harmless(&serde_json::to_string(&problem.document(hint)).unwrap_or_default())
    }
}

impl From<Problem> for Report {
    fn from(problem: Problem) -> Self {
        let Problem { code, message, causes, details } = problem;
        Self { causes, details, ..Self::new(code, message) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Color, Format};
    use crate::codes;

    fn report() -> Report {
        Report::new(&codes::INVALID_JSON, "--input is not valid JSON: it\u{1b}[2K")
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
    fn errors_for_programs_steer_no_terminal() {
        let report =
            Report::new(&codes::INVALID_JSON, "\u{9b}2K\u{202e}\u{2028}").cause("\u{7f}é").hint("\u{200f}");
        insta::assert_snapshot!(report.json(), @r#"{"error":{"code":"invalid-json","hint":"\u200f","kind":"refused","message":"\u009b2K\u202e\u2028: \u007fé"}}"#);
    }

    #[test]
    fn a_name_that_several_have_is_answered_with_all_of_them() {
        let candidates = vec!["run_1ab".to_owned(), "run_2ab".to_owned()];
        let several = Ambiguous { is: Called::Runs, text: "ab".to_owned(), candidates, more: true };
        let report = say_more(&several);
        insta::assert_snapshot!(format!("{}\n{}", report.message, report.hints.join("\n")), @"
        several runs have an id that begins or ends with `ab`
        say more of it:
        run_1ab
        run_2ab
        …
        ");
    }
}
