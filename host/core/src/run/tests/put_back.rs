//! A step refuses an answer: its suspension is open again.

use super::script::{World, check, outcome, owner, played, suspension};
use crate::actor::By;
use crate::id::RunId;
use crate::run::{Fork, Known, fork};
use crate::time::Timestamp;

#[test]
fn a_refused_answer_leaves_the_suspension_as_it_was() {
    let told = check(
        "then(ask)",
        &[
            "start",
            "ask suspends 1 label=A deadline=9",
            r#"resume 2.5 request=key context={"who":"ann"}"#,
            r#"ask refuses 7 "/: 2.5 is not a whole number" set={"n":1} context={"k":1}"#,
            "resume 2",
            "ask suspends 3",
            "resume 4",
            r#"ask refuses 7 "not 4 either""#,
        ],
    );
    insta::assert_snapshot!(told, @r#"
    start
      run: running
      w: running t1.., input null
      ask: running t1.., input null, call 1 = start
      calls ask
    ask suspends 1 label=A deadline=9
      run: suspended, durable
      ask: suspended t1.., input null, waits since t2, shows 1
      opens #2 of ask "A"
    resume 2.5 request=key context={"who":"ann"}
      run: running
      context: {"who":"ann"}
      ask: running t1.., input null, answered t3 with 2.5, call 2 = resume from image 2 of 1: answered 2.5
      closes #2: Answered
      saves version 2 before #2
      calls ask
    ask refuses 7 "/: 2.5 is not a whole number" set={"n":1} context={"k":1}
      run: suspended, durable
      context: {}
      ask: suspended t1.., input null, waits since t2, shows 1
      reopens #2, answered with version 3, request key: /: 2.5 is not a whole number
    resume 2
      run: running
      ask: running t1.., input null, answered t5 with 2, call 3 = resume from image 2 of 1: answered 2
      closes #2: Answered
      saves version 4 before #2
      calls ask
    ask suspends 3
      run: suspended, durable
      ask: suspended t1.., input null, waits since t6, shows 3, answered t5 with 2
      opens #6 of ask
      drops image 2
    resume 4
      run: running
      ask: running t1.., input null, answered t7 with 4, call 4 = resume from image 6 of 3: answered 4
      closes #6: Answered
      saves version 6 before #6
      calls ask
    ask refuses 7 "not 4 either"
      run: suspended, durable
      ask: suspended t1.., input null, waits since t6, shows 3, answered t5 with 2
      reopens #6, answered with version 7: not 4 either
    "#);
}

/// What is not a caller's answer cannot be given again: the step fails, and the failure says what it is.
#[test]
fn only_an_answer_of_a_caller_is_given_back() {
    let codes = |script: &[&str]| {
        let told = check("then(ask)", &[&["start"], script].concat());
        let failed =
            told.lines().rfind(|line| line.contains("ask: failed")).unwrap_or("not failed").to_owned();
        failed.split("error ").nth(1).and_then(|error| error.split(' ').next()).unwrap_or(&failed).to_owned()
    };
    assert_eq!(
        codes(&["ask suspends 1 deadline=3 otherwise=5", "time", r#"ask refuses 7 "no""#]),
        "bad-default"
    );
    assert_eq!(codes(&["ask waits event paid", "mail paid 5", r#"ask refuses 0 "no""#]), "bad-event");
    let child = ["ask waits step sub 1", "ask.sub[0] completes 2", r#"ask refuses 0 "no""#];
    assert_eq!(codes(&child), "bad-result");
    assert_eq!(codes(&["ask suspends 1", "resume 2", r#"ask refuses 8 "another wait""#]), "bad-answer");
    assert_eq!(codes(&["ask sleeps 3", "time", r#"ask refuses 7 "an instant""#]), "bad-answer");
    assert_eq!(codes(&[r#"ask refuses 7 "nothing was answered""#]), "bad-answer");
}

/// Of several answers in one call the refused one alone is given back: what else was waited for stays over.
#[test]
fn what_else_the_call_was_told_stays_over() {
    let told = check(
        "then(ask)",
        &[
            "start",
            "ask waits all answer 1, answer 2",
            "resume 5 all",
            r#"ask refuses 1 "not this one""#,
            "resume 6",
            "ask completes 7",
        ],
    );
    insta::assert_snapshot!(told, @r#"
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
    resume 5 all
      run: running
      ask: running t1.., input null, answered t3 with 5, call 2 = resume from image 2 of 1: answered 5, answered 5
      closes #2: Answered
      closes #2+1: Answered
      calls ask
    ask refuses 1 "not this one"
      run: suspended, durable
      ask: suspended t1.., input null, waits since t2, shows 2, answered t3 with 5
      reopens #2+1, answered with version 3: not this one
    resume 6
      run: running
      ask: running t1.., input null, answered t5 with 6, call 3 = resume from image 2 of 1: answered 5, answered 6
      closes #2+1: Answered
      saves version 4 before #2+1
      calls ask
    ask completes 7
      run: success, durable
      w: success t1..t6, input null, output 7
      ask: success t1..t6, input null, output 7, answered t5 with 6
      drops image 2
    "#);
    let told = check(
        "then(ask)",
        &["start", "ask waits any answer 1, answer 2", "resume 5 all", r#"ask refuses 0 "not this one""#],
    );
    insta::assert_snapshot!(told, @r#"
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
    resume 5 all
      run: running
      ask: running t1.., input null, answered t3 with 5, call 2 = resume from image 2 of 1: answered 5, answered 5
      closes #2: Answered
      closes #2+1: Answered
      calls ask
    ask refuses 0 "not this one"
      run: running
      ask: running t1.., input null, shows 1, answered t3 with 5, call 3 = resume from image 2 of 2: answered 5
      reopens #2, answered with version 3: not this one
      calls ask
    "#);
}

#[test]
fn what_is_open_again_stands_where_it_stood_whichever_hosts_clock_its_id_is_of() {
    // A host whose clock is behind opened the waits 2 and 3.
    let mut world = played(
        "then(ask)",
        &[
            "start",
            "ask waits any 8=answer, 7=time 3",
            "time",
            "ask waits ids=1 any 8=answer, 2=answer, 3=answer",
            "resume 6 suspension=2",
        ],
    );
    let order_when_refused = |world: &World| {
        let run = world.after(9, r#"ask refuses 8 "not this one""#);
        run.waiting().map(|(_, open)| open.wait.id).collect::<Vec<_>>()
    };
    assert_eq!(order_when_refused(&world), [8, 2, 3]);

    let how = Fork {
        id: RunId::from_bytes([9; 16]),
        suspension: suspension(50),
        owner: owner(1),
        answer: None,
        by: By::default(),
    };
    let forked = fork(world.run, &world.program, how, Timestamp(9_000), &Known::default()).unwrap();
    world.run = forked.run;
    assert_eq!(order_when_refused(&world), [8, 2, 3]);
}

#[test]
fn an_answer_that_is_refused_after_its_time_is_not_given_again() {
    let told = outcome(
        "then(ask)",
        &[
            "start",
            "ask suspends 1 deadline=4",
            "resume 2",
            r#"ask refuses 7 "no""#,
            "resume 3",
            "ask completes 9",
        ],
    );
    insta::assert_snapshot!(told, @"
    success
    w: success, output 9
    ask: success, output 9
    ");
}

#[test]
fn a_step_whose_time_is_over_has_timed_out_whatever_it_says_of_the_answer() {
    let told = outcome(
        r#"[{"workflow": {"id": "in", "timeoutMs": 2500, "steps": ["@ask"]}}]"#,
        &["start", "in.ask suspends 1", "resume 2", r#"in.ask refuses 7 "no""#],
    );
    insta::assert_snapshot!(told, @"
    failed
    w: failed, it was not done within its time: 3000 ms have passed
    in: failed, it was not done within its time: 3000 ms have passed
    in.ask: canceled
    ");
}

/// A guest that refuses everything does not fill the log.
#[test]
fn watchers_are_told_of_so_many_refusals_and_no_more() {
    let mut script = vec!["start", "ask suspends 1"];
    for _ in 0..super::super::REFUSALS_TOLD_MAX + 5 {
        script.extend(["resume 2", r#"ask refuses 7 "no""#]);
    }
    let logged = super::script::logged("then(ask)", &script);
    insta::assert_snapshot!(
        logged,
        @"AnswerRefused 100, Began 2, Reentered 100, Resumed 100, Started 1, Stopped 101, Suspended 1"
    );
}

/// In a fork, and after a restart, the answer to a call that is under way may be refused as well.
#[test]
fn a_call_that_is_made_again_may_refuse_its_answer() {
    let told = check(
        "then(ask)",
        &["start", "ask suspends 1", "resume 2", "cancel", "restart", r#"ask refuses 7 "no""#, "resume 3"],
    );
    insta::assert_snapshot!(told, @r#"
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
    cancel
      run: canceled, durable
      w: canceled t1..t4, input null
      ask: canceled t1..t4, input null, answered t3 with 2
      drops image 2
      saves version 3 before the end
    restart
      run: running
      w: running t1.., input null
      ask: running t1.., input null, answered t3 with 2, call 2 = resume from image 2 of 1: answered 2
      shares image 2
      calls ask
    ask refuses 7 "no"
      run: suspended, durable
      ask: suspended t1.., input null, waits since t2, shows 1
      reopens #2, answered with version 3: no
    resume 3
      run: running
      ask: running t1.., input null, answered t7 with 3, call 3 = resume from image 2 of 1: answered 3
      closes #2: Answered
      saves version 6 before #2
      calls ask
    "#);
}
