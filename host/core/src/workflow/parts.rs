//! What the entries of a definition hold, so that walking one needs no look at every verb.

use super::block::{Block, Condition};
use super::definition::{Entry, StepEntry};

/// Something that an entry holds.
pub(super) enum Part<'d, C> {
    /// Entries in the scope of the block that holds them.
    Open(&'d Block<C>),
    /// Entries that repeat, in a scope of their own.
    Repeated(&'d Block<C>),
    /// A step that decides, in the scope of the block.
    Condition(&'d StepEntry<C>),
}

impl<C> Block<C> {
    /// Its entries, each with the way from the block to it as a JSON Pointer: an only entry stands where the block does.
    pub(super) fn entries(&self) -> impl Iterator<Item = (String, &Entry<C>)> {
        let alone = self.0.len() == 1;
        let below = move |n| if alone { String::new() } else { format!("/{n}") };
        self.0.iter().enumerate().map(move |(n, entry)| (below(n), entry))
    }
}

impl<C> Condition<C> {
    fn part(&self) -> Option<Part<'_, C>> {
        match self {
            Self::Expression(_) => None,
            Self::Step(step) => Some(Part::Condition(step)),
        }
    }
}

impl<C> Entry<C> {
    /// What a block holds, in the order in which it is done, each with the way to it as a JSON Pointer. Nested workflows are no part:
    /// they are scopes that see nothing of what is around them.
    pub(super) fn parts(&self) -> Vec<(String, Part<'_, C>)> {
        let mut parts = Vec::new();
        let mut add = |pointer: String, part: Option<_>| parts.extend(part.map(|part| (pointer, part)));
        match self {
            Self::Parallel(entry) => {
                for (n, arm) in entry.arms.iter().enumerate() {
                    add(format!("/arms/{n}"), Some(Part::Open(arm)));
                }
            }
            Self::Branch(entry) => {
                for (n, arm) in entry.arms.iter().enumerate() {
                    add(format!("/arms/{n}/when"), arm.when.part());
                    add(format!("/arms/{n}/do"), Some(Part::Open(&arm.body)));
                }
                add("/otherwise".to_owned(), entry.otherwise.as_ref().map(Part::Open));
            }
            Self::ForEach(entry) => add("/do".to_owned(), Some(Part::Repeated(&entry.body))),
            Self::DoWhile(entry) => {
                add("/do".to_owned(), Some(Part::Repeated(&entry.body)));
                add("/while".to_owned(), entry.condition.part());
            }
            Self::DoUntil(entry) => {
                add("/do".to_owned(), Some(Part::Repeated(&entry.body)));
                add("/until".to_owned(), entry.condition.part());
            }
            Self::Try(entry) => {
                add("/do".to_owned(), Some(Part::Open(&entry.body)));
                add("/catch".to_owned(), Some(Part::Open(&entry.catch)));
            }
            Self::Then(_) | Self::Workflow(_) | Self::Map(_) => {}
            Self::Sleep(_) | Self::SleepUntil(_) | Self::Ask(_) | Self::Event(_) => {}
        }
        parts
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
