//! Random trees of blocks: whatever happens to them keeps the laws, they can always be brought to their end, and
//! suspending on the way changes nothing about it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use proptest::prelude::*;

use super::laws::{Draw, EndKind, draws, event};
use super::script::{World, commit, owner, suspension};
use crate::event::{CallEnd, CallEnded, Event, StartRequest};
use crate::id::BlobId;
use crate::json::Json;
use crate::path::StepPath;
use crate::resume::{ResumeRequest, Target};
use crate::run::{EntryRecord, RunStatus, StepStatus};
use crate::step::{AnswerWait, Wait, WaitFor, Waits, Wake};
use crate::time::Timestamp;

/// A part of a workflow.
#[derive(Clone, Debug)]
enum Part {
    Step,
    Map,
    Sleep,
    Ask,
    Parallel(Vec<Vec<Part>>),
    /// Arms of which so many have to be done, one more than this.
    First(usize, Vec<Vec<Part>>),
    Branch {
        first: bool,
        arms: Vec<(u8, Vec<Part>)>,
        otherwise: bool,
    },
    ForEach {
        items: u8,
        concurrency: u8,
        body: Vec<Part>,
    },
    Loop {
        rounds: u8,
        body: Vec<Part>,
    },
    Try(Vec<Part>),
    Workflow(Vec<Part>),
}

fn parts() -> impl Strategy<Value = Vec<Part>> {
    parts_of(true)
}

/// Parts; those that close others before they are done only if that is asked for.
fn parts_of(with_first: bool) -> impl Strategy<Value = Vec<Part>> {
    let leaf = prop_oneof![6 => Just(Part::Step), 1 => Just(Part::Map), 1 => Just(Part::Sleep), 1 => Just(Part::Ask)];
    let part = leaf.prop_recursive(3, 20, 3, move |inner| {
        let list = prop::collection::vec(inner, 1..3);
        let arms = prop::collection::vec((0..4u8, list.clone()), 1..3);
        prop_oneof![
            (any::<u8>(), prop::collection::vec(list.clone(), 1..4)).prop_map(
                move |(draw, arms)| match draw {
                    0..128 if with_first => Part::First(usize::from(draw) % arms.len(), arms),
                    _ => Part::Parallel(arms),
                }
            ),
            (any::<bool>(), arms, any::<bool>()).prop_map(|(first, arms, otherwise)| Part::Branch {
                first,
                arms,
                otherwise
            }),
            (0..4u8, 1..4u8, list.clone()).prop_map(|(items, concurrency, body)| Part::ForEach {
                items,
                concurrency,
                body
            }),
            (1..3u8, list.clone()).prop_map(|(rounds, body)| Part::Loop { rounds, body }),
            list.clone().prop_map(Part::Try),
            list.prop_map(Part::Workflow),
        ]
    });
    prop::collection::vec(part, 1..4)
}

/// The parts as the JSON of a workflow; every id differs.
fn text(parts: &[Part], next: &mut u32) -> String {
    let entries: Vec<String> = parts.iter().map(|part| entry(part, next)).collect();
    format!("[{}]", entries.join(","))
}

fn entry(part: &Part, next: &mut u32) -> String {
    *next += 1;
    let id = *next;
    match part {
        Part::Step => format!("\"@s{id}\""),
        Part::Map => format!(r#"{{"map":{{"id":"m{id}","to":"[{id}]"}}}}"#),
        Part::Sleep => format!(r#"{{"sleep":{{"id":"z{id}","ms":1}}}}"#),
        Part::Ask => format!(r#"{{"ask":{{"id":"q{id}"}}}}"#),
        Part::First(more, arms) => {
            let arms: Vec<String> = arms.iter().map(|arm| text(arm, next)).collect();
            format!(r#"{{"parallel":{{"id":"p{id}","first":{},"arms":[{}]}}}}"#, more + 1, arms.join(","))
        }
        Part::Parallel(arms) => {
            let arms: Vec<String> = arms.iter().map(|arm| text(arm, next)).collect();
            format!(r#"{{"parallel":{{"id":"p{id}","arms":[{}]}}}}"#, arms.join(","))
        }
        Part::Branch { first, arms, otherwise } => {
            let mut written = String::new();
            for (at, (when, arm)) in arms.iter().enumerate() {
                let when = match when {
                    0 => "\"false\"".to_owned(),
                    1 => "\"size([1]) == 1\"".to_owned(),
                    _ => {
                        *next += 1;
                        format!("\"?c{next}\"")
                    }
                };
                let comma = if at == 0 { "" } else { "," };
                write!(written, r#"{comma}{{"when":{when},"do":{}}}"#, text(arm, next)).unwrap();
            }
            let mode = if *first { "first" } else { "every" };
            *next += 1;
            let otherwise = if *otherwise { format!(r#","otherwise":"@o{next}""#) } else { String::new() };
            format!(r#"{{"branch":{{"id":"b{id}","mode":"{mode}","arms":[{written}]{otherwise}}}}}"#)
        }
        Part::ForEach { items, concurrency, body } => {
            let items: Vec<String> = (0..*items).map(|item| item.to_string()).collect();
            let (items, body) = (items.join(","), text(body, next));
            format!(
                r#"{{"foreach":{{"id":"f{id}","items":"[{items}]","concurrency":{concurrency},"do":{body}}}}}"#
            )
        }
        Part::Loop { rounds, body } => {
            format!(
                r#"{{"doUntil":{{"id":"l{id}","do":{},"until":"iteration == {rounds}"}}}}"#,
                text(body, next)
            )
        }
        Part::Try(body) => {
            let body = text(body, next);
            *next += 1;
            format!(r#"{{"try":{{"id":"t{id}","do":{body},"catch":"@k{next}"}}}}"#)
        }
        Part::Workflow(body) => format!(r#"{{"workflow":{{"id":"w{id}","steps":{}}}}}"#, text(body, next)),
    }
}

/// What a step gives: true for a condition with an even number, else its path.
fn output(path: &StepPath) -> Json {
    let last = path.last().map(|last| last.id.clone()).unwrap_or_default();
    match last.strip_prefix('c') {
        Some(number) => Json::from(serde_json::json!(number.parse::<u32>().unwrap() % 2 == 0)),
        None => Json::from(serde_json::json!(path.to_string())),
    }
}

fn ended(world: &World, path: &StepPath, end: CallEnd) -> Event {
    let step = &world.run.steps[path];
    Event::CallEnded(CallEnded {
        call: step.calls,
        owner: step.owner().unwrap_or(owner(1)),
        micros: 0,
        end,
        state: BTreeMap::new(),
        request_context: BTreeMap::new(),
        random: 0,
        sit_through_ms: u64::MAX,
        path: path.clone(),
    })
}

fn start(world: &mut World) {
    let event = Event::Started(StartRequest::default(), owner(1));
    let decision = world.decide(&event, Timestamp(0)).unwrap();
    world.store(&decision);
}

/// Brings a run to its end. `choose` picks from so many; with `suspends`, a step may wait for an answer first, and
/// calls may be taken over.
fn bring_to_end(world: &mut World, suspends: bool, mut choose: impl FnMut(usize) -> usize) {
    let mut number = 0u8;
    for round in 1..10_000u64 {
        let now = Timestamp(round * 1_000);
        let run = &world.run;
        let called: Vec<StepPath> = run
            .steps
            .iter()
            .filter(|(_, step)| step.owner().is_some())
            .map(|(path, _)| path.clone())
            .collect();
        let open: Vec<_> = run.answerable().map(|(_, suspension)| suspension.id).collect();
        let sleeping = run.steps.values().any(|step| step.due_at().is_some());
        let event = match choose(called.len() + open.len() + usize::from(sleeping)) {
            at if at < called.len() => {
                let path = &called[at];
                match if suspends { choose(4) } else { 3 } {
                    0 if run.steps[path].calls < 4 => {
                        number = number.checked_add(1).unwrap_or(1);
                        ended(world, path, suspended(number))
                    }
                    1 => {
                        let from = run.steps[path].owner().unwrap();
                        let other = if from == owner(1) { owner(2) } else { owner(1) };
                        if run.steps.values().any(|step| step.take_overs > 3) {
                            ended(world, path, CallEnd::Completed(output(path)))
                        } else {
                            Event::TakenOver { from, by: other }
                        }
                    }
                    _ => ended(world, path, CallEnd::Completed(output(path))),
                }
            }
            at if at < called.len() + open.len() => {
                let target = Target::suspension(open[at - called.len()]);
                Event::Resumed(ResumeRequest { target, ..ResumeRequest::default() }, owner(1))
            }
            _ => Event::TimePassed { owner: owner(1) },
        };
        match world.decide(&event, now) {
            Ok(decision) => world.store(&decision),
            Err(refused) => panic!("{event:?}: {refused}"),
        }
        if world.run.status().is_final() {
            return;
        }
    }
    panic!("no end: {:?}", world.run);
}

fn suspended(number: u8) -> CallEnd {
    let answer = AnswerWait {
        payload: Json::null(),
        labels: Vec::new(),
        assignees: Vec::new(),
        resume_schema: None,
        deadline: None,
    };
    CallEnd::Suspended {
        waits: Waits { waits: vec![Wait { id: 0, what: WaitFor::Answer(answer) }], wake: Wake::Any },
        suspensions: vec![suspension(number)],
        image: Some(BlobId::from_bytes([number; 16])),
        workflows: BTreeMap::new(),
    }
}

/// How each entry ended and with what.
fn ends(world: &World) -> BTreeMap<String, (StepStatus, Option<String>)> {
    let end = |step: &EntryRecord| (step.entry.status, step.entry.output.as_ref().map(Json::to_string));
    world.records.iter().map(|(path, step)| (path.to_string(), end(step))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_events_keep_the_laws(parts in parts(), draws in prop::collection::vec(draws(), 0..80)) {
        let mut world = World::new(commit(&text(&parts, &mut 0)).unwrap());
        for (at, draw) in (1u8..).zip(std::iter::once(&Draw::Start).chain(&draws)) {
            let now = Timestamp(u64::from(at) * 1_000);
            if let Ok(decision) = world.decide(&event(draw, &world.run, at), now) {
                world.store(&decision);
            }
        }
        // Left alone, it ends: every call completes, every answer is given, time passes.
        for (at, now) in (100..200u8).cycle().zip((1_000..3_000u64).map(|second| Timestamp(second * 1_000))) {
            let draw = match world.run.status() {
                RunStatus::Running => Draw::End { step: 0, late: false, kind: EndKind::Complete },
                RunStatus::Waiting => Draw::Time,
                RunStatus::Suspended => Draw::answer(),
                _ => break,
            };
            if let Ok(decision) = world.decide(&event(&draw, &world.run, at), now) {
                world.store(&decision);
            }
        }
        prop_assert!(world.run.status().is_final(), "{:?}", world.run);
    }

    /// Steps that suspend, answers in any order, calls that go from one owner to another: the run comes to the same
    /// end.
    #[test]
    fn suspending_changes_nothing_about_the_end(parts in parts_of(false), choices in prop::collection::vec(any::<u16>(), 1..200)) {
        let workflow = text(&parts, &mut 0);
        let (mut plain, mut odd) = (World::new(commit(&workflow).unwrap()), World::new(commit(&workflow).unwrap()));
        start(&mut plain);
        start(&mut odd);
        if !plain.run.status().is_final() {
            bring_to_end(&mut plain, false, |_| 0);
            let mut choices = choices.iter().cycle();
            bring_to_end(&mut odd, true, |of| usize::from(*choices.next().unwrap()) % of.max(1));
        }
        prop_assert_eq!(plain.run.status(), RunStatus::Success);
        prop_assert_eq!(ends(&plain), ends(&odd));
    }
}
