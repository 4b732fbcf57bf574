//! From names of components to digests, through a whole definition.

use super::block::{Block, Condition};
use super::definition::{
    AskEntry, BranchArm, BranchEntry, Definition, DoUntilEntry, DoWhileEntry, Entry, ForEachEntry,
    ParallelEntry, StepEntry, TryEntry,
};
use super::parts::Part;
use crate::digest::ComponentDigest;

impl<C> Definition<C> {
    /// Replaces whatever names the components, and fills in the ids that were left out ([`Self::fill_in_ids`]).
    ///
    /// # Errors
    /// The first error of `resolve`.
    pub fn try_map<D, E>(self, resolve: &mut impl FnMut(C) -> Result<D, E>) -> Result<Definition<D>, E> {
        let mut mapped = definition(self, resolve)?;
        mapped.fill_in_ids();
        Ok(mapped)
    }

    /// All steps of components, with the JSON Pointer of each: those in blocks, in conditions and in nested workflows
    /// too, in the order in which they are written.
    pub fn step_entries(&self) -> Vec<(String, &StepEntry<C>)> {
        let mut found = Found::default();
        in_workflow(self, "", &mut found);
        found.steps
    }

    /// All questions that it asks by itself, likewise.
    pub fn ask_entries(&self) -> Vec<(String, &AskEntry)> {
        let mut found = Found::default();
        in_workflow(self, "", &mut found);
        found.asks
    }
}

impl Definition {
    /// The components of all its steps, nested ones too, in order; one that is used twice comes twice.
    pub fn components(&self) -> Vec<ComponentDigest> {
        self.step_entries().into_iter().map(|(_, step)| step.component).collect()
    }
}

/// What is looked for in a definition, each with the way to it.
struct Found<'d, C> {
    steps: Vec<(String, &'d StepEntry<C>)>,
    asks: Vec<(String, &'d AskEntry)>,
}

impl<C> Default for Found<'_, C> {
    fn default() -> Self {
        Self { steps: Vec::new(), asks: Vec::new() }
    }
}

fn in_workflow<'d, C>(workflow: &'d Definition<C>, pointer: &str, found: &mut Found<'d, C>) {
    for (n, entry) in workflow.steps.iter().enumerate() {
        in_entry(entry, &format!("{pointer}/steps/{n}"), found);
    }
}

fn in_entry<'d, C>(entry: &'d Entry<C>, pointer: &str, found: &mut Found<'d, C>) {
    let pointer = format!("{pointer}/{}", entry.verb());
    match entry {
        Entry::Then(step) => found.steps.push((pointer, step)),
        Entry::Ask(ask) => found.asks.push((pointer, ask)),
        Entry::Workflow(inner) => in_workflow(inner, &pointer, found),
        Entry::Parallel(_) | Entry::Branch(_) | Entry::Try(_) => in_block(entry, &pointer, found),
        Entry::ForEach(_) | Entry::DoWhile(_) | Entry::DoUntil(_) => in_block(entry, &pointer, found),
        Entry::Map(_) | Entry::Sleep(_) | Entry::SleepUntil(_) | Entry::Event(_) => {}
    }
}

fn in_block<'d, C>(entry: &'d Entry<C>, pointer: &str, found: &mut Found<'d, C>) {
    for (below, part) in entry.parts() {
        let pointer = format!("{pointer}{below}");
        match part {
            Part::Condition(step) => found.steps.push((pointer, step)),
            Part::Open(block) | Part::Repeated(block) => {
                for (below, entry) in block.entries() {
                    in_entry(entry, &format!("{pointer}{below}"), found);
                }
            }
        }
    }
}

fn definition<C, D, E>(
    from: Definition<C>,
    resolve: &mut impl FnMut(C) -> Result<D, E>,
) -> Result<Definition<D>, E> {
    Ok(Definition {
        steps: entries(from.steps, resolve)?,
        id: from.id,
        title: from.title,
        description: from.description,
        input_schema: from.input_schema,
        output_schema: from.output_schema,
        state_schema: from.state_schema,
        request_context_schema: from.request_context_schema,
        retry: from.retry,
        timeout_ms: from.timeout_ms,
    })
}

fn entries<C, D, E>(
    from: Vec<Entry<C>>,
    resolve: &mut impl FnMut(C) -> Result<D, E>,
) -> Result<Vec<Entry<D>>, E> {
    from.into_iter().map(|one| entry(one, resolve)).collect()
}

fn entry<C, D, E>(from: Entry<C>, resolve: &mut impl FnMut(C) -> Result<D, E>) -> Result<Entry<D>, E> {
    Ok(match from {
        Entry::Then(from) => Entry::Then(step(from, resolve)?),
        Entry::Workflow(from) => Entry::Workflow(definition(from, resolve)?),
        Entry::Parallel(from) => {
            let arms = from.arms.into_iter().map(|arm| block(arm, resolve)).collect::<Result<_, E>>()?;
            Entry::Parallel(ParallelEntry { id: from.id, arms, first: from.first })
        }
        Entry::Branch(from) => Entry::Branch(branch(from, resolve)?),
        Entry::ForEach(from) => Entry::ForEach(ForEachEntry {
            id: from.id,
            items: from.items,
            concurrency: from.concurrency,
            body: block(from.body, resolve)?,
        }),
        Entry::DoWhile(from) => Entry::DoWhile(DoWhileEntry {
            id: from.id,
            body: block(from.body, resolve)?,
            condition: condition(from.condition, resolve)?,
        }),
        Entry::DoUntil(from) => Entry::DoUntil(DoUntilEntry {
            id: from.id,
            body: block(from.body, resolve)?,
            condition: condition(from.condition, resolve)?,
        }),
        Entry::Map(from) => Entry::Map(from),
        Entry::Sleep(from) => Entry::Sleep(from),
        Entry::SleepUntil(from) => Entry::SleepUntil(from),
        Entry::Ask(from) => Entry::Ask(from),
        Entry::Event(from) => Entry::Event(from),
        Entry::Try(from) => Entry::Try(TryEntry {
            id: from.id,
            body: block(from.body, resolve)?,
            catch: block(from.catch, resolve)?,
        }),
    })
}

fn branch<C, D, E>(
    from: BranchEntry<C>,
    resolve: &mut impl FnMut(C) -> Result<D, E>,
) -> Result<BranchEntry<D>, E> {
    let mut arms = Vec::with_capacity(from.arms.len());
    for arm in from.arms {
        arms.push(BranchArm { when: condition(arm.when, resolve)?, body: block(arm.body, resolve)? });
    }
    let otherwise = from.otherwise.map(|otherwise| block(otherwise, resolve)).transpose()?;
    Ok(BranchEntry { id: from.id, mode: from.mode, arms, otherwise })
}

fn block<C, D, E>(from: Block<C>, resolve: &mut impl FnMut(C) -> Result<D, E>) -> Result<Block<D>, E> {
    entries(from.0, resolve).map(Block)
}

fn condition<C, D, E>(
    from: Condition<C>,
    resolve: &mut impl FnMut(C) -> Result<D, E>,
) -> Result<Condition<D>, E> {
    Ok(match from {
        Condition::Expression(text) => Condition::Expression(text),
        Condition::Step(from) => Condition::Step(step(from, resolve)?),
    })
}

fn step<C, D, E>(from: StepEntry<C>, resolve: &mut impl FnMut(C) -> Result<D, E>) -> Result<StepEntry<D>, E> {
    Ok(StepEntry {
        id: from.id,
        component: resolve(from.component)?,
        step: from.step,
        retry: from.retry,
        timeout_ms: from.timeout_ms,
        total_timeout_ms: from.total_timeout_ms,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Steps in every place that can hold one.
    const EVERYWHERE: &str = r#"{"id": "w", "timeoutMs": 9, "steps": [
        {"then": {"component": "a", "step": "s", "timeoutMs": 1, "totalTimeoutMs": 2}},
        {"workflow": {"id": "inner", "steps": [{"then": {"component": "b", "step": "s"}}]}},
        {"parallel": {"arms": [{"then": {"component": "c", "step": "c"}},
            [{"then": {"component": "d", "step": "d"}}, {"map": {"to": "1"}}]], "first": 1}},
        {"branch": {"mode": "every",
            "arms": [{"when": {"component": "e", "step": "e"}, "do": {"then": {"component": "f", "step": "f"}}}],
            "otherwise": {"then": {"component": "g", "step": "g"}}}},
        {"foreach": {"items": "input", "concurrency": 3, "do": {"then": {"component": "h", "step": "h"}}}},
        {"doWhile": {"do": {"then": {"component": "i", "step": "i"}}, "while": {"component": "j", "step": "j"}}},
        {"doUntil": {"do": {"then": {"component": "k", "step": "k"}}, "until": {"component": "l", "step": "l"}}},
        {"sleep": {"ms": 1}}, {"sleepUntil": {"at": "x"}}, {"map": {"to": {"k": "1"}}},
        {"ask": {"title": "t", "description": "d", "payload": {"k": "1"}, "answer": {"type": "null"},
            "labels": ["l", {"expr": "1"}],
            "assignees": [{"expr": "2"}], "deadline": {"for": "1d", "timeZone": "UTC", "otherwise": null}}},
        {"event": {"name": "n", "key": {"expr": "k"}, "schema": true, "deadline": {"ms": 1}}},
        {"try": {"do": {"then": {"component": "m", "step": "m"}},
            "catch": {"then": {"component": "n", "step": "n"}}}}]}"#;

    #[test]
    fn components_are_replaced_everywhere_and_nothing_else_is() {
        let written: Definition<String> = serde_json::from_str(EVERYWHERE).unwrap();
        let mut names = Vec::new();
        let mut upper = |name: String| {
            names.push(name.clone());
            Ok::<_, ()>(name.to_uppercase())
        };
        let resolved = written.clone().try_map(&mut upper).unwrap();
        assert_eq!(names.concat(), "abcdefghijklmn");
        let mut back = resolved.try_map(&mut |name: String| Ok::<_, ()>(name.to_lowercase())).unwrap();
        let mut filled = written;
        filled.fill_in_ids();
        back.fill_in_ids();
        assert_eq!(back, filled);
    }

    #[test]
    fn the_first_error_ends_it() {
        let written: Definition<String> = serde_json::from_str(EVERYWHERE).unwrap();
        let refuse = |name: String| if name == "j" { Err(name) } else { Ok(()) };
        assert_eq!(written.try_map(&mut { refuse }).unwrap_err(), "j");
    }

    #[test]
    fn pointers_lead_to_the_steps() {
        let written: Definition<String> = serde_json::from_str(EVERYWHERE).unwrap();
        let document: serde_json::Value = serde_json::from_str(EVERYWHERE).unwrap();
        let asks: Vec<String> = written.ask_entries().into_iter().map(|(pointer, _)| pointer).collect();
        assert_eq!(asks, ["/steps/10/ask"]);
        let entries = written.step_entries();
        assert_eq!(entries.len(), 14);
        for (pointer, entry) in entries {
            let component = document.pointer(&pointer).and_then(|step| step.get("component"));
            assert_eq!(component, Some(&serde_json::json!(entry.component)), "{pointer}");
        }
    }
}
