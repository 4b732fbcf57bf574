//! Steps that wait for several things, for events, and for what is run on their behalf.

use super::script::check;

#[test]
fn any_of_several_waits_wakes_the_step_and_the_others_stay() {
    let told = check(
        "then(ask)",
        &[
            "start",
            "ask waits any answer 1, time 4, event paid",
            "mail paid 5",
            "ask waits any 0=answer 1, 1=time 4",
            "time",
            "ask waits any 0=answer 1",
            "resume 7",
            "ask completes 1",
        ],
    );
    insta::assert_snapshot!(told, @"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    ask waits any answer 1, time 4, event paid
      run: suspended, durable
      ask: suspended t1.., input null, waits since t2, shows 1
      opens #2 of ask
      opens #2+1 of ask
      opens #2+2 of ask
      looks for mail for #2+2 of ask
    mail paid 5
      run: running
      ask: running t1.., input null, shows 1, call 2 = resume from image 2: Received(5)
      closes #2+2: Received
      saves version 2 before #2+2
      calls ask
    ask waits any 0=answer 1, 1=time 4
      run: suspended, durable
      ask: suspended t1.., input null, waits since t4, shows 1
      drops image 2
    time
      run: running
      ask: running t1.., input null, shows 1, call 3 = resume from image 4: elapsed
      closes #2+1: Elapsed
      saves version 4 before #2+1
      calls ask
    ask waits any 0=answer 1
      run: suspended, durable
      ask: suspended t1.., input null, waits since t6, shows 1
      drops image 4
    resume 7
      run: running
      ask: running t1.., input null, answered t7 with 7, call 4 = resume from image 6 of 1: answered 7
      closes #2: Answered
      saves version 6 before #2
      calls ask
    ask completes 1
      run: success, durable
      w: success t1..t8, input null, output 1
      ask: success t1..t8, input null, output 1, answered t7 with 7
      drops image 6
    ");
}

#[test]
fn all_of_several_waits_wake_the_step_together() {
    let told = check(
        "then(ask)",
        &[
            "start",
            "ask waits all answer 1, answer 2",
            "resume 7",
            "resume 7 suspension=2",
            "resume 8",
            "ask completes 1",
        ],
    );
    insta::assert_snapshot!(told, @"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    ask waits all answer 1, answer 2
      run: suspended, durable
      ask: suspended t1.., input null, waits since t2, shows 1
      opens #2 of ask
      opens #2+1 of ask
    resume 7
      refused, Refused, ambiguous-target: multiple suspended steps found for the suspended step: [ask], [ask]; name one of them
    resume 7 suspension=2
      run: suspended, durable
      ask: suspended t1.., input null, waits since t2, shows 2, answered t4 with 7
      closes #2: Answered
      saves version 2 before #2
    resume 8
      run: running
      ask: running t1.., input null, answered t5 with 8, call 2 = resume from image 2 of 1: answered 7, answered 8
      closes #2+1: Answered
      saves version 3 before #2+1
      calls ask
    ask completes 1
      run: success, durable
      w: success t1..t6, input null, output 1
      ask: success t1..t6, input null, output 1, answered t5 with 8
      drops image 2
    ");
}

/// The answer comes while the step is called because of something else; it is not lost.
#[test]
fn an_answer_during_a_call_is_kept_for_the_next_suspension() {
    let told = check(
        "then(ask)",
        &[
            "start",
            "ask waits any answer 1, event paid",
            "mail paid 5",
            "resume 7",
            "ask waits any 0=answer 1",
            "ask completes 1",
        ],
    );
    insta::assert_snapshot!(told, @"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    ask waits any answer 1, event paid
      run: suspended, durable
      ask: suspended t1.., input null, waits since t2, shows 1
      opens #2 of ask
      opens #2+1 of ask
      looks for mail for #2+1 of ask
    mail paid 5
      run: running
      ask: running t1.., input null, shows 1, call 2 = resume from image 2: Received(5)
      closes #2+1: Received
      saves version 2 before #2+1
      calls ask
    resume 7
      run: running, durable
      ask: running t1.., input null, answered t4 with 7, call 2 = resume from image 2: Received(5)
      closes #2: Answered
      saves version 3 before #2
    ask waits any 0=answer 1
      run: running
      ask: running t1.., input null, answered t4 with 7, call 3 = resume from image 5 of 1: answered 7
      drops image 2
      calls ask
    ask completes 1
      run: success, durable
      w: success t1..t6, input null, output 1
      ask: success t1..t6, input null, output 1, answered t4 with 7
      drops image 5
    ");
}

#[test]
fn a_step_has_another_step_run() {
    let told = check(
        "then(ask) then(packed)",
        &[
            "start 1",
            "ask waits step packed 5",
            "ask.packed[0] suspends 1",
            "resume 2",
            "ask.packed[0] completes 6",
            "ask completes 7",
        ],
    );
    insta::assert_snapshot!(told, @"
    start 1
      run: running
      w: running t1.., input 1
      ask: running t1.., input 1, call 1 = start
      calls ask
    ask waits step packed 5
      run: running
      ask: waiting t1.., input 1, waits since t2
      ask.packed[0]: running t2.., input 5, call 1 = start
      opens #2 of ask
      calls ask.packed[0]
    ask.packed[0] suspends 1
      run: suspended, durable
      ask.packed[0]: suspended t2.., input 5, waits since t3, shows 1
      opens #3 of ask.packed[0]
    resume 2
      run: running
      ask.packed[0]: running t2.., input 5, answered t4 with 2, call 2 = resume from image 3 of 1: answered 2
      closes #3: Answered
      saves version 3 before #3
      calls ask.packed[0]
    ask.packed[0] completes 6
      run: running
      ask: running t1.., input 1, call 2 = resume from image 2: Completed(6)
      ask.packed[0]: success t2..t5, input 5, output 6, answered t4 with 2
      closes #2: Finished
      drops image 3
      calls ask
    ask completes 7
      run: running
      ask: success t1..t6, input 1, output 7
      packed: running t6.., input 7, call 1 = start
      drops image 2
      calls packed
    ");
}

#[test]
fn a_step_has_a_workflow_run_and_is_told_how_it_ended() {
    let told = check(
        "then(ask)",
        &[
            "start 1",
            "ask waits workflow pack 5",
            "ask.pack[0].packed fails \"no\"",
            "ask waits workflow pack 6",
            "ask.pack[1].packed completes 8",
            "ask completes 7",
        ],
    );
    insta::assert_snapshot!(told, @r#"
    start 1
      run: running
      w: running t1.., input 1
      ask: running t1.., input 1, call 1 = start
      calls ask
    ask waits workflow pack 5
      run: running
      ask: waiting t1.., input 1, waits since t2
      ask.pack[0]: running t2.., input 5
      ask.pack[0].packed: running t2.., input 5, call 1 = start
      opens #2 of ask
      calls ask.pack[0].packed
    ask.pack[0].packed fails "no"
      run: running
      ask: running t1.., input 1, call 2 = resume from image 2: Failed(Failure { message: "no", code: None, retryable: false, retry_after_ms: None, details: None })
      ask.pack[0]: failed t2..t3, input 5, error "no"
      ask.pack[0].packed: failed t2..t3, input 5, error "no"
      closes #2: Finished
      calls ask
    ask waits workflow pack 6
      run: running
      ask: waiting t1.., input 1, waits since t4
      ask.pack[1]: running t4.., input 6
      ask.pack[1].packed: running t4.., input 6, call 1 = start
      opens #4 of ask
      drops image 2
      calls ask.pack[1].packed
    ask.pack[1].packed completes 8
      run: running
      ask: running t1.., input 1, call 3 = resume from image 4: Completed(8)
      ask.pack[1]: success t4..t5, input 6, output 8
      ask.pack[1].packed: success t4..t5, input 6, output 8
      closes #4: Finished
      calls ask
    ask completes 7
      run: success, durable
      w: success t1..t6, input 1, output 7
      ask: success t1..t6, input 1, output 7
      drops image 4
    "#);
}

#[test]
fn what_is_not_there_to_be_run_is_a_failure_that_the_step_is_told() {
    let told = check("then(ask)", &["start 1", "ask waits step nothing 5"]);
    insta::assert_snapshot!(told, @r#"
    start 1
      run: running
      w: running t1.., input 1
      ask: running t1.., input 1, call 1 = start
      calls ask
    ask waits step nothing 5
      run: running
      ask: running t1.., input 1, call 2 = resume from image 2: Failed(Failure { message: "there is no step `nothing` to run: a step must be of the same component, a workflow must be applied on the host", code: Some("unknown-target"), retryable: false, retry_after_ms: None, details: None })
      opens #2 of ask
      closes #2: Finished
      calls ask
    "#);
}

#[test]
fn what_was_run_ends_with_a_step_that_does_not_wait_for_it() {
    let told = check(
        "then(ask) then(packed)",
        &["start 1", "ask waits any step packed 5, time 3", "time", "ask completes 7"],
    );
    insta::assert_snapshot!(told, @"
    start 1
      run: running
      w: running t1.., input 1
      ask: running t1.., input 1, call 1 = start
      calls ask
    ask waits any step packed 5, time 3
      run: running
      ask: waiting t1.., input 1, waits since t2
      ask.packed[0]: running t2.., input 5, call 1 = start
      opens #2 of ask
      opens #2+1 of ask
      calls ask.packed[0]
    time
      run: running
      ask: running t1.., input 1, call 2 = resume from image 2: elapsed
      closes #2+1: Elapsed
      saves version 2 before #2+1
      calls ask
    ask completes 7
      run: running
      ask: success t1..t4, input 1, output 7
      ask.packed[0]: canceled t2..t4, input 5
      packed: running t4.., input 7, call 1 = start
      closes #2: Closed
      drops image 2
      calls packed
    ");
}

/// The call that is tried again was not made for the answer.
#[test]
fn an_answer_that_comes_while_a_call_is_tried_again_leaves_its_tries_as_they_are() {
    let told = check(
        "then(flaky)",
        &[
            "start",
            "flaky waits any answer 1, time 3",
            "time",
            "flaky fails \"no\" retryable",
            "resume 7",
            "flaky fails \"no\" retryable",
            "flaky fails \"no\" retryable",
        ],
    );
    insta::assert_snapshot!(told, @r#"
    start
      run: running
      w: running t1.., input null
      flaky: running t1.., input null, call 1 = start
      calls flaky
    flaky waits any answer 1, time 3
      run: suspended, durable
      flaky: suspended t1.., input null, waits since t2, shows 1
      opens #2 of flaky
      opens #2+1 of flaky
    time
      run: running
      flaky: running t1.., input null, shows 1, call 2 = resume from image 2: elapsed
      closes #2+1: Elapsed
      saves version 2 before #2+1
      calls flaky
    flaky fails "no" retryable
      run: running
      flaky: running t1.., input null, error "no", shows 1, at t14 call 2 attempt 1 = resume from image 2: elapsed
      calls flaky at t14
    resume 7
      run: running, durable
      flaky: running t1.., input null, error "no", answered t5 with 7, at t14 call 2 attempt 1 = resume from image 2: elapsed
      closes #2: Answered
      saves version 4 before #2
    flaky fails "no" retryable
      run: running
      flaky: running t1.., input null, error "no", answered t5 with 7, at t26 call 2 attempt 2 = resume from image 2: elapsed
      calls flaky at t26
    flaky fails "no" retryable
      run: failed, durable
      w: failed t1..t7, input null, error "no"
      flaky: failed t1..t7, input null, error "no", answered t5 with 7
      drops image 2
      saves version 6 before the end
    "#);
}

#[test]
fn a_step_that_waits_for_any_of_several_answers_is_told_all_that_are_given_at_once() {
    let told = check("then(ask)", &["start", "ask waits any answer 1, answer 2", "resume 7 all"]);
    insta::assert_snapshot!(told, @"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    ask waits any answer 1, answer 2
      run: suspended, durable
      ask: suspended t1.., input null, waits since t2, shows 1
      opens #2 of ask
      opens #2+1 of ask
    resume 7 all
      run: running
      ask: running t1.., input null, answered t3 with 7, call 2 = resume from image 2 of 1: answered 7, answered 7
      closes #2: Answered
      closes #2+1: Answered
      calls ask
    ");
}
