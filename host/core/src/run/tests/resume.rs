//! A suspension is answered.

use super::script::check;

/// Mastra 1.71 returns the same entries. Differs in what is called: the step goes on from its memory, not from its top.
#[test]
fn a_resume_without_a_target_answers_the_only_suspension() {
    let history = check(
        "then(ask) then(pay)",
        &[
            "start 5",
            r#"ask suspends {"q":1}"#,
            r#"resume {"ok":true}"#,
            "ask completes 6",
            "pay completes 7",
        ],
    );
    insta::assert_snapshot!(history, @r#"
    start 5
      run: running
      w: running t1.., input 5
      ask: running t1.., input 5, call 1 = start
      calls ask
    ask suspends {"q":1}
      run: suspended, durable
      ask: suspended t1.., input 5, waits since t2, shows {"q":1}
      opens #2 of ask
    resume {"ok":true}
      run: running
      ask: running t1.., input 5, answered t3 with {"ok":true}, call 2 = resume from image 2 of {"q":1}: answered {"ok":true}
      closes #2: Answered
      saves version 2 before #2
      calls ask
    ask completes 6
      run: running
      ask: success t1..t4, input 5, output 6, answered t3 with {"ok":true}
      pay: running t4.., input 6, call 1 = start
      drops image 2
      calls pay
    pay completes 7
      run: success, durable
      w: success t1..t5, input 5, output 7
      pay: success t4..t5, input 6, output 7
    "#);
}

/// Mastra 1.71 refuses it with the same words.
#[test]
fn a_finished_run_takes_no_answer() {
    let history = check("then(ask)", &["start", "resume 1", "ask completes 1", "resume 1"]);
    insta::assert_snapshot!(history, @"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    resume 1
      refused, Conflict, not-suspended: this workflow run was not suspended: it is running
    ask completes 1
      run: success, durable
      w: success t1..t3, input null, output 1
      ask: success t1..t3, input null, output 1
    resume 1
      refused, Conflict, not-suspended: this workflow run was not suspended: it is success
    ");
}

#[test]
fn a_run_that_was_not_started_takes_no_answer() {
    let history = check("then(ask)", &["resume 1"]);
    insta::assert_snapshot!(history, @"
    resume 1
      refused, Conflict, not-suspended: this workflow run was not suspended: it is pending
    ");
}

/// Mastra 1.71 does the same.
#[test]
fn a_failed_run_takes_no_answer() {
    let history = check("then(ask)", &["start", "ask suspends", "resume 1", r#"ask fails "no""#, "resume 2"]);
    insta::assert_snapshot!(history, @r#"
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
    ask fails "no"
      run: failed, durable
      w: failed t1..t4, input null, error "no"
      ask: failed t1..t4, input null, error "no", answered t3 with 1
      drops image 2
      saves version 3 before the end
    resume 2
      refused, Conflict, not-suspended: this workflow run was not suspended: it is failed
    "#);
}

/// Mastra 1.71 does the same: the run stays suspended, and a second answer is taken.
#[test]
fn data_that_breaks_the_resume_schema_harms_nothing() {
    let history = check(
        "then(approve)",
        &[
            "start",
            r#"approve suspends {"reason":"r"}"#,
            "resume {}",
            "resume",
            r#"resume {"ok":"yes"}"#,
            r#"resume {"ok":true}"#,
        ],
    );
    insta::assert_snapshot!(history, @r#"
    start
      run: running
      w: running t1.., input null
      approve: running t1.., input null, call 1 = start
      calls approve
    approve suspends {"reason":"r"}
      run: suspended, durable
      approve: suspended t1.., input null, waits since t2, shows {"reason":"r"}
      opens #2 of approve
    resume {}
      refused, Refused, invalid-data: invalid resume data:
    - /ok: "ok" is a required property
    resume
      refused, Refused, invalid-data: invalid resume data:
    - (top): null is not of type "object"
    resume {"ok":"yes"}
      refused, Refused, invalid-data: invalid resume data:
    - /ok: "yes" is not of type "boolean"
    resume {"ok":true}
      run: running
      approve: running t1.., input null, answered t6 with {"note":"none","ok":true}, call 2 = resume from image 2 of {"reason":"r"}: answered {"note":"none","ok":true}
      closes #2: Answered
      saves version 2 before #2
      calls approve
    "#);
}

/// Differs from Mastra 1.71, which gives it to the step but does not record it.
#[test]
fn falsy_data_is_an_answer_like_any_other() {
    let history = check(
        "then(ask)",
        &[
            "start",
            "ask suspends",
            "resume 0",
            "ask suspends",
            "resume false",
            "ask suspends",
            r#"resume """#,
            "ask suspends",
            "resume null",
        ],
    );
    insta::assert_snapshot!(history, @r#"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    ask suspends
      run: suspended, durable
      ask: suspended t1.., input null, waits since t2, shows null
      opens #2 of ask
    resume 0
      run: running
      ask: running t1.., input null, answered t3 with 0, call 2 = resume from image 2 of null: answered 0
      closes #2: Answered
      saves version 2 before #2
      calls ask
    ask suspends
      run: suspended, durable
      ask: suspended t1.., input null, waits since t4, shows null, answered t3 with 0
      opens #4 of ask
      drops image 2
    resume false
      run: running
      ask: running t1.., input null, answered t5 with false, call 3 = resume from image 4 of null: answered false
      closes #4: Answered
      saves version 4 before #4
      calls ask
    ask suspends
      run: suspended, durable
      ask: suspended t1.., input null, waits since t6, shows null, answered t5 with false
      opens #6 of ask
      drops image 4
    resume ""
      run: running
      ask: running t1.., input null, answered t7 with "", call 4 = resume from image 6 of null: answered ""
      closes #6: Answered
      saves version 6 before #6
      calls ask
    ask suspends
      run: suspended, durable
      ask: suspended t1.., input null, waits since t8, shows null, answered t7 with ""
      opens #8 of ask
      drops image 6
    resume null
      run: running
      ask: running t1.., input null, answered t9 with null, call 5 = resume from image 8 of null: answered null
      closes #8: Answered
      saves version 8 before #8
      calls ask
    "#);
}

#[test]
fn a_resume_without_data_answers_null() {
    let history = check("then(ask)", &["start", "ask suspends", "resume"]);
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
    resume
      run: running
      ask: running t1.., input null, answered t3 with null, call 2 = resume from image 2 of null: answered null
      closes #2: Answered
      saves version 2 before #2
      calls ask
    ");
}

/// The second of two who answer is told so; Mastra 1.71 keeps the second off by a claim on the whole run.
#[test]
fn an_answer_is_taken_once() {
    let history = check(
        "then(ask)",
        &[
            "start",
            "ask suspends",
            "resume 1 suspension=2",
            "resume 1 suspension=2",
            "ask suspends",
            "resume 1 suspension=2",
            "resume 2 suspension=5",
        ],
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
    resume 1 suspension=2
      run: running
      ask: running t1.., input null, answered t3 with 1, call 2 = resume from image 2 of null: answered 1
      closes #2: Answered
      saves version 2 before #2
      calls ask
    resume 1 suspension=2
      refused, Conflict, not-suspended: this workflow run was not suspended: it is running
    ask suspends
      run: suspended, durable
      ask: suspended t1.., input null, waits since t5, shows null, answered t3 with 1
      opens #5 of ask
      drops image 2
    resume 1 suspension=2
      refused, Refused, unknown-target: suspension `sus_02020202020202020202020202020202` was not suspended; suspended steps: [ask]
    resume 2 suspension=5
      run: running
      ask: running t1.., input null, answered t7 with 2, call 3 = resume from image 5 of null: answered 2
      closes #5: Answered
      saves version 4 before #5
      calls ask
    ");
}

/// Mastra 1.71 does the same, but takes keys that are set to undefined for given.
#[test]
fn the_request_context_is_merged_by_key_and_the_caller_wins() {
    let history = check(
        "then(ask)",
        &[
            r#"start context={"a":1,"b":{"x":1,"y":2},"keep":true}"#,
            "ask suspends",
            r#"resume context={"b":{"x":9},"c":3}"#,
        ],
    );
    insta::assert_snapshot!(history, @r#"
    start context={"a":1,"b":{"x":1,"y":2},"keep":true}
      run: running
      context: {"a":1,"b":{"x":1,"y":2},"keep":true}
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    ask suspends
      run: suspended, durable
      ask: suspended t1.., input null, waits since t2, shows null
      opens #2 of ask
    resume context={"b":{"x":9},"c":3}
      run: running
      context: {"a":1,"b":{"x":9},"c":3,"keep":true}
      ask: running t1.., input null, answered t3 with null, call 2 = resume from image 2 of null: answered null
      closes #2: Answered
      saves version 2 before #2
      calls ask
    "#);
}

/// Differs from Mastra 1.71, which lets a wrong type in.
#[test]
fn the_request_context_is_checked_again_at_a_resume() {
    let history = check(
        r#"context {"properties":{"user":{"type":"string"}}} then(ask)"#,
        &[
            r#"start context={"user":"ann"}"#,
            "ask suspends",
            r#"resume context={"user":5}"#,
            r#"resume context={"user":"bob"}"#,
        ],
    );
    insta::assert_snapshot!(history, @r#"
    start context={"user":"ann"}
      run: running
      context: {"user":"ann"}
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    ask suspends
      run: suspended, durable
      ask: suspended t1.., input null, waits since t2, shows null
      opens #2 of ask
    resume context={"user":5}
      refused, Refused, invalid-data: invalid request context:
    - /user: 5 is not of type "string"
    resume context={"user":"bob"}
      run: running
      context: {"user":"bob"}
      ask: running t1.., input null, answered t4 with null, call 2 = resume from image 2 of null: answered null
      closes #2: Answered
      saves version 2 before #2
      calls ask
    "#);
}

/// What is kept of a question when it ends: what was asked, what was answered, by whom.
#[test]
fn a_question_ends_with_its_answer_and_the_one_who_gave_it() {
    let closes = |script: &[&str]| {
        let told = check("then(ask)", script);
        told.lines().filter(|line| line.contains("closes")).map(str::trim).collect::<Vec<_>>().join("\n")
    };
    let answered =
        closes(&["start", "ask suspends 1", "resume 2 by=ann", "ask suspends 3", "resume 4 by=bob"]);
    assert_eq!(answered, "closes #2: Answered by ann: 2 to 1\ncloses #4: Answered by bob: 4 to 3");
    let both = closes(&["start", "ask waits all answer 1, answer 2", "resume 5 all by=ann"]);
    assert_eq!(both, "closes #2: Answered by ann: 5 to 1\ncloses #2+1: Answered by ann: 5 to 2");
    let event = closes(&["start", "ask waits event paid", "mail paid 5 by=ann"]);
    assert_eq!(event, "closes #2: Received by ann: 5 to -");
    // One who cancels answers nothing, and a deadline is nobody.
    assert_eq!(closes(&["start", "ask suspends 1", "cancel by=ann"]), "closes #2: Closed");
    let expired = closes(&["start", "ask suspends 1 deadline=3 otherwise=5", "time"]);
    assert_eq!(expired, "closes #2: Elapsed");
}
