//! Blocks: what is entered when, what their output is, and what becomes of the others when one of them ends everything.

use super::script::{check, outcome};

/// Results of scripts, for blocks whose steps complete.
#[track_caller]
pub(super) fn ends(workflow: &str, script: &[&str], expected: &str) {
    let told = outcome(workflow, script);
    let got = told.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n");
    let expected =
        expected.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n");
    assert_eq!(got, expected, "\n{got}\n");
}

#[test]
fn parallel_joins_under_the_ids_of_the_last_entries() {
    ends(
        r#"[{"parallel": {"arms": ["@a", ["@b", "@c"]]}}, "@last"]"#,
        &["start 7", "a completes 1", "b completes 2", "c completes 3", "last completes 9"],
        r#"
        success
        w: success, output 9
        a: success, output 1
        b: success, output 2
        c: success, output 3
        last: success, output 9
        parallel-1: success, output {"a":1,"c":3}
        "#,
    );
}

#[test]
fn what_is_suspended_in_parallel_shows_without_the_block() {
    let told = check(
        r#"[{"parallel": {"arms": ["@pa", "@pb"]}}]"#,
        &[
            "start 7",
            "pa suspends 1 label=A",
            "pb suspends 2",
            "resume true",
            "resume 1 step=pb",
            "resume 2 label=A",
        ],
    );
    insta::assert_snapshot!(told, @r#"
    start 7
      run: running
      w: running t1.., input 7
      pa: running t1.., input 7, call 1 = start
      parallel-1: running t1.., input 7, Parallel { open: 2 }
      pb: running t1.., input 7, call 1 = start
      calls pa
      calls pb
    pa suspends 1 label=A
      run: running, durable
      pa: suspended t1.., input 7, waits since t2, shows 1
      opens #2 of pa "A"
    pb suspends 2
      run: suspended, durable
      pb: suspended t1.., input 7, waits since t3, shows 2
      opens #3 of pb
    resume true
      refused, Refused, ambiguous-target: multiple suspended steps found for the suspended step: [pa] "A", [pb]; name one of them
    resume 1 step=pb
      run: running
      pb: running t1.., input 7, answered t5 with 1, call 2 = resume from image 3 of 2: answered 1
      closes #3: Answered
      saves version 3 before #3
      calls pb
    resume 2 label=A
      run: running
      pa: running t1.., input 7, answered t6 with 2, call 2 = resume from image 2 of 1: answered 2
      closes #2: Answered
      saves version 4 before #2
      calls pa
    "#);
}

#[test]
fn a_label_may_belong_to_several_suspensions() {
    ends(
        r#"[{"parallel": {"arms": ["@pa", "@pb"]}}]"#,
        &["start 7", "pa suspends 1 label=A", "pb suspends 2 label=A"],
        "
        suspended
        w: running
        pa: suspended, shows 1
        parallel-1: running
        pb: suspended, shows 2
        ",
    );
}

#[test]
fn a_failure_in_an_arm_closes_what_waits_beside_it() {
    let told = check(
        r#"[{"parallel": {"arms": ["@pa", "@pb"]}}]"#,
        &["start 7", "pa suspends 1", "pb fails \"no\"", "resume 1"],
    );
    insta::assert_snapshot!(told, @r#"
    start 7
      run: running
      w: running t1.., input 7
      pa: running t1.., input 7, call 1 = start
      parallel-1: running t1.., input 7, Parallel { open: 2 }
      pb: running t1.., input 7, call 1 = start
      calls pa
      calls pb
    pa suspends 1
      run: running, durable
      pa: suspended t1.., input 7, waits since t2, shows 1
      opens #2 of pa
    pb fails "no"
      run: failed, durable
      w: failed t1..t3, input 7, error "no"
      pa: canceled t1..t3, input 7
      parallel-1: failed t1..t3, input 7, error "no"
      pb: failed t1..t3, input 7, error "no"
      closes #2: Closed
      drops image 2
      saves version 2 before the end
    resume 1
      refused, Conflict, not-suspended: this workflow run was not suspended: it is failed
    "#);
}

#[test]
fn a_bail_in_an_arm_ends_the_workflow_and_closes_what_waits_beside_it() {
    ends(
        r#"[{"parallel": {"arms": ["@pa", "@pb"]}}, "@last"]"#,
        &["start 7", "pa suspends 1", "pb bails 5"],
        "
        success
        w: success, output 5
        pa: canceled
        parallel-1: canceled
        pb: success, output 5
        ",
    );
}

#[test]
fn maps_read_the_input_the_state_and_what_is_done() {
    ends(
        r#"["@a", "@b", {"map": {"to": {"a": "steps.a.n", "b": "input", "i": "init", "s": "state.k", "c": "context.who"}}}]"#,
        &["start 7 state={\"k\":1} context={\"who\":\"ann\"}", "a completes {\"n\":1.50}", "b completes 2"],
        r#"
        success
        w: success, output {"a":1.50,"b":2,"c":"ann","i":7,"s":1}
        a: success, output {"n":1.50}
        b: success, output 2
        map-1: success, output {"a":1.50,"b":2,"c":"ann","i":7,"s":1}
        "#,
    );
}

#[test]
fn a_sleep_of_the_workflow_waits_and_passes_its_input_on() {
    let told = check(
        r#"["@a", {"sleep": {"ms": 5000}}, "@b"]"#,
        &["start 1", "a completes 2", "time", "resume 1", "a completes 3", "a completes 3", "time"],
    );
    insta::assert_snapshot!(told, @"
    start 1
      run: running
      w: running t1.., input 1
      a: running t1.., input 1, call 1 = start
      calls a
    a completes 2
      run: waiting, durable
      a: success t1..t2, input 1, output 2
      sleep-1: waiting t2.., input 2, until t7
    time
      refused, Conflict, idle: nothing to do
    resume 1
      refused, Conflict, not-suspended: this workflow run was not suspended: it is waiting
    a completes 3
      refused, Conflict, stale: step `a` does not wait for the end of call 0 any more
    a completes 3
      refused, Conflict, stale: step `a` does not wait for the end of call 0 any more
    time
      run: running
      b: running t7.., input 2, call 1 = start
      sleep-1: success t2..t7, input 2, output 2
      calls b
    ");
}

#[test]
fn a_try_goes_on_with_its_way_out() {
    ends(
        r#"[{"try": {"do": ["@a", {"parallel": {"arms": ["@b", "@c"]}}], "catch": [{"map": {"id": "m", "to": "[input.error.message, input.error.step, input.input, steps.a]"}}]}}, "@d"]"#,
        &["start 1", "a completes 2", "b suspends 1", "c fails \"no\"", "d completes 4"],
        r#"
        success
        w: success, output 4
        a: success, output 2
        b: canceled
        c: failed, no
        d: success, output 4
        m: success, output ["no","c",1,2]
        parallel-1: failed, no
        try-1: success, output ["no","c",1,2]
        "#,
    );
}

#[test]
fn a_failure_on_the_way_out_is_not_caught_again() {
    ends(
        r#"[{"try": {"do": "@a", "catch": "@b"}}]"#,
        &["start 1", "a fails \"first\"", "b fails \"second\""],
        "
        failed
        w: failed, second
        a: failed, first
        b: failed, second
        try-1: failed, second
        ",
    );
}

#[test]
fn blocks_stand_in_blocks() {
    ends(
        r#"[{"parallel": {"arms": [
            {"foreach": {"id": "each", "items": "[1, 2]", "do": [{"branch": {"mode": "first", "arms": [{"when": "item == 1", "do": "@a"}], "otherwise": {"map": {"to": "0"}}}}]}},
            {"doUntil": {"do": {"workflow": {"id": "in", "steps": ["@leaf"]}}, "until": "true"}}]}}]"#,
        &[
            "start 1",
            "each[0].a suspends 1",
            "in[0].leaf suspends 2",
            "resume 1 step=each",
            "resume 2 step=in",
            "each[0].a completes 8",
            "in[0].leaf completes 9",
        ],
        r#"
        success
        w: success, output {"each":[8,0],"in":9}
        each: success, output [8,0]
        each[0]: success, output 8
        each[0].a: success, output 8
        each[0].branch-1: success, output 8
        each[1]: success, output 0
        each[1].branch-1: success, output 0
        each[1].map-1: success, output 0
        in: success, output 9
        in[0]: success, output 9
        in[0].leaf: success, output 9
        parallel-1: success, output {"each":[8,0],"in":9}
        "#,
    );
}
