//! Pausing, restarting, going back.

use super::script::{acts, check, outcome};

#[test]
fn a_paused_run_takes_answers_and_calls_nobody() {
    let told = check(
        "then(ask)",
        &["start", "ask suspends 1", "pause", "pause", "resume 7", "unpause", "unpause", "ask completes 1"],
    );
    insta::assert_snapshot!(told, @"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    ask suspends 1
      run: suspended, durable
      ask: suspended t1.., input null, waits since t2, shows 1
      opens #2 of ask
    pause
      run: paused, durable
    pause
      refused, Conflict, not-pausable: this workflow run cannot be paused: it is paused
    resume 7
      run: paused, durable
      ask: running t1.., input null, answered t5 with 7, held back: call 2 = resume from image 2 of 1: answered 7
      closes #2: Answered
      saves version 3 before #2
    unpause
      run: running
      ask: running t1.., input null, answered t5 with 7, call 2 = resume from image 2 of 1: answered 7
      calls ask
    unpause
      refused, Conflict, not-paused: this workflow run is not paused: it is running
    ask completes 1
      run: success, durable
      w: success t1..t8, input null, output 1
      ask: success t1..t8, input null, output 1, answered t5 with 7
      drops image 2
    ");
}

#[test]
fn a_restarted_run_makes_the_failed_call_again_and_keeps_what_waited() {
    let told = check(
        r#"[{"parallel": {"arms": ["@pa", "@pb"]}}]"#,
        &[
            "start 7",
            "pa suspends 1",
            "pb suspends 2",
            "resume 5 step=pb",
            "pb fails \"no\"",
            "restart",
            "pb completes 1",
            "resume 6",
            "pa completes 2",
            "restart",
        ],
    );
    insta::assert_snapshot!(told, @r#"
    start 7
      run: running
      w: running t1.., input 7
      pa: running t1.., input 7, call 1 = start
      parallel-1: running t1.., input 7, Parallel { open: 2 }
      pb: running t1.., input 7, call 1 = start
      calls pa
      calls pb
    pa suspends 1
      run: running, durable
      pa: suspended t1.., input 7, waits since t2, shows 1
      opens #2 of pa
    pb suspends 2
      run: suspended, durable
      pb: suspended t1.., input 7, waits since t3, shows 2
      opens #3 of pb
    resume 5 step=pb
      run: running
      pb: running t1.., input 7, answered t4 with 5, call 2 = resume from image 3 of 2: answered 5
      closes #3: Answered
      saves version 3 before #3
      calls pb
    pb fails "no"
      run: failed, durable
      w: failed t1..t5, input 7, error "no"
      pa: canceled t1..t5, input 7
      parallel-1: failed t1..t5, input 7, error "no"
      pb: failed t1..t5, input 7, error "no", answered t4 with 5
      closes #2: Closed
      drops image 3
      drops image 2
      saves version 4 before the end
    restart
      run: running
      w: running t1.., input 7
      pa: suspended t1.., input 7, waits since t2, shows 1
      parallel-1: running t1.., input 7, Parallel { open: 2 }
      pb: running t1.., input 7, answered t4 with 5, call 2 = resume from image 3 of 2: answered 5
      opens #6 of pa
      shares image 2
      shares image 3
      calls pb
    pb completes 1
      run: suspended, durable
      parallel-1: running t1.., input 7, Parallel { open: 1 }
      pb: success t1..t7, input 7, output 1, answered t4 with 5
      drops image 3
    resume 6
      run: running
      pa: running t1.., input 7, answered t8 with 6, call 2 = resume from image 2 of 1: answered 6
      closes #6: Answered
      saves version 7 before #6
      calls pa
    pa completes 2
      run: success, durable
      w: success t1..t9, input 7, output {"pa":2,"pb":1}
      pa: success t1..t9, input 7, output 2, answered t8 with 6
      parallel-1: success t1..t9, input 7, output {"pa":2,"pb":1}
      drops image 2
    restart
      refused, Conflict, not-restartable: this workflow run cannot be restarted: it is success; only a failed, canceled or blocked one can
    "#);
}

/// What failed was no call: the block is entered again, not the step before it.
#[test]
fn a_restart_enters_the_entry_that_failed() {
    let told = outcome(
        r#"["@a", {"map": {"to": "input / 0"}}]"#,
        &["start 7", "a completes 1", "restart", "continue map-1"],
    );
    insta::assert_snapshot!(told, @"
    failed
    w: failed, `input / 0`: divided by zero at 1:1
    a: success, output 1
    map-1: failed, `input / 0`: divided by zero at 1:1
    ");
}

/// What was saved before an earlier end is not where the run was.
#[test]
fn a_run_that_was_too_large_to_be_saved_is_not_restarted_from_where_it_ended_before() {
    let items = format!("start {:?}", [1; 300]);
    let told = outcome(
        r#"["@a", {"foreach": {"concurrency": 300, "do": "@b"}}]"#,
        &[
            &items,
            "a fails \"no\"",
            "restart",
            &items.replace("start", "a completes"),
            "b[7] fails \"no\"",
            "restart",
        ],
    );
    insta::assert_snapshot!(told.lines().take(2).collect::<Vec<_>>().join("\n"), @"
    restart: refused: this workflow run cannot be restarted: more than 256 of its entries were open when it ended, so it was not saved; send it back to an entry
    failed
    ");
}

/// What the workflow had done was not wrong: it is not done again.
#[test]
fn a_run_whose_time_was_over_is_restarted_where_it_was() {
    let told = check(
        r#"[{"workflow": {"id": "in", "timeoutMs": 3000, "steps": ["@a", "@b"]}}]"#,
        &["start 7", "in.a completes 1", "in.b suspends 2", "time", "restart", "resume 5"],
    );
    insta::assert_snapshot!(told, @r#"
    start 7
      run: running
      w: running t1.., input 7
      in: running t1.., input 7
      in.a: running t1.., input 7, call 1 = start
      calls in.a
    in.a completes 1
      run: running
      in.a: success t1..t2, input 7, output 1
      in.b: running t2.., input 1, call 1 = start
      calls in.b
    in.b suspends 2
      run: suspended, durable
      in.b: suspended t2.., input 1, waits since t3, shows 2
      opens #3 of in.b
    time
      run: failed, durable
      w: failed t1..t4, input 7, error timeout "it was not done within its time: 3000 ms have passed"
      in: failed t1..t4, input 7, error timeout "it was not done within its time: 3000 ms have passed"
      in.b: canceled t2..t4, input 1
      closes #3: Elapsed
      drops image 3
      saves version 3 before the end
    restart
      run: suspended, durable
      w: running t1.., input 7
      in: running t1.., input 7
      in.b: suspended t2.., input 1, waits since t3, shows 2
      opens #5 of in.b
      shares image 3
    resume 5
      run: running
      in.b: running t2.., input 1, answered t6 with 5, call 2 = resume from image 3 of 2: answered 5
      closes #5: Answered
      saves version 5 before #5
      calls in.b
    "#);
}

/// A delay before a further try is no call in flight, and ends when it would have ended.
#[test]
fn a_paused_run_makes_no_further_try() {
    let told = check(
        "then(flaky)",
        &["start", "flaky fails \"no\" retryable", "pause", "flaky completes 1 owner=1", "unpause"],
    );
    insta::assert_snapshot!(told, @r#"
    start
      run: running
      w: running t1.., input null
      flaky: running t1.., input null, call 1 = start
      calls flaky
    flaky fails "no" retryable
      run: running
      flaky: running t1.., input null, error "no", at t12 call 1 attempt 1 = start
      calls flaky at t12
    pause
      run: paused, durable
      flaky: waiting t1.., input null, error "no", from t12 on call 1 attempt 1 = start
    flaky completes 1 owner=1
      refused, Conflict, stale: step `flaky` does not wait for the end of call 1 any more
    unpause
      run: waiting, durable
    "#);
}

#[test]
fn a_run_goes_back_to_an_entry() {
    let told = check(
        "then(a) workflow(in: then(b) then(c)) then(d)",
        &[
            "start 1",
            "a completes 2",
            "in.b completes 3",
            "in.c completes 4",
            "d completes 5",
            "travel in.b 9",
            "in.b completes 7",
            "travel a",
            "in.c suspends 1",
            "travel a",
        ],
    );
    insta::assert_snapshot!(told, @"
    start 1
      run: running
      w: running t1.., input 1
      a: running t1.., input 1, call 1 = start
      calls a
    a completes 2
      run: running
      a: success t1..t2, input 1, output 2
      in: running t2.., input 2
      in.b: running t2.., input 2, call 1 = start
      calls in.b
    in.b completes 3
      run: running
      in.b: success t2..t3, input 2, output 3
      in.c: running t3.., input 3, call 1 = start
      calls in.c
    in.c completes 4
      run: running
      d: running t4.., input 4, call 1 = start
      in: success t2..t4, input 2, output 4
      in.c: success t3..t4, input 3, output 4
      calls d
    d completes 5
      run: success, durable
      w: success t1..t5, input 1, output 5
      d: success t4..t5, input 4, output 5
    travel in.b 9
      run: running
      w: running t1.., input 1
      in: running t2.., input 2
      in.b: running t6.., input 9, call 1 = start
      calls in.b
    in.b completes 7
      run: running
      in.b: success t6..t7, input 9, output 7
      in.c: running t7.., input 7, call 1 = start
      calls in.c
    travel a
      refused, Refused, not-travelable: the run cannot go back to `a`: a step of the run is being called: wait until it ends, or cancel the run
    in.c suspends 1
      run: suspended, durable
      in.c: suspended t7.., input 7, waits since t9, shows 1
      opens #9 of in.c
    travel a
      run: running
      w: running t1.., input 1
      a: running t10.., input 1, call 1 = start
      closes #9: Closed
      drops image 9
      saves version 8 before the end
      calls a
    ");
}

#[test]
fn a_run_does_not_go_back_into_a_block() {
    let blocks = r#"["@a", {"parallel": {"arms": ["@b", "@c"]}}]"#;
    let told = outcome(
        blocks,
        &[
            "start 1",
            "a completes 2",
            "b suspends 1",
            "c suspends 2",
            "travel b",
            "travel nothing",
            "travel c[0]",
        ],
    );
    insta::assert_snapshot!(told, @"
    travel b: refused: the run cannot go back to `b`: it stands inside `parallel-1`, which is where one can go back to
    travel nothing: refused: the run cannot go back to `nothing`: the workflow has no such entry
    travel c[0]: refused: the run cannot go back to `c[0]`: the workflow has no such entry
    suspended
    w: running
    a: success, output 2
    b: suspended, shows 1
    c: suspended, shows 2
    parallel-1: running
    ");
}

#[test]
fn the_end_of_a_call_that_was_taken_over_does_not_count() {
    let told = check("then(a)", &["start 1", "take-over 1 2", "a completes 1 owner=1", "a completes 2"]);
    insta::assert_snapshot!(told, @"
    start 1
      run: running
      w: running t1.., input 1
      a: running t1.., input 1, call 1 = start
      calls a
    take-over 1 2
      run: running
      a: running t1.., input 1, call 1 by owner 2 = start
      calls a
    a completes 1 owner=1
      refused, Conflict, stale: step `a` does not wait for the end of call 1 any more
    a completes 2
      run: success, durable
      w: success t1..t4, input 1, output 2
      a: success t1..t4, input 1, output 2
    ");
}

#[test]
fn a_workflow_that_takes_too_long_fails() {
    let timed = r#"[{"workflow": {"id": "in", "timeoutMs": 3000, "steps": ["@a"]}}]"#;
    insta::assert_snapshot!(outcome(timed, &["start 1", "in.a suspends 1", "time", "time"]), @"
    time: refused: nothing to do
    failed
    w: failed, it was not done within its time: 3000 ms have passed
    in: failed, it was not done within its time: 3000 ms have passed
    in.a: canceled
    ");
}

/// The blocks around would have to be opened half-way, which nothing has a record of.
#[test]
fn a_run_does_not_go_back_into_a_workflow_that_stands_inside_a_block() {
    let told = outcome(
        r#"[{"parallel": {"id": "p", "arms": [{"workflow": {"id": "inner", "steps": ["@x"]}}, "@y"]}}]"#,
        &[
            "start 1",
            "inner.x suspends 1",
            "y suspends 2",
            "travel inner.x",
            "travel p",
            "inner.x completes 3",
            "y completes 4",
        ],
    );
    insta::assert_snapshot!(told, @r#"
    travel inner.x: refused: the run cannot go back to `inner.x`: it stands inside `p`, which is where one can go back to
    success
    w: success, output {"inner":3,"y":4}
    inner: success, output 3
    inner.x: success, output 3
    p: success, output {"inner":3,"y":4}
    y: success, output 4
    "#);
}

/// Who asked for it is in the entry of the log that is stored with it.
#[test]
fn who_has_something_done_to_a_run_is_in_the_log() {
    let told = acts(
        "then(ask)",
        &[
            "start by=ann",
            "ask suspends 1",
            "pause by=bob",
            "unpause by=cleo",
            "travel ask by=dan",
            "cancel by=eve",
            "restart by=fay",
            "pause",
        ],
    );
    insta::assert_snapshot!(told, @r#"
    start by=ann
      {"by":{"actor":{"name":"ann","asserted":true,"via":""}},"is":"started","span":{}}
    ask suspends 1
    pause by=bob
      {"by":{"actor":{"name":"bob","asserted":true,"via":""}},"is":"paused"}
    unpause by=cleo
      {"by":{"actor":{"name":"cleo","asserted":true,"via":""}},"is":"unpaused"}
    travel ask by=dan
      {"at":"ask","by":{"actor":{"name":"dan","asserted":true,"via":""}},"is":"traveled"}
    cancel by=eve
      {"by":{"actor":{"name":"eve","asserted":true,"via":""}},"is":"stopped","status":"canceled"}
    restart by=fay
      {"by":{"actor":{"name":"fay","asserted":true,"via":""}},"is":"restarted"}
    pause
    "#);
}
