//! A scope while it is put together: its nodes, and what expressions in it may name.

use std::collections::HashMap;

use super::definition::Entry;
use super::node::{Arm, Kind, Node, NodeIndex};
use super::parts::ids_of_scope;
use super::site::Site;
use crate::path::StepPath;
use crate::retry::RetryPolicy;

/// A scope that is being put together.
pub(super) struct Draft<'p> {
    /// The scope around it, unless it is that of a workflow: workflows see nothing of what is around them.
    outer: Option<&'p Draft<'p>>,
    /// Path of what the scope is inside of.
    path: StepPath,
    /// How failures are retried where nobody says.
    pub(super) retry: &'p RetryPolicy,
    /// What expressions may name because of the blocks around: the item, the iteration, the error.
    beside: Vec<&'static str>,
    slots: Vec<Slot>,
    index: HashMap<String, NodeIndex>,
    names: HashMap<String, Standing>,
    /// Those that stand before, in the order in which they came to.
    before: Vec<String>,
}

/// How an entry stands to the one that is being looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// It can be finished by then.
    Before,
    /// It cannot.
    Not,
}

/// A node whose kind is not known yet.
struct Slot {
    id: String,
    verb: &'static str,
    kind: Option<Kind>,
    next: Option<NodeIndex>,
    within: Option<(NodeIndex, Arm)>,
}

impl<'p> Draft<'p> {
    /// The scope of a workflow.
    pub(super) fn of_workflow(path: StepPath, retry: &'p RetryPolicy, entries: &[Entry]) -> Self {
        Self::new(None, path, retry, Vec::new(), entries)
    }

    /// The scope of a body, whose expressions may name this beside what those around it may.
    pub(super) fn of_body(
        outer: &'p Draft<'p>,
        path: StepPath,
        more: &[&'static str],
        entries: &[Entry],
    ) -> Self {
        Self::new(Some(outer), path, outer.retry, [&outer.beside, more].concat(), entries)
    }

    fn new(
        outer: Option<&'p Draft<'p>>,
        path: StepPath,
        retry: &'p RetryPolicy,
        beside: Vec<&'static str>,
        entries: &[Entry],
    ) -> Self {
        let mut ids = Vec::new();
        ids_of_scope(entries, &mut ids);
        let names = ids.into_iter().map(|id| (id.to_owned(), Standing::Not)).collect();
        let (slots, index, before) = (Vec::new(), HashMap::new(), Vec::new());
        Self { outer, path, retry, beside, slots, index, names, before }
    }

    /// Where an entry of the scope stands.
    pub(super) fn site(&self, id: &str, pointer: String) -> Site {
        Site { path: self.path.child(id), pointer }
    }

    /// Makes a place for a node. When another one has the same id: the verb of that one.
    pub(super) fn reserve(
        &mut self,
        id: &str,
        verb: &'static str,
        within: Option<(NodeIndex, Arm)>,
    ) -> (NodeIndex, Option<&'static str>) {
        let at = self.slots.len();
        let other = self.index.insert(id.to_owned(), at);
        let other = other.and_then(|other| self.slots.get(other)).map(|slot| slot.verb);
        self.slots.push(Slot { id: id.to_owned(), verb, kind: None, next: None, within });
        (at, other)
    }

    /// Says what the node at a place is.
    pub(super) fn put(&mut self, at: NodeIndex, kind: Option<Kind>) {
        if let Some(slot) = self.slots.get_mut(at) {
            slot.kind = kind;
        }
    }

    /// Says what follows the node at a place.
    pub(super) fn follow(&mut self, at: NodeIndex, next: NodeIndex) {
        if let Some(slot) = self.slots.get_mut(at) {
            slot.next = Some(next);
        }
    }

    /// The nodes and where each id stands; `None` when something is wrong with one of them.
    pub(super) fn finish(self) -> Option<(Vec<Node>, HashMap<String, NodeIndex>)> {
        let node =
            |slot: Slot| Some(Node { id: slot.id, kind: slot.kind?, next: slot.next, within: slot.within });
        Some((self.slots.into_iter().map(node).collect::<Option<_>>()?, self.index))
    }
}

/// Names: what expressions may read, and what may stand behind `steps.`.
impl Draft<'_> {
    /// What expressions may name because of the blocks around.
    pub(super) fn beside(&self) -> &[&'static str] {
        &self.beside
    }

    /// From here on expressions may name this as well. To go back to with [`Self::without`].
    pub(super) fn with(&mut self, more: &[&'static str]) -> usize {
        let mark = self.beside.len();
        self.beside.extend(more);
        mark
    }

    pub(super) fn without(&mut self, mark: usize) {
        self.beside.truncate(mark);
    }

    /// From here on the entry can be finished.
    pub(super) fn can_be_finished(&mut self, id: &str) {
        if let Some(standing) = self.names.get_mut(id) {
            *standing = Standing::Before;
            self.before.push(id.to_owned());
        }
    }

    /// To go back to with [`Self::leave`].
    pub(super) fn mark(&self) -> usize {
        self.before.len()
    }

    /// Leaves an arm whose entries the next one must not name. They are given back for [`Self::rejoin`].
    pub(super) fn leave(&mut self, mark: usize) -> Vec<String> {
        let left = self.before.split_off(mark.min(self.before.len()));
        for id in &left {
            self.names.insert(id.clone(), Standing::Not);
        }
        left
    }

    /// After the arms: what was in them can be finished.
    pub(super) fn rejoin(&mut self, left: Vec<String>) {
        for id in left {
            self.can_be_finished(&id);
        }
    }

    /// Whether `steps.<id>` names an entry that can be finished; `None` when there is no such entry at all.
    pub(super) fn knows(&self, id: &str) -> Option<bool> {
        match (self.names.get(id), self.outer) {
            (Some(standing), _) => Some(*standing == Standing::Before),
            (None, Some(outer)) => outer.knows(id),
            (None, None) => None,
        }
    }

    /// The entries that can be finished, the nearest first.
    pub(super) fn known(&self) -> Vec<&str> {
        let mut known: Vec<&str> = self.before.iter().rev().map(String::as_str).collect();
        known.extend(self.outer.iter().flat_map(|outer| outer.known()));
        known
    }
}
