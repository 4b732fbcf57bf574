//! What was asked and answered, by whom, and which answers did not count.

use reentry::core::actor::{Actor, By};
use reentry::core::error::ErrorKind;
use reentry::core::resume::Target;
use reentry::core::run::{LogKind, RunStatus};
use reentry::store::past::LATE_TRIES_KEPT_MAX;
use reentry::store::{SuspensionEnd, TryKind};
use reentry::{CancelOptions, Error, ForkOptions, ResumeOptions, Run, SendEvent, Waiting};
use serde_json::json;

use crate::guest::{Shared, asks, asks_twice, definition, host, input, refuses, waits_for_event};

fn answer(data: serde_json::Value) -> ResumeOptions {
    ResumeOptions::data(data)
}

/// A suspension in one line: step, question, how it ended and with what, by whom; then what was refused.
fn told(row: &Waiting) -> String {
    let past = &row.record.past;
    let text = |text: Option<&reentry::core::json::Json>| text.map_or("-".to_owned(), ToString::to_string);
    let end = row.record.state.ended.map(|(end, _)| format!("{end:?}")).unwrap_or_else(|| "open".to_owned());
    let tries = past.tries.iter().map(|one| {
        format!(
            "; {:?} {} by {}",
            one.kind,
            text(one.answer.as_ref().and_then(|text| text.here())),
            by(&one.by)
        )
    });
    format!(
        "{} {} {end} {} by {}{}",
        row.record.path,
        text(row.payload.as_ref()),
        text(past.answer()),
        by(&past.by),
        tries.collect::<String>()
    )
}

fn by(by: &By) -> &str {
    by.name().unwrap_or("-")
}

async fn history(run: &Run) -> String {
    run.history().await.unwrap().iter().map(told).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn who_answers_is_kept_as_the_host_knows_it() {
    let tenant = host().build().await.unwrap().default_tenant();
    let run = asks_twice(&tenant).await.new_run().start(input(json!(1))).await.unwrap().run;
    run.resume(answer(json!(2))).await.unwrap();
    let known = Actor { name: "ann".into(), asserted: false, via: "token:7".into() };
    let with = answer(json!(3)).actor(known.clone()).channel("http").comment("");
    run.resume(with).await.unwrap();
    let rows = run.history().await.unwrap();
    let [first, second] = rows.as_slice() else { panic!("{rows:?}") };
    let unsaid = By { actor: None, channel: Some("library".into()), comment: None };
    assert_eq!(first.record.past.by, unsaid);
    let wanted = By { actor: Some(known), channel: Some("http".into()), comment: None };
    assert_eq!(second.record.past.by, wanted);
}

#[tokio::test]
async fn texts_of_those_who_act_are_bounded_at_each_door() {
    let tenant = host().build().await.unwrap().default_tenant();
    let workflow = asks_twice(&tenant).await;
    let run = workflow.new_run().start(input(json!(1))).await.unwrap().run;
    let before = run.state().await.unwrap();
    let (long, longer) = ("x".repeat(257), "x".repeat(4_097));
    let actor = Actor::asserted(long.clone());
    let empty = Actor { via: String::new(), ..Actor::asserted("") };
    let from = Actor { via: long.clone(), ..Actor::asserted("ann") };
    let refused = [
        run.resume(answer(json!(1)).actor(actor.clone())).await.map(drop),
        run.resume(answer(json!(1)).actor(empty)).await.map(drop),
        run.resume(answer(json!(1)).actor(from)).await.map(drop),
        run.resume(answer(json!(1)).channel(long)).await.map(drop),
        run.resume(answer(json!(1)).comment(longer.clone())).await.map(drop),
        run.fork(ForkOptions::default().answer(answer(json!(1)).comment(longer.clone()))).await.map(drop),
        run.cancel_with(CancelOptions::default().actor(actor.clone())).await.map(drop),
        workflow.new_run().start(input(json!(1)).actor(actor.clone())).await.map(drop),
        workflow.new_run().create().await.unwrap().start(input(json!(1)).comment(longer)).await.map(drop),
        tenant.send_event(SendEvent::new("e").actor(actor)).await.map(drop),
    ];
    for refused in refused {
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Refused);
    }
    assert_eq!(run.state().await.unwrap(), before);
}

#[tokio::test]
async fn one_answer_to_all_is_kept_with_each_question() {
    let tenant = host().build().await.unwrap().default_tenant();
    let steps = r#"[{"parallel": {"arms": [{"then": {"id": "x", "component": "@", "step": "ask"}}, {"then": {"id": "y", "component": "@", "step": "ask"}}]}}]"#;
    let workflow = tenant.commit(definition("two", &asks(&tenant).await, steps)).await.unwrap();
    let run = workflow.new_run().start(input(json!(1))).await.unwrap().run;
    let all = Target::default().all(true);
    run.resume(answer(json!("yes")).by("ann").step(all)).await.unwrap();
    // The arms ask in any order.
    let mut rows: Vec<_> = run.history().await.unwrap().iter().map(told).collect();
    rows.sort();
    assert_eq!(rows, ["x 1 Answered \"yes\" by ann", "y 1 Answered \"yes\" by ann"]);
    let timeline = run.timeline().await.unwrap();
    let resumed = timeline.iter().find(|row| matches!(row.what, LogKind::Resumed { .. })).unwrap();
    let answers = resumed.told.answers.iter().map(|one| format!("{} by {}", one.step, by(&one.by)));
    assert_eq!(answers.collect::<Vec<_>>(), ["x by ann", "y by ann"]);
}

/// One who comes too late is told by whom it was answered, and is in the history; one who does so for ever is counted.
#[tokio::test]
async fn late_answers_are_kept_and_bounded() {
    let shared = Shared::new();
    let host = shared.host().build().await.unwrap();
    let tenant = host.default_tenant();
    let started = asks_twice(&tenant).await.new_run().start(input(json!(1))).await.unwrap();
    let (run, question) = (started.run, started.result.suspended[0].suspension);
    let named = |who: &str, data: i32| answer(json!(data)).by(who).step(Target::suspension(question));
    let keyed = |key: &str| named("ann", 2).idempotency_key(key);
    run.resume(keyed("k")).await.unwrap();
    let version = run.state().await.unwrap().version;
    // The same request once more is none that comes too late.
    run.resume(keyed("k")).await.unwrap();
    assert_eq!(history(&run).await, "ask 1 Answered 2 by ann\nagain 2 open - by -");

    let refused = run.resume(named("bob", 3)).await.unwrap_err();
    assert_eq!((refused.kind(), refused.code()), (ErrorKind::Conflict, "already-answered"));
    assert!(refused.to_string().contains(" by ann; suspended steps: [again]"), "{refused}");
    let row = run.history().await.unwrap().remove(0);
    assert_eq!(told(&row), "ask 1 Answered 2 by ann; Late - by bob");
    let late = &row.record.past.tries[0];
    assert_eq!((late.version, late.kind), (version, TryKind::Late));
    assert!(late.message.starts_with("it was answered at 20") && late.message.ends_with(" by ann"));

    let writes = || host.store_stats().commits;
    let before = writes();
    for _ in 0..200 {
        run.resume(named("bob", 3)).await.unwrap_err();
    }
    let past = run.history().await.unwrap().remove(0).record.past;
    let counted = past.tries.len() as u64 + past.dropped_late;
    assert_eq!(
        (past.tries.len(), counted <= 201, counted > 100),
        (LATE_TRIES_KEPT_MAX, true, true),
        "{counted}"
    );
    assert_eq!((run.state().await.unwrap().version, writes()), (version, before), "no commit of the run");
}

#[tokio::test]
async fn the_default_of_a_deadline_is_an_answer_that_nobody_gave() {
    let host = host().build().await.unwrap();
    let tenant = host.default_tenant();
    let steps = r#"[{"ask": {"id": "q", "payload": {"n": "init.n"}, "deadline": {"for": "1ms", "otherwise": "no"}}}]"#;
    let workflow = tenant.commit(definition("w", &asks(&tenant).await, steps)).await.unwrap();
    let run = workflow.new_run().start(input(json!({"n": 1.50}))).await.unwrap().run;
    while host.wake_due().await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    host.quiet().await;
    assert_eq!(run.status().await.unwrap(), RunStatus::Success);
    assert_eq!(history(&run).await, r#"q {"n":1.5} Elapsed "no" by -"#);
}

#[tokio::test]
async fn who_sent_an_event_is_kept_with_the_wait_that_took_it() {
    let host = host().build().await.unwrap();
    let tenant = host.default_tenant();
    let waits = waits_for_event(&tenant).await;
    let workflow = tenant.workflow("w").then(waits.step("ask")).commit().await.unwrap();
    let event = |who: &str| SendEvent::new("ask").payload(json!(5)).actor(Actor::asserted(who));
    // One that was there before, and one that comes while the step waits.
    tenant.send_event(event("ann")).await.unwrap();
    let first = workflow.new_run().start(input(json!(1))).await.unwrap().run;
    let second = workflow.new_run().start(input(json!(1))).await.unwrap().run;
    tenant.send_event(event("bob")).await.unwrap();
    host.quiet().await;
    assert_eq!(history(&first).await, "ask - Received 5 by ann");
    assert_eq!(history(&second).await, "ask - Received 5 by bob");
}

/// A fork has behind it what its parent was asked and refused before; a question that was open is told once.
#[tokio::test]
async fn a_fork_tells_what_its_parents_were_told_before() {
    let tenant = host().build().await.unwrap().default_tenant();
    let component = refuses(&tenant).await;
    let again = reentry::core::workflow::StepEntry { id: "again".into(), ..component.step("ask") };
    let workflow = tenant.workflow("w").then(component.step("ask")).then(again).commit().await.unwrap();
    let started = workflow.new_run().start(input(json!(1))).await.unwrap();
    let (run, first) = (started.run, started.result.suspended[0].suspension);
    run.resume(answer(json!(17)).by("ann")).await.unwrap_err();
    run.resume(answer(json!(2)).by("bob")).await.unwrap();
    run.resume(answer(json!(27)).by("cleo")).await.unwrap_err();
    let fork = run.fork(ForkOptions::default()).await.unwrap();
    run.resume(answer(json!(37)).by("ann")).await.unwrap_err();
    let ended = "ask 1 Answered 2 by bob; Refused 17 by ann";
    let before = format!("{ended}\nagain 2 open - by -; Refused 27 by cleo");
    assert_eq!(history(&fork).await, before);
    assert_eq!(history(&run).await, format!("{before}; Refused 37 by ann"));

    // One of a fork, where another answer is given to the first question.
    let fork = fork.fork(ForkOptions::default().answer(answer(json!(3)).by("dan"))).await.unwrap();
    assert_eq!(history(&fork).await, format!("{ended}\nagain 2 Answered 3 by dan; Refused 27 by cleo"));
    let refused =
        run.fork(ForkOptions::default().at(first).answer(answer(json!(47)).by("dan"))).await.unwrap_err();
    let Error::AnswerRefused { run: fork, .. } = refused else { panic!("{refused}") };
    let fork = tenant.run(fork).await.unwrap();
    assert_eq!(history(&fork).await, "ask 1 open - by -; Refused 17 by ann; Refused 47 by dan");
    // The watcher of a fork hears of the question under its new address.
    let asked = fork.timeline().await.unwrap();
    let asked: Vec<_> = asked
        .iter()
        .filter(|row| row.run_id == fork.id() && matches!(row.what, LogKind::Suspended { .. }))
        .map(|row| row.told.suspend_payload.as_ref().unwrap().to_string())
        .collect();
    assert_eq!(asked, ["1"]);
}

/// What was answered when a run was forked, and is refused in the fork alone, is refused there alone.
#[tokio::test]
async fn an_answer_that_a_fork_takes_along_is_told_once() {
    let host = host().build().await.unwrap();
    let tenant = host.default_tenant();
    let component = refuses(&tenant).await;
    let workflow = tenant.workflow("w").then(component.step("ask")).commit().await.unwrap();
    let run = workflow.new_run().start(input(json!(1))).await.unwrap().run;
    run.pause().await.unwrap();
    // Nobody calls the step before the run is let go on, so that the answer is under way.
    run.resume(answer(json!(17)).by("ann")).await.unwrap();
    let fork = run.fork(ForkOptions::default()).await.unwrap();
    host.quiet().await;
    assert_eq!(history(&fork).await, "ask 1 open - by -; Refused 17 by ann");
    assert_eq!(history(&run).await, "ask 1 Answered 17 by ann");
    run.unpause().await.unwrap();
    assert_eq!(history(&run).await, "ask 1 open - by -; Refused 17 by ann");
}

/// After a cancellation and a restart the question is asked anew, and both are told.
#[tokio::test]
async fn a_question_that_is_asked_anew_is_told_anew() {
    let tenant = host().build().await.unwrap().default_tenant();
    let run = asks_twice(&tenant).await.new_run().start(input(json!(1))).await.unwrap().run;
    run.cancel_with(CancelOptions::default().actor(Actor::asserted("ann"))).await.unwrap();
    run.restart().await.unwrap();
    run.resume(answer(json!(2)).by("bob")).await.unwrap();
    let wanted = "ask 1 Closed - by -\nask 1 Answered 2 by bob\nagain 2 open - by -";
    assert_eq!(history(&run).await, wanted);
    let rows = run.timeline().await.unwrap();
    let ends = rows.iter().filter(|row| matches!(row.what, LogKind::Stopped { status: RunStatus::Canceled }));
    assert_eq!(ends.map(|row| by(&row.by)).collect::<Vec<_>>(), ["ann"]);
}

/// A step that is done again has another record: what was told of the first time does not become that of the second.
#[tokio::test]
async fn a_step_that_is_done_again_changes_nothing_of_what_was() {
    let tenant = host().savepoints_max(1).build().await.unwrap().default_tenant();
    let run = asks_twice(&tenant).await.new_run().start(input(json!(1))).await.unwrap().run;
    run.resume(answer(json!("a")).by("ann")).await.unwrap();
    run.travel(reentry::TravelOptions::to("ask".parse().unwrap()).input(json!(9))).await.unwrap();
    run.resume(answer(json!("b")).by("bob")).await.unwrap();
    let mut watch = run.watch(None);
    let (mut events, last) =
        (Vec::<(u64, String, Option<String>)>::new(), run.state().await.unwrap().version);
    while events.last().is_none_or(|(version, ..)| *version < last) {
        let event = watch.next().await.unwrap().unwrap();
        let (kind, payload) = crate::guest::told(&event);
        let data = |key: &str| payload.get(key).map(ToString::to_string);
        let told = data("suspendPayload").or(data("resumePayload")).or(data("output")).or(data("payload"));
        events.push((event.version, kind, told));
    }
    let told: Vec<String> = events
        .iter()
        .filter(|(_, kind, told)| kind.contains("step") && told.is_some())
        .map(|(version, kind, told)| format!("{version} {kind} {}", told.as_ref().unwrap()))
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    1 workflow-step-start null
    2 workflow-step-suspended 1
    3 workflow-step-start "a"
    4 workflow-step-start null
    5 workflow-step-suspended "a"
    6 workflow-step-start 9
    7 workflow-step-suspended 9
    8 workflow-step-start "b"
    9 workflow-step-result "b"
    9 workflow-step-start "b"
    10 workflow-step-suspended "b"
    "#);
    let wanted = "ask 1 Answered \"a\" by ann\nagain \"a\" Closed - by -\nask 9 Answered \"b\" by bob\nagain \"b\" open - by -";
    assert_eq!(history(&run).await, wanted);
    assert_eq!(run.history().await.unwrap()[1].record.state.ended.unwrap().0, SuspensionEnd::Closed);
}
