//! Delays between two tries of a failed call.

use super::script::{check, outcome};

/// A step that is tried again after 2 s.
const SOON: &str =
    r#"[{"workflow": {"id": "in", "retry": {"retries": 3, "delayMs": 2000}, "steps": ["@ask"]}}]"#;

/// A run with a delay that is too long for the one who made the call is nobody's until then: one call is made, by
/// whoever comes.
#[test]
fn a_delay_that_nobody_sits_through_ends_as_a_sleep_does() {
    let history = check(
        SOON,
        &[
            "start",
            r#"in.ask fails "one" retryable sits=1"#,
            "in.ask completes 1 owner=1",
            "time",
            "time",
            r#"in.ask fails "two" retryable sits=1"#,
            "take-over 1 2",
            "cancel",
        ],
    );
    insta::assert_snapshot!(history, @r#"
    start
      run: running
      w: running t1.., input null
      in: running t1.., input null
      in.ask: running t1.., input null, call 1 = start
      calls in.ask
    in.ask fails "one" retryable sits=1
      run: waiting, durable
      in.ask: waiting t1.., input null, error "one", from t4 on call 1 attempt 1 = start
    in.ask completes 1 owner=1
      refused, Conflict, stale: step `in.ask` does not wait for the end of call 1 any more
    time
      run: running
      in.ask: running t1.., input null, error "one", call 1 attempt 1 = start
      calls in.ask
    time
      refused, Conflict, idle: nothing to do
    in.ask fails "two" retryable sits=1
      run: waiting, durable
      in.ask: waiting t1.., input null, error "two", from t8 on call 1 attempt 2 = start
    take-over 1 2
      refused, Conflict, idle: nothing to do
    cancel
      run: canceled, durable
      w: canceled t1..t8, input null
      in: canceled t1..t8, input null
      in.ask: canceled t1..t8, input null, error "two"
      saves version 4 before the end
    "#);
}

#[test]
fn the_last_delay_that_is_sat_through_is_as_long_as_said() {
    let told = [9, 10].map(|sits| {
        let fails = format!(r#"flaky fails "one" retryable sits={sits}"#);
        let told = check("then(flaky)", &["start", &fails]);
        told.lines().rev().take(2).collect::<Vec<_>>().join("; ")
    });
    insta::assert_snapshot!(told.join("\n"), @r#"
    flaky: waiting t1.., input null, error "one", from t12 on call 1 attempt 1 = start;   run: waiting, durable
    calls flaky at t12;   flaky: running t1.., input null, error "one", at t12 call 1 attempt 1 = start
    "#);
}

/// What else goes on meanwhile does, and is answered.
#[test]
fn a_delay_keeps_nobody_else_from_anything() {
    let told = outcome(
        r#"[{"parallel": {"arms": ["@flaky", "@ask"]}}]"#,
        &["start", r#"flaky fails "one" retryable sits=1"#, "ask suspends", "resume 1", "ask completes 1"],
    );
    insta::assert_snapshot!(told, @"
    waiting
    w: running
    ask: success, output 1
    flaky: waiting, one
    parallel-1: running
    ");
}

/// A deadline does not wait for the try.
#[test]
fn a_delay_ends_with_the_time_of_what_it_stands_in() {
    let workflow = SOON.replace("\"retry\"", "\"timeoutMs\": 2000, \"retry\"");
    let told = outcome(&workflow, &["start", r#"in.ask fails "one" retryable sits=1"#, "time"]);
    insta::assert_snapshot!(told, @"
    failed
    w: failed, it was not done within its time: 2000 ms have passed
    in: failed, it was not done within its time: 2000 ms have passed
    in.ask: canceled, one
    ");
}

/// A pause neither ends a delay nor makes it longer.
#[test]
fn a_delay_goes_on_while_the_run_is_paused() {
    let fails = r#"in.ask fails "one" retryable"#;
    let short = check(SOON, &["start", fails, "pause", "unpause", "time"]);
    let paused = check(SOON, &["start", "pause", fails, "time", "time", "unpause"]);
    insta::assert_snapshot!(format!("{short}\n{paused}"), @r#"
    start
      run: running
      w: running t1.., input null
      in: running t1.., input null
      in.ask: running t1.., input null, call 1 = start
      calls in.ask
    in.ask fails "one" retryable
      run: running
      in.ask: running t1.., input null, error "one", at t4 call 1 attempt 1 = start
      calls in.ask at t4
    pause
      run: paused, durable
      in.ask: waiting t1.., input null, error "one", from t4 on call 1 attempt 1 = start
    unpause
      run: waiting, durable
    time
      run: running
      in.ask: running t1.., input null, error "one", call 1 attempt 1 = start
      calls in.ask

    start
      run: running
      w: running t1.., input null
      in: running t1.., input null
      in.ask: running t1.., input null, call 1 = start
      calls in.ask
    pause
      run: running, durable
    in.ask fails "one" retryable
      run: paused, durable
      in.ask: waiting t1.., input null, error "one", from t5 on call 1 attempt 1 = start
    time
      refused, Conflict, idle: nothing to do
    time
      run: paused, durable
      in.ask: running t1.., input null, error "one", held back: call 1 attempt 1 = start
    unpause
      run: running
      in.ask: running t1.., input null, error "one", call 1 attempt 1 = start
      calls in.ask
    "#);
}

/// A fork and a restart do not wait: they are asked for.
#[test]
fn a_restart_makes_the_call_at_once() {
    let history =
        check("then(flaky)", &["start", r#"flaky fails "one" retryable sits=1"#, "cancel", "restart"]);
    insta::assert_snapshot!(history, @r#"
    start
      run: running
      w: running t1.., input null
      flaky: running t1.., input null, call 1 = start
      calls flaky
    flaky fails "one" retryable sits=1
      run: waiting, durable
      flaky: waiting t1.., input null, error "one", from t12 on call 1 attempt 1 = start
    cancel
      run: canceled, durable
      w: canceled t1..t3, input null
      flaky: canceled t1..t3, input null, error "one"
      saves version 2 before the end
    restart
      run: running
      w: running t1.., input null
      flaky: running t1.., input null, error "one", call 1 = start
      calls flaky
    "#);
}
