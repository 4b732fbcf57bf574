//! What the names in an expression stand for.

use std::collections::BTreeSet;

use super::function::TYPES;
use super::syntax::{Kind, Literal};

/// The variable whose keys are the ids of steps.
pub(super) const STEPS: &str = "steps";

/// The names that were met so far.
pub(super) struct Names<'n> {
    allowed: Option<&'n [&'n str]>,
    /// Variables of the macros around the place that is being read, the innermost last.
    locals: Vec<String>,
    /// Variables of the scope, in the order in which they are first read.
    pub(super) variables: Vec<String>,
    /// Ids of the steps whose output is read.
    pub(super) steps: BTreeSet<String>,
}

impl<'n> Names<'n> {
    /// `allowed`: the variables that a scope will have; `None` lets any in.
    pub(super) fn new(allowed: Option<&'n [&'n str]>) -> Self {
        Self { allowed, locals: Vec::new(), variables: Vec::new(), steps: BTreeSet::new() }
    }

    /// What a name stands for. Without an answer, what to say about it.
    pub(super) fn resolve(&mut self, name: &str) -> Result<Kind, String> {
        if let Some(slot) = self.locals.iter().rposition(|local| local == name) {
            return Ok(Kind::Local(slot));
        }
        let is_allowed = self.allowed.is_none_or(|allowed| allowed.contains(&name));
        let type_name = TYPES.iter().find(|known| **known == name);
        match type_name {
            Some(known) if self.allowed.is_none() || !is_allowed => Ok(Kind::Literal(Literal::Type(known))),
            _ if is_allowed => Ok(Kind::Variable(self.variable(name))),
            _ => Err(self.unknown(name)),
        }
    }

    /// Whether a sub-expression is the variable `steps`, and not one of a macro with that name.
    pub(super) fn is_steps(&self, kind: &Kind) -> bool {
        matches!(kind, Kind::Variable(index) if self.variables.get(*index).is_some_and(|name| name == STEPS))
    }

    /// Makes the variable of a macro known until [`Self::close`].
    pub(super) fn open(&mut self, local: String) {
        self.locals.push(local);
    }

    pub(super) fn close(&mut self) {
        self.locals.pop();
    }

    fn variable(&mut self, name: &str) -> usize {
        self.variables.iter().position(|known| known == name).unwrap_or_else(|| {
            self.variables.push(name.to_owned());
            self.variables.len() - 1
        })
    }

    fn unknown(&self, name: &str) -> String {
        let known: Vec<&str> = self.allowed.into_iter().flatten().copied().collect();
        match known.is_empty() {
            true => format!("`{name}` is not known here: there are no variables"),
            false => format!("`{name}` is not known here; there are: {}", known.join(", ")),
        }
    }
}
