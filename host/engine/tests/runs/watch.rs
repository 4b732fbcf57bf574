//! Watching a run, and its timeline.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Waker};

use futures_core::Stream as _;
use reentry::{ResumeOptions, Run, Watch};
use serde_json::json;

use crate::guest::{Shared, asks_twice, host, input, told};

/// What is seen until the run has ended or stops, a line each.
async fn seen(watch: &mut Watch, until: &str) -> String {
    let mut lines = Vec::new();
    while let Some(event) = watch.next().await.unwrap() {
        let (kind, payload) = told(&event);
        let id = payload.get("id").map_or("", |id| id.text()).trim_matches('"').to_owned();
        let data =
            ["suspendPayload", "output", "workflowStatus"].into_iter().find_map(|key| payload.get(key));
        lines.push(format!("{} {} {} {}", event.version, kind, id, data.map_or("null", |data| data.text())));
        let quoted = format!("\"{until}\"");
        if data.is_some_and(|data| data.text() == quoted) && kind == "workflow-finish" {
            break;
        }
    }
    lines.join("\n")
}

async fn answer(run: &Run, text: &str) {
    run.resume(ResumeOptions::data(json!(text))).await.unwrap();
}

#[tokio::test]
async fn a_watcher_sees_what_was_and_what_comes_until_the_end() {
    let tenant = host().build().await.unwrap().default_tenant();
    let run = asks_twice(&tenant).await.new_run().start(input(json!(1))).await.unwrap().run;
    let mut watch = run.watch(None);
    insta::assert_snapshot!(seen(&mut watch, "suspended").await, @r#"
    1 workflow-start  null
    1 workflow-step-start ask null
    2 workflow-step-suspended ask 1
    2 workflow-finish  "suspended"
    "#);
    answer(&run, "a").await;
    let following = tokio::spawn(async move { seen(&mut watch, "success").await });
    answer(&run, "b").await;
    insta::assert_snapshot!(following.await.unwrap(), @r#"
    3 workflow-start  null
    3 workflow-step-start ask null
    4 workflow-step-result ask "a"
    4 workflow-step-start again null
    5 workflow-step-suspended again "a"
    5 workflow-finish  "suspended"
    6 workflow-start  null
    6 workflow-step-start again null
    7 workflow-step-result again "b"
    7 workflow-finish  "b"
    "#);
    // Another one goes on where the first one was.
    let mut late = run.watch(Some(5));
    insta::assert_snapshot!(seen(&mut late, "").await, @r#"
    6 workflow-start  null
    6 workflow-step-start again null
    7 workflow-step-result again "b"
    7 workflow-finish  "b"
    "#);
}

#[tokio::test]
async fn a_run_is_watched_from_a_host_that_does_not_drive_it() {
    let shared = Shared::new();
    let here = shared.host().build().await.unwrap().default_tenant();
    let there = shared.host().build().await.unwrap().default_tenant();
    let run = asks_twice(&here).await.new_run().start(input(json!(1))).await.unwrap().run;
    let mut watch = there.run(run.id()).await.unwrap().watch(Some(2));
    let (until_suspended, ()) = tokio::join!(seen(&mut watch, "suspended"), answer(&run, "a"));
    insta::assert_snapshot!(until_suspended, @r#"
    3 workflow-start  null
    3 workflow-step-start ask null
    4 workflow-step-result ask "a"
    4 workflow-step-start again null
    5 workflow-step-suspended again "a"
    5 workflow-finish  "suspended"
    "#);
    let (until_the_end, ()) = tokio::join!(seen(&mut watch, "success"), answer(&run, "b"));
    insta::assert_snapshot!(until_the_end, @r#"
    6 workflow-start  null
    6 workflow-step-start again null
    7 workflow-step-result again "b"
    7 workflow-finish  "b"
    "#);
}

#[tokio::test]
async fn the_timeline_says_how_long_entries_took() {
    let tenant = host().build().await.unwrap().default_tenant();
    let run = asks_twice(&tenant).await.new_run().start(input(json!(1))).await.unwrap().run;
    answer(&run, "a").await;
    let rows = run.timeline().await.unwrap();
    let ended: Vec<_> =
        rows.iter().filter(|row| row.duration_ms.is_some()).map(|row| row.path.to_string()).collect();
    assert_eq!(ended, ["ask"]);
}

#[tokio::test]
async fn a_stream_gives_what_next_gives_also_when_a_caller_stops_waiting() {
    let tenant = host().build().await.unwrap().default_tenant();
    let run = asks_twice(&tenant).await.new_run().start(input(json!(1))).await.unwrap().run;
    let mut watch = run.watch(None);
    let mut streamed = Vec::new();
    for _ in 0..4 {
        streamed.push(poll_fn(|context| Pin::new(&mut watch).poll_next(context)).await.unwrap().unwrap());
    }
    // Left while it waits for more.
    assert!(pin!(watch.next()).poll(&mut Context::from_waker(Waker::noop())).is_pending());
    answer(&run, "a").await;
    streamed.push(watch.next().await.unwrap().unwrap());
    answer(&run, "b").await;
    while let Some(event) = poll_fn(|context| Pin::new(&mut watch).poll_next(context)).await {
        streamed.push(event.unwrap());
    }
    assert_eq!(watch.next().await.unwrap(), None);

    let (mut again, mut told) = (run.watch(None), Vec::new());
    while let Some(event) = again.next().await.unwrap() {
        told.push(event);
    }
    assert_eq!((streamed.len(), streamed), (14, told));
}
