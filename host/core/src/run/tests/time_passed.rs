//! Sleeps and deadlines.

use super::script::check;

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
fn a_sleep_of_centuries_is_a_sleep() {
    let history = check("then(ask)", &["start", "ask sleeps 9007199254740", "time"]);
    insta::assert_snapshot!(history, @"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    ask sleeps 9007199254740
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
