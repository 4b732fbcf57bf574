//! Branches: which arms are done, and what a condition may be.

use super::blocks::ends;
use super::script::{check, outcome};

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
