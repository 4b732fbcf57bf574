//! Random trees of blocks.

use std::collections::BTreeMap;

use reentry::core::digest::ComponentDigest;
use reentry::core::path::StepPath;
use reentry::core::workflow::Definition;
use serde_json::{Value, json};

use crate::chance::Chance;
use crate::guest::{BAILING, FAILING, FAILING_AT_TIMES, SCRIPTS, guest, straight};

/// Deepest nesting of blocks.
const DEPTH_MAX: usize = 3;

/// A part of a workflow.
#[derive(Clone, Debug)]
enum Part {
    Step(&'static str),
    Map,
    Sleep,
    /// A question of the workflow's own, with a default or without a deadline. Who answers it is left to chance, so
    /// that nothing is made of the answer.
    Ask {
        default: bool,
    },
    Parallel(Vec<Vec<Part>>),
    /// Arms of which so many have to be done; one that fails for good may be among the others. Which arms are done is
    /// left to chance, so that nothing is made of the output but its size.
    First {
        arms: Vec<Vec<Part>>,
        first: usize,
        fails: Option<&'static str>,
    },
    Branch {
        first: bool,
        arms: Vec<(bool, Vec<Part>)>,
        otherwise: bool,
    },
    ForEach {
        items: usize,
        concurrency: usize,
        body: Vec<Part>,
    },
    Loop {
        rounds: usize,
        body: Vec<Part>,
    },
    /// What fails for good is the last of the body, so that what else is in it does not decide what is caught.
    Try {
        body: Vec<Part>,
        fails: Option<&'static str>,
    },
    Workflow(Vec<Part>),
    /// A workflow that one of two arms ends, whatever the other one does; what follows them is never reached.
    Bail {
        body: Vec<Part>,
        bails: &'static str,
        beside: Vec<Part>,
    },
}

/// With what the ids of questions begin, and the answer that they have by default.
const QUESTION: &str = "q";
pub(crate) const DEFAULT: &str = "by default";

/// Whether a path is that of a question of the workflow's own.
pub(crate) fn is_question(path: &StepPath) -> bool {
    path.last().is_some_and(|last| last.id.starts_with(QUESTION))
}

/// A workflow to be simulated.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    parts: Vec<Part>,
    /// The delay before the first further try: the caller sits through it, or nobody does.
    delay_ms: u64,
    /// Whether something in it is closed before it is done.
    pub(crate) closes: bool,
}

impl Tree {
    /// Draws a tree of at most so many leaves in each sequence of parts that are drawn one after the other.
    pub(crate) fn draw(chance: &mut Chance) -> Self {
        let mut leaves = 2 + chance.below(7);
        let mut parts = sequence(chance, &mut leaves, 0);
        if chance.one_in(8) {
            // The run fails now and then, and has to be restarted.
            let arms = [*chance.pick(&FAILING_AT_TIMES), *chance.pick(&SCRIPTS)];
            parts.push(Part::Parallel(arms.map(|script| vec![Part::Step(script)]).into()));
        }
        let delay_ms = if chance.one_in(3) { 3_600_000 } else { 1_000 };
        let mut tree = Self { parts, delay_ms, closes: false };
        let definition = serde_json::to_string(&tree.definition(guest().digest(), true)).unwrap();
        tree.closes =
            definition.contains(r#""first":"#) || tree.scripts().values().any(|script| script.contains('z'));
        tree
    }

    /// The ids of its entries that stand in no block.
    pub(crate) fn entries(&self) -> Vec<String> {
        let mut writer = Writer { component: String::new(), suspends: true, next: 0 };
        let entries = writer.sequence(&self.parts);
        let id = |entry: &Value| Some(entry.as_object()?.values().next()?["id"].as_str()?.to_owned());
        entries.iter().filter_map(id).collect()
    }

    /// The workflow; with `suspends`, its steps wait and fail as their scripts say, else they only work.
    pub(crate) fn definition(&self, component: ComponentDigest, suspends: bool) -> Definition {
        let mut writer = Writer { component: component.to_string(), suspends, next: 0 };
        let steps = writer.sequence(&self.parts);
        let retry = json!({"retries": 3, "delayMs": self.delay_ms, "backoff": 2, "jitter": 0.5});
        serde_json::from_value(json!({"id": "tree", "retry": retry, "steps": steps})).unwrap()
    }

    /// The scripts of the steps, by their ids.
    pub(crate) fn scripts(&self) -> BTreeMap<String, String> {
        let definition = self.definition(guest().digest(), true);
        let steps = definition.step_entries();
        steps.into_iter().map(|(_, step)| (step.id.clone(), step.step.clone())).collect()
    }
}

fn sequence(chance: &mut Chance, leaves: &mut usize, depth: usize) -> Vec<Part> {
    let mut parts = vec![part(chance, leaves, depth)];
    while *leaves > 0 && parts.len() < 3 && !chance.one_in(3) {
        parts.push(part(chance, leaves, depth));
    }
    parts
}

fn part(chance: &mut Chance, leaves: &mut usize, depth: usize) -> Part {
    let leaf = depth == DEPTH_MAX || *leaves < 2 || chance.one_in(2);
    if leaf {
        *leaves = leaves.saturating_sub(1);
        return match chance.below(11) {
            0 => Part::Map,
            1 => Part::Sleep,
            2 => Part::Ask { default: chance.one_in(2) },
            _ => Part::Step(chance.pick::<&str>(&SCRIPTS)),
        };
    }
    let deeper = depth + 1;
    match chance.below(20) / 2 {
        0..3 => {
            let arms = 1 + chance.below(3);
            Part::Parallel((0..arms).map(|_| sequence(chance, leaves, deeper)).collect())
        }
        3 => {
            let arms = 1 + chance.below(2);
            let (first, otherwise) = (chance.one_in(2), chance.one_in(2));
            let arms = (0..arms).map(|_| (!chance.one_in(3), sequence(chance, leaves, deeper))).collect();
            Part::Branch { first, arms, otherwise }
        }
        4 | 5 => {
            let (items, concurrency) = (chance.below(4), 1 + chance.below(3));
            Part::ForEach { items, concurrency, body: sequence(chance, leaves, deeper) }
        }
        6 => Part::Loop { rounds: 1 + chance.below(2), body: sequence(chance, leaves, deeper) },
        7 => {
            let fails = chance.one_in(2).then(|| *chance.pick(&FAILING));
            Part::Try { body: sequence(chance, leaves, deeper), fails }
        }
        8 => Part::Workflow(sequence(chance, leaves, deeper)),
        9 if chance.one_in(2) => {
            let arms = [sequence(chance, leaves, deeper), sequence(chance, leaves, deeper)].into();
            let fails = chance.one_in(3).then(|| *chance.pick(&FAILING));
            Part::First { arms, first: 1 + chance.below(2), fails }
        }
        _ => Part::Bail {
            body: sequence(chance, leaves, deeper),
            bails: chance.pick::<&str>(&BAILING),
            beside: sequence(chance, leaves, deeper),
        },
    }
}

/// Writes a tree as the JSON of a workflow; every id differs.
struct Writer {
    component: String,
    suspends: bool,
    next: usize,
}

impl Writer {
    fn sequence(&mut self, parts: &[Part]) -> Vec<Value> {
        let mut entries = Vec::new();
        for part in parts {
            entries.push(self.part(part));
            // What is left to chance goes no further.
            match part {
                Part::Ask { .. } => entries.push(self.map("null")),
                Part::First { .. } => entries.push(self.map("size(input)")),
                _ => {}
            }
        }
        entries
    }

    fn map(&mut self, of: &str) -> Value {
        let id = self.number();
        json!({"map": {"id": format!("m{id}"), "to": format!("[{id}, {of}]")}})
    }

    fn number(&mut self) -> usize {
        self.next += 1;
        self.next
    }

    fn step(&mut self, script: &str) -> Value {
        let step = if self.suspends { script.to_owned() } else { straight(script) };
        json!({"then": {"id": format!("s{}", self.number()), "component": self.component, "step": step}})
    }

    fn part(&mut self, part: &Part) -> Value {
        match part {
            Part::Step(script) => self.step(script),
            Part::Map => self.map("null"),
            Part::Sleep => {
                let id = format!("z{}", self.number());
                match self.suspends {
                    true => json!({"sleep": {"id": id, "ms": 1_500}}),
                    false => json!({"map": {"id": id, "to": "input"}}),
                }
            }
            Part::Ask { default } => {
                let id = format!("{QUESTION}{}", self.number());
                let mut entry = json!({"id": id, "payload": "'?'"});
                if *default {
                    entry["deadline"] = json!({"ms": 5_000, "otherwise": DEFAULT});
                }
                match self.suspends {
                    true => json!({"ask": entry}),
                    false => json!({"map": {"id": id, "to": "input"}}),
                }
            }
            Part::First { arms, first, fails } => {
                let id = format!("p{}", self.number());
                let mut arms: Vec<_> = arms.iter().map(|arm| self.sequence(arm)).collect();
                arms.extend(fails.map(|script| vec![self.step(script)]));
                json!({"parallel": {"id": id, "first": first, "arms": arms}})
            }
            Part::Parallel(arms) => {
                let id = format!("p{}", self.number());
                let arms: Vec<_> = arms.iter().map(|arm| self.sequence(arm)).collect();
                json!({"parallel": {"id": id, "arms": arms}})
            }
            Part::Branch { first, arms, otherwise } => {
                let id = format!("b{}", self.number());
                let arm = |(when, arm): &(bool, Vec<Part>)| json!({"when": when.to_string(), "do": self.sequence(arm)});
                let arms: Vec<_> = arms.iter().map(arm).collect();
                let mut entry =
                    json!({"id": id, "mode": if *first { "first" } else { "every" }, "arms": arms});
                if *otherwise {
                    entry["otherwise"] = self.step("w");
                }
                json!({"branch": entry})
            }
            Part::ForEach { items, concurrency, body } => {
                let (id, items) = (format!("f{}", self.number()), json!((0..*items).collect::<Vec<_>>()));
                let body = self.sequence(body);
                json!({"foreach": {"id": id, "items": items.to_string(), "concurrency": concurrency, "do": body}})
            }
            Part::Loop { rounds, body } => {
                let id = format!("l{}", self.number());
                json!({"doUntil": {"id": id, "do": self.sequence(body), "until": format!("iteration >= {rounds}")}})
            }
            Part::Try { body, fails } => {
                let id = format!("t{}", self.number());
                let mut body = self.sequence(body);
                body.extend(fails.map(|script| self.step(script)));
                json!({"try": {"id": id, "do": body, "catch": self.step("ww")}})
            }
            Part::Workflow(body) => {
                let id = format!("w{}", self.number());
                json!({"workflow": {"id": id, "steps": self.sequence(body)}})
            }
            Part::Bail { body, bails, beside } => {
                let (id, block) = (format!("w{}", self.number()), format!("p{}", self.number()));
                let mut body = self.sequence(body);
                body.push(self.step(bails));
                let arms = json!({"parallel": {"id": block, "arms": [body, self.sequence(beside)]}});
                json!({"workflow": {"id": id, "steps": [arms, self.step("w")]}})
            }
        }
    }
}
