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
    /// Nobody needs to: somebody else was faster, or it is done already.
    Conflict,
    /// The author of the step.
    Guest,
    /// The operator: stored data is not what was written. Never retried, never hidden.
    Damaged,
    /// Anybody, later.
    Unavailable,
}

/// Writes an error with all its causes, in one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", chain(source)),
        None => error.to_string(),
    }
}
