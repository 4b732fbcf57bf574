//! An answer reaches the question that its sender saw, in time, and may be refused by the step.

use std::sync::Arc;
use std::time::Duration;

use reentry::core::error::ErrorKind;
use reentry::core::json::Json;
use reentry::core::resume::Target;
use reentry::core::run::RunStatus;
use reentry::core::time::Timestamp;
use reentry::store::SuspensionFilter;
use reentry::wasm::Limits;
use reentry::{
    Clock, Error, ForkOptions, Host, OutputOptions, ResumeOptions, Run, SendEvent, StartOptions, Tenant,
    TravelOptions, VALUE_BYTES_MAX,
};
use serde_json::json;

use crate::guest::{asks, asks_twice, definition, host, input, line, refuses, traps, until};

fn answer(data: serde_json::Value) -> ResumeOptions {
    ResumeOptions::data(data)
}

fn code(error: &Error) -> (ErrorKind, &'static str) {
    (error.kind(), error.code())
}

/// A run of a loop that asks three times.
async fn asking_thrice(tenant: &Tenant) -> Run {
    let loops =
        r#"[{"doUntil": {"do": {"then": {"component": "@", "step": "ask"}}, "until": "iteration >= 3"}}]"#;
    let workflow = tenant.commit(definition("w", &asks(tenant).await, loops)).await.unwrap();
    workflow.new_run().start(input(json!(1))).await.unwrap().run
}

#[tokio::test]
async fn one_handle_answers_three_questions_in_a_row() {
    let tenant = host().build().await.unwrap().default_tenant();
    let run = asking_thrice(&tenant).await;
    for data in 1..=3 {
        run.resume(answer(json!(data)).step(Target::step("ask").unwrap())).await.unwrap();
    }
    assert_eq!(run.status().await.unwrap(), RunStatus::Success);
}

#[tokio::test]
async fn a_handle_answers_what_it_has_seen_and_nothing_else() {
    let tenant = host().build().await.unwrap().default_tenant();
    let run = asking_thrice(&tenant).await;
    let (other, watching) = (run.clone(), run.clone());
    let mut watch = watching.watch(None);
    other.resume(answer(json!(1))).await.unwrap();

    // The same command once more, and the one that names the step.
    let refused = run.resume(answer(json!(1))).await.unwrap_err();
    assert_eq!(code(&refused), (ErrorKind::Conflict, "unseen-question"), "{refused}");
    let refused = run.resume(answer(json!(1)).step(Target::step("ask").unwrap())).await.unwrap_err();
    assert_eq!(code(&refused), (ErrorKind::Conflict, "already-answered"), "{refused}");
    // A look, in whatever way, is enough.
    let seen = run.result(OutputOptions::default()).await.unwrap();
    assert_eq!(seen.version, run.state().await.unwrap().version);
    run.resume(answer(json!(2))).await.unwrap();
    while watch.next().await.unwrap().unwrap().version < run.state().await.unwrap().version {}
    watching.resume(answer(json!(3))).await.unwrap();
    assert_eq!(run.status().await.unwrap(), RunStatus::Success);
    let late = other.resume(answer(json!(2))).await.unwrap_err();
    assert_eq!(code(&late), (ErrorKind::Conflict, "not-suspended"));
}

#[tokio::test]
async fn one_who_says_what_he_saw_is_taken_at_his_word() {
    let tenant = host().build().await.unwrap().default_tenant();
    let run = asks_twice(&tenant).await.new_run().start(input(json!(1))).await.unwrap().run;
    let first = run.result(OutputOptions::default()).await.unwrap();
    run.resume(answer(json!(1))).await.unwrap();
    let refused = run.resume(answer(json!(2)).seen(first.version)).await.unwrap_err();
    assert_eq!(code(&refused), (ErrorKind::Conflict, "unseen-question"));
    // The suspension says more than a version.
    let named = answer(json!(2)).step(Target::suspension(first.suspended[0].suspension));
    let refused = run.resume(named.clone()).await.unwrap_err();
    assert_eq!(code(&refused), (ErrorKind::Conflict, "already-answered"));
    assert!(refused.to_string().contains("was answered at 20"), "{refused}");
    let at_end = run.resume(answer(json!(2))).await.unwrap();
    assert_eq!(at_end.status, RunStatus::Success);
    assert_eq!(code(&run.resume(named).await.unwrap_err()), (ErrorKind::Conflict, "already-answered"));
}

/// A clock that stands where it is put.
#[derive(Default)]
struct Standing(std::sync::Mutex<u64>);

#[async_trait::async_trait]
impl Clock for Standing {
    fn now(&self) -> Timestamp {
        Timestamp(1_000_000 + *self.0.lock().unwrap())
    }

    async fn wait_until(&self, at: Timestamp) {
        while self.now() < at {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// Without a worker: the process of the one who comes too late does what the time that is over causes.
#[tokio::test]
async fn a_late_answer_is_told_when_it_expired() {
    let clock = Arc::new(Standing::default());
    let tenant = host().clock(clock.clone()).build().await.unwrap().default_tenant();
    let caught = r#"[{"try": {"do": [{"workflow": {"id": "in", "timeoutMs": 5000, "steps": [
        {"then": {"id": "late", "component": "@", "step": "ask"}}]}}],
        "catch": [{"then": {"id": "instead", "component": "@", "step": "ask"}}]}}]"#;
    let workflow = tenant.commit(definition("w", &asks(&tenant).await, caught)).await.unwrap();
    let started = workflow.new_run().start(input(json!(1))).await.unwrap();
    let question = started.result.suspended[0].suspension;
    *clock.0.lock().unwrap() = 9_000;
    for target in
        [Target::suspension(question), Target::step("in.late").unwrap(), Target::suspension(question)]
    {
        let refused = started.run.resume(answer(json!(1)).step(target)).await.unwrap_err();
        assert_eq!(code(&refused), (ErrorKind::Conflict, "expired"), "{refused}");
    }
    let result = started.run.result(OutputOptions::default()).await.unwrap();
    assert_eq!(result.suspended[0].path.to_string(), "instead");
    // Neither did a message: it is kept for somebody else.
    assert_eq!(started.run.resume(answer(json!(2))).await.unwrap().status, RunStatus::Success);
}

/// A step whose time is over while it waits for a further try is not tried once more.
#[tokio::test(flavor = "multi_thread")]
async fn a_step_whose_time_is_over_is_not_tried_once_more() {
    let clock = Arc::new(Standing::default());
    let tenant =
        host().clock(clock.clone()).sit_through(Duration::MAX).build().await.unwrap().default_tenant();
    let steps = r#"[{"then": {"component": "@", "step": "ask", "totalTimeoutMs": 30000,
        "retry": {"retries": 3, "delayMs": 60000, "backoff": 1}}}]"#;
    let workflow = tenant.commit(definition("w", &traps(&tenant).await, steps)).await.unwrap();
    let run = workflow.new_run().create().await.unwrap();
    let starting = tokio::spawn({
        let run = run.clone();
        async move { run.start(StartOptions::default()).await }
    });
    until(|| async { run.state().await.unwrap().steps.values().any(|step| step.attempt == 1) }).await;
    *clock.0.lock().unwrap() = 31_000;
    let ended = starting.await.unwrap().unwrap();
    assert_eq!(ended.error.unwrap().code.as_deref(), Some("timeout"));
    let step = run.record(&"ask".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((step.calls, step.attempt), (1, 1));
}

#[tokio::test]
async fn a_refused_answer_leaves_no_trace_but_in_the_log() {
    let tenant = host().build().await.unwrap().default_tenant();
    let component = refuses(&tenant).await;
    let workflow = tenant.workflow("w").then(component.step("ask")).commit().await.unwrap();
    let run = workflow.new_run().start(input(json!(1))).await.unwrap().run;
    let before = run.result(OutputOptions::default()).await.unwrap();
    let keyed = |data: i32| answer(json!(data)).idempotency_key("k");

    for _ in 0..2 {
        let refused = run.resume(keyed(17)).await.unwrap_err();
        assert_eq!(code(&refused), (ErrorKind::Refused, "answer-refused"));
        assert_eq!(refused.to_string(), "step `ask` refused the answer: no sevens!");
    }
    let after = run.result(OutputOptions::default()).await.unwrap();
    assert_eq!((&after.suspended, line(&after)), (&before.suspended, line(&before)));
    assert!(run.savepoints().await.unwrap().is_empty());
    let open = SuspensionFilter::default().run(run.id());
    assert_eq!(tenant.inbox(open).await.unwrap().rows.len(), 1);
    let told = run.timeline().await.unwrap();
    let refusals = told.iter().filter(|row| format!("{:?}", row.what).contains("no sevens!")).count();
    assert_eq!(refusals, 2);

    // The key is free for what was asked, and for nothing else once that is done.
    let done = run.resume(keyed(18)).await.unwrap();
    assert_eq!(line(&done), r#"{"result":18,"status":"success"}"#);
    assert_eq!(run.resume(keyed(18)).await.unwrap(), done);
    assert!(matches!(run.resume(keyed(17)).await.unwrap_err(), Error::RequestDiffers { .. }));
}

#[tokio::test]
async fn a_fork_may_refuse_its_answer() {
    let tenant = host().build().await.unwrap().default_tenant();
    let component = refuses(&tenant).await;
    let workflow = tenant.workflow("w").then(component.step("ask")).commit().await.unwrap();
    let started = workflow.new_run().start(input(json!(1))).await.unwrap();
    let at = started.result.suspended[0].suspension;
    started.run.resume(answer(json!(1))).await.unwrap();
    let fork = |data: i32| ForkOptions::default().at(at).answer(answer(json!(data)));
    let refused = started.run.fork(fork(7)).await.unwrap_err();
    assert_eq!(code(&refused), (ErrorKind::Refused, "answer-refused"));
    let forked = started.run.fork(fork(8)).await.unwrap();
    let result = forked.result(OutputOptions::default()).await.unwrap();
    assert_eq!(line(&result), r#"{"result":8,"status":"success"}"#);
}

/// Every door: what is too large is refused there, and nothing is stored.
#[tokio::test]
async fn what_is_too_large_is_refused_before_anything_is_stored() {
    let limits = Limits::default().value_bytes(100);
    let tenant = host().limits(limits).build().await.unwrap().default_tenant();
    let workflow = asks_twice(&tenant).await;
    let (large, fits) = ("x".repeat(99), "x".repeat(98));
    let started = workflow.new_run().start(input(json!(fits))).await.unwrap();
    let (run, at) = (started.run, started.result.suspended[0].suspension);
    let version = run.state().await.unwrap().version;

    let start = |options: StartOptions| {
        let workflow = workflow.clone();
        async move { workflow.new_run().start(options).await.map(drop) }
    };
    let context = |options: ResumeOptions| options.context("k", json!(large));
    let with_state = StartOptions::default().initial_state(json!({"k": large}));
    let mut with_context = StartOptions::default();
    with_context.request_context.insert("k".into(), json!(large).into());
    let event = SendEvent::new("e").payload(json!(large));
    let fork = ForkOptions::default().at(at).answer(answer(json!(large)));
    let travel = TravelOptions::to("ask".parse().unwrap()).input(json!(large));
    let refused = [
        start(input(json!(large))).await,
        start(with_state).await,
        start(with_context).await,
        run.resume(answer(json!(large))).await.map(drop),
        run.resume(context(answer(json!(1)))).await.map(drop),
        tenant.send_event(event).await.map(drop),
        run.fork(fork).await.map(drop),
        run.travel(travel).await.map(drop),
    ];
    let told: Vec<String> = refused.into_iter().map(|one| one.unwrap_err().to_string()).collect();
    insta::assert_snapshot!(told.join("\n"), @"
    the input would have 101 bytes, at most 100 are allowed
    the initial state would have 107 bytes, at most 100 are allowed
    the request context would have 102 bytes, at most 100 are allowed
    the answer would have 101 bytes, at most 100 are allowed
    the request context would have 102 bytes, at most 100 are allowed
    the payload of an event would have 101 bytes, at most 100 are allowed
    the answer would have 101 bytes, at most 100 are allowed
    the input would have 101 bytes, at most 100 are allowed
    ");
    assert_eq!(run.state().await.unwrap().version, version);
    assert_eq!(tenant.runs(reentry::store::RunFilter::default()).await.unwrap().rows.len(), 1);

    let limits = Limits::default().value_bytes(VALUE_BYTES_MAX + 1);
    let refused = Host::builder().limits(limits).build().await.unwrap_err();
    insta::assert_snapshot!(
        refused,
        @"the bound on one value (`value_bytes` of the limits) would have 16777217 bytes, at most 16777216 are allowed"
    );
}

/// What callers give bit by bit is bounded, too.
#[tokio::test]
async fn the_request_context_of_a_run_is_bounded() {
    let tenant = host().build().await.unwrap().default_tenant();
    let run = asking_thrice(&tenant).await;
    let half = Json::from(json!("x".repeat(3 << 20)));
    run.resume(answer(json!(1)).context("a", half.clone())).await.unwrap();
    let refused = run.resume(answer(json!(2)).context("b", half.clone())).await.unwrap_err();
    insta::assert_snapshot!(
        refused,
        @"the request context of the run would have 6291462 bytes, at most 4194304 are allowed"
    );
    run.resume(answer(json!(2)).context("a", half)).await.unwrap();
}
