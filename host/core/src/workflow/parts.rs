//! What the entries of a definition hold, so that walking one needs no look at every verb.

use super::block::{Block, Condition};
use super::definition::{BranchArm, DoUntilEntry, DoWhileEntry, Entry, ForEachEntry, StepEntry, TryEntry};

/// Something that an entry holds, to be read or to be changed.
pub(super) enum Part<B, S> {
    /// Entries in the scope of the block that holds them.
    Open(B),
    /// Entries that repeat, in a scope of their own.
    Repeated(B),
    /// A step that decides, in the scope of the block.
    Condition(S),
}

/// A part to be read.
pub(super) type PartRef<'d, C> = Part<&'d Block<C>, &'d StepEntry<C>>;

/// A part to be changed.
pub(super) type PartMut<'d, C> = Part<&'d mut Block<C>, &'d mut StepEntry<C>>;

impl<C> Block<C> {
    /// Its entries, each with the way from the block to it as a JSON Pointer: an only entry stands where the block
    /// does.
    pub(super) fn entries(&self) -> impl Iterator<Item = (String, &Entry<C>)> {
        let alone = self.0.len() == 1;
        let below = move |n| if alone { String::new() } else { format!("/{n}") };
        self.0.iter().enumerate().map(move |(n, entry)| (below(n), entry))
    }
}

/// Adds the step that decides, if it is one.
macro_rules! step_of {
    ($add:ident, $pointer:expr, $condition:expr) => {
        match $condition {
            Condition::Step(step) => $add($pointer, Part::Condition(step)),
            Condition::Expression(_) => {}
        }
    };
}

/// The one place that knows what each verb holds: gives the parts in the order in which they are done, each with the
/// way to it.
macro_rules! parts {
    ($entry:expr, $iter:ident, $as_ref:ident) => {{
        let mut parts = Vec::new();
        let mut add = |pointer: String, part| parts.push((pointer, part));
        match $entry {
            Self::Parallel(entry) => {
                for (n, arm) in entry.arms.$iter().enumerate() {
                    add(format!("/arms/{n}"), Part::Open(arm));
                }
            }
            Self::Branch(entry) => {
                for (n, arm) in entry.arms.$iter().enumerate() {
                    let BranchArm { when, body } = arm;
                    step_of!(add, format!("/arms/{n}/when"), when);
                    add(format!("/arms/{n}/do"), Part::Open(body));
                }
                if let Some(otherwise) = entry.otherwise.$as_ref() {
                    add("/otherwise".to_owned(), Part::Open(otherwise));
                }
            }
            Self::ForEach(ForEachEntry { body, .. }) => add("/do".to_owned(), Part::Repeated(body)),
            Self::DoWhile(DoWhileEntry { body, condition, .. }) => {
                add("/do".to_owned(), Part::Repeated(body));
                step_of!(add, "/while".to_owned(), condition);
            }
            Self::DoUntil(DoUntilEntry { body, condition, .. }) => {
                add("/do".to_owned(), Part::Repeated(body));
                step_of!(add, "/until".to_owned(), condition);
            }
            Self::Try(TryEntry { body, catch, .. }) => {
                add("/do".to_owned(), Part::Open(body));
                add("/catch".to_owned(), Part::Open(catch));
            }
            Self::Then(_) | Self::Workflow(_) | Self::Map(_) => {}
            Self::Sleep(_) | Self::SleepUntil(_) | Self::Ask(_) | Self::Event(_) => {}
        }
        parts
    }};
}

impl<C> Entry<C> {
    /// What a block holds, in the order in which it is done, each with the way to it as a JSON Pointer. Nested
    /// workflows are no part: they are scopes that see nothing of what is around them.
    pub(super) fn parts(&self) -> Vec<(String, PartRef<'_, C>)> {
        parts!(self, iter, as_ref)
    }

    /// The same parts, to be changed.
    pub(super) fn parts_mut(&mut self) -> impl Iterator<Item = PartMut<'_, C>> {
        parts!(self, iter_mut, as_mut).into_iter().map(|(_, part)| part)
    }
}

/// The ids of all entries and conditions in the scope that begins with these entries.
pub(super) fn ids_of_scope<'d, C>(entries: &'d [Entry<C>], ids: &mut Vec<&'d str>) {
    for entry in entries {
        ids.push(entry.id());
        for (_, part) in entry.parts() {
            match part {
                Part::Open(block) => ids_of_scope(&block.0, ids),
                Part::Condition(step) => ids.push(&step.id),
                Part::Repeated(_) => {}
            }
        }
    }
}
