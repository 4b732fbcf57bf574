//! A waiting run moves to another version of its workflow: what fits, what does not, and what changes.

use std::sync::Arc;

use insta::assert_snapshot;

use super::script::{World, commit, played, tell, waits};
use crate::actor::By;
use crate::event::{Event, Migrated, StepMigration};
use crate::id::BlobId;
use crate::run::Refused;
use crate::time::Timestamp;
use crate::workflow::Program;

/// The event that moves a run to a workflow, in which the steps named wait with image 200 and for this.
fn event(world: &World, to: &Program, moved: &[(&str, &str)]) -> Event {
    let step = |(path, list): &(&str, &str)| {
        let image = BlobId::from_bytes([200; 16]);
        (path.parse().unwrap(), StepMigration { image, waits: waits(list) })
    };
    let moved = moved.iter().map(step).collect();
    Event::Migrated(Migrated { to: to.top.digest(), version: world.run.version, moved, by: By::default() })
}

/// Tells what becomes of a run that moves, or why it does not.
fn check(workflow: &str, script: &[&str], to: &str, moved: &[(&str, &str)]) -> String {
    let mut world = played(workflow, script);
    let mut to = Program::new(Arc::new(commit(to).unwrap()));
    to.called = world.program.called.clone();
    let event = event(&world, &to, moved);
    world.program = to;
    match world.decide(&event, Timestamp(99_000)) {
        Err(Refused::NotMigratable { reason, .. }) => format!("refused: {reason}"),
        Err(other) => format!("refused: {other}"),
        Ok(decision) => {
            let before = world.run.clone();
            world.store(&decision);
            let mut told = String::new();
            tell(&mut told, &before, &decision);
            assert_eq!(world.run.workflow, world.program.top.digest());
            told
        }
    }
}

#[test]
fn a_run_whose_components_stay_takes_its_memory_along() {
    let script = ["start 1", "ask suspends 5 label=who"];
    assert_snapshot!(check("then(ask)", &script, "then(ask) then(more)", &[]), @"  run: suspended, durable");
}

#[test]
fn a_step_that_was_moved_waits_under_its_old_address_with_its_new_memory() {
    let script = ["start 1", "ask waits all 3=answer 5, 4=time 90, 8=event paid", "resume 1"];
    let there = [("ask", "all 8=event other, 4=time 1, 3=answer 6")];
    assert_snapshot!(check("then(ask)", &script, "then(ask) then(more)", &there), @r"
    run: waiting, durable
    ask: waiting t1.., input 1, waits since t2, answered t3 with 1
    drops image 2
    ");
}

#[test]
fn a_step_that_would_wait_for_something_else_stays() {
    let two = ["start 1", "ask waits all 1=answer 5, 2=time 90"];
    let one = ["start 1", "ask suspends 5"];
    let cases: [(&[&str], &str); 7] = [
        (&one, "any 8=answer 5"),
        (&one, "any 7=time 3"),
        (&one, "any 7=answer 5, 8=answer 5"),
        (&two, "all 1=answer 5"),
        (&two, "all 1=time 90, 2=answer 5"),
        (&two, "any 1=answer 5, 2=time 90"),
        // With one wait there is no difference.
        (&one, "all 7=answer 5"),
    ];
    let told: Vec<_> = cases
        .iter()
        .map(|(script, there)| check("then(ask)", script, "then(ask) then(more)", &[("ask", there)]))
        .collect();
    assert_snapshot!(told.join("\n"), @r"
    refused: step `ask` waits for answer 7, and would wait for answer 8 there
    refused: step `ask` waits for answer 7, and would wait for time 7 there
    refused: step `ask` waits for answer 7, and would wait for answer 7, answer 8 there
    refused: step `ask` waits for answer 1, time 2, and would wait for answer 1 there
    refused: step `ask` waits for answer 1, time 2, and would wait for time 1, answer 2 there
    refused: step `ask` is called again when all of its waits are over, and would be when any are there
      run: suspended, durable
      ask: suspended t1.., input 1, waits since t2, shows 5
      drops image 2
    ");
}

#[test]
fn a_run_that_does_not_wait_stays() {
    let cases: [&[&str]; 3] = [&[], &["start 1"], &["start 1", "ask completes 2"]];
    let told: Vec<_> =
        cases.iter().map(|script| check("then(ask)", script, "then(ask) then(more)", &[])).collect();
    assert_snapshot!(told.join("\n"), @r"
    refused: the run is pending; only a run that waits can be moved
    refused: the run is running; only a run that waits can be moved
    refused: the run is success; only a run that waits can be moved
    ");
}

#[test]
fn what_is_open_must_stand_there_as_it_stands_in_the_run() {
    let parallel = r#"[{"parallel": {"id": "p", "arms": ["@a", "@b"]}}]"#;
    let open = ["start 1", "a suspends 5", "b suspends 6"];
    let branch = r#"[{"branch": {"id": "r", "mode": "every", "arms": [{"when": "false", "do": "@a"}, {"when": "true", "do": "@b"}]}}]"#;
    let in_b = ["start 1", "b suspends 6"];
    let body = r#"[{"try": {"id": "t", "do": "@a", "catch": "@b"}}]"#;
    let each = r#"[{"foreach": {"id": "e", "items": "[1, 2]", "do": "@a"}}]"#;
    let in_each = ["start 1", "e[0] suspends 5"];
    let cases: [(&str, &[&str], &str); 13] = [
        ("then(a)", &["start 1", "a suspends 5"], "then(b)"),
        ("then(a)", &["start 1", "a suspends 5"], r#"[{"sleep": {"id": "a", "ms": 5}}]"#),
        (r#"[{"sleep": {"id": "a", "ms": 5}}]"#, &["start 1"], "then(a)"),
        (r#"[{"sleep": {"id": "a", "ms": 5}}]"#, &["start 1"], r#"[{"sleep": {"id": "a", "ms": 9}}, "@b"]"#),
        (parallel, &open, "then(a) then(b)"),
        ("then(a)", &["start 1", "a suspends 5"], parallel),
        (parallel, &open, r#"[{"parallel": {"id": "p", "arms": ["@a", ["@b", "@c"]]}}]"#),
        (
            branch,
            &in_b,
            r#"[{"branch": {"id": "r", "mode": "every", "arms": [{"when": "true", "do": "@b"}]}}]"#,
        ),
        (branch, &in_b, r#"[{"parallel": {"id": "r", "arms": ["@a", "@b"]}}]"#),
        (body, &["start 1", "a suspends 5"], r#"[{"try": {"id": "t", "do": "@b", "catch": "@a"}}]"#),
        (each, &in_each, r#"[{"foreach": {"id": "e", "items": "[1, 2]", "do": ["@a", "@b"]}}]"#),
        (each, &in_each, r#"[{"foreach": {"id": "e", "items": "[1, 2]", "concurrency": 2, "do": "@a"}}]"#),
        ("workflow(in: then(a))", &["start 1", "in.a suspends 5"], "then(in)"),
    ];
    let mut told = String::new();
    for (workflow, script, there) in cases {
        let became = check(workflow, script, there, &[]);
        let line = if became.starts_with("refused") { became.as_str() } else { "moves" };
        told.push_str(line);
        told.push('\n');
    }
    assert_snapshot!(told, @r"
    refused: it has no entry `a`, which is open in the run
    refused: its entry `a` is a sleep, and is open in the run as a step
    refused: its entry `a` is a step, and is open in the run as a sleep
    moves
    refused: it has no entry `p`, which is open in the run
    refused: entry `a` stands in `p` there, which is not open in the run
    moves
    refused: entry `b` stands in an arm of `r` there that the run has not begun
    refused: its entry `r` is a parallel, and is open in the run as a branch
    refused: entry `a` stands in an arm of `t` there that the run has not begun
    refused: its entry `e[0]` is a workflow or body, and is open in the run as a step
    moves
    refused: its entry `in` is a step, and is open in the run as a workflow or body
    ");
}

#[test]
fn a_default_answer_must_fit_the_schema_there() {
    // A step is named after its contract, so that another contract at the same entry needs an id.
    let of = |step: &str| {
        format!(
            r#"[{{"then": {{"id": "x", "component": "{}", "step": "{step}"}}}}]"#,
            crate::digest::ComponentDigest::of(b"")
        )
    };
    let script = |otherwise: &str| format!(r#"x suspends 5 deadline=90 otherwise={otherwise}"#);
    let told = |otherwise: &str| check(&of("plain"), &["start 1", &script(otherwise)], &of("approve"), &[]);
    assert_snapshot!(told("7"), @r#"
    refused: step `x` has a default answer, for when its deadline passes, that does not fit the resume schema there:
    - (top): 7 is not of type "object"
    "#);
    assert!(!told(r#"{"ok":true}"#).starts_with("refused"));
}

#[test]
fn what_was_prepared_for_an_earlier_version_is_refused() {
    let mut world = played("then(ask)", &["start 1", "ask suspends 5"]);
    let to = Program::new(Arc::new(commit("then(ask) then(more)").unwrap()));
    let Event::Migrated(mut migrated) = event(&world, &to, &[]) else { unreachable!() };
    migrated.version -= 1;
    world.program = to;
    let refused = world.decide(&Event::Migrated(migrated), Timestamp(1)).unwrap_err();
    assert_eq!(refused.code(), "changed");
    assert_snapshot!(refused.to_string(), @"the run was at version 1 when this was prepared, and is at version 2 now");
}

#[test]
fn a_question_of_the_workflow_itself_moves_along() {
    let question =
        |fields: &str| format!(r#"[{{"ask": {{"id": "q"{fields}}}}}, {{"map": {{"to": "input"}}}}]"#);
    let (old, asked) = (question(r#", "deadline": {"ms": 99000000, "otherwise": 5}"#), ["start 1"]);
    let same = question(r#", "title": "Q", "answer": {"type": "integer"}"#);
    let told = [
        check(&old, &asked, &same, &[]),
        check(&old, &asked, &question(r#", "answer": {"type": "string"}"#), &[]),
        check(&old, &asked, r#"["@q"]"#, &[]),
        check(r#"["@q"]"#, &["start 1", "q suspends 2"], &old, &[]),
        check(&old, &asked, r#"[{"sleep": {"id": "q", "ms": 1}}]"#, &[]),
    ];
    assert_snapshot!(told.join("\n"), @r#"
      run: suspended, durable

    refused: step `q` has a default answer, for when its deadline passes, that does not fit the resume schema there:
    - (top): 5 is not of type "string"
    refused: its entry `q` is a step, and is open in the run as a question
    refused: its entry `q` is a question, and is open in the run as a step
    refused: its entry `q` is a sleep, and is open in the run as a question
    "#);
}

#[test]
fn what_is_done_first_must_be_there_too() {
    let first = |first: u32, last: &str| {
        format!(
            r#"[{{"parallel": {{"id": "p", "first": {first}, "arms": ["@a", ["@b", "@{last}"], "@c"]}}}}]"#
        )
    };
    let script = ["start", "a completes 1", "b suspends 5", "c suspends 6"];
    let of_c = ["start", "a suspends 1", "b completes 5", "last completes 6", "c suspends 6"];
    let told = [
        check(&first(2, "last"), &script, &first(2, "other"), &[]),
        check(&first(2, "last"), &script, &first(1, "last"), &[]),
        check(&first(2, "last"), &script, &first(2, "last").replace(r#""first": 2,"#, ""), &[]),
        check(&first(2, "last"), &of_c, &first(2, "other"), &[]),
    ];
    assert_snapshot!(told.join("\n"), @"
      run: suspended, durable

    refused: its entry `p` is done with the first 1 of its arms, and in the run with the first 2
    refused: its entry `p` is a parallel, and is open in the run as a parallel with `first`
    refused: no arm of its entry `p` ends with `last`, as one does that is done in the run
    ");
}
