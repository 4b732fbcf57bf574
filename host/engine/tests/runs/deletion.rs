//! What deleting leaves: everything that a run which is kept needs.

use reentry::core::error::ErrorKind;
use reentry::core::time::Timestamp;
use reentry::{ForkOptions, OutputOptions, ResumeOptions, Run};
use serde_json::json;

use crate::clock::Standing;
use crate::guest::{asks_twice, host, input, line};

fn answer(text: &str) -> ResumeOptions {
    ResumeOptions::data(json!(text))
}

async fn finished(run: &Run) {
    run.resume(answer("a")).await.unwrap();
    run.resume(answer("b")).await.unwrap();
}

#[tokio::test]
async fn old_runs_go_but_not_what_waits_nor_what_a_fork_needs() {
    let clock = Standing::new();
    let host = host().clock(clock.clone()).build().await.unwrap();
    let tenant = host.default_tenant();
    let workflow = asks_twice(&tenant).await;
    let (waits, forked, over) = (
        workflow.new_run().start(input(json!(1))).await.unwrap().run,
        workflow.new_run().start(input(json!(2))).await.unwrap().run,
        workflow.new_run().start(input(json!(3))).await.unwrap().run,
    );
    forked.resume(answer("a")).await.unwrap();
    let fork = forked.fork(ForkOptions::default()).await.unwrap();
    forked.resume(answer("b")).await.unwrap();
    finished(&over).await;
    clock.pass_ms(10);

    let before = |ms| Timestamp(ms);
    assert_eq!(host.delete_runs_before(before(0), 100).await.unwrap(), [], "nothing is that old");
    assert_eq!(host.delete_runs_before(before(5), 100).await.unwrap(), [over.id()]);
    assert_eq!(over.status().await.unwrap_err().kind(), ErrorKind::NotFound);

    // Both go on from the memory that they wait with, and the fork still knows what was done before it.
    finished(&waits).await;
    insta::assert_snapshot!(
        line(&fork.result(OutputOptions::default()).await.unwrap()),
        @r#"{"status":"suspended","suspendPayload":{"again":["a"]},"suspended":[["again"]]}"#
    );
    assert_eq!(fork.steps().await.unwrap().steps.len(), 2);
    insta::assert_snapshot!(line(&fork.resume(answer("c")).await.unwrap()), @r#"{"result":"c","status":"success"}"#);

    // With the fork gone, so is the need.
    tenant.delete_run(fork.id()).await.unwrap();
    let mut deleted = host.delete_runs_before(before(100), 1).await.unwrap();
    deleted.extend(host.delete_runs_before(before(100), 100).await.unwrap());
    assert_eq!(deleted, [forked.id(), waits.id()], "the longest ago first, no more than asked for");
}
