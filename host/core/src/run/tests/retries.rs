//! Failed calls are tried again.

use super::script::{check, outcome};

/// Mastra 1.71 makes the same number of tries.
#[test]
fn a_failure_that_may_pass_is_tried_again_as_the_policy_says() {
    let history = check(
        "then(flaky)",
        &[
            "start 5",
            r#"flaky fails "one" retryable"#,
            r#"flaky fails "two" retryable"#,
            r#"flaky fails "three" retryable"#,
        ],
    );
    insta::assert_snapshot!(history, @r#"
    start 5
      run: running
      w: running t1.., input 5
      flaky: running t1.., input 5, call 1 = start
      calls flaky
    flaky fails "one" retryable
      run: running
      flaky: running t1.., input 5, error "one", at t12 call 1 attempt 1 = start
      calls flaky at t12
    flaky fails "two" retryable
      run: running
      flaky: running t1.., input 5, error "two", at t23 call 1 attempt 2 = start
      calls flaky at t23
    flaky fails "three" retryable
      run: failed, durable
      w: failed t1..t4, input 5, error "three"
      flaky: failed t1..t4, input 5, error "three"
      saves version 3 before the end
    "#);
}

#[test]
fn a_failure_that_will_not_pass_is_final() {
    let history = check("then(flaky)", &["start", r#"flaky fails "no""#]);
    insta::assert_snapshot!(history, @r#"
    start
      run: running
      w: running t1.., input null
      flaky: running t1.., input null, call 1 = start
      calls flaky
    flaky fails "no"
      run: failed, durable
      w: failed t1..t2, input null, error "no"
      flaky: failed t1..t2, input null, error "no"
      saves version 1 before the end
    "#);
}

#[test]
fn without_a_policy_a_failure_is_final() {
    let history = check("then(ask)", &["start", r#"ask fails "no" retryable"#]);
    insta::assert_snapshot!(history, @r#"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    ask fails "no" retryable
      run: failed, durable
      w: failed t1..t2, input null, error "no"
      ask: failed t1..t2, input null, error "no"
      saves version 1 before the end
    "#);
}

#[test]
fn a_success_after_a_failure_leaves_no_error() {
    let history = check("then(flaky)", &["start", r#"flaky fails "one" retryable"#, "flaky completes 1"]);
    insta::assert_snapshot!(history, @r#"
    start
      run: running
      w: running t1.., input null
      flaky: running t1.., input null, call 1 = start
      calls flaky
    flaky fails "one" retryable
      run: running
      flaky: running t1.., input null, error "one", at t12 call 1 attempt 1 = start
      calls flaky at t12
    flaky completes 1
      run: success, durable
      w: success t1..t3, input null, output 1
      flaky: success t1..t3, input null, output 1
    "#);
}

/// Differs from Mastra 1.71, which loses the policy of the workflow at a resume.
#[test]
fn a_resumed_call_is_tried_again_from_the_same_memory_with_the_same_answer() {
    let history = check(
        "then(flaky)",
        &[
            "start",
            "flaky suspends",
            r#"resume "yes""#,
            r#"flaky fails "one" retryable"#,
            r#"flaky fails "two" retryable"#,
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
    resume "yes"
      run: running
      flaky: running t1.., input null, answered t3 with "yes", call 2 = resume from image 2 of null: answered "yes"
      closes #2: Answered
      saves version 2 before #2
      calls flaky
    flaky fails "one" retryable
      run: running
      flaky: running t1.., input null, error "one", answered t3 with "yes", at t14 call 2 attempt 1 = resume from image 2 of null: answered "yes"
      calls flaky at t14
    flaky fails "two" retryable
      run: running
      flaky: running t1.., input null, error "two", answered t3 with "yes", at t25 call 2 attempt 2 = resume from image 2 of null: answered "yes"
      calls flaky at t25
    flaky completes 1
      run: success, durable
      w: success t1..t6, input null, output 1
      flaky: success t1..t6, input null, output 1, answered t3 with "yes"
      drops image 2
    "#);
}

#[test]
fn each_call_has_its_own_tries() {
    let history = check(
        "then(flaky)",
        &[
            "start",
            r#"flaky fails "one" retryable"#,
            "flaky suspends",
            "resume 1",
            r#"flaky fails "two" retryable"#,
        ],
    );
    insta::assert_snapshot!(history, @r#"
    start
      run: running
      w: running t1.., input null
      flaky: running t1.., input null, call 1 = start
      calls flaky
    flaky fails "one" retryable
      run: running
      flaky: running t1.., input null, error "one", at t12 call 1 attempt 1 = start
      calls flaky at t12
    flaky suspends
      run: suspended, durable
      flaky: suspended t1.., input null, waits since t3, shows null
      opens #3 of flaky
    resume 1
      run: running
      flaky: running t1.., input null, answered t4 with 1, call 2 = resume from image 3 of null: answered 1
      closes #3: Answered
      saves version 3 before #3
      calls flaky
    flaky fails "two" retryable
      run: running
      flaky: running t1.., input null, error "two", answered t4 with 1, at t15 call 2 attempt 1 = resume from image 3 of null: answered 1
      calls flaky at t15
    "#);
}

#[test]
fn the_wait_that_a_failure_asks_for_is_the_least() {
    let history = check(
        "then(flaky)",
        &["start", r#"flaky fails "busy" retryable after=60"#, r#"flaky fails "busy" retryable after=1"#],
    );
    insta::assert_snapshot!(history, @r#"
    start
      run: running
      w: running t1.., input null
      flaky: running t1.., input null, call 1 = start
      calls flaky
    flaky fails "busy" retryable after=60
      run: running
      flaky: running t1.., input null, error "busy", at t62 call 1 attempt 1 = start
      calls flaky at t62
    flaky fails "busy" retryable after=1
      run: running
      flaky: running t1.., input null, error "busy", at t23 call 1 attempt 2 = start
      calls flaky at t23
    "#);
}

/// Mastra 1.71 hands the step a 0 whatever is said.
#[test]
fn a_retry_count_accounts_tries_to_the_resumed_call() {
    let history = check(
        "then(flaky)",
        &[
            "start",
            "flaky suspends",
            "resume 1 retries=3",
            "resume 1 retries=1",
            r#"flaky fails "one" retryable"#,
            r#"flaky fails "two" retryable"#,
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
    resume 1 retries=3
      refused, Refused, retry-count: retryCount is 3, but the retry policy of step `flaky` allows at most 2
    resume 1 retries=1
      run: running
      flaky: running t1.., input null, answered t4 with 1, call 2 attempt 1 = resume from image 2 of null: answered 1
      closes #2: Answered
      saves version 2 before #2
      calls flaky
    flaky fails "one" retryable
      run: running
      flaky: running t1.., input null, error "one", answered t4 with 1, at t25 call 2 attempt 2 = resume from image 2 of null: answered 1
      calls flaky at t25
    flaky fails "two" retryable
      run: failed, durable
      w: failed t1..t6, input null, error "two"
      flaky: failed t1..t6, input null, error "two", answered t4 with 1
      drops image 2
      saves version 4 before the end
    "#);
}

/// Mastra 1.71 takes any number, and skips a check because of it.
#[test]
fn a_retry_count_that_the_policy_does_not_have_is_refused() {
    let history = check(
        "then(ask) then(pay)",
        &["start", "ask suspends", "resume 1 retries=1", "resume 1 step=pay retries=1"],
    );
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
    resume 1 retries=1
      refused, Refused, retry-count: retryCount is 1, but the retry policy of step `ask` allows at most 0
    resume 1 step=pay retries=1
      refused, Refused, unknown-target: step `pay` was not suspended; suspended steps: [ask]
    ");
}

#[test]
fn output_that_breaks_its_schema_is_not_tried_again() {
    let history = check("then(count)", &["start {}", r#"count completes "x""#]);
    insta::assert_snapshot!(history, @r#"
    start {}
      run: running
      w: running t1.., input {}
      count: running t1.., input {"v":7}, call 1 = start
      calls count
    count completes "x"
      run: failed, durable
      w: failed t1..t2, input {}, error invalid-output "step output validation failed:\n- (top): \"x\" is not of type \"integer\""
      count: failed t1..t2, input {"v":7}, error invalid-output "step output validation failed:\n- (top): \"x\" is not of type \"integer\""
      saves version 1 before the end
    "#);
}

#[test]
fn a_call_after_a_checkpoint_has_its_own_tries() {
    let history = check("then(flaky)", &["start", r#"flaky fails "one" retryable"#, "flaky checkpoints"]);
    insta::assert_snapshot!(history, @r#"
    start
      run: running
      w: running t1.., input null
      flaky: running t1.., input null, call 1 = start
      calls flaky
    flaky fails "one" retryable
      run: running
      flaky: running t1.., input null, error "one", at t12 call 1 attempt 1 = start
      calls flaky at t12
    flaky checkpoints
      run: running, durable
      flaky: running t1.., input null, call 2 = resume from image 3: recorded
      calls flaky
    "#);
}

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
