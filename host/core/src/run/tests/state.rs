//! The shared state and the request context, as calls set them.

use super::script::check;

/// Mastra 1.71 does the same.
#[test]
fn state_that_a_call_set_is_kept_over_a_suspension() {
    let history = check(
        r#"state {"properties":{"n":{"type":"integer"}}} then(ask)"#,
        &[
            r#"start state={"n":1,"m":1}"#,
            r#"ask suspends set={"n":2}"#,
            "resume 1",
            r#"ask completes 1 set={"k":3}"#,
        ],
    );
    insta::assert_snapshot!(history, @r#"
    start state={"n":1,"m":1}
      run: running
      state: {"m":1,"n":1}
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    ask suspends set={"n":2}
      run: suspended, durable
      state: {"m":1,"n":2}
      ask: suspended t1.., input null, waits since t2, shows null
      opens #2 of ask
    resume 1
      run: running
      ask: running t1.., input null, answered t3 with 1, call 2 = resume from image 2 of null: answered 1
      closes #2: Answered
      saves version 2 before #2
      calls ask
    ask completes 1 set={"k":3}
      run: success, durable
      state: {"k":3,"m":1,"n":2}
      w: success t1..t4, input null, output 1
      ask: success t1..t4, input null, output 1, answered t3 with 1
      drops image 2
    "#);
}

/// Mastra 1.71 does the same.
#[test]
fn state_of_a_failed_call_is_dropped() {
    let history = check(
        "then(flaky)",
        &[
            "start",
            r#"flaky fails "no" retryable set={"n":1} context={"c":1}"#,
            r#"flaky completes 1 set={"n":2} context={"c":2}"#,
        ],
    );
    insta::assert_snapshot!(history, @r#"
    start
      run: running
      w: running t1.., input null
      flaky: running t1.., input null, call 1 = start
      calls flaky
    flaky fails "no" retryable set={"n":1} context={"c":1}
      run: running
      flaky: running t1.., input null, error "no", at t12 call 1 attempt 1 = start
      calls flaky at t12
    flaky completes 1 set={"n":2} context={"c":2}
      run: success, durable
      state: {"n":2}
      context: {"c":2}
      w: success t1..t3, input null, output 1
      flaky: success t1..t3, input null, output 1
    "#);
}

/// Mastra 1.71 does the same.
#[test]
fn state_that_breaks_the_workflows_schema_fails_the_step() {
    let history = check(
        r#"state {"properties":{"n":{"type":"integer"}}} then(ask)"#,
        &["start", r#"ask completes 1 set={"n":"x"} context={"c":1}"#],
    );
    insta::assert_snapshot!(history, @r#"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    ask completes 1 set={"n":"x"} context={"c":1}
      run: failed, durable
      w: failed t1..t2, input null, error invalid-state "step state data validation failed:\n- /n: \"x\" is not of type \"integer\""
      ask: failed t1..t2, input null, error invalid-state "step state data validation failed:\n- /n: \"x\" is not of type \"integer\""
      saves version 1 before the end
    "#);
}

/// Mastra 1.71 does the same.
#[test]
fn state_that_breaks_the_steps_own_schema_fails_the_step() {
    let history = check("then(tally)", &["start", r#"tally completes 1 set={"n":"x"}"#]);
    insta::assert_snapshot!(history, @r#"
    start
      run: running
      w: running t1.., input null
      tally: running t1.., input null, call 1 = start
      calls tally
    tally completes 1 set={"n":"x"}
      run: failed, durable
      w: failed t1..t2, input null, error invalid-state "step state data validation failed:\n- /n: \"x\" is not of type \"integer\""
      tally: failed t1..t2, input null, error invalid-state "step state data validation failed:\n- /n: \"x\" is not of type \"integer\""
      saves version 1 before the end
    "#);
}

#[test]
fn state_of_a_call_whose_output_breaks_its_schema_is_dropped() {
    let history = check("then(count)", &["start {}", r#"count completes "x" set={"n":1} context={"c":1}"#]);
    insta::assert_snapshot!(history, @r#"
    start {}
      run: running
      w: running t1.., input {}
      count: running t1.., input {"v":7}, call 1 = start
      calls count
    count completes "x" set={"n":1} context={"c":1}
      run: failed, durable
      w: failed t1..t2, input {}, error invalid-output "step output validation failed:\n- (top): \"x\" is not of type \"integer\""
      count: failed t1..t2, input {"v":7}, error invalid-output "step output validation failed:\n- (top): \"x\" is not of type \"integer\""
      saves version 1 before the end
    "#);
}

#[test]
fn state_of_a_call_whose_suspension_is_refused_is_dropped() {
    let history = check("then(ask)", &["start", r#"ask suspends label= set={"n":1} context={"c":1}"#]);
    insta::assert_snapshot!(history, @r#"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    ask suspends label= set={"n":1} context={"c":1}
      run: failed, durable
      w: failed t1..t2, input null, error invalid-label "a label of 0 bytes given, 1 to 256 are allowed"
      ask: failed t1..t2, input null, error invalid-label "a label of 0 bytes given, 1 to 256 are allowed"
      saves version 1 before the end
    "#);
}

#[test]
fn a_nested_workflows_state_schema_holds_for_its_steps() {
    let history = check(
        r#"workflow(one: state {"properties":{"n":{"type":"integer"}}} then(a)) then(b)"#,
        &["start", r#"one.a completes 1 set={"n":1}"#, r#"b completes 1 set={"n":"free"}"#],
    );
    insta::assert_snapshot!(history, @r#"
    start
      run: running
      w: running t1.., input null
      one: running t1.., input null
      one.a: running t1.., input null, call 1 = start
      calls one.a
    one.a completes 1 set={"n":1}
      run: running
      state: {"n":1}
      b: running t2.., input 1, call 1 = start
      one: success t1..t2, input null, output 1
      one.a: success t1..t2, input null, output 1
      calls b
    b completes 1 set={"n":"free"}
      run: success, durable
      state: {"n":"free"}
      w: success t1..t3, input null, output 1
      b: success t2..t3, input 1, output 1
    "#);
}

/// Mastra 1.71 does the same.
#[test]
fn a_request_context_that_a_step_set_is_there_for_later_steps_and_resumes() {
    let history = check(
        "then(ask) then(greet)",
        &["start", r#"ask completes 1 context={"user":"ann"}"#, "greet suspends", "resume 1"],
    );
    insta::assert_snapshot!(history, @r#"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    ask completes 1 context={"user":"ann"}
      run: running
      context: {"role":"clerk","user":"ann"}
      ask: success t1..t2, input null, output 1
      greet: running t2.., input 1, call 1 = start
      calls greet
    greet suspends
      run: suspended, durable
      greet: suspended t2.., input 1, waits since t3, shows null
      opens #3 of greet
    resume 1
      run: running
      greet: running t2.., input 1, answered t4 with 1, call 2 = resume from image 3 of null: answered 1
      closes #3: Answered
      saves version 3 before #3
      calls greet
    "#);
}

#[test]
fn a_request_context_that_would_make_each_resume_fail_fails_the_step_that_set_it() {
    let history = check(
        r#"context {"properties":{"user":{"type":"string"}}} then(ask)"#,
        &["start", r#"ask suspends context={"user":5}"#],
    );
    insta::assert_snapshot!(history, @r#"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    ask suspends context={"user":5}
      run: failed, durable
      w: failed t1..t2, input null, error invalid-request-context "request context validation failed:\n- /user: 5 is not of type \"string\""
      ask: failed t1..t2, input null, error invalid-request-context "request context validation failed:\n- /user: 5 is not of type \"string\""
      saves version 1 before the end
    "#);
}
