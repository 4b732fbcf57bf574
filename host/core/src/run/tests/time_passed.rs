//! Sleeps and deadlines.

use super::script::{check, outcome};

#[test]
fn a_sleep_ends_when_its_time_has_come() {
    let history = check("then(ask)", &["start", "ask sleeps 4", "time", "time", "ask completes 1"]);
    insta::assert_snapshot!(history, @"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    ask sleeps 4
      run: waiting, durable
      ask: waiting t1.., input null, waits since t2
      opens #2 of ask
    time
      refused, Conflict, idle: nothing to do
    time
      run: running
      ask: running t1.., input null, call 2 = resume from image 2: elapsed
      closes #2: Elapsed
      saves version 2 before #2
      calls ask
    ask completes 1
      run: success, durable
      w: success t1..t5, input null, output 1
      ask: success t1..t5, input null, output 1
      drops image 2
    ");
}

/// Differs from Mastra 1.71, in which anything over 24.8 days ends at once.
#[test]
fn a_sleep_of_years_is_a_sleep() {
    let history = check("then(ask)", &["start", "ask sleeps 315360000", "time"]);
    insta::assert_snapshot!(history, @"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    ask sleeps 315360000
      run: waiting, durable
      ask: waiting t1.., input null, waits since t2
      opens #2 of ask
    time
      refused, Conflict, idle: nothing to do
    ");
}

#[test]
fn a_deadline_without_an_answer_tells_the_step() {
    let history = check(
        "then(ask)",
        &["start", r#"ask suspends {"q":1} deadline=4"#, "time", "time", r#"ask completes "late""#],
    );
    insta::assert_snapshot!(history, @r#"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    ask suspends {"q":1} deadline=4
      run: suspended, durable
      ask: suspended t1.., input null, waits since t2, shows {"q":1}
      opens #2 of ask
    time
      refused, Conflict, idle: nothing to do
    time
      run: running
      ask: running t1.., input null, call 2 = resume from image 2 of {"q":1}: timed out
      closes #2: Elapsed
      saves version 2 before #2
      calls ask
    ask completes "late"
      run: success, durable
      w: success t1..t5, input null, output "late"
      ask: success t1..t5, input null, output "late"
      drops image 2
    "#);
}

#[test]
fn a_deadline_may_answer_in_place_of_everybody() {
    let history = check(
        "then(approve)",
        &["start", r#"approve suspends {"reason":"r"} deadline=3 otherwise={"ok":false}"#, "time"],
    );
    insta::assert_snapshot!(history, @r#"
    start
      run: running
      w: running t1.., input null
      approve: running t1.., input null, call 1 = start
      calls approve
    approve suspends {"reason":"r"} deadline=3 otherwise={"ok":false}
      run: suspended, durable
      approve: suspended t1.., input null, waits since t2, shows {"reason":"r"}
      opens #2 of approve
    time
      run: running
      approve: running t1.., input null, answered t3 with {"note":"none","ok":false}, call 2 = resume from image 2 of {"reason":"r"}: answered {"note":"none","ok":false}
      closes #2: Elapsed
      saves version 2 before #2
      calls approve
    "#);
}

#[test]
fn a_default_answer_that_breaks_the_resume_schema_fails_the_step_at_once() {
    let history = check(
        "then(approve)",
        &["start", r#"approve suspends {"reason":"r"} deadline=3 otherwise={"ok":5}"#],
    );
    insta::assert_snapshot!(history, @r#"
    start
      run: running
      w: running t1.., input null
      approve: running t1.., input null, call 1 = start
      calls approve
    approve suspends {"reason":"r"} deadline=3 otherwise={"ok":5}
      run: failed, durable
      w: failed t1..t2, input null, error invalid-deadline "default answer validation failed:\n- /ok: 5 is not of type \"boolean\""
      approve: failed t1..t2, input null, error invalid-deadline "default answer validation failed:\n- /ok: 5 is not of type \"boolean\""
      saves version 1 before the end
    "#);
}

#[test]
fn an_answer_before_the_deadline_wins() {
    let history =
        check("then(ask)", &["start", "ask suspends deadline=9", "resume 1", "ask completes 1", "time"]);
    insta::assert_snapshot!(history, @"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    ask suspends deadline=9
      run: suspended, durable
      ask: suspended t1.., input null, waits since t2, shows null
      opens #2 of ask
    resume 1
      run: running
      ask: running t1.., input null, answered t3 with 1, call 2 = resume from image 2 of null: answered 1
      closes #2: Answered
      saves version 2 before #2
      calls ask
    ask completes 1
      run: success, durable
      w: success t1..t4, input null, output 1
      ask: success t1..t4, input null, output 1, answered t3 with 1
      drops image 2
    time
      refused, Conflict, idle: nothing to do
    ");
}

#[test]
fn a_run_that_sleeps_takes_no_answer() {
    let history = check("then(ask)", &["start", "ask sleeps 9", "resume 1"]);
    insta::assert_snapshot!(history, @"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    ask sleeps 9
      run: waiting, durable
      ask: waiting t1.., input null, waits since t2
      opens #2 of ask
    resume 1
      refused, Conflict, not-suspended: this workflow run was not suspended: it is waiting
    ");
}

#[test]
fn a_run_with_nothing_due_is_left_alone() {
    let history = check("then(ask)", &["time", "start", "time", "ask suspends", "time"]);
    insta::assert_snapshot!(history, @"
    time
      refused, Conflict, idle: nothing to do
    start
      run: running
      w: running t2.., input null
      ask: running t2.., input null, call 1 = start
      calls ask
    time
      refused, Conflict, idle: nothing to do
    ask suspends
      run: suspended, durable
      ask: suspended t2.., input null, waits since t4, shows null
      opens #4 of ask
    time
      refused, Conflict, idle: nothing to do
    ");
}

/// Whether an answer came in time does not depend on who looked first.
#[test]
fn what_is_due_comes_before_an_answer() {
    let told = check("then(ask)", &["start", "ask suspends 1 deadline=3 otherwise=5", "resume 2"]);
    insta::assert_snapshot!(told, @"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    ask suspends 1 deadline=3 otherwise=5
      run: suspended, durable
      ask: suspended t1.., input null, waits since t2, shows 1
      opens #2 of ask
    resume 2
     first, what is due:
      run: running
      ask: running t1.., input null, answered t3 with 5, call 2 = resume from image 2 of 1: answered 5
      closes #2: Elapsed
      saves version 2 before #2
      calls ask
     then:
      refused, Conflict, not-suspended: this workflow run was not suspended: it is running
    ");
    let told = check(
        r#"[{"parallel": {"arms": ["@pa", "@pb"]}}]"#,
        &["start", "pa suspends 1 deadline=4", "pb suspends 2", "resume 7 step=pb"],
    );
    insta::assert_snapshot!(told, @"
    start
      run: running
      w: running t1.., input null
      pa: running t1.., input null, call 1 = start
      parallel-1: running t1.., input null, Parallel { open: 2 }
      pb: running t1.., input null, call 1 = start
      calls pa
      calls pb
    pa suspends 1 deadline=4
      run: running, durable
      pa: suspended t1.., input null, waits since t2, shows 1
      opens #2 of pa
    pb suspends 2
      run: suspended, durable
      pb: suspended t1.., input null, waits since t3, shows 2
      opens #3 of pb
    resume 7 step=pb
     first, what is due:
      run: running
      pa: running t1.., input null, call 2 = resume from image 2 of 1: timed out
      closes #2: Elapsed
      saves version 3 before #2
      calls pa
     then:
      run: running
      pb: running t1.., input null, answered t4 with 7, call 2 = resume from image 3 of 2: answered 7
      closes #3: Answered
      saves version 4 before #3
      calls pb
    ");
}

/// Each kind of limit, and an answer that comes when it is over: what the run is then.
#[test]
fn no_limit_lets_a_late_answer_through() {
    let late = |workflow: &str, suspends: &str| {
        let told = check(workflow, &["start", suspends, "pause", "time", "resume 2"]);
        told.lines().rev().take(2).map(str::trim).collect::<Vec<_>>().join("; ")
    };
    let of_step = r#"[{"then": {"component": "C", "step": "ask", "totalTimeoutMs": 3500}}]"#;
    let of_step = of_step.replace('C', &crate::digest::ComponentDigest::of(b"").to_string());
    let workflow = r#"[{"workflow": {"id": "in", "timeoutMs": 3500, "steps": ["@ask"]}}]"#;
    let mut told = String::new();
    for (workflow, suspends) in [
        ("then(ask)", "ask suspends 1 deadline=5"),
        ("then(ask)", "ask suspends 1 deadline=5 otherwise=3"),
        (of_step.as_str(), "ask suspends 1"),
        (workflow, "in.ask suspends 1"),
    ] {
        told += &late(workflow, suspends);
        told.push('\n');
    }
    insta::assert_snapshot!(told, @"
    refused, Conflict, not-suspended: this workflow run was not suspended: it is paused; then:
    refused, Conflict, not-suspended: this workflow run was not suspended: it is paused; then:
    refused, Conflict, not-suspended: this workflow run was not suspended: it is failed; then:
    refused, Conflict, not-suspended: this workflow run was not suspended: it is failed; then:
    ");
}

#[test]
fn what_is_due_comes_before_a_message() {
    let told = check("then(ask)", &["start", "ask waits any event paid, time 3", "mail paid 1"]);
    let last: Vec<&str> = told.lines().skip_while(|line| *line != "mail paid 1").map(str::trim).collect();
    insta::assert_snapshot!(last.join("\n"), @"
    mail paid 1
    first, what is due:
    run: running
    ask: running t1.., input null, call 2 = resume from image 2: elapsed
    closes #2+1: Elapsed
    saves version 2 before #2+1
    calls ask
    then:
    run: running, durable
    ask: running t1.., input null, call 2 = resume from image 2: elapsed
    closes #2: Received
    saves version 3 before #2
    ");
}

/// A call that ends, is taken over or let go on after the time of what it stands in is over: nothing more is called.
#[test]
fn what_has_timed_out_is_not_called_again() {
    let workflow = r#"[{"workflow": {"id": "in", "timeoutMs": 1500, "steps": ["@a", "@b"]}}]"#;
    for last in ["in.a completes 1", "take-over 1 2", "time"] {
        let told = outcome(workflow, &["start", "pause", last]);
        assert!(told.starts_with("failed"), "{last}: {told}");
        assert!(told.contains("in: failed, it was not done within its time: 2000 ms have passed"), "{told}");
    }
}
