//! A run starts.

use super::script::check;

#[test]
fn a_start_calls_the_first_step_with_the_input() {
    let history = check("then(ask) then(pay)", &["start 5", "ask completes 6", "pay completes 7"]);
    insta::assert_snapshot!(history, @"
    start 5
      run: running
      w: running t1.., input 5
      ask: running t1.., input 5, call 1 = start
      calls ask
    ask completes 6
      run: running
      ask: success t1..t2, input 5, output 6
      pay: running t2.., input 6, call 1 = start
      calls pay
    pay completes 7
      run: success, durable
      w: success t1..t3, input 5, output 7
      pay: success t2..t3, input 6, output 7
    ");
}

/// Differs from Mastra 1.71, which silently starts a finished run over.
#[test]
fn a_start_that_is_not_the_first_is_refused() {
    let history = check("then(ask)", &["start 5", "start 6", "ask completes 1", "start 7"]);
    insta::assert_snapshot!(history, @"
    start 5
      run: running
      w: running t1.., input 5
      ask: running t1.., input 5, call 1 = start
      calls ask
    start 6
      refused, Conflict, already-started: this workflow run was started before: it is running; create a new run to do the work again
    ask completes 1
      run: success, durable
      w: success t1..t3, input 5, output 1
      ask: success t1..t3, input 5, output 1
    start 7
      refused, Conflict, already-started: this workflow run was started before: it is success; create a new run to do the work again
    ");
}

/// Mastra 1.71 does the same.
#[test]
fn input_that_breaks_the_schema_is_refused_and_the_run_stays_pending() {
    let history = check(
        r#"input {"type":"object","required":["v"]} then(ask)"#,
        &["start {}", "start", r#"start {"v":1}"#],
    );
    insta::assert_snapshot!(history, @r#"
    start {}
      refused, Refused, invalid-data: invalid input data:
    - /v: "v" is a required property
    start
      refused, Refused, invalid-data: invalid input data:
    - (top): null is not of type "object"
    start {"v":1}
      run: running
      w: running t3.., input {"v":1}
      ask: running t3.., input {"v":1}, call 1 = start
      calls ask
    "#);
}

/// Mastra 1.71 does the same.
#[test]
fn defaults_of_the_input_are_filled_in() {
    let history =
        check(r#"input {"properties":{"v":{"type":"number","default":7}}} then(ask)"#, &["start {}"]);
    insta::assert_snapshot!(history, @r#"
    start {}
      run: running
      w: running t1.., input {"v":7}
      ask: running t1.., input {"v":7}, call 1 = start
      calls ask
    "#);
}

/// The caller is told, rather than left with a failed run.
#[test]
fn the_first_steps_own_contract_is_checked_at_the_start_however_deep_it_stands() {
    let history = check("workflow(outer: workflow(inner: then(count)))", &[r#"start {"v":"x"}"#, "start {}"]);
    insta::assert_snapshot!(history, @r#"
    start {"v":"x"}
      refused, Refused, invalid-data: invalid input data:
    - /v: "x" is not of type "integer"
    start {}
      run: running
      w: running t2.., input {}
      outer: running t2.., input {}
      outer.inner: running t2.., input {}
      outer.inner.count: running t2.., input {"v":7}, call 1 = start
      calls outer.inner.count
    "#);
}

/// Mastra 1.71 does the same.
#[test]
fn an_initial_state_is_an_object_that_fits_the_schema() {
    let history = check(
        r#"state {"properties":{"n":{"type":"integer","default":3}}} then(ask)"#,
        &["start state=[1]", r#"start state={"n":"x"}"#, r#"start state={"m":1}"#],
    );
    insta::assert_snapshot!(history, @r#"
    start state=[1]
      refused, Refused, invalid-data: the initial state must be a JSON object, found an array
    start state={"n":"x"}
      refused, Refused, invalid-data: invalid initial state:
    - /n: "x" is not of type "integer"
    start state={"m":1}
      run: running
      state: {"m":1,"n":3}
      w: running t3.., input null
      ask: running t3.., input null, call 1 = start
      calls ask
    "#);
}

#[test]
fn a_request_context_fits_the_workflow_and_the_first_step() {
    let history = check(
        r#"context {"properties":{"tier":{"default":"basic"}}} then(greet)"#,
        &["start", r#"start context={"user":5}"#, r#"start context={"user":"ann"}"#],
    );
    insta::assert_snapshot!(history, @r#"
    start
      refused, Refused, invalid-data: invalid request context:
    - /user: "user" is a required property
    start context={"user":5}
      refused, Refused, invalid-data: invalid request context:
    - /user: 5 is not of type "string"
    start context={"user":"ann"}
      run: running
      context: {"role":"clerk","tier":"basic","user":"ann"}
      w: running t3.., input null
      greet: running t3.., input null, call 1 = start
      calls greet
    "#);
}
