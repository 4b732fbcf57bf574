//! Steps called as the host calls them, in one instance, without a host: none of them asks it for anything.

use std::future::{Future, pending, poll_fn};
use std::task::Poll;
use std::time::Duration;

use futures_util::future::{Either, join, select};
use futures_util::stream::{FuturesUnordered, StreamExt};
use reentry_step::__private::bindings::exports::reentry::step::guest::Guest;
use reentry_step::__private::bindings::reentry::step::types::{
    DeadlineOutcome, Facts, Failure, Invocation, Outcome, Resolution, Resolved, ResumeMode, Resumption,
    RunTarget, WaitFor, Wake,
};
use reentry_step::{
    Component, Context, Error, Next, Result, Resumed, Retry, Step, SuspendOptions, Timestamp, testing,
};

struct Steps;

impl Component for Steps {
    fn steps() -> Vec<Step> {
        vec![
            Step::new("plain", async |_: Context, n: u8| Ok(n + 1)),
            Step::new("ask", async |ctx: Context<String, u8>, n: u8| {
                let first = ctx.suspend("first".into()).label("a").label("b").await?;
                let second = ctx.suspend("second".into()).await?;
                Ok(n + first + second)
            }),
            Step::new("deadline", async |ctx: Context<String, u8>, default: Option<u8>| {
                let asked = ctx.suspend("soon".into()).until(Timestamp::from_millis(7));
                match default {
                    Some(default) => asked.or_answer(&default).await,
                    None => {
                        asked.await.or_else(|error| if error.is_timed_out() { Ok(0) } else { Err(error) })
                    }
                }
            }),
            Step::new("options", async |ctx: Context<String, u8>, labels: Vec<String>| {
                let deadline = Some(Timestamp::from_millis(7));
                let options = SuspendOptions { labels, deadline, ..SuspendOptions::default() };
                ctx.suspend_with("soon".into(), options).await
            }),
            Step::new("default-options", async |ctx: Context<String, u8>, until: Option<u64>| {
                let options = SuspendOptions {
                    deadline: until.map(Timestamp::from_millis),
                    default_answer: Some(serde_json::json!(3)),
                    ..SuspendOptions::default()
                };
                ctx.suspend_with("soon".into(), options).await
            }),
            Step::new("default-without-deadline", async |ctx: Context<String, u8>, _: ()| {
                ctx.suspend("soon".into()).or_answer(&1).await
            }),
            Step::new("join", async |ctx: Context<String, u8>, _: ()| {
                let text = ctx.suspend_as::<String>(&["b"]);
                let (number, text) = join(ctx.suspend("a".into()), text).await;
                Ok((number?, text?))
            }),
            Step::new("select", async |ctx: Context<String, u8>, _: ()| {
                let first = match select(ctx.suspend("a".into()), ctx.suspend("b".into())).await {
                    Either::Left((answer, _)) | Either::Right((answer, _)) => answer?,
                };
                Ok(first + ctx.suspend("c".into()).await?)
            }),
            Step::new("late", async |ctx: Context<String, u8>, _: ()| {
                let (mut a, mut b) = (ctx.suspend("a".into()), ctx.suspend("b".into()));
                let first = match select(&mut a, &mut b).await {
                    Either::Left((answer, _)) | Either::Right((answer, _)) => answer?,
                };
                let third = ctx.suspend("c".into()).await?;
                Ok([first, b.await?, third])
            }),
            // More than 32, as FuturesUnordered then interrupts itself.
            Step::new("many", async |ctx: Context<u32, u32>, count: u32| {
                let asked: FuturesUnordered<_> = (0..count).map(|n| ctx.suspend(n)).collect();
                Ok(asked.map(|answer| answer.unwrap_or(0)).collect::<Vec<u32>>().await.iter().sum::<u32>())
            }),
            Step::new("other-waits", async |ctx: Context, _: ()| {
                ctx.checkpoint().await;
                ctx.sleep_until(Timestamp::from_millis(5)).await;
                let paid: u8 = ctx.event("paid").key("7").until(Timestamp::from_millis(9)).await?;
                let step: u8 = ctx.run_step("plain", &1).await?;
                let workflow: u8 = ctx.run_workflow("w", &[2]).await?;
                Ok(paid + step + workflow)
            }),
            Step::new("bail", async |ctx: Context, _: ()| -> Result<()> {
                async { ctx.bail::<u8>("over") }.await?;
                Ok(())
            }),
            Step::new("refuse", async |ctx: Context<String, u8>, early: bool| -> Result<u8> {
                if early {
                    return ctx.refuse("nobody answered");
                }
                let answer = ctx.suspend("a".into()).await?;
                if answer > 9 {
                    return ctx.refuse(format!("{answer} is too much"));
                }
                ctx.sleep_until(Timestamp::from_millis(5)).await;
                ctx.refuse("too late")
            }),
            Step::new("bad-default", async |ctx: Context<String, u8>, _: ()| {
                let options = SuspendOptions {
                    deadline: Some(Timestamp::from_millis(7)),
                    default_answer: Some(serde_json::json!(2.5)),
                    ..SuspendOptions::default()
                };
                ctx.suspend_with("soon".into(), options).await
            }),
            Step::new("leaves", async |ctx: Context<String, u8>, _: ()| {
                let mut left = Box::pin(ctx.suspend("a".into()).label("a"));
                let polled = poll_fn(|cx| Poll::Ready(left.as_mut().poll(cx).is_pending())).await;
                std::mem::forget(left);
                Ok(polled)
            }),
            Step::new("fail", async |_: Context, _: ()| -> Result<()> { Err(Error::new("no").code("x")) }),
            Step::new("stuck", async |_: Context, _: ()| pending::<Result<()>>().await),
            Step::new("yielding", async |_: Context, turns: u8| Ok(yield_times(turns).await)),
            Step::re_entrant(
                "re-entrant",
                |ctx: Context<u8, u8>, goal: u8| Ok(Next::Suspend(ctx.suspend(goal).label("more"))),
                |ctx, told: Resumed<u8, u8, u8>| {
                    let left = told.form.unwrap_or(0) - told.answer.unwrap_or(0);
                    Ok(if left > 0 { Next::Suspend(ctx.suspend(left)) } else { Next::Done(told.input) })
                },
            )
            .title("Re-entrant")
            .retry(Retry::times(2)),
        ]
    }
}

/// Pending so many times, though woken at once: what other crates do to let others have a turn.
fn yield_times(turns: u8) -> impl Future<Output = u8> {
    let mut left = turns;
    poll_fn(move |cx| {
        if left == 0 {
            return Poll::Ready(turns);
        }
        left -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
}

/// Starts a step, then hands in each of the deliveries, and compares what came of each call.
fn check<const N: usize>(
    step: &str,
    input: &str,
    deliveries: [Vec<(u32, Resolution)>; N],
    expected: &[&str],
) {
    let mut came = vec![show(Steps::start(Invocation { facts: facts(step), input: input.into() }))];
    for delivered in deliveries {
        let resolved =
            delivered.into_iter().map(|(wait, resolution)| Resolved { wait, resolution }).collect();
        came.push(show(Steps::resume(resumption(step, input, resolved, None))));
    }
    assert_eq!(came, expected);
}

fn resumption(step: &str, input: &str, resolved: Vec<Resolved>, payload: Option<&str>) -> Resumption {
    Resumption { facts: facts(step), resolved, input: input.into(), suspend_payload: payload.map(Into::into) }
}

fn answered(answer: &str) -> Resolution {
    Resolution::Answered(answer.into())
}

fn facts(step: &str) -> Facts {
    Facts {
        step: step.into(),
        run_id: "run".into(),
        workflow_id: "workflow".into(),
        path: step.into(),
        attempt: 0,
        resource_id: None,
        idempotency_key: "key".into(),
        now_ms: 0,
        entropy: vec![0; 32],
        trace: None,
    }
}

fn show(result: Result<Outcome, Failure>) -> String {
    match result {
        Ok(Outcome::Completed(output)) => format!("completed {output}"),
        Ok(Outcome::Bailed(result)) => format!("bailed {result}"),
        Ok(Outcome::Suspended(suspension)) => {
            let all = if suspension.wake == Wake::All { " all" } else { "" };
            let waits =
                suspension.waits.into_iter().map(|wait| format!(" {}={}", wait.id, show_wait(wait.what)));
            format!("waits{all}{}", waits.collect::<String>())
        }
        Err(failure) => {
            let details = failure.details.map(|details| format!(" {details}")).unwrap_or_default();
            format!("failed {}: {}{details}", failure.code.unwrap_or_default(), failure.message)
        }
    }
}

fn show_wait(what: WaitFor) -> String {
    match what {
        WaitFor::Answer(wait) => {
            let labels = wait.labels.iter().map(|label| format!(" #{label}")).collect::<String>();
            let schema = if wait.resume_schema.is_some() { " own-schema" } else { "" };
            let deadline = wait.deadline.map(|deadline| match deadline.otherwise {
                DeadlineOutcome::TimeOut => format!(" until {}", deadline.at_ms),
                DeadlineOutcome::Answer(default) => format!(" until {} or {default}", deadline.at_ms),
            });
            format!("answer({}{labels}{schema}{})", wait.payload, deadline.unwrap_or_default())
        }
        WaitFor::Time(at) => format!("time({at})"),
        WaitFor::Event(wait) => {
            format!("event({} {:?} {:?})", wait.name, wait.key, wait.deadline.map(|d| d.at_ms))
        }
        WaitFor::Run(wait) => match wait.target {
            RunTarget::Step(id) => format!("step({id} {})", wait.input),
            RunTarget::Workflow(id) => format!("workflow({id} {})", wait.input),
        },
        WaitFor::Checkpoint => "checkpoint".into(),
    }
}

#[test]
fn a_step_that_does_not_wait_completes_at_once() {
    check("plain", "1", [], &["completed 2"]);
}

#[test]
fn a_step_goes_on_behind_each_answer_with_its_locals() {
    check(
        "ask",
        "1",
        [vec![(1, answered("10"))], vec![(2, answered("100"))]],
        &[r#"waits 1=answer("first" #a #b)"#, r#"waits 2=answer("second")"#, "completed 111"],
    );
}

#[test]
fn a_deadline_ends_the_wait_or_answers_it() {
    check(
        "deadline",
        "null",
        [vec![(1, Resolution::TimedOut)]],
        &[r#"waits 1=answer("soon" until 7)"#, "completed 0"],
    );
    check(
        "deadline",
        "3",
        [vec![(2, answered("3"))]],
        &[r#"waits 2=answer("soon" until 7 or 3)"#, "completed 3"],
    );
    check(
        "options",
        r#"["a","b"]"#,
        [vec![(3, answered("3"))]],
        &[r#"waits 3=answer("soon" #a #b until 7)"#, "completed 3"],
    );
    check(
        "default-without-deadline",
        "null",
        [],
        &["failed : or_answer was given to a suspension without deadline: set one first"],
    );
    check(
        "default-options",
        "9",
        [vec![(4, answered("3"))]],
        &[r#"waits 4=answer("soon" until 9 or 3)"#, "completed 3"],
    );
    check(
        "default-options",
        "null",
        [],
        &["failed : default_answer was given to a suspension without deadline: set one first"],
    );
}

#[test]
fn waits_that_are_joined_may_be_answered_in_any_order_or_at_once() {
    let both = r#"waits 1=answer("a") 2=answer(["b"] own-schema)"#;
    check(
        "join",
        "null",
        [vec![(2, answered("\"x\""))], vec![(1, answered("5"))]],
        &[both, r#"waits 1=answer("a")"#, r#"completed [5,"x"]"#],
    );
    let both = r#"waits 3=answer("a") 4=answer(["b"] own-schema)"#;
    check(
        "join",
        "null",
        [vec![(4, answered("\"x\"")), (3, answered("5"))]],
        &[both, r#"completed [5,"x"]"#],
    );
}

#[test]
fn a_wait_that_is_dropped_is_left_out_of_the_next_suspension() {
    check(
        "select",
        "null",
        [vec![(2, answered("5"))], vec![(3, answered("1"))]],
        &[r#"waits 1=answer("a") 2=answer("b")"#, r#"waits 3=answer("c")"#, "completed 6"],
    );
}

#[test]
fn an_answer_that_nobody_took_yet_is_kept_and_not_asked_for_again() {
    check(
        "late",
        "null",
        [vec![(1, answered("1")), (2, answered("2"))], vec![(3, answered("3"))]],
        &[r#"waits 1=answer("a") 2=answer("b")"#, r#"waits 3=answer("c")"#, "completed [1,2,3]"],
    );
}

#[test]
fn futures_that_are_polled_only_when_woken_are_woken() {
    let Ok(Outcome::Suspended(asked)) =
        Steps::start(Invocation { facts: facts("many"), input: "100".into() })
    else {
        panic!("the step does not wait");
    };
    assert_eq!(asked.waits.len(), 100);
    let (first, rest) = asked.waits.split_at(60);
    let mut last = String::new();
    for part in [first, rest] {
        let resolved =
            part.iter().map(|wait| Resolved { wait: wait.id, resolution: answered("2") }).collect();
        last = show(Steps::resume(resumption("many", "100", resolved, None)));
    }
    assert_eq!(last, "completed 200");
}

#[test]
fn every_kind_of_wait_reaches_the_host_and_ends() {
    let child_failed = Failure {
        message: "child broke".into(),
        code: Some("broke".into()),
        retryable: true,
        retry_after_ms: None,
        details: None,
    };
    check(
        "other-waits",
        "null",
        [
            vec![(1, Resolution::Recorded)],
            vec![(2, Resolution::Elapsed)],
            vec![(3, Resolution::Received("1".into()))],
            vec![(4, Resolution::Completed("2".into()))],
            vec![(5, Resolution::Failed(child_failed))],
        ],
        &[
            "waits 1=checkpoint",
            "waits 2=time(5)",
            r#"waits 3=event(paid Some("7") Some(9))"#,
            "waits 4=step(plain 1)",
            "waits 5=workflow(w [2])",
            "failed broke: child broke",
        ],
    );
}

#[test]
fn a_bail_comes_out_of_nested_functions_as_a_result() {
    check("bail", "null", [], &[r#"bailed "over""#]);
}

#[test]
fn a_future_that_wakes_itself_is_polled_again() {
    check("yielding", "3", [], &["completed 3"]);
}

#[test]
fn what_goes_wrong_says_so() {
    check("fail", "null", [], &["failed x: no"]);
    check("plain", "\"1\"", [], &["failed bad-input: the input does not fit u8: \"1\" is not u8"]);
    check(
        "stuck",
        "null",
        [],
        &["failed stuck: the step is pending, but waits for nothing that the host could deliver; \
           it may await only what its context gave it"],
    );
    check(
        "ask",
        "1",
        [vec![(1, Resolution::Elapsed)], vec![(1, answered("1"))]],
        &[
            r#"waits 1=answer("first" #a #b)"#,
            "failed unexpected-resolution: waited for an answer, but the host delivered the end of a sleep",
            "failed not-waiting: step ask was resumed in an instance in which it is not waiting: \
             its memory was not put back",
        ],
    );
    check(
        "select",
        "null",
        [vec![(9, answered("1"))]],
        &[
            r#"waits 2=answer("a") 3=answer("b")"#,
            "failed unknown-wait: wait 9 is over, but this instance is not waiting for it",
        ],
    );
    let unknown = show(Steps::start(Invocation { facts: facts("nope"), input: "1".into() }));
    assert!(
        unknown
            .starts_with("failed unknown-step: there is no step nope in this component; it has plain, ask")
    );
}

#[test]
fn an_answer_that_does_not_fit_is_given_back() {
    check(
        "ask",
        "1",
        [vec![(1, answered("2.5"))]],
        &[
            r#"waits 1=answer("first" #a #b)"#,
            r#"failed bad-answer: the answer does not fit u8: 2.5 is not a whole number {"wait":1}"#,
        ],
    );
    let asked = r#"waits 2=answer("a")"#;
    check(
        "refuse",
        "false",
        [vec![(2, answered("10"))]],
        &[asked, r#"failed bad-answer: 10 is too much {"wait":2}"#],
    );
    let late = "failed nothing-to-refuse: there is no answer to refuse: ctx.refuse is for the answer that came in this call";
    check("refuse", "true", [], &[late]);
    check(
        "refuse",
        "false",
        [vec![(3, answered("1.0"))], vec![(4, Resolution::Elapsed)]],
        &[r#"waits 3=answer("a")"#, "waits 4=time(5)", late],
    );
}

#[test]
fn what_comes_and_does_not_fit_says_of_which_wait_it_is() {
    let begin = || vec![vec![(1, Resolution::Recorded)], vec![(2, Resolution::Elapsed)]];
    let [recorded, elapsed]: [_; 2] = begin().try_into().expect("two deliveries");
    check(
        "other-waits",
        "null",
        [recorded, elapsed, vec![(3, Resolution::Received("-1".into()))]],
        &[
            "waits 1=checkpoint",
            "waits 2=time(5)",
            r#"waits 3=event(paid Some("7") Some(9))"#,
            r#"failed bad-event: the event's payload does not fit u8: -1 is not from 0 to 255 {"wait":3}"#,
        ],
    );
    check(
        "other-waits",
        "null",
        [
            vec![(4, Resolution::Recorded)],
            vec![(5, Resolution::Elapsed)],
            vec![(6, Resolution::Received("1".into()))],
            vec![(7, Resolution::Completed("{}".into()))],
        ],
        &[
            "waits 4=checkpoint",
            "waits 5=time(5)",
            r#"waits 6=event(paid Some("7") Some(9))"#,
            "waits 7=step(plain 1)",
            r#"failed bad-result: the child's output does not fit u8: an object is not u8 {"wait":7}"#,
        ],
    );
    check(
        "bad-default",
        "null",
        [],
        &["failed bad-default: the default answer does not fit u8: 2.5 is not a whole number"],
    );
}

#[test]
fn a_wait_that_was_begun_and_is_left_is_a_failure() {
    check(
        "leaves",
        "null",
        [],
        &[
            "failed unawaited-wait: the step ended while futures that it keeps wait for answer a: await them, or drop them",
        ],
    );
}

#[test]
fn a_wait_that_is_dropped_before_it_begins_is_in_the_log() {
    let forgets = Step::new("forgets", async |ctx: Context<String, u8>, _: ()| {
        drop(ctx.suspend("a".into()));
        Ok(())
    });
    let run = testing::start(forgets, &());
    let [line] = run.log().try_into().expect("one line");
    assert!(line.starts_with("warn: the wait of tests/steps.rs:"), "{line}");
    assert!(line.ends_with(" was dropped and never awaited: nothing came of it"), "{line}");
}

#[test]
fn a_step_runs_in_a_test_with_all_that_its_host_knows() {
    let step = Step::new("many", async |ctx: Context<String, u8>, n: u8| {
        let paid: u8 = ctx.event("paid").await?;
        let child: u8 = ctx.run_step("other", &n).await?;
        ctx.checkpoint().await;
        let late = ctx.suspend("soon".into()).label("a").within(Duration::from_secs(5)).await;
        ctx.set_state("sum", &(paid + child))?;
        ctx.info("added");
        Ok((late.is_err_and(|error| error.is_timed_out()), ctx.now().as_millis()))
    });
    let mut run = testing::start(step, &1);
    run.event("paid", &2);
    run.child("other", Ok(3));
    run.pass_time();
    assert!(run.is_suspended());
    run.pass_time();
    assert_eq!(run.output(), serde_json::json!([true, 1_700_000_005_000_u64]));
    assert_eq!((run.state(), run.log()), (serde_json::json!({"sum": 5}), vec!["info: added".to_owned()]));
}

#[test]
fn a_re_entrant_step_needs_nothing_but_the_call() {
    check("re-entrant", "9", [], &["waits all 1=answer(9 #more)"]);
    let resume = |wait, answer, payload| {
        let resolved = vec![Resolved { wait, resolution: answered(answer) }];
        show(Steps::resume(resumption("re-entrant", "9", resolved, Some(payload))))
    };
    assert_eq!(resume(1, "4", "9"), "waits all 2=answer(5)");
    assert_eq!(resume(2, "5", "5"), "completed 9");
}

#[test]
fn a_description_has_the_schemas_of_the_types() {
    let described = Steps::describe();
    let step = |id: &str| described.iter().find(|step| step.id == id).expect("the step is described").clone();
    let plain = step("plain");
    assert!(plain.input_schema.is_some_and(|schema| schema.contains("uint8")));
    assert_eq!(
        (plain.suspend_schema, plain.resume_schema, plain.resume_mode),
        (None, None, ResumeMode::Restore)
    );
    let re_entrant = step("re-entrant");
    assert!(re_entrant.resume_schema.is_some() && re_entrant.suspend_schema.is_some());
    assert_eq!(re_entrant.resume_mode, ResumeMode::ReEnter);
    assert_eq!(re_entrant.title.as_deref(), Some("Re-entrant"));
    assert_eq!(re_entrant.retry.map(|retry| retry.retries), Some(2));
}

/// The macros that have the names of those of the standard library.
mod prints {
    use reentry_step::{Context, Result, Step, dbg, eprint, eprintln, print, println, testing};
    use serde_json::json;

    struct Prints;

    impl std::fmt::Display for Prints {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            println!("while it is printed");
            f.write_str("a text")
        }
    }

    async fn step(ctx: Context<String, u8>, _: ()) -> Result<u8> {
        println!();
        print!("begun, ");
        eprintln!("two\nlines");
        println!("{}", Prints);
        let twice = dbg!(1 + 1);
        eprint!("no end");
        ctx.suspend("how many?".into()).await.map(|answer| answer * twice)
    }

    #[test]
    fn what_a_step_prints_is_lines_of_its_log() {
        let mut run = testing::start(Step::new("prints", step), &json!(null));
        let dbg = run.log().iter().position(|line| line.contains("1 + 1 = 2")).expect("a line of dbg!");
        let mut lines = run.log();
        assert!(lines.remove(dbg).starts_with("warn: [tests/steps.rs:"));
        assert_eq!(
            lines,
            [
                "info: ",
                "warn: two",
                "warn: lines",
                "info: begun, while it is printed",
                "info: a text",
                "warn: no end",
            ]
        );
        run.answer(&json!(3));
        assert_eq!(run.output(), json!(6));
    }
}
