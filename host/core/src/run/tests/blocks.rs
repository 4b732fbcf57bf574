//! Blocks: what is entered when, what their output is, and what becomes of the others when one of them ends everything.

use super::script::{check, outcome};

/// Results of scripts, for blocks whose steps complete.
#[track_caller]
fn ends(workflow: &str, script: &[&str], expected: &str) {
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
fn every_true_arm_of_a_branch_is_done() {
    let branch = r#"[{"branch": {"mode": "every", "arms": [
        {"when": "input > 1", "do": "@a"}, {"when": "input > 100", "do": "@b"}, {"when": "true", "do": "@c"}]}}]"#;
    ends(
        branch,
        &["start 7", "a completes 1", "c completes 3"],
        r#"
        success
        w: success, output {"a":1,"c":3}
        a: success, output 1
        branch-1: success, output {"a":1,"c":3}
        c: success, output 3
        "#,
    );
}

#[test]
fn only_the_first_true_arm_is_done_when_that_is_asked_for() {
    let branch = |input: &str| {
        let script = [format!("start {input}"), "a completes 1".into(), "c completes 3".into()];
        let script: Vec<&str> = script.iter().map(String::as_str).collect();
        outcome(
            r#"[{"branch": {"mode": "first", "arms": [{"when": "input > 5", "do": "@a"}, {"when": "input > 1", "do": "@b"}],
                "otherwise": "@c"}}]"#,
            &script,
        )
    };
    insta::assert_snapshot!(branch("7"), @"
    c completes 3: refused: step `c` does not wait for the end of call 0 any more
    success
    w: success, output 1
    a: success, output 1
    branch-1: success, output 1
    ");
    insta::assert_snapshot!(branch("0"), @"
    a completes 1: refused: step `a` does not wait for the end of call 0 any more
    success
    w: success, output 3
    branch-1: success, output 3
    c: success, output 3
    ");
}

#[test]
fn a_branch_without_a_true_arm_is_an_empty_object() {
    ends(
        r#"[{"branch": {"mode": "every", "arms": [{"when": "false", "do": "@a"}]}}]"#,
        &["start 7"],
        "
        success
        w: success, output {}
        branch-1: success, output {}
        ",
    );
}

/// Differs from Mastra 1.71, where a condition that throws counts as false.
#[test]
fn a_condition_that_cannot_be_evaluated_fails_the_block() {
    let told = outcome(
        r#"[{"branch": {"mode": "every", "arms": [{"when": "input.a.b", "do": "@a"}]}}]"#,
        &["start {}"],
    );
    insta::assert_snapshot!(told, @r#"
    failed
    w: failed, `input.a.b`: `input.a`: no such key: "a"; ask with has(…) first when it may be missing at 1:1
    branch-1: failed, `input.a.b`: `input.a`: no such key: "a"; ask with has(…) first when it may be missing at 1:1
    "#);
}

#[test]
fn a_condition_may_be_a_step() {
    let branch = r#"[{"branch": {"mode": "every", "arms": [{"when": "?check", "do": "@a"}, {"when": "true", "do": "@b"}]}}]"#;
    insta::assert_snapshot!(
        check(branch, &["start 7", "check suspends 1", "resume 1", "check completes false", "b completes 2"]), @r#"
    start 7
      run: running
      w: running t1.., input 7
      branch-1: running t1.., input 7, Branch { asked: 0, chosen: [], open: 0 }
      check: running t1.., input 7, call 1 = start
      calls check
    check suspends 1
      run: suspended, durable
      check: suspended t1.., input 7, waits since t2, shows 1
      opens #2 of check
    resume 1
      run: running
      check: running t1.., input 7, answered t3 with 1, call 2 = resume from image 2 of 1: answered 1
      closes #2: Answered
      saves version 2 before #2
      calls check
    check completes false
      run: running
      b: running t4.., input 7, call 1 = start
      branch-1: running t1.., input 7, Branch { asked: 2, chosen: [1], open: 1 }
      check: success t1..t4, input 7, output false, answered t3 with 1
      drops image 2
      calls b
    b completes 2
      run: success, durable
      w: success t1..t5, input 7, output {"b":2}
      b: success t4..t5, input 7, output 2
      branch-1: success t1..t5, input 7, output {"b":2}
    "#);
    insta::assert_snapshot!(outcome(branch, &["start 7", "check completes 5"]), @"
    failed
    w: failed, the condition of arm 0 gave 5, expected a boolean
    branch-1: failed, the condition of arm 0 gave 5, expected a boolean
    check: success, output 5
    ");
}

#[test]
fn foreach_keeps_the_order_and_goes_on_past_a_suspended_item() {
    let told = check(
        r#"[{"foreach": {"concurrency": 2, "do": "@a"}}]"#,
        &[
            "start [1,2,3,4]",
            "a[0] suspends 0",
            "a[1] completes 20",
            "a[2] completes 30",
            "a[3] suspends 3",
            "resume 0",
            "resume 9 step=a index=3",
            "a[3] completes 40",
            "resume 0",
            "a[0] completes 10",
        ],
    );
    insta::assert_snapshot!(told, @"
    start [1,2,3,4]
      run: running
      w: running t1.., input [1,2,3,4]
      a: running t1.., input [1,2,3,4], ForEach { count: 4, begun: 2, open: 2 }
      a[0]: running t1.., input 1, call 1 = start
      a[1]: running t1.., input 2, call 1 = start
      a[2]: pending t1.., input 3
      a[3]: pending t1.., input 4
      calls a[0]
      calls a[1]
    a[0] suspends 0
      run: running, durable
      a[0]: suspended t1.., input 1, waits since t2, shows 0
      opens #2 of a[0]
    a[1] completes 20
      run: running
      a: running t1.., input [1,2,3,4], ForEach { count: 4, begun: 3, open: 2 }
      a[1]: success t1..t3, input 2, output 20
      a[2]: running t3.., input 3, call 1 = start
      calls a[2]
    a[2] completes 30
      run: running
      a: running t1.., input [1,2,3,4], ForEach { count: 4, begun: 4, open: 2 }
      a[2]: success t3..t4, input 3, output 30
      a[3]: running t4.., input 4, call 1 = start
      calls a[3]
    a[3] suspends 3
      run: suspended, durable
      a[3]: suspended t4.., input 4, waits since t5, shows 3
      opens #5 of a[3]
    resume 0
      refused, Refused, ambiguous-target: multiple suspended steps found for the suspended step: [a[0]], [a[3]]; name one of them
    resume 9 step=a index=3
      run: running
      a[3]: running t4.., input 4, answered t7 with 9, call 2 = resume from image 5 of 3: answered 9
      closes #5: Answered
      saves version 5 before #5
      calls a[3]
    a[3] completes 40
      run: suspended, durable
      a: running t1.., input [1,2,3,4], ForEach { count: 4, begun: 4, open: 1 }
      a[3]: success t4..t8, input 4, output 40, answered t7 with 9
      drops image 5
    resume 0
      run: running
      a[0]: running t1.., input 1, answered t9 with 0, call 2 = resume from image 2 of 0: answered 0
      closes #2: Answered
      saves version 7 before #2
      calls a[0]
    a[0] completes 10
      run: success, durable
      w: success t1..t10, input [1,2,3,4], output [10,20,30,40]
      a: success t1..t10, input [1,2,3,4], output [10,20,30,40]
      a[0]: success t1..t10, input 1, output 10, answered t9 with 0
      drops image 2
    ");
}

#[test]
fn foreach_answers_all_items_when_that_is_asked_for() {
    ends(
        r#"[{"foreach": {"concurrency": 3, "do": "@a"}}]"#,
        &[
            "start [1,2]",
            "a[0] suspends 0",
            "a[1] suspends 1",
            "resume 7",
            "resume 7 step=a all",
            "a[0] completes 1",
            "a[1] completes 2",
        ],
        "
        resume 7: refused: multiple suspended steps found for the suspended step: [a[0]], [a[1]]; name one of them
        success
        w: success, output [1,2]
        a: success, output [1,2]
        a[0]: success, output 1
        a[1]: success, output 2
        ",
    );
}

#[test]
fn foreach_takes_arrays_and_nothing_else() {
    ends(
        r#"[{"foreach": {"do": "@a"}}]"#,
        &["start []"],
        "success\nw: success, output []\na: success, output []",
    );
    let told = outcome(r#"[{"foreach": {"do": "@a"}}]"#, &["start 5"]);
    insta::assert_snapshot!(told, @"
    failed
    w: failed, foreach expects an array, found 5
    a: failed, foreach expects an array, found 5
    ");
}

#[test]
fn a_body_of_several_entries_stands_below_its_item() {
    ends(
        r#"[{"foreach": {"id": "each", "items": "input.list", "do": ["@a", {"map": {"id": "m", "to": "[index, item, steps.a]"}}]}}]"#,
        &["start {\"list\":[\"x\",\"y\"]}", "each[0].a completes 1", "each[1].a completes 2"],
        r#"
        success
        w: success, output [[0,"x",1],[1,"y",2]]
        each: success, output [[0,"x",1],[1,"y",2]]
        each[0]: success, output [0,"x",1]
        each[0].a: success, output 1
        each[0].m: success, output [0,"x",1]
        each[1]: success, output [1,"y",2]
        each[1].a: success, output 2
        each[1].m: success, output [1,"y",2]
        "#,
    );
}

#[test]
fn an_item_that_fails_fails_the_block_and_closes_the_others() {
    ends(
        r#"[{"foreach": {"concurrency": 2, "do": "@a"}}]"#,
        &["start [1,2,3]", "a[0] suspends 0", "a[1] fails \"no\""],
        "
        failed
        w: failed, no
        a: failed, no
        a[0]: canceled
        a[1]: failed, no
        a[2]: pending
        ",
    );
}

#[test]
fn a_loop_feeds_each_output_to_the_next_round() {
    ends(
        r#"[{"doUntil": {"do": "@a", "until": "output >= 3 && iteration == 2"}}]"#,
        &[
            "start 1",
            "a[0] suspends 1",
            "resume 5",
            "a[0] completes 2",
            "a[1] suspends 2",
            "resume 6",
            "a[1] completes 3",
        ],
        "
        success
        w: success, output 3
        a: success, output 3
        a[0]: success, output 2
        a[1]: success, output 3
        ",
    );
}

#[test]
fn a_loop_may_ask_a_step_whether_to_go_on() {
    let told = check(
        r#"[{"doWhile": {"do": "@a", "while": "?more"}}]"#,
        &[
            "start 1",
            "a[0] completes 2",
            "more[0] completes true",
            "a[1] completes 3",
            "more[1] completes false",
        ],
    );
    insta::assert_snapshot!(told, @"
    start 1
      run: running
      w: running t1.., input 1
      a: running t1.., input 1, Loop { iteration: 0 }
      a[0]: running t1.., input 1, call 1 = start
      calls a[0]
    a[0] completes 2
      run: running
      a[0]: success t1..t2, input 1, output 2
      more[0]: running t2.., input 2, call 1 = start
      calls more[0]
    more[0] completes true
      run: running
      a: running t1.., input 1, Loop { iteration: 1 }
      a[1]: running t3.., input 2, call 1 = start
      more[0]: success t2..t3, input 2, output true
      calls a[1]
    a[1] completes 3
      run: running
      a[1]: success t3..t4, input 2, output 3
      more[1]: running t4.., input 3, call 1 = start
      calls more[1]
    more[1] completes false
      run: success, durable
      w: success t1..t5, input 1, output 3
      a: success t1..t5, input 1, output 3
      more[1]: success t4..t5, input 3, output false
    ");
}

/// A loop without a step in it is put off now and then, rather than keep the host from everything else.
#[test]
fn a_loop_without_a_step_is_put_off() {
    let told = check(
        r#"[{"doWhile": {"id": "l", "do": [{"map": {"id": "m", "to": "input + 1"}}], "while": "output < 600"}}]"#,
        &["start 0"],
    );
    let last: Vec<&str> =
        told.lines().filter(|line| line.contains("put off") || line.contains("goes on")).collect();
    insta::assert_snapshot!(last.join("\n"), @"
    l[499].m: running t1.., input 499, put off
    goes on with l[499].m
    ");
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
