//! Workflows as steps.

use super::script::check;

#[test]
fn a_nested_workflow_hands_its_output_on() {
    let history = check(
        "workflow(one: then(a) then(b)) then(c)",
        &["start 1", "one.a completes 2", "one.b completes 3", "c completes 4"],
    );
    insta::assert_snapshot!(history, @"
    start 1
      run: running
      w: running t1.., input 1
      one: running t1.., input 1
      one.a: running t1.., input 1, call 1 = start
      calls one.a
    one.a completes 2
      run: running
      one.a: success t1..t2, input 1, output 2
      one.b: running t2.., input 2, call 1 = start
      calls one.b
    one.b completes 3
      run: running
      c: running t3.., input 3, call 1 = start
      one: success t1..t3, input 1, output 3
      one.b: success t2..t3, input 2, output 3
      calls c
    c completes 4
      run: success, durable
      w: success t1..t4, input 1, output 4
      c: success t3..t4, input 3, output 4
    ");
}

#[test]
fn the_schemas_of_a_nested_workflow_hold() {
    let history = check(
        r#"workflow(one: input {"properties":{"v":{"default":1}}} output {"type":"integer"} then(a)) then(b)"#,
        &["start {}", "one.a completes 2", "b completes 3"],
    );
    insta::assert_snapshot!(history, @r#"
    start {}
      run: running
      w: running t1.., input {}
      one: running t1.., input {"v":1}
      one.a: running t1.., input {"v":1}, call 1 = start
      calls one.a
    one.a completes 2
      run: running
      b: running t2.., input 2, call 1 = start
      one: success t1..t2, input {"v":1}, output 2
      one.a: success t1..t2, input {"v":1}, output 2
      calls b
    b completes 3
      run: success, durable
      w: success t1..t3, input {}, output 3
      b: success t2..t3, input 2, output 3
    "#);
}

#[test]
fn input_that_a_nested_workflow_refuses_fails_the_run() {
    let history =
        check(r#"then(a) workflow(one: input {"type":"object"} then(b))"#, &["start", "a completes 5"]);
    insta::assert_snapshot!(history, @r#"
    start
      run: running
      w: running t1.., input null
      a: running t1.., input null, call 1 = start
      calls a
    a completes 5
      run: failed, durable
      w: failed t1..t2, input null, error invalid-input "step input validation failed:\n- (top): 5 is not of type \"object\""
      a: success t1..t2, input null, output 5
      one: failed t2..t2, input 5, error invalid-input "step input validation failed:\n- (top): 5 is not of type \"object\""
      saves version 1 before the end
    "#);
}

#[test]
fn output_that_a_nested_workflow_refuses_fails_the_run() {
    let history = check(
        r#"workflow(one: output {"type":"integer"} then(a)) then(b)"#,
        &["start", r#"one.a completes "x""#],
    );
    insta::assert_snapshot!(history, @r#"
    start
      run: running
      w: running t1.., input null
      one: running t1.., input null
      one.a: running t1.., input null, call 1 = start
      calls one.a
    one.a completes "x"
      run: failed, durable
      w: failed t1..t2, input null, error invalid-output "workflow output validation failed:\n- (top): \"x\" is not of type \"integer\""
      one: failed t1..t2, input null, error invalid-output "workflow output validation failed:\n- (top): \"x\" is not of type \"integer\""
      one.a: success t1..t2, input null, output "x"
      saves version 1 before the end
    "#);
}

#[test]
fn a_failure_of_a_leaf_fails_every_workflow_around_it() {
    let history = check("workflow(one: workflow(two: then(a)))", &["start", r#"one.two.a fails "boom""#]);
    insta::assert_snapshot!(history, @r#"
    start
      run: running
      w: running t1.., input null
      one: running t1.., input null
      one.two: running t1.., input null
      one.two.a: running t1.., input null, call 1 = start
      calls one.two.a
    one.two.a fails "boom"
      run: failed, durable
      w: failed t1..t2, input null, error "boom"
      one: failed t1..t2, input null, error "boom"
      one.two: failed t1..t2, input null, error "boom"
      one.two.a: failed t1..t2, input null, error "boom"
      saves version 1 before the end
    "#);
}

#[test]
fn a_request_context_that_a_nested_workflow_refuses_fails_the_run() {
    let history =
        check(r#"then(a) workflow(one: context {"required":["user"]} then(b))"#, &["start", "a completes 5"]);
    insta::assert_snapshot!(history, @r#"
    start
      run: running
      w: running t1.., input null
      a: running t1.., input null, call 1 = start
      calls a
    a completes 5
      run: failed, durable
      w: failed t1..t2, input null, error invalid-request-context "request context validation failed:\n- /user: \"user\" is a required property"
      a: success t1..t2, input null, output 5
      one: failed t2..t2, input 5, error invalid-request-context "request context validation failed:\n- /user: \"user\" is a required property"
      saves version 1 before the end
    "#);
}

#[test]
fn a_request_context_that_a_later_step_refuses_fails_the_run_and_one_that_fits_gets_its_defaults() {
    let history = check("then(a) then(greet)", &[r#"start context={"user":"ann"}"#, "a completes 5"]);
    insta::assert_snapshot!(history, @r#"
    start context={"user":"ann"}
      run: running
      context: {"user":"ann"}
      w: running t1.., input null
      a: running t1.., input null, call 1 = start
      calls a
    a completes 5
      run: running
      context: {"role":"clerk","user":"ann"}
      a: success t1..t2, input null, output 5
      greet: running t2.., input 5, call 1 = start
      calls greet
    "#);
}

#[test]
fn a_step_finds_its_request_context_missing() {
    let history = check("then(a) then(greet)", &["start", "a completes 5"]);
    insta::assert_snapshot!(history, @r#"
    start
      run: running
      w: running t1.., input null
      a: running t1.., input null, call 1 = start
      calls a
    a completes 5
      run: failed, durable
      w: failed t1..t2, input null, error invalid-request-context "request context validation failed:\n- /user: \"user\" is a required property"
      a: success t1..t2, input null, output 5
      greet: failed t2..t2, input 5, error invalid-request-context "request context validation failed:\n- /user: \"user\" is a required property"
      saves version 1 before the end
    "#);
}
