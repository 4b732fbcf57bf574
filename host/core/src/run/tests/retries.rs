//! Failed calls are tried again.

use super::script::check;

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
