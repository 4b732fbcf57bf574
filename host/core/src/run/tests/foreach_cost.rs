//! What a `foreach` over expressions costs: counted in records that are read, and in entries that are entered.

use std::fmt::Write as _;

use super::script::{World, commit, owner};
use crate::event::{Event, StartRequest};
use crate::json::Json;
use crate::run::{Known, NoDecision, RunStatus, apply};
use crate::time::Timestamp;

/// Decides about an event, and counts how often the whole of it was begun.
fn decide(world: &mut World, event: &Event, rounds: &mut usize) -> Vec<crate::effect::Effect> {
    let mut known = Known::default();
    loop {
        *rounds += 1;
        match apply(world.run.clone(), &world.program, event.clone(), Timestamp(1), &known) {
            Ok(decision) => {
                world.records.extend(decision.steps.iter().cloned());
                world.run = decision.run;
                return decision.effects;
            }
            Err(NoDecision::Refused(refused)) => panic!("{refused}"),
            Err(NoDecision::Due) => panic!("nothing has a deadline"),
            Err(NoDecision::Missing(missing)) => {
                for path in missing.steps {
                    let record = world.records.get(&path).cloned();
                    assert!(known.steps.insert(path, record).is_none(), "asked for twice");
                }
                for path in missing.repetitions {
                    let repeats =
                        |other: &&crate::path::StepPath| other.without_index() == path && **other != path;
                    let all = world.records.keys().filter(repeats).cloned().collect::<Vec<_>>();
                    let all =
                        all.into_iter().map(|path| (path.clone(), world.records[&path].clone())).collect();
                    known.repetitions.insert(path, all);
                }
            }
        }
    }
}

/// How often decisions were begun, over items.
fn rounds(items: usize) -> usize {
    let workflow = commit(r#"[{"foreach": {"do": {"map": {"to": "item + 1"}}}}]"#).unwrap();
    let mut world = World::new(workflow);
    let mut input = "[0".to_owned();
    (1..items).for_each(|number| write!(input, ",{number}").unwrap());
    let request = StartRequest { input: Some(Json::parse(input + "]").unwrap()), ..StartRequest::default() };
    let mut rounds = 0;
    let mut next = vec![Event::Started(request, owner(1))];
    while let Some(event) = next.pop() {
        for effect in decide(&mut world, &event, &mut rounds) {
            next.push(Event::Continued { path: effect.path().clone(), owner: owner(1) });
        }
    }
    assert_eq!(world.run.status(), RunStatus::Success);
    let output = world.records[&crate::path::StepPath::root()].entry.output.clone().unwrap();
    assert_eq!(output.decode::<Vec<u64>>().unwrap(), (1..=items as u64).collect::<Vec<_>>());
    rounds
}

#[test]
fn a_foreach_over_expressions_is_linear() {
    // A thousand entries a decision, each decision begun anew a few times, whenever twice as many records are known.
    assert_eq!([500, 1_000, 2_000, 8_000].map(rounds), [3, 14, 36, 168]);
}
