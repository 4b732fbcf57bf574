//! Runs that are paused, cancelled, restarted, forked, sent back and deleted.

use std::time::Duration;

use reentry::core::error::ErrorKind;
use reentry::core::path::StepPath;
use reentry::core::run::RunStatus;
use reentry::{ForkOptions, OutputOptions, ResumeOptions, StartOptions, TravelOptions};
use serde_json::json;

use crate::guest::{asks_twice, host, input, line, spins};

fn answer(text: &str) -> ResumeOptions {
    ResumeOptions::data(json!(text))
}

#[tokio::test]
async fn a_paused_run_takes_an_answer_and_calls_nobody() {
    let tenant = host().build().await.unwrap().default_tenant();
    let run = asks_twice(&tenant).await.new_run().start(input(json!(1))).await.unwrap().run;
    assert_eq!(run.pause().await.unwrap().status, RunStatus::Paused);
    assert_eq!(run.pause().await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(run.resume(answer("a")).await.unwrap().status, RunStatus::Paused);
    insta::assert_snapshot!(
        line(&run.unpause().await.unwrap()),
        @r#"{"status":"suspended","suspendPayload":{"again":["a"]},"suspended":[["again"]]}"#
    );
}

#[tokio::test]
async fn a_fork_at_an_answered_suspension_gives_another_answer_and_shares_the_past() {
    let tenant = host().build().await.unwrap().default_tenant();
    let started = asks_twice(&tenant).await.new_run().start(input(json!(1))).await.unwrap();
    let (run, first) = (started.run, started.result.suspended[0].suspension);
    run.resume(answer("a")).await.unwrap();
    run.resume(answer("b")).await.unwrap();

    let fork = run.fork(ForkOptions::default().at(first).answer(answer("other"))).await.unwrap();
    let result = fork.result(OutputOptions::default()).await.unwrap();
    insta::assert_snapshot!(
        line(&result),
        @r#"{"status":"suspended","suspendPayload":{"again":["other"]},"suspended":[["again"]]}"#
    );
    insta::assert_snapshot!(
        line(&fork.resume(answer("end")).await.unwrap()),
        @r#"{"result":"end","status":"success"}"#
    );
    insta::assert_snapshot!(
        line(&run.result(OutputOptions::default()).await.unwrap()),
        @r#"{"result":"b","status":"success"}"#
    );

    let error = tenant.delete_run(run.id()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Conflict, "has-forks"));
    tenant.delete_run(fork.id()).await.unwrap();
    tenant.delete_run(run.id()).await.unwrap();
    assert_eq!(run.status().await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_fork_of_a_waiting_run_waits_for_itself() {
    let tenant = host().build().await.unwrap().default_tenant();
    let run = asks_twice(&tenant).await.new_run().start(input(json!(1))).await.unwrap().run;
    let fork = run.fork(ForkOptions::default()).await.unwrap();
    fork.resume(answer("a")).await.unwrap();
    assert_eq!(fork.resume(answer("b")).await.unwrap().status, RunStatus::Success);
    insta::assert_snapshot!(
        line(&run.result(OutputOptions::default()).await.unwrap()),
        @r#"{"status":"suspended","suspendPayload":{"ask":[1]},"suspended":[["ask"]]}"#
    );
}

#[tokio::test]
async fn a_canceled_run_is_restarted_where_it_was() {
    let tenant = host().build().await.unwrap().default_tenant();
    let run = asks_twice(&tenant).await.new_run().start(input(json!(1))).await.unwrap().run;
    assert_eq!(run.restart().await.unwrap_err().code(), "not-restartable");
    run.resume(answer("a")).await.unwrap();
    run.cancel().await.unwrap();
    insta::assert_snapshot!(
        line(&run.restart().await.unwrap()),
        @r#"{"status":"suspended","suspendPayload":{"again":["a"]},"suspended":[["again"]]}"#
    );
    insta::assert_snapshot!(line(&run.resume(answer("b")).await.unwrap()), @r#"{"result":"b","status":"success"}"#);
    let history = run.history().await.unwrap();
    let ends: Vec<_> =
        history.iter().map(|one| format!("{:?}", one.record.state.ended.map(|end| end.0))).collect();
    assert_eq!(ends, ["Some(Answered)", "Some(Closed)", "Some(Answered)"], "in the order of opening");
    assert!(!run.savepoints().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_run_goes_back_and_does_the_rest_again() {
    let tenant = host().build().await.unwrap().default_tenant();
    let run = asks_twice(&tenant).await.new_run().start(input(json!(1))).await.unwrap().run;
    run.resume(answer("a")).await.unwrap();
    run.resume(answer("b")).await.unwrap();
    let travel = TravelOptions::to("ask".parse::<StepPath>().unwrap()).input(json!(2)).answer(answer("new"));
    insta::assert_snapshot!(
        line(&run.travel(travel).await.unwrap()),
        @r#"{"status":"suspended","suspendPayload":{"again":["new"]},"suspended":[["again"]]}"#
    );
    insta::assert_snapshot!(line(&run.resume(answer("end")).await.unwrap()), @r#"{"result":"end","status":"success"}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_does_not_notice_the_cancellation_is_interrupted() {
    let tenant = host().cancel_grace(Duration::from_millis(1)).build().await.unwrap().default_tenant();
    let spin = spins(&tenant).await;
    let workflow = tenant.workflow("spins").then(spin.step("ask")).commit().await.unwrap();
    let run = workflow.new_run().create().await.unwrap();
    let starting = tokio::spawn({
        let run = run.clone();
        async move { run.start(StartOptions::default()).await.unwrap() }
    });
    while run.status().await.unwrap() != RunStatus::Running {
        tokio::task::yield_now().await;
    }
    run.cancel().await.unwrap();
    // The guest never returns: only the interruption ends the call, and with it the start.
    assert_eq!(starting.await.unwrap().status, RunStatus::Canceled);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_call_does_not_end_the_one_that_a_restart_makes() {
    // The first call is interrupted after the restart has made the second one.
    let tenant = host().cancel_grace(Duration::from_millis(300)).build().await.unwrap().default_tenant();
    let spin = spins(&tenant).await;
    let workflow = tenant.workflow("spins").then(spin.step("ask")).commit().await.unwrap();
    let run = workflow.new_run().create().await.unwrap();
    let starting = tokio::spawn({
        let run = run.clone();
        async move { run.start(StartOptions::default()).await }
    });
    while run.status().await.unwrap() != RunStatus::Running {
        tokio::task::yield_now().await;
    }
    run.cancel().await.unwrap();
    let restarting = tokio::spawn({
        let run = run.clone();
        async move { run.restart().await }
    });
    // Long enough for the interruption. The second call never returns by itself.
    tokio::time::sleep(Duration::from_millis(900)).await;
    assert_eq!(run.status().await.unwrap(), RunStatus::Running);
    run.cancel().await.unwrap();
    assert_eq!(restarting.await.unwrap().unwrap().status, RunStatus::Canceled);
    // Its call was given up: it is told how the run stood then, unless it took the second call to be its own.
    let told = starting.await.unwrap().unwrap().status;
    assert!(matches!(told, RunStatus::Running | RunStatus::Canceled), "{told}");
}
