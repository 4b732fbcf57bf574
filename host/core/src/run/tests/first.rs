//! Parallels of which not all arms have to be done.

use super::script::{check, outcome};

/// Arms of one step each, and one of two entries.
fn arms(first: u32) -> String {
    format!(
        r#"[{{"parallel": {{"id": "p", "first": {first},
            "arms": ["@a", ["@b", {{"map": {{"id": "m", "to": "[input]"}}}}], "@c"]}}}}]"#
    )
}

#[test]
fn the_output_has_those_that_were_done_first_in_the_order_of_the_arms() {
    insta::assert_snapshot!(check(
        &arms(2),
        &["start", "a suspends 1", "c completes 3", "b completes 2", "resume 1"],
    ), @r#"
    start
      run: running
      w: running t1.., input null
      a: running t1.., input null, call 1 = start
      b: running t1.., input null, call 1 = start
      c: running t1.., input null, call 1 = start
      p: running t1.., input null, First { needed: 2, open: 3, done: [] }
      calls a
      calls b
      calls c
    a suspends 1
      run: running, durable
      a: suspended t1.., input null, waits since t2, shows 1
      opens #2 of a
    c completes 3
      run: running, durable
      c: success t1..t3, input null, output 3
      p: running t1.., input null, First { needed: 2, open: 2, done: ["c"] }
    b completes 2
      run: success, durable
      w: success t1..t4, input null, output {"c":3,"m":[2]}
      a: canceled t1..t4, input null
      b: success t1..t4, input null, output 2
      m: success t4..t4, input 2, output [2]
      p: success t1..t4, input null, output {"c":3,"m":[2]}
      closes #2: Closed
      drops image 2
    resume 1
      refused, Conflict, not-suspended: this workflow run was not suspended: it is success
    "#);
}

#[test]
fn arms_that_fail_count_until_too_few_are_left() {
    insta::assert_snapshot!(outcome(&arms(2), &["start", r#"a fails "no""#, "b completes 2", "c completes 3"]), @r#"
    success
    w: success, output {"c":3,"m":[2]}
    a: failed, no
    b: success, output 2
    c: success, output 3
    m: success, output [2]
    p: success, output {"c":3,"m":[2]}
    "#);
    insta::assert_snapshot!(check(&arms(2), &[
        "start", r#"a fails "no""#, "b suspends 1", r#"c fails "neither""#, "restart", "c completes 3", "resume 2", "b completes 2",
    ]), @r#"
    start
      run: running
      w: running t1.., input null
      a: running t1.., input null, call 1 = start
      b: running t1.., input null, call 1 = start
      c: running t1.., input null, call 1 = start
      p: running t1.., input null, First { needed: 2, open: 3, done: [] }
      calls a
      calls b
      calls c
    a fails "no"
      run: running, durable
      a: failed t1..t2, input null, error "no"
      p: running t1.., input null, First { needed: 2, open: 2, done: [] }
    b suspends 1
      run: running, durable
      b: suspended t1.., input null, waits since t3, shows 1
      opens #3 of b
    c fails "neither"
      run: failed, durable
      w: failed t1..t4, input null, error "neither"
      b: canceled t1..t4, input null
      c: failed t1..t4, input null, error "neither"
      p: failed t1..t4, input null, error "neither"
      closes #3: Closed
      drops image 3
      saves version 3 before the end
    restart
      run: running
      w: running t1.., input null
      b: suspended t1.., input null, waits since t3, shows 1
      c: running t1.., input null, call 1 = start
      p: running t1.., input null, First { needed: 2, open: 2, done: [] }
      opens #5 of b
      shares image 3
      calls c
    c completes 3
      run: suspended, durable
      c: success t1..t6, input null, output 3
      p: running t1.., input null, First { needed: 2, open: 1, done: ["c"] }
    resume 2
      run: running
      b: running t1.., input null, answered t7 with 2, call 2 = resume from image 3 of 1: answered 2
      closes #5: Answered
      saves version 6 before #5
      calls b
    b completes 2
      run: success, durable
      w: success t1..t8, input null, output {"c":3,"m":[2]}
      b: success t1..t8, input null, output 2, answered t7 with 2
      m: success t8..t8, input 2, output [2]
      p: success t1..t8, input null, output {"c":3,"m":[2]}
      drops image 3
    "#);
    insta::assert_snapshot!(outcome(&arms(3), &["start", r#"a fails "no""#]), @"
    failed
    w: failed, no
    a: failed, no
    b: canceled
    c: canceled
    p: failed, no
    ");
    // A retry is no failure yet.
    insta::assert_snapshot!(outcome(r#"[{"parallel": {"first": 1, "arms": ["@flaky", "@b"]}}]"#, &[
        "start", r#"flaky fails "no" retryable"#, r#"b fails "neither""#, "flaky completes 1",
    ]), @r#"
    success
    w: success, output {"flaky":1}
    b: failed, neither
    flaky: success, output 1
    parallel-1: success, output {"flaky":1}
    "#);
}

#[test]
fn failures_in_blocks_within_an_arm_are_those_of_the_arm() {
    let nested = r#"[{"try": {"do": {"parallel": {"id": "p", "first": 1, "arms": [
        {"parallel": {"id": "inner", "arms": ["@a", "@b"]}},
        {"try": {"do": "@c", "catch": "@d"}}]}}, "catch": {"map": {"to": "[error.step, error.message]"}}}}]"#;
    insta::assert_snapshot!(outcome(nested, &["start", "a suspends 1", r#"b fails "no""#, r#"c fails "caught""#, "d completes 4"]), @r#"
    success
    w: success, output {"try-2":4}
    a: canceled
    b: failed, no
    c: failed, caught
    d: success, output 4
    inner: failed, no
    p: success, output {"try-2":4}
    try-1: success, output {"try-2":4}
    try-2: success, output 4
    "#);
    insta::assert_snapshot!(outcome(nested, &[
        "start", r#"b fails "no""#, r#"c fails "caught""#, r#"d fails "neither""#,
    ]), @r#"
    success
    w: success, output ["d","neither"]
    a: canceled
    b: failed, no
    c: failed, caught
    d: failed, neither
    inner: failed, no
    map-1: success, output ["d","neither"]
    p: failed, neither
    try-1: success, output ["d","neither"]
    try-2: failed, neither
    "#);
}

#[test]
fn a_bail_in_an_arm_ends_the_workflow_all_the_same() {
    insta::assert_snapshot!(outcome(&arms(1), &["start", "a suspends 1", "b bails 2"]), @"
    success
    w: success, output 2
    a: canceled
    b: success, output 2
    c: canceled
    p: canceled
    ");
}

#[test]
fn what_is_done_at_once_is_the_first() {
    // Neither the question nor the step after it is ever entered.
    insta::assert_snapshot!(check(
        r#"[{"parallel": {"first": 1, "arms": [{"map": {"to": "1"}}, {"ask": {"id": "q"}}, "@c"]}},
            {"map": {"to": "has(steps.q)"}}]"#,
        &["start"],
    ), @r#"
    start
      run: success, durable
      w: success t1..t1, input null, output false
      map-1: success t1..t1, input null, output 1
      map-2: success t1..t1, input {"map-1":1}, output false
      parallel-1: success t1..t1, input null, output {"map-1":1}
    "#);
}

#[test]
fn of_answers_that_come_at_once_the_first_closes_the_others() {
    insta::assert_snapshot!(check(
        r#"[{"parallel": {"first": 1, "arms": [{"ask": {"id": "a"}}, {"ask": {"id": "b"}}]}}]"#,
        &["start", "resume 1 all", "resume 2 step=b"],
    ), @r#"
    start
      run: suspended, durable
      w: running t1.., input null
      a: suspended t1.., input null, waits since t1, shows null
      b: suspended t1.., input null, waits since t1, shows null
      parallel-1: running t1.., input null, First { needed: 1, open: 2, done: [] }
      opens #1 of a
      opens #1+1 of b
    resume 1 all
      run: success, durable
      w: success t1..t2, input null, output {"a":1}
      a: success t1..t2, input null, output 1, answered t2 with 1
      b: canceled t1..t2, input null, answered t2 with 1
      parallel-1: success t1..t2, input null, output {"a":1}
      closes #1: Answered
      closes #1+1: Answered
    resume 2 step=b
      refused, Conflict, not-suspended: this workflow run was not suspended: it is success
    "#);
}

#[test]
fn what_is_late_counts_as_failed() {
    insta::assert_snapshot!(outcome(
        r#"[{"parallel": {"first": 1, "arms": [{"ask": {"id": "a", "deadline": {"ms": 1000}}},
            {"ask": {"id": "b", "deadline": {"ms": 3000}}}]}}]"#,
        &["start", "time", "resume 2"],
    ), @r#"
    success
    w: success, output {"b":2}
    a: failed, the answer did not come before its deadline
    b: success, output 2
    parallel-1: success, output {"b":2}
    "#);
}
