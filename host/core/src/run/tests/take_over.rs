//! Calls change hands, and ends of calls come too late.

use super::script::check;

#[test]
fn the_calls_of_a_dead_owner_are_made_again() {
    let history = check("then(ask)", &["start", "take-over 1 2", "ask completes 1"]);
    insta::assert_snapshot!(history, @"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    take-over 1 2
      run: running
      ask: running t1.., input null, call 1 by owner 2 = start
      calls ask
    ask completes 1
      run: success, durable
      w: success t1..t3, input null, output 1
      ask: success t1..t3, input null, output 1
    ");
}

#[test]
fn a_resumed_call_is_made_again_from_the_same_memory() {
    let history = check("then(ask)", &["start", "ask suspends 1", "resume 2", "take-over 1 2"]);
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
    resume 2
      run: running
      ask: running t1.., input null, answered t3 with 2, call 2 = resume from image 2 of 1: answered 2
      closes #2: Answered
      saves version 2 before #2
      calls ask
    take-over 1 2
      run: running
      ask: running t1.., input null, answered t3 with 2, call 2 by owner 2 = resume from image 2 of 1: answered 2
      calls ask
    ");
}

#[test]
fn a_try_that_waits_keeps_its_time() {
    let history = check("then(flaky)", &["start", r#"flaky fails "one" retryable"#, "take-over 1 2"]);
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
    take-over 1 2
      run: running
      flaky: running t1.., input null, error "one", at t12 call 1 attempt 1 by owner 2 = start
      calls flaky at t12
    "#);
}

#[test]
fn calls_of_other_owners_stay_where_they_are() {
    let history = check("then(ask)", &["start", "take-over 2 1"]);
    insta::assert_snapshot!(history, @"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    take-over 2 1
      refused, Conflict, idle: nothing to do
    ");
}

#[test]
fn a_run_that_waits_needs_nobody() {
    let history = check("then(ask)", &["start", "ask suspends", "take-over 1 2"]);
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
    take-over 1 2
      refused, Conflict, idle: nothing to do
    ");
}

#[test]
fn what_follows_goes_to_whoever_made_the_call() {
    let history = check(
        "then(ask) then(pay)",
        &["start", "take-over 1 2", "ask completes 1", "take-over 1 3", "take-over 2 3"],
    );
    insta::assert_snapshot!(history, @"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    take-over 1 2
      run: running
      ask: running t1.., input null, call 1 by owner 2 = start
      calls ask
    ask completes 1
      run: running
      ask: success t1..t3, input null, output 1
      pay: running t3.., input 1, call 1 by owner 2 = start
      calls pay
    take-over 1 3
      refused, Conflict, idle: nothing to do
    take-over 2 3
      run: running
      pay: running t3.., input 1, call 1 by owner 3 = start
      calls pay
    ");
}

#[test]
fn the_end_of_an_earlier_call_is_refused() {
    let history = check(
        "then(ask)",
        &[
            "start",
            "ask suspends",
            "resume 1",
            "ask completes 9 call=1",
            "ask completes 1 call=2",
            "ask completes 1 call=2",
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
    resume 1
      run: running
      ask: running t1.., input null, answered t3 with 1, call 2 = resume from image 2 of null: answered 1
      closes #2: Answered
      saves version 2 before #2
      calls ask
    ask completes 9 call=1
      refused, Conflict, stale: step `ask` does not wait for the end of call 1 any more
    ask completes 1 call=2
      run: success, durable
      w: success t1..t5, input null, output 1
      ask: success t1..t5, input null, output 1, answered t3 with 1
      drops image 2
    ask completes 1 call=2
      refused, Conflict, stale: step `ask` does not wait for the end of call 2 any more
    ");
}

#[test]
fn the_end_of_a_call_that_was_never_made_is_refused() {
    let history = check(
        "then(ask) then(pay)",
        &["start", "pay completes 1 call=1", "nope completes 1", "ask completes 1 call=2"],
    );
    insta::assert_snapshot!(history, @"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    pay completes 1 call=1
      refused, Conflict, stale: step `pay` does not wait for the end of call 1 any more
    nope completes 1
      refused, Conflict, stale: step `nope` does not wait for the end of call 0 any more
    ask completes 1 call=2
      refused, Conflict, stale: step `ask` does not wait for the end of call 2 any more
    ");
}

#[test]
fn a_call_that_was_made_alone_three_times_is_not_taken_over_again() {
    let script = [
        "start",
        "take-over 1 2",
        "alone ask",
        "take-over 2 3",
        "alone ask",
        "take-over 3 4",
        "alone ask",
        "take-over 4 5",
    ];
    let history = check("then(ask)", &script);
    let last = history.split("take-over 4 5").last().unwrap().trim();
    insta::assert_snapshot!(
        last,
        @"refused, Guest, ends-hosts: 3 host processes ended while they made the call of step `ask` and no other one"
    );
    // What others did in the same process says nothing: it was not called in the last one.
    let others = [
        "start",
        "take-over 1 2",
        "alone ask",
        "take-over 2 3",
        "take-over 3 4",
        "take-over 4 5",
        "take-over 5 6",
    ];
    assert!(check("then(ask)", &others).ends_with("calls ask\n"));
    // A driver that gives up has not ended a process, and a call that came to an end has ended none.
    let given_up = [&script[..7], &["take-over 4 4", "take-over 4 5"]].concat();
    assert!(check("then(ask)", &given_up).ends_with("calls ask\n"));
    let ended = [&script[..7], &[r#"ask suspends"#, "resume 1", "take-over 1 2"]].concat();
    assert!(check("then(ask)", &ended).ends_with("calls ask\n"));
}
