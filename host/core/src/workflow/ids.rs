//! Ids that an author left out.

use std::collections::{HashMap, HashSet};

use super::block::Block;
use super::definition::{Definition, Entry, StepEntry};
use super::parts::{Part, ids_of_scope};

impl<C> Definition<C> {
    /// Fills in the ids that were left out. Doing it again changes nothing.
    ///
    /// A step has the id of what the component calls it. A block that repeats a single step, `ask`, `event` or
    /// workflow shares its id with it, whichever of the two has one. Everything else is `<verb>-<n>`, where n counts
    /// the entries of that verb in their scope from 1, in the order in which they are written; ids that are taken are
    /// passed over.
    pub fn fill_in_ids(&mut self) {
        fill_in(&mut self.steps);
    }
}

fn fill_in<C>(scope: &mut [Entry<C>]) {
    scope.iter_mut().for_each(derive);
    let mut taken = Vec::new();
    ids_of_scope(scope, &mut taken);
    let taken = taken.into_iter().map(str::to_owned).collect();
    Numbers { taken, counts: HashMap::new() }.give(scope);
}

/// Gives an entry the id that follows from what it is, and looks after what it holds.
fn derive<C>(entry: &mut Entry<C>) {
    match entry {
        Entry::Then(step) => name_after_step(step),
        Entry::Workflow(inner) => inner.fill_in_ids(),
        Entry::Parallel(_) | Entry::Branch(_) | Entry::Try(_) => {}
        Entry::ForEach(_) | Entry::DoWhile(_) | Entry::DoUntil(_) => {}
        Entry::Map(_) | Entry::Sleep(_) | Entry::SleepUntil(_) | Entry::Ask(_) | Entry::Event(_) => {}
    }
    let mut id = std::mem::take(entry.id_mut());
    for part in entry.parts_mut() {
        match part {
            Part::Open(block) => block.0.iter_mut().for_each(derive),
            Part::Repeated(body) => share_id(&mut id, body),
            Part::Condition(step) => name_after_step(step),
        }
    }
    *entry.id_mut() = id;
}

fn name_after_step<C>(step: &mut StepEntry<C>) {
    if step.id.is_empty() {
        step.id.clone_from(&step.step);
    }
}

/// A block that repeats: its body is one thing with one name, or a scope.
fn share_id<C>(id: &mut String, body: &mut Block<C>) {
    let [only] = body.0.as_mut_slice() else { return fill_in(&mut body.0) };
    if !only.has_path_of_block() {
        return fill_in(&mut body.0);
    }
    if matches!(only, Entry::Workflow(_)) {
        // It is called what its author calls it, here as anywhere.
        fill_in(std::slice::from_mut(only));
    } else {
        if only.id().is_empty() {
            only.id_mut().clone_from(id);
        }
        // What has no name now is named when the block is.
        derive(only);
    }
    if id.is_empty() {
        only.id().clone_into(id);
    }
}

/// Numbers the entries of one scope.
struct Numbers {
    taken: HashSet<String>,
    counts: HashMap<&'static str, usize>,
}

impl Numbers {
    fn give<C>(&mut self, entries: &mut [Entry<C>]) {
        for entry in entries {
            let count = self.counts.entry(entry.verb()).or_default();
            *count += 1;
            if entry.id().is_empty() {
                while self.taken.contains(&format!("{}-{count}", entry.verb())) {
                    *count += 1;
                }
                let id = format!("{}-{count}", entry.verb());
                for part in entry.parts_mut() {
                    if let Part::Repeated(Block(body)) = part
                        && let [only] = body.as_mut_slice()
                        && only.id().is_empty()
                    {
                        only.id_mut().clone_from(&id);
                    }
                }
                *entry.id_mut() = id;
            }
            for part in entry.parts_mut() {
                match part {
                    Part::Open(block) => self.give(&mut block.0),
                    // A scope of its own, and one that has an id already.
                    Part::Repeated(_) | Part::Condition(_) => {}
                }
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// The ids of a definition's entries, with brackets around what a block holds.
    fn ids(steps: &str) -> String {
        let text =
            format!(r#"{{"id": "w", "steps": [{steps}]}}"#).replace('#', r#""component": "c", "step""#);
        let mut definition: Definition<String> = serde_json::from_str(&text).unwrap();
        definition.fill_in_ids();
        let once = definition.clone();
        definition.fill_in_ids();
        assert_eq!(definition, once, "filling in twice changes something");
        told(&once.steps)
    }

    fn told(entries: &[Entry<String>]) -> String {
        let parts = |entry: &Entry<String>| match entry {
            Entry::Workflow(inner) => format!("({})", told(&inner.steps)),
            entry => entry
                .parts()
                .iter()
                .map(|(_, part)| match part {
                    Part::Open(block) => format!("[{}]", told(&block.0)),
                    Part::Repeated(block) => format!("({})", told(&block.0)),
                    Part::Condition(step) => format!("?{}", step.id),
                })
                .collect(),
        };
        entries.iter().map(|entry| format!("{}{}", entry.id(), parts(entry))).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_was_left_out_follows_from_the_entry() {
        let table = [
            (r#"{"then": {#: "a"}}, {"then": {"id": "b", #: "a"}}"#, "a b"),
            (
                r#"{"map": {"to": "1"}}, {"map": {"id": "m", "to": "1"}}, {"map": {"to": "1"}}"#,
                "map-1 m map-3",
            ),
            // What the author gave is passed over, wherever in the scope it stands.
            (
                r#"{"map": {"to": "1"}}, {"map": {"to": "1"}}, {"sleep": {"id": "map-1", "ms": 1}}"#,
                "map-2 map-3 map-1",
            ),
            // Blocks that do not repeat share the scope that they are in.
            (
                r#"{"parallel": {"arms": [{"map": {"to": "1"}}, [{"map": {"to": "1"}}, {"parallel": {"arms": []}}]]}},
                    {"map": {"to": "1"}}"#,
                "parallel-1[map-1][map-2 parallel-2] map-3",
            ),
            (
                r#"{"branch": {"mode": "first", "arms": [{"when": {#: "ask"}, "do": {"then": {#: "a"}}}], "otherwise": {"map": {"to": "1"}}}}, {"try": {"do": {"then": {#: "b"}}, "catch": {"map": {"to": "1"}}}}"#,
                "branch-1?ask[a][map-1] try-1[b][map-2]",
            ),
            // A body of one step or workflow has one id with its block.
            (r#"{"foreach": {"do": {"then": {#: "a"}}}}"#, "a(a)"),
            (r#"{"foreach": {"id": "each", "do": {"then": {#: "a"}}}}"#, "each(each)"),
            (r#"{"foreach": {"id": "each", "do": {"then": {"id": "one", #: "a"}}}}"#, "each(one)"),
            (
                r#"{"doUntil": {"do": {"workflow": {"id": "in", "steps": [{"map": {"to": "1"}}]}}, "until": "true"}}"#,
                "in(in(map-1))",
            ),
            (r#"{"foreach": {"do": {"ask": {"id": "a"}}}}, {"ask": {}}"#, "a(a) ask-1"),
            (r#"{"foreach": {"id": "each", "do": {"ask": {}}}}"#, "each(each)"),
            (
                r#"{"event": {"name": "n"}}, {"foreach": {"id": "each", "do": {"event": {"name": "n"}}}}"#,
                "event-1 each(each)",
            ),
            (
                r#"{"foreach": {"do": {"ask": {}}}}, {"doWhile": {"do": {"ask": {}}, "while": "true"}}"#,
                "foreach-1(foreach-1) doWhile-1(doWhile-1)",
            ),
            // Any other body is a scope of its own, where numbers begin anew.
            (
                r#"{"map": {"to": "1"}}, {"doWhile": {"do": [{"map": {"to": "1"}},
                    {"foreach": {"do": {"map": {"to": "1"}}}}], "while": {#: "more"}}}"#,
                "map-1 doWhile-1(map-1 foreach-1(map-1))?more",
            ),
            (
                r#"{"sleep": {"ms": 1}}, {"sleepUntil": {"at": ""}}, {"doUntil": {"do": [], "until": ""}}"#,
                "sleep-1 sleepUntil-1 doUntil-1()",
            ),
        ];
        for (steps, expected) in table {
            assert_eq!(ids(steps), expected, "{steps}");
        }
    }
}
