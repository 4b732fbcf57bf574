//! A run that this process stored last is not read again, whatever others have done to it since.

use std::pin::Pin;

use reentry::core::error::ErrorKind;
use reentry::core::failure;
use reentry::core::run::{Blocked, RunStatus};
use reentry::{Error, ResumeOptions, Run, RunResult, Tenant};
use serde_json::json;

use crate::guest::{Shared, asks, asks_twice, input};

/// Hosts as processes on one data folder, of which the first has started a run that asks twice.
struct Scene {
    shared: Shared,
    here: Tenant,
    there: Tenant,
    run: Run,
}

async fn scene() -> Scene {
    let shared = Shared::new();
    let here = shared.host().build().await.unwrap().default_tenant();
    let there = shared.host().build().await.unwrap().default_tenant();
    let run = asks_twice(&here).await.new_run().start(input(json!(1))).await.unwrap().run;
    Scene { shared, here, there, run }
}

fn answer(data: i32) -> ResumeOptions {
    ResumeOptions::data(json!(data))
}

/// Beside its memory, which the step goes on from.
#[tokio::test]
async fn what_was_stored_here_is_not_read_again() {
    let shared = Shared::new();
    let [here, there] =
        [shared.host(), shared.host()].map(async |host| host.build().await.unwrap().default_tenant());
    let (here, there) = (here.await, there.await);
    let workflow = here.workflow("asks").then(asks(&here).await.step("ask")).commit().await.unwrap();
    let read = async |work: Pin<Box<dyn Future<Output = Result<RunResult, Error>> + '_>>| {
        let before = shared.store().stats().bytes_read;
        work.await.unwrap();
        shared.store().stats().bytes_read - before
    };
    let run = workflow.new_run().create().await.unwrap();
    assert_eq!(read(Box::pin(run.start(input(json!(1))))).await, 0);
    let memory = read(Box::pin(run.resume(answer(1)))).await;
    // Another process has all to read.
    let run = workflow.new_run().start(input(json!(1))).await.unwrap().run;
    let run = there.run(run.id()).await.unwrap();
    assert!(read(Box::pin(run.resume(answer(1)))).await > memory);
}

#[tokio::test]
async fn an_answer_given_elsewhere_is_found_out() {
    let Scene { here, there, run, .. } = scene().await;
    there.run(run.id()).await.unwrap().resume(answer(1)).await.unwrap();
    // This handle has seen the first question alone.
    let refused = run.resume(answer(2)).await.unwrap_err();
    assert_eq!((refused.kind(), refused.code()), (ErrorKind::Conflict, "unseen-question"), "{refused}");
    let done = here.run(run.id()).await.unwrap().resume(answer(2)).await.unwrap();
    assert_eq!(done.status, RunStatus::Success);
}

#[tokio::test]
async fn what_ended_or_was_blocked_elsewhere_takes_no_answer() {
    let Scene { there, run, .. } = scene().await;
    there.run(run.id()).await.unwrap().cancel().await.unwrap();
    let refused = run.resume(answer(1)).await.unwrap_err();
    assert_eq!((refused.kind(), refused.code()), (ErrorKind::Conflict, "not-suspended"), "{refused}");

    let Scene { shared, here, run, .. } = scene().await;
    shared
        .store()
        .note_trouble(here.id(), run.id(), &Blocked::new(&failure::PANIC, "a reason"), 0)
        .await
        .unwrap();
    let refused = run.resume(answer(1)).await.unwrap_err();
    assert_eq!((refused.kind(), refused.code()), (ErrorKind::Conflict, "blocked"), "{refused}");
    assert_eq!(run.status().await.unwrap(), RunStatus::Blocked);
    assert_eq!(run.result(reentry::OutputOptions::default()).await.unwrap().suspended.len(), 1);
}
