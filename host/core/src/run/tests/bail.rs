//! A step ends the workflow that it stands in.

use super::script::check;

/// Mastra 1.71 does the same.
#[test]
fn a_bail_ends_the_run_with_its_result() {
    let history = check("then(ask) then(pay)", &["start", r#"ask bails {"done":true}"#]);
    insta::assert_snapshot!(history, @r#"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    ask bails {"done":true}
      run: success, durable
      w: success t1..t2, input null, output {"done":true}
      ask: success t1..t2, input null, output {"done":true}
    "#);
}

#[test]
fn a_bail_after_a_resume_does_too() {
    let history = check("then(ask) then(pay)", &["start", "ask suspends", "resume 1", "ask bails 2"]);
    insta::assert_snapshot!(history, @"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    ask suspends
      run: suspended, durable
      ask: suspended t1.., input null, waits since t2, shows null
      opens #2 of ask
    resume 1
      run: running
      ask: running t1.., input null, answered t3 with 1, call 2 = resume from image 2 of null: answered 1
      closes #2: Answered
      saves version 2 before #2
      calls ask
    ask bails 2
      run: success, durable
      w: success t1..t4, input null, output 2
      ask: success t1..t4, input null, output 2, answered t3 with 1
      drops image 2
    ");
}

#[test]
fn a_bail_in_a_nested_workflow_ends_that_one_alone() {
    let history =
        check("workflow(one: then(a) then(b)) then(c)", &["start", "one.a bails 5", "c completes 6"]);
    insta::assert_snapshot!(history, @"
    start
      run: running
      w: running t1.., input null
      one: running t1.., input null
      one.a: running t1.., input null, call 1 = start
      calls one.a
    one.a bails 5
      run: running
      c: running t2.., input 5, call 1 = start
      one: success t1..t2, input null, output 5
      one.a: success t1..t2, input null, output 5
      calls c
    c completes 6
      run: success, durable
      w: success t1..t3, input null, output 6
      c: success t2..t3, input 5, output 6
    ");
}

#[test]
fn a_bail_at_the_end_of_nested_workflows_ends_only_the_innermost() {
    let history = check(
        "workflow(one: workflow(two: then(a) then(b)) then(c))",
        &["start", "one.two.a bails 5", "one.c bails 6"],
    );
    insta::assert_snapshot!(history, @"
    start
      run: running
      w: running t1.., input null
      one: running t1.., input null
      one.two: running t1.., input null
      one.two.a: running t1.., input null, call 1 = start
      calls one.two.a
    one.two.a bails 5
      run: running
      one.c: running t2.., input 5, call 1 = start
      one.two: success t1..t2, input null, output 5
      one.two.a: success t1..t2, input null, output 5
      calls one.c
    one.c bails 6
      run: success, durable
      w: success t1..t3, input null, output 6
      one: success t1..t3, input null, output 6
      one.c: success t2..t3, input 5, output 6
    ");
}

#[test]
fn the_result_of_a_bail_is_held_to_the_workflows_output_schema() {
    let history = check(r#"output {"type":"integer"} then(ask)"#, &["start", r#"ask bails "x""#]);
    insta::assert_snapshot!(history, @r#"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    ask bails "x"
      run: failed, durable
      w: failed t1..t2, input null, error invalid-output "workflow output validation failed:\n- (top): \"x\" is not of type \"integer\""
      ask: success t1..t2, input null, output "x"
      saves version 1 before the end
    "#);
}

#[test]
fn the_result_of_a_bail_is_not_held_to_the_steps() {
    let history = check("then(count) then(pay)", &["start {}", r#"count bails "enough""#]);
    insta::assert_snapshot!(history, @r#"
    start {}
      run: running
      w: running t1.., input {}
      count: running t1.., input {"v":7}, call 1 = start
      calls count
    count bails "enough"
      run: success, durable
      w: success t1..t2, input {}, output "enough"
      count: success t1..t2, input {"v":7}, output "enough"
    "#);
}
