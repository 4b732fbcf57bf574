//! Kinds of errors: who can do something about one; and errors as texts.
//!
//! Exit codes, status codes and retry decisions are functions of the kind, so every error of the project has one.

use serde::Serialize;

/// Who can act on an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorKind {
    /// The caller: the request itself cannot be served as it is.
    Refused,
    /// The caller, by looking again: what was asked for does not exist.
    NotFound,
    /// No one needs to: another caller was faster, or it is done already.
    Conflict,
    /// The author of the step.
    Guest,
    /// The operator: stored data is not what was written. Never retried, never hidden.
    Damaged,
    /// Anyone, by trying again later.
    Unavailable,
}

/// An error as programs know it, with what people can read about it. Each crate has a table of its own;
/// docs/errors.md shows them all.
#[derive(Debug, PartialEq, Eq)]
pub struct ErrorCode {
    /// The stable word.
    pub word: &'static str,
    /// Who can act on it.
    pub kind: ErrorKind,
    /// What happened.
    pub what: &'static str,
    /// Why it happens.
    pub why: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
}

/// Makes a table of error codes: a static for each, and `ALL`.
///
/// The table begins with `pub table:`, and a row is `NAME = "word", Kind, "what", "why", "remedy";`.
#[macro_export]
macro_rules! error_codes {
    ($vis:vis table: $($name:ident = $word:literal, $kind:ident, $what:literal, $why:literal, $remedy:literal;)+) => {
        $(
            #[doc = $what]
            $vis static $name: $crate::error::ErrorCode = $crate::error::ErrorCode {
                word: $word,
                kind: $crate::error::ErrorKind::$kind,
                what: $what,
                why: $why,
                remedy: $remedy,
            };
        )+

        /// Every code of this table.
        $vis static ALL: &[&$crate::error::ErrorCode] = &[$(&$name),+];
    };
}

/// Writes an error with all its causes, in one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", chain(source)),
        None => error.to_string(),
    }
}
