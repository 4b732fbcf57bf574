use super::*;
use crate::digest::WorkflowDigest;
use crate::id::{RunId, SuspensionId, TenantId};
use crate::run::{Doing, EntryRecord, Held, Phase, RunState, StepResult, StepStatus, Suspension, Waiting};
use crate::step::{AnswerWait, Wait, WaitFor, Wake};
use crate::time::Timestamp;

/// A run in which these steps wait for an answer: path and labels, the first with suspension 0 and so on.
fn waiting(steps: &[(&str, &[&str])]) -> RunState {
    let id = RunId::from_bytes([0; 16]);
    let workflow = (WorkflowDigest::of(b""), "w".to_owned());
    let mut run = RunState::new(id, TenantId::default(), workflow, Timestamp(0));
    run.phase = Phase::Live;
    for (at, (path, labels)) in (0u8..).zip(steps) {
        let labels = labels.iter().map(|label| (*label).to_owned()).collect();
        let answer = AnswerWait {
            payload: Json::null(),
            labels,
            assignees: Vec::new(),
            resume_schema: None,
            deadline: None,
        };
        let suspension = Suspension {
            id: SuspensionId::from_bytes([at; 16]),
            wait: Wait { id: 0, what: WaitFor::Answer(answer) },
            since: Timestamp(0),
            version: u64::from(at),
            over: None,
            claim: None,
            refusals: 0,
            child: None,
        };
        let entry = StepResult {
            status: StepStatus::Suspended,
            payload: Json::null(),
            output: None,
            error: None,
            started_at: Timestamp(0),
            ended_at: None,
            suspend_payload: None,
            suspended_at: None,
            resume_payload: None,
            resumed_at: None,
        };
        let step = EntryRecord {
            entry,
            apart: None,
            calls: 1,
            attempt: 0,
            take_overs: 0,
            trials: 0,
            children: 0,
            refused_children: 0,
            deadline: None,
            doing: Doing::Waiting(Waiting { image: None, wake: Wake::Any }),
            span_id: None,
            suspensions: vec![suspension],
        };
        run.steps.insert(path.parse().unwrap(), step);
    }
    run
}

fn found(run: &RunState, target: &Target) -> String {
    find(run, target).map_or_else(|error| error.to_string(), |(path, _)| path.to_string())
}

fn step(path: &str, for_each_index: Option<u32>) -> Target {
    Target { for_each_index, ..Target::step(path).unwrap() }
}

/// Mastra 1.71 says the same of branches, but of two steps in one nested workflow it knows only the last.
#[test]
fn a_target_that_leaves_several_is_refused_with_all_of_them() {
    let run = waiting(&[("pa", &["A"]), ("pb", &[]), ("inner.x", &[]), ("inner.y", &["Y", "why"])]);
    assert_eq!(
        found(&run, &Target::default()),
        "multiple suspended steps found for the suspended step: [inner.x], [inner.y] \"Y\" \"why\", [pa] \"A\", [pb]; name one of them"
    );
    assert_eq!(
        found(&run, &step("inner", None)),
        "multiple suspended steps found for step `inner`: [inner.x], [inner.y] \"Y\" \"why\"; name one of them"
    );
    assert_eq!(found(&run, &step("pb", None)), "pb");
    assert_eq!(found(&run, &step("inner.y", None)), "inner.y");
    assert_eq!(found(&run, &Target::label("A")), "pa");
    assert_eq!(found(&run, &Target::suspension(SuspensionId::from_bytes([1; 16]))), "pb");
    assert_eq!(found(&waiting(&[("pb", &[])]), &Target::default()), "pb");
}

/// The same, with blocks that are under way around them.
fn within(blocks: &[(&str, Held)], steps: &[&str]) -> RunState {
    let steps: Vec<(&str, &[&str])> = steps.iter().map(|path| (*path, [].as_slice())).collect();
    let mut run = waiting(&steps);
    for (path, held) in blocks {
        let mut block = run.steps.values().next().unwrap().clone();
        (block.doing, block.suspensions) = (Doing::Holding(held.clone()), Vec::new());
        run.steps.insert(path.parse().unwrap(), block);
    }
    run
}

const ITEMS: Held = Held::ForEach { count: 20, begun: 20, open: 20 };
const LOOP: Held = Held::Loop { iteration: 1 };

/// Differs from Mastra 1.71, which gives all items the same answer when no index is named.
#[test]
fn items_are_told_apart_by_index() {
    let run = within(&[("each", ITEMS)], &["each[0]", "each[2].check", "each[10]"]);
    assert_eq!(found(&run, &step("each", Some(10))), "each[10]");
    assert_eq!(found(&run, &step("each", Some(2))), "each[2].check");
    assert_eq!(found(&run, &step("each[0]", None)), "each[0]");
    assert_eq!(found(&run, &Target { for_each_index: Some(10), ..Target::default() }), "each[10]");
    assert!(found(&run, &step("each", Some(1))).starts_with("step `each` with index 1 was not suspended"));
    assert!(found(&run, &step("each", None)).starts_with("multiple suspended steps found for step `each`"));
}

/// Each kind of block around and within a `foreach`: which step an index means.
#[test]
fn an_index_is_that_of_the_entry_that_is_named() {
    let check = |run: &RunState, target: Target, expected: &str| {
        let found = found(run, &target);
        assert!(found == expected || found.contains(expected), "{target}: {found}");
    };
    let any = |index| Target { for_each_index: Some(index), ..Target::default() };

    // A loop in each item: item 0 is in its second turn, item 1 in its first.
    let blocks = [("each", ITEMS), ("each[0].ask", LOOP), ("each[1].ask", LOOP)];
    let run = within(&blocks, &["each[0].ask[1]", "each[1].ask[0]"]);
    check(&run, step("each", Some(1)), "each[1].ask[0]");
    check(&run, step("each", Some(0)), "each[0].ask[1]");
    check(&run, any(1), "each[1].ask[0]");
    check(&run, step("each[0].ask", Some(1)), "step `each[0].ask` with index 1 was not suspended");

    // Items in each turn of a loop.
    let run = within(&[("body", LOOP), ("body[1].each", ITEMS)], &["body[1].each[0]", "body[1].each[1]"]);
    check(&run, any(1), "body[1].each[1]");
    check(&run, step("body", Some(1)), "step `body` with index 1 was not suspended");
    check(&run, step("body.each", Some(0)), "body[1].each[0]");

    // Items of items: an index beside no step leaves several, and so does that of the inner block.
    let blocks = [("out", ITEMS), ("out[0].in", ITEMS), ("out[1].in", ITEMS)];
    let run = within(&blocks, &["out[0].in[1]", "out[1].in[0]", "out[1].in[1]"]);
    check(&run, step("out", Some(0)), "out[0].in[1]");
    check(&run, step("out", Some(1)), "step `out` with index 1: [out[1].in[0]], [out[1].in[1]]; name one");
    check(&run, step("out.in", Some(0)), "out[1].in[0]");
    check(&run, step("out.in", Some(1)), "step `out.in` with index 1: [out[0].in[1]], [out[1].in[1]]; name");
    check(&run, step("out[1].in", Some(1)), "out[1].in[1]");
    check(&run, any(0), "index 0: [out[0].in[1]], [out[1].in[0]]; name one of them");

    // What a step has run on its behalf is no item either.
    let run = within(&[("each", ITEMS)], &["each[0].sub[1]", "each[1]"]);
    check(&run, step("each", Some(1)), "each[1]");
    check(&run, any(1), "each[1]");
    check(&run, step("each[0].sub", Some(1)), "step `each[0].sub` with index 1 was not suspended");
}

#[test]
fn what_was_opened_after_what_the_caller_saw_is_not_meant() {
    // The first was opened with version 0, the second with 1, the third with 2.
    let run = waiting(&[("pa", &["A"]), ("pb", &["A"]), ("pc", &[])]);
    let seen = |seen, target: Target| Target { seen: Some(seen), ..target };
    assert_eq!(found(&run, &seen(0, Target::default())), "pa");
    assert_eq!(found(&run, &seen(0, Target::label("A"))), "pa");
    assert_eq!(found(&run, &seen(2, step("pc", None))), "pc");
    assert_eq!(found(&run, &seen(0, Target::suspension(SuspensionId::from_bytes([2; 16])))), "pc");
    assert_eq!(
        found(&run, &seen(1, step("pc", None))),
        "step `pc` was suspended after version 1 of the run, which is the last that the request knows of; suspended steps: [pc]"
    );
    assert!(found(&run, &seen(1, Target::label("A"))).contains("[pa] \"A\", [pb] \"A\"; name one of them"));
    let all = find_all(&run, &seen(1, Target { all: true, ..Target::default() })).unwrap();
    assert_eq!(all.len(), 2);
}

#[test]
fn a_message_lists_only_so_many() {
    let steps: Vec<String> = (0..30).map(|at| format!("s{at}")).collect();
    let steps: Vec<(&str, &[&str])> = steps.iter().map(|path| (path.as_str(), [].as_slice())).collect();
    assert!(found(&waiting(&steps), &Target::default()).ends_with("[s26] and 10 more; name one of them"));
}

#[test]
fn an_empty_path_is_no_target() {
    assert!(Target::step("").is_err() && Target::step("a..b").is_err());
}
