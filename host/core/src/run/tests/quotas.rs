//! What a run may use in all: what is kept back at a quota, and what goes on when there is more of it.

use std::time::Duration;

use super::script::{self, outcome};
use crate::run::RunQuotas;

/// The quotas of a line of a script; those that it does not name are as they are by default.
pub(super) fn quotas_of(line: &str) -> RunQuotas {
    line.split(' ').fold(RunQuotas::default(), |quotas, word| {
        let (name, most) = word.split_once('=').unwrap();
        let most = most.parse().unwrap();
        match name {
            "calls" => quotas.calls(most),
            "turns" => quotas.turns(most),
            "children" => quotas.children(most),
            "log" => quotas.log_bytes(most),
            "seconds" => quotas.call_time(Duration::from_secs(most)),
            other => panic!("there is no quota {other}"),
        }
    })
}

/// What becomes of a run, without what is said each time.
fn check(workflow: &str, script: &[&str]) -> String {
    script::check(workflow, script)
        .replace("; the operator of the host can allow more", "")
        .replace("this workflow run is ", "")
        .replace("; continue it to have it tried once more, or cancel it", "")
}

/// A call that would be one too many is kept back, with its answer; it is made when there is more.
#[test]
fn a_run_at_its_calls_is_blocked_with_the_answer_and_goes_on_with_it() {
    let told = check(
        "then(ask)",
        &[
            "quotas calls=1",
            "start",
            "ask suspends 1",
            "resume 7",
            "resume 8",
            "time",
            "mail go 1",
            "unblock",
            "quotas calls=2",
            "unblock by=ann",
            "ask completes 3",
        ],
    );
    insta::assert_snapshot!(told, @"
    quotas calls=1
    start
      run: running
      w: running t2.., input null
      ask: running t2.., input null, call 1 = start
      calls ask
    ask suspends 1
      run: suspended, durable
      ask: suspended t2.., input null, waits since t3, shows 1
      opens #3 of ask
    resume 7
      run: blocked, durable
      blocked: it has used 1 of 1 calls into guests [run-calls]
      ask: running t2.., input null, answered t4 with 7, held back: call 2 = resume from image 3 of 1: answered 7
      closes #3: Answered
      saves version 2 before #3
    resume 8
      refused, Conflict, blocked: blocked: it has used 1 of 1 calls into guests [run-calls]
    time
      refused, Conflict, blocked: blocked: it has used 1 of 1 calls into guests [run-calls]
    mail go 1
      refused, Conflict, blocked: blocked: it has used 1 of 1 calls into guests [run-calls]
    unblock
      refused, Conflict, blocked: blocked: it has used 1 of 1 calls into guests [run-calls]
    quotas calls=2
    unblock by=ann
      run: running
      ask: running t2.., input null, answered t4 with 7, call 2 = resume from image 3 of 1: answered 7
      calls ask
    ask completes 3
      run: success, durable
      w: success t2..t11, input null, output 3
      ask: success t2..t11, input null, output 3, answered t4 with 7
      drops image 3
    ");
}

/// What is under way at a quota ends and counts; what follows is kept back.
#[test]
fn calls_under_way_end_while_the_run_is_blocked() {
    let arms = r#"[{"parallel": {"arms": ["@a", "@b", "@c"]}}, "@d"]"#;
    let told = check(
        arms,
        &[
            "quotas calls=2",
            "start 1",
            "a completes 2",
            "b completes 3",
            "quotas calls=9",
            "unblock",
            "c completes 4",
        ],
    );
    insta::assert_snapshot!(told, @r#"
    quotas calls=2
    start 1
      run: blocked
      blocked: it has used 2 of 2 calls into guests [run-calls]
      w: running t2.., input 1
      a: running t2.., input 1, call 1 = start
      b: running t2.., input 1, call 1 = start
      c: running t2.., input 1, held back: call 1 = start
      parallel-1: running t2.., input 1, Parallel { open: 3 }
      calls a
      calls b
    a completes 2
      run: blocked, durable
      a: success t2..t3, input 1, output 2
      parallel-1: running t2.., input 1, Parallel { open: 2 }
    b completes 3
      run: blocked, durable
      b: success t2..t4, input 1, output 3
      parallel-1: running t2.., input 1, Parallel { open: 1 }
    quotas calls=9
    unblock
      run: running
      c: running t2.., input 1, call 1 = start
      calls c
    c completes 4
      run: running
      c: success t2..t7, input 1, output 4
      d: running t7.., input {"a":2,"b":3,"c":4}, call 1 = start
      parallel-1: success t2..t7, input 1, output {"a":2,"b":3,"c":4}
      calls d
    "#);
    let all = check(arms, &["quotas calls=3", "start 1", "a completes 2", "b completes 3", "c completes 4"]);
    insta::assert_snapshot!(all.lines().filter(|line| line.contains("run:") || line.contains("blocked")).collect::<Vec<_>>().join("\n"), @"
    run: running
    run: running, durable
    run: running, durable
    run: blocked, durable
    blocked: it has used 3 of 3 calls into guests [run-calls]
    ");
}

/// The last call may be the last allowed one.
#[test]
fn a_run_may_use_all_that_it_has() {
    let script = ["quotas calls=2 turns=2", "start", "flaky fails \"no\" retryable", "flaky completes 1"];
    insta::assert_snapshot!(outcome("then(flaky)", &script), @"
    success
    w: success, output 1
    flaky: success, output 1
    ");
}

/// A loop without a component ends at the entries that a run may enter.
#[test]
fn a_loop_without_a_call_is_blocked() {
    let endless = r#"[{"doWhile": {"do": {"map": {"to": "input"}}, "while": "true"}}]"#;
    let script = [
        "quotas turns=4",
        "start 1",
        "unblock",
        "quotas turns=6",
        "unblock",
        "continue doWhile-1[2]",
        "cancel",
    ];
    insta::assert_snapshot!(check(endless, &script), @"
    quotas turns=4
    start 1
      run: blocked, durable
      blocked: it has used 4 of 4 entries entered [run-turns]
      w: running t2.., input 1
      doWhile-1: running t2.., input 1, Loop { iteration: 1 }
      doWhile-1[0]: success t2..t2, input 1, output 1
      doWhile-1[0].map-1: success t2..t2, input 1, output 1
      doWhile-1[1]: running t2.., input 1
      doWhile-1[1].map-1: running t2.., input 1, put off
    unblock
      refused, Conflict, blocked: blocked: it has used 4 of 4 entries entered [run-turns]
    quotas turns=6
    unblock
      run: running
      doWhile-1[1].map-1: running t2.., input 1, put off
      goes on with doWhile-1[1].map-1
    continue doWhile-1[2]
      refused, Conflict, idle: nothing to do
    cancel
      run: canceled, durable
      w: canceled t2..t7, input 1
      doWhile-1: canceled t2..t7, input 1
      doWhile-1[1]: canceled t2..t7, input 1
      doWhile-1[1].map-1: canceled t2..t7, input 1
      saves version 2 before the end
    ");
}

/// Those that steps run are counted together, however deep they are.
#[test]
fn what_steps_run_is_counted() {
    let script = [
        "quotas children=2",
        "start 1",
        "ask waits all step ask 1, step ask 2",
        "ask.ask[0] waits step ask 3",
        "quotas children=3",
        "unblock",
        "continue ask.ask[0].ask[0]",
        "ask.ask[0].ask[0] completes 4",
    ];
    insta::assert_snapshot!(check("then(ask)", &script), @"
    quotas children=2
    start 1
      run: running
      w: running t2.., input 1
      ask: running t2.., input 1, call 1 = start
      calls ask
    ask waits all step ask 1, step ask 2
      run: running
      ask: waiting t2.., input 1, waits since t3
      ask.ask[0]: running t3.., input 1, call 1 = start
      ask.ask[1]: running t3.., input 2, call 1 = start
      opens #3 of ask
      opens #3+1 of ask
      calls ask.ask[0]
      calls ask.ask[1]
    ask.ask[0] waits step ask 3
      run: blocked, durable
      blocked: it has used 2 of 2 steps and workflows run by steps [run-children]
      ask.ask[0]: waiting t3.., input 1, waits since t4
      ask.ask[0].ask[0]: running t4.., input 3, put off
      opens #4 of ask.ask[0]
    quotas children=3
    unblock
      run: running
      ask.ask[0].ask[0]: running t4.., input 3, put off
      goes on with ask.ask[0].ask[0]
    continue ask.ask[0].ask[0]
      run: running
      ask.ask[0].ask[0]: running t7.., input 3, call 1 = start
      calls ask.ask[0].ask[0]
    ask.ask[0].ask[0] completes 4
      run: running
      ask.ask[0]: running t3.., input 1, call 2 = resume from image 4: Completed(4)
      ask.ask[0].ask[0]: success t7..t8, input 3, output 4
      closes #4: Finished
      calls ask.ask[0]
    ");
}

/// The time within guests is added up, that of calls which fail too.
#[test]
fn a_run_at_its_time_within_guests_is_blocked() {
    let script = [
        "quotas seconds=5",
        "start",
        "flaky fails \"no\" retryable took=4",
        "flaky suspends 1 took=1",
        "resume 7",
        "unblock",
        "quotas seconds=6",
        "unblock",
        "flaky completes 2 took=9",
    ];
    insta::assert_snapshot!(check("then(flaky)", &script), @r#"
    quotas seconds=5
    start
      run: running
      w: running t2.., input null
      flaky: running t2.., input null, call 1 = start
      calls flaky
    flaky fails "no" retryable took=4
      run: running
      flaky: running t2.., input null, error "no", at t13 call 1 attempt 1 = start
      calls flaky at t13
    flaky suspends 1 took=1
      run: suspended, durable
      flaky: suspended t2.., input null, waits since t4, shows 1
      opens #4 of flaky
    resume 7
      run: blocked, durable
      blocked: it has used 5000 of 5000 milliseconds within guests [run-cpu]
      flaky: running t2.., input null, answered t5 with 7, held back: call 2 = resume from image 4 of 1: answered 7
      closes #4: Answered
      saves version 3 before #4
    unblock
      refused, Conflict, blocked: blocked: it has used 5000 of 5000 milliseconds within guests [run-cpu]
    quotas seconds=6
    unblock
      run: running
      flaky: running t2.., input null, answered t5 with 7, call 2 = resume from image 4 of 1: answered 7
      calls flaky
    flaky completes 2 took=9
      run: success, durable
      w: success t2..t9, input null, output 2
      flaky: success t2..t9, input null, output 2, answered t5 with 7
      drops image 4
    "#);
}

/// The call that had the run fail counts when it is restarted.
#[test]
fn a_restart_goes_on_with_the_time_that_was_used() {
    let script = ["quotas seconds=5", "start", "ask fails \"no\" took=5", "restart"];
    assert!(outcome("then(ask)", &script).starts_with("blocked"));
}

/// A restart and a travel go on with what was used; a run that is canceled at its quota is blocked again.
#[test]
fn no_way_back_gives_more() {
    let script = [
        "quotas calls=2",
        "start",
        "a completes 1",
        "b suspends 1",
        "travel a",
        "cancel",
        "restart",
        "quotas calls=3",
        "unblock",
        "a completes 2",
    ];
    insta::assert_snapshot!(check("then(a) then(b)", &script), @"
    quotas calls=2
    start
      run: running
      w: running t2.., input null
      a: running t2.., input null, call 1 = start
      calls a
    a completes 1
      run: running
      a: success t2..t3, input null, output 1
      b: running t3.., input 1, call 1 = start
      calls b
    b suspends 1
      run: suspended, durable
      b: suspended t3.., input 1, waits since t4, shows 1
      opens #4 of b
    travel a
      run: blocked, durable
      blocked: it has used 2 of 2 calls into guests [run-calls]
      w: running t2.., input null
      a: running t5.., input null, held back: call 1 = start
      closes #4: Closed
      drops image 4
      saves version 3 before the end
    cancel
      run: canceled, durable
      w: canceled t2..t6, input null
      a: canceled t5..t6, input null
      saves version 4 before the end
    restart
      run: blocked, durable
      blocked: it has used 2 of 2 calls into guests [run-calls]
      w: running t2.., input null
      a: running t5.., input null, held back: call 1 = start
    quotas calls=3
    unblock
      run: running
      a: running t5.., input null, call 1 = start
      calls a
    a completes 2
      run: blocked, durable
      blocked: it has used 3 of 3 calls into guests [run-calls]
      a: success t5..t10, input null, output 2
      b: running t10.., input 2, held back: call 1 = start
    ");
}

/// A paused run stays paused: what was kept back is called when it is neither paused nor blocked.
#[test]
fn a_paused_run_is_blocked_and_stays_paused() {
    let script = [
        "quotas calls=1",
        "start",
        "ask suspends 1",
        "resume 7",
        "pause",
        "quotas calls=2",
        "unblock",
        "pause",
        "unpause",
        "ask completes 1",
    ];
    insta::assert_snapshot!(check("then(ask)", &script), @"
    quotas calls=1
    start
      run: running
      w: running t2.., input null
      ask: running t2.., input null, call 1 = start
      calls ask
    ask suspends 1
      run: suspended, durable
      ask: suspended t2.., input null, waits since t3, shows 1
      opens #3 of ask
    resume 7
      run: blocked, durable
      blocked: it has used 1 of 1 calls into guests [run-calls]
      ask: running t2.., input null, answered t4 with 7, held back: call 2 = resume from image 3 of 1: answered 7
      closes #3: Answered
      saves version 2 before #3
    pause
      refused, Conflict, blocked: blocked: it has used 1 of 1 calls into guests [run-calls]
    quotas calls=2
    unblock
      run: running
      ask: running t2.., input null, answered t4 with 7, call 2 = resume from image 3 of 1: answered 7
      calls ask
    pause
      run: running, durable
    unpause
      run: running, durable
    ask completes 1
      run: success, durable
      w: success t2..t10, input null, output 1
      ask: success t2..t10, input null, output 1, answered t4 with 7
      drops image 3
    ");
}

/// What cannot be run fails at once. The step is told so often, then it fails.
#[test]
fn a_step_does_not_ask_for_ever_for_what_there_is_not() {
    let script = |times| [vec!["start"], vec!["ask waits step gone 1"; times]].concat();
    let ends = |times| outcome("then(ask)", &script(times)).lines().next().unwrap().to_owned();
    assert_eq!((ends(100), ends(101)), ("running".to_owned(), "failed".to_owned()));
    let told = outcome("then(ask)", &script(101));
    insta::assert_snapshot!(told.lines().last().unwrap(), @"ask: failed, there is no step `gone` to run: a step must be of the same component, a workflow must be applied on the host; the step was told so 100 times");
    // What it waits for beside that is let in.
    let other = [script(100), vec!["ask suspends 1"]].concat();
    assert!(outcome("then(ask)", &other).starts_with("suspended"));
}

/// Nothing is put off for more than ten years.
#[test]
fn waits_end_within_ten_years() {
    for (end, status) in [
        ("ask sleeps 315360002", "waiting"),
        ("ask sleeps 315360003", "failed"),
        ("ask suspends 1 deadline=315360002", "suspended"),
        ("ask suspends 1 deadline=315360003", "failed"),
    ] {
        let told = outcome("then(ask)", &["start", end]);
        assert!(told.starts_with(status), "{end}: {told}");
        assert!(status != "failed" || told.contains("more than ten years ahead"), "{told}");
    }
}
