//! Somebody ends a run.

use super::script::check;

#[test]
fn a_cancel_ends_a_suspended_run_and_closes_its_suspension() {
    let history = check("then(ask)", &["start", "ask suspends 1", "cancel", "resume 1"]);
    insta::assert_snapshot!(history, @"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    ask suspends 1
      run: suspended, durable
      ask: suspended t1.., input null, waits since t2, shows 1
      opens #2 of ask
    cancel
      run: canceled, durable
      w: canceled t1..t3, input null
      ask: canceled t1..t3, input null
      closes #2: Closed
      drops image 2
      saves version 2 before the end
    resume 1
      refused, Conflict, not-suspended: this workflow run was not suspended: it is canceled
    ");
}

/// Mastra 1.71 lets the step finish and then drops what follows; the run is canceled either way.
#[test]
fn a_cancel_does_not_wait_for_a_call_and_its_end_changes_nothing() {
    let history = check("then(ask) then(pay)", &["start", "cancel", "ask completes 1"]);
    insta::assert_snapshot!(history, @"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    cancel
      run: canceled, durable
      w: canceled t1..t2, input null
      ask: canceled t1..t2, input null
      saves version 1 before the end
    ask completes 1
      refused, Conflict, stale: step `ask` does not wait for the end of call 0 any more
    ");
}

/// Mastra 1.71 does the same.
#[test]
fn a_cancel_ends_a_sleep_at_once() {
    let history = check("then(ask)", &["start", "ask sleeps 100", "cancel", "time"]);
    insta::assert_snapshot!(history, @"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    ask sleeps 100
      run: waiting, durable
      ask: waiting t1.., input null, waits since t2
      opens #2 of ask
    cancel
      run: canceled, durable
      w: canceled t1..t3, input null
      ask: canceled t1..t3, input null
      closes #2: Closed
      drops image 2
      saves version 2 before the end
    time
      refused, Conflict, idle: nothing to do
    ");
}

#[test]
fn a_cancel_ends_a_wait_for_the_next_try() {
    let history = check(
        "then(flaky)",
        &[
            "start",
            "flaky suspends",
            "resume 1",
            r#"flaky fails "one" retryable"#,
            "cancel",
            "flaky completes 1",
        ],
    );
    insta::assert_snapshot!(history, @r#"
    start
      run: running
      w: running t1.., input null
      flaky: running t1.., input null, call 1 = start
      calls flaky
    flaky suspends
      run: suspended, durable
      flaky: suspended t1.., input null, waits since t2, shows null
      opens #2 of flaky
    resume 1
      run: running
      flaky: running t1.., input null, answered t3 with 1, call 2 = resume from image 2 of null: answered 1
      closes #2: Answered
      saves version 2 before #2
      calls flaky
    flaky fails "one" retryable
      run: running
      flaky: running t1.., input null, error "one", answered t3 with 1, at t14 call 2 attempt 1 = resume from image 2 of null: answered 1
      calls flaky at t14
    cancel
      run: canceled, durable
      w: canceled t1..t5, input null
      flaky: canceled t1..t5, input null, error "one", answered t3 with 1
      drops image 2
      saves version 4 before the end
    flaky completes 1
      refused, Conflict, stale: step `flaky` does not wait for the end of call 0 any more
    "#);
}

#[test]
fn a_cancel_ends_every_workflow_around_a_step() {
    let history = check("workflow(one: then(a))", &["start", "one.a suspends", "cancel"]);
    insta::assert_snapshot!(history, @"
    start
      run: running
      w: running t1.., input null
      one: running t1.., input null
      one.a: running t1.., input null, call 1 = start
      calls one.a
    one.a suspends
      run: suspended, durable
      one.a: suspended t1.., input null, waits since t2, shows null
      opens #2 of one.a
    cancel
      run: canceled, durable
      w: canceled t1..t3, input null
      one: canceled t1..t3, input null
      one.a: canceled t1..t3, input null
      closes #2: Closed
      drops image 2
      saves version 2 before the end
    ");
}

#[test]
fn a_run_that_was_not_started_can_be_canceled_and_then_not_started() {
    let history = check("then(ask)", &["cancel", "start"]);
    insta::assert_snapshot!(history, @"
    cancel
      run: canceled, durable
      saves version 0 before the end
    start
      refused, Conflict, already-started: this workflow run was started before: it is canceled; create a new run to do the work again
    ");
}

/// Differs from Mastra 1.71, which writes it over.
#[test]
fn a_run_that_ended_cannot_be_canceled() {
    let history = check("then(ask)", &["start", "ask completes 1", "cancel"]);
    insta::assert_snapshot!(history, @"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    ask completes 1
      run: success, durable
      w: success t1..t2, input null, output 1
      ask: success t1..t2, input null, output 1
    cancel
      refused, Conflict, already-ended: this workflow run cannot be canceled: it is success
    ");
}

#[test]
fn a_run_is_canceled_once() {
    let history = check("then(ask)", &["start", "cancel", "cancel"]);
    insta::assert_snapshot!(history, @"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    cancel
      run: canceled, durable
      w: canceled t1..t2, input null
      ask: canceled t1..t2, input null
      saves version 1 before the end
    cancel
      refused, Conflict, already-ended: this workflow run cannot be canceled: it is canceled
    ");
}
