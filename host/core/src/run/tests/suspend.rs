//! A step suspends.

use super::script::check;
use crate::run::{LABEL_BYTES_MAX, LABELS_MAX};

/// Mastra 1.71 shows the same.
#[test]
fn a_suspended_step_shows_its_payload_and_has_no_end() {
    let history = check("then(ask)", &["start 5", r#"ask suspends {"q":1} label=A"#]);
    insta::assert_snapshot!(history, @r#"
    start 5
      run: running
      w: running t1.., input 5
      ask: running t1.., input 5, call 1 = start
      calls ask
    ask suspends {"q":1} label=A
      run: suspended, durable
      ask: suspended t1.., input 5, waits since t2, shows {"q":1}
      opens #2 of ask "A"
    "#);
}

/// Mastra 1.71 shows an empty object there.
#[test]
fn a_suspension_without_a_payload_is_one() {
    let history = check("then(ask)", &["start", "ask suspends"]);
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
    ");
}

/// Mastra 1.71 does the same.
#[test]
fn a_payload_that_breaks_the_suspend_schema_fails_the_run() {
    let history = check("then(approve)", &["start", r#"approve suspends {"reason":5}"#]);
    insta::assert_snapshot!(history, @r#"
    start
      run: running
      w: running t1.., input null
      approve: running t1.., input null, call 1 = start
      calls approve
    approve suspends {"reason":5}
      run: failed, durable
      w: failed t1..t2, input null, error invalid-suspend-data "step suspend data validation failed:\n- /reason: 5 is not of type \"string\""
      approve: failed t1..t2, input null, error invalid-suspend-data "step suspend data validation failed:\n- /reason: 5 is not of type \"string\""
      saves version 1 before the end
    "#);
}

#[test]
fn a_question_with_a_schema_of_its_own_is_not_held_to_the_steps_suspend_schema() {
    let history = check(
        "then(approve)",
        &[
            "start",
            r#"approve suspends {"pin":true} schema={"type":"integer"}"#,
            r#"resume {"ok":true}"#,
            "resume 1234",
        ],
    );
    insta::assert_snapshot!(history, @r#"
    start
      run: running
      w: running t1.., input null
      approve: running t1.., input null, call 1 = start
      calls approve
    approve suspends {"pin":true} schema={"type":"integer"}
      run: suspended, durable
      approve: suspended t1.., input null, waits since t2, shows {"pin":true}
      opens #2 of approve
    resume {"ok":true}
      refused, Refused, invalid-data: invalid resume data:
    - (top): {"ok":true} is not of type "integer"
    resume 1234
      run: running
      approve: running t1.., input null, answered t4 with 1234, call 2 = resume from image 2 of {"pin":true}: answered 1234
      closes #2: Answered
      saves version 2 before #2
      calls approve
    "#);
}

#[test]
fn a_schema_that_does_not_compile_fails_the_step_not_the_answer() {
    let history = check("then(ask)", &["start", r#"ask suspends 1 schema={"not":5}"#]);
    insta::assert_snapshot!(history, @r#"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    ask suspends 1 schema={"not":5}
      run: failed, durable
      w: failed t1..t2, input null, error invalid-schema "the resume schema of the suspension is not a usable JSON Schema: 5 is not of types \"boolean\", \"object\""
      ask: failed t1..t2, input null, error invalid-schema "the resume schema of the suspension is not a usable JSON Schema: 5 is not of types \"boolean\", \"object\""
      saves version 1 before the end
    "#);
}

/// Mastra 1.71 does the same: the latest payload and the latest answer are shown.
#[test]
fn a_step_may_suspend_again_and_again() {
    let history = check(
        "then(ask)",
        &[
            "start",
            r#"ask suspends {"q":1}"#,
            r#"resume "one""#,
            r#"ask suspends {"q":2}"#,
            r#"resume "two""#,
            "ask completes 3",
        ],
    );
    insta::assert_snapshot!(history, @r#"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    ask suspends {"q":1}
      run: suspended, durable
      ask: suspended t1.., input null, waits since t2, shows {"q":1}
      opens #2 of ask
    resume "one"
      run: running
      ask: running t1.., input null, answered t3 with "one", call 2 = resume from image 2 of {"q":1}: answered "one"
      closes #2: Answered
      saves version 2 before #2
      calls ask
    ask suspends {"q":2}
      run: suspended, durable
      ask: suspended t1.., input null, waits since t4, shows {"q":2}, answered t3 with "one"
      opens #4 of ask
      drops image 2
    resume "two"
      run: running
      ask: running t1.., input null, answered t5 with "two", call 3 = resume from image 4 of {"q":2}: answered "two"
      closes #4: Answered
      saves version 4 before #4
      calls ask
    ask completes 3
      run: success, durable
      w: success t1..t6, input null, output 3
      ask: success t1..t6, input null, output 3, answered t5 with "two"
      drops image 4
    "#);
}

#[test]
fn a_checkpoint_is_made_durable_and_the_step_goes_on_at_once() {
    let history = check("then(ask)", &["start", "ask checkpoints", "ask checkpoints", "ask completes 1"]);
    insta::assert_snapshot!(history, @"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    ask checkpoints
      run: running, durable
      ask: running t1.., input null, call 2 = resume from image 2: recorded
      calls ask
    ask checkpoints
      run: running, durable
      ask: running t1.., input null, call 3 = resume from image 3: recorded
      drops image 2
      calls ask
    ask completes 1
      run: success, durable
      w: success t1..t4, input null, output 1
      ask: success t1..t4, input null, output 1
      drops image 3
    ");
}

#[test]
fn an_empty_label_is_refused() {
    let history = check("then(ask)", &["start", r#"ask suspends 1 label="#]);
    insta::assert_snapshot!(history, @r#"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    ask suspends 1 label=
      run: failed, durable
      w: failed t1..t2, input null, error invalid-label "a label of 0 bytes given, 1 to 256 are allowed"
      ask: failed t1..t2, input null, error invalid-label "a label of 0 bytes given, 1 to 256 are allowed"
      saves version 1 before the end
    "#);
}

#[test]
fn labels_have_their_bounds() {
    let last = |line: &str| check("then(ask)", &["start", line]);
    let many = format!("ask suspends 1{}", " label=A".repeat(LABELS_MAX + 1));
    assert!(last(&many).contains("17 labels given, at most 16 are allowed"));
    let long = format!("ask suspends 1 label={}", "A".repeat(LABEL_BYTES_MAX + 1));
    assert!(
        last(&long).contains(r#"error invalid-label "a label of 257 bytes given, 1 to 256 are allowed""#)
    );
    let fits = format!("ask suspends 1{} label={}", " label=A".repeat(15), "A".repeat(LABEL_BYTES_MAX));
    assert!(last(&fits).contains("  opens #2 of ask"));
}

#[test]
fn a_step_that_waits_for_nothing_fails() {
    let history = check("then(ask)", &["start", "ask awaits-nothing"]);
    insta::assert_snapshot!(history, @r#"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    ask awaits-nothing
      run: failed, durable
      w: failed t1..t2, input null, error no-wait "the step suspended without waiting for anything"
      ask: failed t1..t2, input null, error no-wait "the step suspended without waiting for anything"
      saves version 1 before the end
    "#);
}

#[test]
fn several_checkpoints_are_recorded_at_once() {
    let history = check("then(ask)", &["start", "ask awaits-two"]);
    insta::assert_snapshot!(history, @"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    ask awaits-two
      run: running, durable
      ask: running t1.., input null, call 2 = resume from image 2: recorded, recorded
      calls ask
    ");
}

#[test]
fn a_wait_for_an_event_looks_for_mail() {
    let history = check("then(ask)", &["start", "ask awaits-event"]);
    insta::assert_snapshot!(history, @"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    ask awaits-event
      run: waiting, durable
      ask: waiting t1.., input null, waits since t2
      opens #2 of ask
      looks for mail for #2 of ask
    ");
}
