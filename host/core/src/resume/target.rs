//! How a request names the suspension that it answers.

use std::fmt;

use crate::id::SuspensionId;
use crate::path::{PathError, StepPath};

/// How a request names the suspension that it answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Target {
    /// Its step, or any part of the path from the top that leaves one candidate.
    pub step: Option<StepPath>,
    /// A label. It wins over `step`.
    pub label: Option<String>,
    /// Index of an item of a `foreach`. Beside `step`, the index of the entry that it names; otherwise that of any
    /// `foreach` around the step. The turn of a loop is no index.
    pub for_each_index: Option<u32>,
    /// The suspension's own id. It wins over everything else.
    pub suspension: Option<SuspensionId>,
    /// The version of the run that the caller has seen: a suspension that was opened later is not meant. Not looked
    /// at beside `suspension`, which names what was seen.
    pub seen: Option<u64>,
    /// Whether all suspensions that fit are answered, each with the same data. Otherwise there must be exactly one.
    pub all: bool,
}

impl Target {
    /// Names the step: its id, or the dotted path to it.
    ///
    /// # Errors
    /// [`PathError`] when the text is no path; the empty text is none.
    pub fn step(path: &str) -> Result<Self, PathError> {
        Ok(Self { step: Some(StepPath::from_elements(path.split('.'))?), ..Self::default() })
    }

    /// Names a label.
    pub fn label(label: impl Into<String>) -> Self {
        Self { label: Some(label.into()), ..Self::default() }
    }

    /// Names the suspension itself.
    pub fn suspension(id: SuspensionId) -> Self {
        Self { suspension: Some(id), ..Self::default() }
    }

    /// Sets the index of an item of a `foreach`: [`for_each_index`](#structfield.for_each_index).
    pub fn for_each_index(mut self, index: u32) -> Self {
        self.for_each_index = Some(index);
        self
    }

    /// Sets the version of the run that the caller has seen: [`seen`](#structfield.seen).
    pub fn seen(mut self, version: u64) -> Self {
        self.seen = Some(version);
        self
    }

    /// Sets whether all suspensions that fit are answered: [`all`](#structfield.all).
    pub fn all(mut self, all: bool) -> Self {
        self.all = all;
        self
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let index = self.for_each_index.map(|index| format!(" with index {index}")).unwrap_or_default();
        match (&self.suspension, &self.label, &self.step) {
            (Some(id), ..) => write!(f, "suspension `{id}`"),
            (_, Some(label), _) => write!(f, "label `{label}`{index}"),
            (_, _, Some(step)) => write!(f, "step `{step}`{index}"),
            _ => write!(f, "the suspended step{index}"),
        }
    }
}
