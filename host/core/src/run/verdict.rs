//! Why nothing continues a run: a word for programs, and what people read.

use std::borrow::Cow;
use std::fmt;

use crate::failure::{self, FailureCode};
use crate::step::Failure;

/// Why a run is blocked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// A stable word, one of those in [`failure::ALL`]; `blocked` where none was recorded.
    pub code: Cow<'static, str>,
    /// What happened, for people.
    pub reason: String,
}

impl Blocked {
    /// Makes a verdict.
    pub fn new(code: &'static FailureCode, reason: impl Into<String>) -> Self {
        Self { code: Cow::Borrowed(code.word), reason: reason.into() }
    }

    /// Makes a verdict as a store has it. Runs that were blocked before codes were recorded have none.
    pub fn stored(code: Option<String>, reason: String) -> Self {
        Self { code: code.map_or(Cow::Borrowed(failure::BLOCKED.word), Cow::Owned), reason }
    }

    /// Whether a run was blocked for this.
    pub fn is(&self, code: &FailureCode) -> bool {
        self.code == code.word
    }

    /// The verdict as a result shows it.
    pub fn failure(&self) -> Failure {
        Failure {
            code: Some(self.code.clone().into_owned()),
            ..Failure::of(&failure::BLOCKED, self.reason.clone())
        }
    }
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", self.reason, self.code)
    }
}
