//! Committing blocks: entries that hold entries.

use super::block::{Block, Condition};
use super::commit::Check;
use super::definition::{BranchEntry, Definition, Entry, ForEachEntry, ParallelEntry, TryEntry};
use super::draft::Draft;
use super::node::{
    Arm, Body, BranchNode, ConditionNode, ForEachNode, Kind, LoopNode, NodeIndex, ParallelNode, Scope,
    Sequence, TryNode,
};
use super::site::{Field, Site};
use crate::id::check_name;

/// Most items of a `foreach` that may be under way at once. Bounds how many guests one run makes a host hold.
pub const CONCURRENCY_MAX: u32 = 10_000;

/// What expressions in the body of a `foreach` may name beside.
const IN_FOREACH: [&str; 2] = ["item", "index"];

/// In the body of a loop.
const IN_LOOP: [&str; 1] = ["iteration"];

/// In the condition of a loop.
const IN_CONDITION: [&str; 2] = ["output", "iteration"];

/// In a `catch`.
const IN_CATCH: [&str; 1] = ["error"];

/// Entries that follow one another, and where they stand.
pub(super) struct Entries<'d> {
    list: Vec<(String, &'d Entry)>,
    owner: &'d Site,
    field: Field,
}

impl<'d> Entries<'d> {
    /// Those of a workflow.
    pub(super) fn of_workflow(workflow: &'d Definition, owner: &'d Site) -> Self {
        let entries = workflow.steps.iter().enumerate();
        Self {
            list: entries.map(|(n, entry)| (format!("/{n}"), entry)).collect(),
            owner,
            field: Field::of("steps"),
        }
    }

    fn of_block(block: &'d Block, owner: &'d Site, field: Field) -> Self {
        Self { list: block.entries().collect(), owner, field }
    }
}

impl Check<'_> {
    /// Entries that follow one another in the scope of the draft.
    pub(super) fn sequence(
        &mut self,
        draft: &mut Draft<'_>,
        entries: Entries<'_>,
        within: Option<(NodeIndex, Arm)>,
    ) -> Option<Sequence> {
        if entries.list.is_empty() {
            let problem = "it is empty: give at least one entry, such as `then`";
            self.problems.add(entries.owner, entries.field, problem);
            return None;
        }
        let mut ends: Option<Sequence> = None;
        for (below, entry) in entries.list {
            let (at_field, verb) = (&entries.field.pointer, entry.verb());
            let site = draft.site(entry.id(), format!("{}{at_field}{below}/{verb}", entries.owner.pointer));
            let at = self.reserve(draft, &site, Field::whole(), (entry.id(), verb), within);
            if let Some(ends) = &ends {
                draft.follow(ends.last, at);
            }
            ends = Some(Sequence { first: ends.map_or(at, |ends| ends.first), last: at });
            let kind = self.kind(draft, at, &site, entry);
            draft.put(at, kind);
            draft.can_be_finished(entry.id());
        }
        ends
    }

    /// Makes a place for a node, whose id must be one and be its own.
    fn reserve(
        &mut self,
        draft: &mut Draft<'_>,
        site: &Site,
        field: Field,
        (id, verb): (&str, &'static str),
        within: Option<(NodeIndex, Arm)>,
    ) -> NodeIndex {
        self.count(site);
        // A workflow checks its own.
        let what = match verb {
            "then" | "condition" => "step",
            "ask" => "question",
            "event" => "wait",
            verb => verb,
        };
        if verb != "workflow"
            && let Err(error) = check_name(what, id)
        {
            self.problems.add(site, field.clone().key("id"), error.to_string());
        }
        let (at, other) = draft.reserve(id, verb, within);
        if let Some(other) = other {
            let problem =
                format!("this `{verb}` and a `{other}` before it have the same id: ids must differ");
            self.problems.add(site, field.key("id"), problem);
        }
        at
    }

    /// A block.
    pub(super) fn block(
        &mut self,
        draft: &mut Draft<'_>,
        at: NodeIndex,
        site: &Site,
        entry: &Entry,
    ) -> Option<Kind> {
        match entry {
            Entry::Parallel(from) => self.parallel(draft, at, site, from).map(Kind::Parallel),
            Entry::Branch(from) => self.branch(draft, at, site, from).map(Kind::Branch),
            Entry::ForEach(from) => self.foreach(draft, site, from).map(Kind::ForEach),
            Entry::DoWhile(from) => {
                let condition = (Field::of("while"), &from.condition);
                self.repeat(draft, at, site, (&from.id, &from.body), condition, false).map(Kind::Loop)
            }
            Entry::DoUntil(from) => {
                let condition = (Field::of("until"), &from.condition);
                self.repeat(draft, at, site, (&from.id, &from.body), condition, true).map(Kind::Loop)
            }
            Entry::Try(from) => self.try_catch(draft, at, site, from).map(Kind::Try),
            Entry::Then(_) | Entry::Workflow(_) | Entry::Map(_) => None,
            Entry::Sleep(_) | Entry::SleepUntil(_) | Entry::Ask(_) | Entry::Event(_) => None,
        }
    }

    fn parallel(
        &mut self,
        draft: &mut Draft<'_>,
        at: NodeIndex,
        site: &Site,
        from: &ParallelEntry,
    ) -> Option<ParallelNode> {
        self.has_arms(site, from.arms.len());
        let (mark, mut left, mut arms) = (draft.mark(), Vec::new(), Vec::new());
        for (n, arm) in from.arms.iter().enumerate() {
            let entries = Entries::of_block(arm, site, Field::of("arms").index(n));
            arms.push(self.sequence(draft, entries, Some((at, Arm::Number(n)))));
            // The arms are done at the same time, so none of them can count on another.
            left.extend(draft.leave(mark));
        }
        draft.rejoin(left);
        if let Some(first) = from.first
            && !(1..=from.arms.len()).contains(&usize::try_from(first).unwrap_or(usize::MAX))
            && !from.arms.is_empty()
        {
            let problem = format!("it is {first}, expected 1 to {}, the number of arms", from.arms.len());
            self.problems.add(site, Field::of("first"), problem);
        }
        Some(ParallelNode { arms: arms.into_iter().collect::<Option<_>>()?, first: from.first })
    }

    fn branch(
        &mut self,
        draft: &mut Draft<'_>,
        at: NodeIndex,
        site: &Site,
        from: &BranchEntry,
    ) -> Option<BranchNode> {
        self.has_arms(site, from.arms.len());
        let (mut left, mut arms) = (Vec::new(), Vec::new());
        for (n, arm) in from.arms.iter().enumerate() {
            let field = Field::of("arms").index(n);
            let within = (at, Arm::Condition(n));
            let decider = self.decider(draft, site, (field.clone().key("when"), &arm.when), within, &[]);
            if let Condition::Step(step) = &arm.when {
                draft.can_be_finished(&step.id);
            }
            let mark = draft.mark();
            let entries = Entries::of_block(&arm.body, site, field.key("do"));
            let sequence = self.sequence(draft, entries, Some((at, Arm::Number(n))));
            left.extend(draft.leave(mark));
            arms.push(decider.zip(sequence));
        }
        let otherwise = from.otherwise.as_ref().map(|otherwise| {
            let entries = Entries::of_block(otherwise, site, Field::of("otherwise"));
            self.sequence(draft, entries, Some((at, Arm::Otherwise)))
        });
        draft.rejoin(left);
        let otherwise = match otherwise {
            Some(sequence) => Some(sequence?),
            None => None,
        };
        Some(BranchNode { mode: from.mode, arms: arms.into_iter().collect::<Option<_>>()?, otherwise })
    }

    fn has_arms(&mut self, site: &Site, arms: usize) {
        if arms == 0 {
            self.problems.add(site, Field::of("arms"), "it has no arms: give at least one");
        }
    }

    fn foreach(&mut self, draft: &Draft<'_>, site: &Site, from: &ForEachEntry) -> Option<ForEachNode> {
        if !(1..=CONCURRENCY_MAX).contains(&from.concurrency) {
            let problem = format!("it is {}, expected 1 to {CONCURRENCY_MAX}", from.concurrency);
            self.problems.add(site, Field::of("concurrency"), problem);
        }
        let items = from.items.as_ref();
        let items = items.map(|text| self.expression(draft, site, Field::of("items"), text, &[]));
        let body = self.body(draft, site, (&from.id, &from.body), &IN_FOREACH);
        let items = match items {
            Some(items) => Some(items?),
            None => None,
        };
        Some(ForEachNode { items, concurrency: from.concurrency, body: body? })
    }

    fn repeat(
        &mut self,
        draft: &mut Draft<'_>,
        at: NodeIndex,
        site: &Site,
        (id, body): (&str, &Block),
        condition: (Field, &Condition),
        ends_on: bool,
    ) -> Option<LoopNode> {
        let body = self.body(draft, site, (id, body), &IN_LOOP);
        let condition = self.decider(draft, site, condition, (at, Arm::Condition(0)), &IN_CONDITION);
        Some(LoopNode { body: body?, condition: condition?, ends_on })
    }

    /// What repeats: a single entry under the id of its block, or a scope.
    fn body(
        &mut self,
        outer: &Draft<'_>,
        site: &Site,
        (id, block): (&str, &Block),
        more: &[&'static str],
    ) -> Option<Body> {
        let alone = match block.0.as_slice() {
            [only] if only.has_path_of_block() => only.id() == id,
            _ => false,
        };
        // The path of a body that is alone is the block's.
        let above = if alone { site.path.parent().unwrap_or_default() } else { site.path.clone() };
        let mut draft = Draft::of_body(outer, above, more, &block.0);
        let sequence = self.sequence(&mut draft, Entries::of_block(block, site, Field::of("do")), None);
        let ((mut nodes, index), first) = (draft.finish()?, sequence?.first);
        if alone {
            return nodes.pop().map(|node| Body::One(Box::new(node)));
        }
        let (input, output, state, request_context, timeout_ms) = (None, None, None, None, None);
        let id = id.to_owned();
        let scope = Scope { id, input, output, state, request_context, timeout_ms, first, nodes, index };
        Some(Body::Many(Box::new(scope)))
    }

    fn try_catch(
        &mut self,
        draft: &mut Draft<'_>,
        at: NodeIndex,
        site: &Site,
        from: &TryEntry,
    ) -> Option<TryNode> {
        let body = Entries::of_block(&from.body, site, Field::of("do"));
        let body = self.sequence(draft, body, Some((at, Arm::Body)));
        let catch = Entries::of_block(&from.catch, site, Field::of("catch"));
        let mark = draft.with(&IN_CATCH);
        let catch = self.sequence(draft, catch, Some((at, Arm::Catch)));
        draft.without(mark);
        Some(TryNode { body: body?, catch: catch? })
    }

    fn decider(
        &mut self,
        draft: &mut Draft<'_>,
        site: &Site,
        (field, condition): (Field, &Condition),
        within: (NodeIndex, Arm),
        variables: &[&'static str],
    ) -> Option<ConditionNode> {
        match condition {
            Condition::Expression(text) => {
                self.expression(draft, site, field, text, variables).map(ConditionNode::Expression)
            }
            Condition::Step(step) => {
                let site = draft.site(&step.id, format!("{}{}", site.pointer, field.pointer));
                let at = self.reserve(draft, &site, Field::whole(), (&step.id, "condition"), Some(within));
                let node = self.step(draft, &site, Field::whole(), step);
                draft.put(at, node.map(Kind::Step));
                Some(ConditionNode::Step(at))
            }
        }
    }
}
