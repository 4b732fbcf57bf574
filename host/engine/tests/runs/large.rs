//! What is written and read for a step stays the same, however much the run has done and however many items it has.

use reentry::core::json::Json;
use reentry::core::run::RunStatus;
use reentry::core::workflow::{ForEachEntry, StepEntry};
use reentry::{ForkOptions, Host, OutputOptions, ResumeOptions, Run};
use serde_json::{Value, json};

use crate::guest::{asks, echoes, host, input};

/// Commits and bytes since some figures were taken.
fn since(host: &Host, before: (u64, u64)) -> (u64, u64) {
    let now = host.store_stats();
    (now.commits - before.0, now.bytes - before.1)
}

/// That the bytes a step are as many in a large run as in a small one, but for the digits of their numbers.
fn check_flat(few: (u64, u64), many: (u64, u64), times: u64) {
    assert_eq!(many.0, few.0 * times, "commits");
    let bound = few.1 * times + few.1 * times / 20;
    assert!(many.1 <= bound, "{} bytes in the small one, {} in one of {times} times the size", few.1, many.1);
}

/// What a sequence of so many steps writes.
async fn sequence(steps: usize) -> (u64, u64) {
    let host = host().build().await.unwrap();
    let tenant = host.default_tenant();
    let echo = echoes(&tenant).await;
    let mut workflow = tenant.workflow("sequence");
    for step in 0..steps {
        workflow = workflow.then(StepEntry { id: format!("s{step:04}"), ..echo.step("ask") });
    }
    let workflow = workflow.commit().await.unwrap();
    let before = since(&host, (0, 0));
    let result = workflow.new_run().start(input(json!({"n": 1}))).await.unwrap().result;
    assert_eq!(result.status, RunStatus::Success, "{result:?}");
    since(&host, before)
}

/// What a block over so many items writes while its items from some on are done, each of which is answered if it asks.
async fn items(items: usize, from: usize, asking: bool) -> (u64, u64) {
    let host = host().build().await.unwrap();
    let tenant = host.default_tenant();
    let body = if asking { asks(&tenant).await } else { echoes(&tenant).await };
    let workflow =
        tenant.workflow("items").foreach(ForEachEntry::new(body.step("ask"))).commit().await.unwrap();
    let values: Vec<Value> = (0..items).map(|item| json!(format!("item {item:05}"))).collect();
    let before = since(&host, (0, 0));
    let started = workflow.new_run().start(input(json!(values))).await.unwrap();
    if !asking {
        assert_eq!(started.result.status, RunStatus::Success, "{:?}", started.result);
        return since(&host, before);
    }
    let answer = async || started.run.resume(ResumeOptions::data(json!("yes"))).await.unwrap();
    for _ in 0..from {
        answer().await;
    }
    let before = since(&host, (0, 0));
    for _ in 0..10 {
        assert_eq!(answer().await.status, RunStatus::Suspended);
    }
    since(&host, before)
}

/// Bytes that are read for an answer: to the last step of so many, in another process than that of the steps before.
async fn read_after(steps: usize) -> u64 {
    let dir = tempfile::tempdir().unwrap();
    let host = host().data_dir(dir.path()).build().await.unwrap();
    let tenant = host.default_tenant();
    let (echo, ask) = (echoes(&tenant).await, asks(&tenant).await);
    let mut workflow = tenant.workflow("sequence");
    for step in 0..steps {
        workflow = workflow.then(StepEntry { id: format!("s{step:04}"), ..echo.step("ask") });
    }
    let workflow = workflow.then(ask.step("ask")).commit().await.unwrap();
    let run = workflow.new_run().start(input(json!({"n": 1}))).await.unwrap().run;
    read_by_an_answer(&host, &run).await
}

/// Bytes that are read for an answer to one of so many items, when some were answered before.
async fn read_of(items: usize, from: usize) -> u64 {
    let dir = tempfile::tempdir().unwrap();
    let host = host().data_dir(dir.path()).build().await.unwrap();
    let tenant = host.default_tenant();
    let body = ForEachEntry::new(asks(&tenant).await.step("ask"));
    let workflow = tenant.workflow("items").foreach(body).commit().await.unwrap();
    let values: Vec<Value> = (0..items).map(|item| json!(format!("item {item:05}"))).collect();
    let run = workflow.new_run().start(input(json!(values))).await.unwrap().run;
    for _ in 0..from {
        run.resume(ResumeOptions::data(json!("yes"))).await.unwrap();
    }
    read_by_an_answer(&host, &run).await
}

async fn read_by_an_answer(host: &Host, run: &Run) -> u64 {
    let before = host.store_stats().bytes_read;
    run.resume(ResumeOptions::data(json!("yes"))).await.unwrap();
    host.store_stats().bytes_read - before
}

#[tokio::test]
async fn what_a_resume_reads_does_not_grow_with_the_steps_before_it() {
    let (few, many) = (read_after(1).await, read_after(1_000).await);
    assert!(few > 0 && many <= few + few / 20, "{few} bytes after one step, {many} after 1,000");
}

#[tokio::test]
async fn what_an_answer_reads_grows_neither_with_the_items_nor_with_the_answers_before() {
    let few = read_of(100, 10).await;
    for many in [read_of(1_000, 10).await, read_of(1_000, 200).await] {
        assert!(
            few > 0 && many <= few + few / 20,
            "{few} bytes for one of 100 items, {many} for one of 1,000"
        );
    }
}

#[tokio::test]
async fn what_a_step_writes_does_not_grow_with_the_steps_before_it() {
    let (few, many) = (sequence(101).await, sequence(1_001).await);
    let one = sequence(1).await;
    let steps = |all: (u64, u64)| (all.0 - one.0, all.1 - one.1);
    check_flat(steps(few), steps(many), 10);
}

#[tokio::test]
async fn what_an_item_writes_does_not_grow_with_the_number_of_items() {
    let (none, few, many) =
        (items(1, 0, false).await, items(101, 0, false).await, items(1_001, 0, false).await);
    let more = |all: (u64, u64)| (all.0 - none.0, all.1 - none.1);
    check_flat(more(few), more(many), 10);
}

#[tokio::test]
async fn what_an_answer_writes_grows_neither_with_the_items_nor_with_the_answers_before() {
    let few = items(50, 10, true).await;
    check_flat(few, items(1_000, 10, true).await, 1);
    check_flat(few, items(1_000, 200, true).await, 1);
}

/// A host, and a run on it that asks ten times with so many bytes of state; what its answers write.
async fn answers_with_state(bytes: usize) -> (Host, Run, u64) {
    let host = host().build().await.unwrap();
    let tenant = host.default_tenant();
    let each = ForEachEntry::new(asks(&tenant).await.step("ask"));
    let workflow = tenant.workflow("items").foreach(each).commit().await.unwrap();
    let state = Json::of(&json!({ "large": "x".repeat(bytes), "small": 1 })).unwrap();
    let items = input(json!((0..11).collect::<Vec<_>>())).initial_state(state);
    let run = workflow.new_run().start(items).await.unwrap().run;
    let before = since(&host, (0, 0));
    for _ in 0..10 {
        run.resume(ResumeOptions::data(json!("yes"))).await.unwrap();
    }
    let written = since(&host, before).1;
    (host, run, written)
}

#[tokio::test]
async fn a_large_value_of_the_state_is_written_once() {
    const LARGE: usize = 100_000;
    let (_, _, small) = answers_with_state(10).await;
    let (host, run, large) = answers_with_state(LARGE).await;
    assert!(large < small + small / 2, "{small} bytes with a small state, {large} with a large one");

    // Whoever reads the run has all of it: as it is, as it was, and after its end.
    let whole = async |run: &Run| {
        let options = OutputOptions::default().include_state(true);
        let state = run.result(options).await.unwrap().state.unwrap();
        assert_eq!((state["large"].text().len(), state["small"].text()), (LARGE + 2, "1"));
    };
    whole(&run).await;
    let first = run.history().await.unwrap().into_iter().next().unwrap();
    let fork = run.fork(ForkOptions::default().at(first.record.id)).await.unwrap();
    let other = run.fork(ForkOptions::default()).await.unwrap();
    host.quiet().await;
    run.cancel().await.unwrap();
    run.restart().await.unwrap();
    for run in [&run, &fork, &other] {
        whole(run).await;
        run.resume(ResumeOptions::data(json!("yes"))).await.unwrap();
        run.cancel().await.ok();
        whole(run).await;
    }
    // It goes with the last of them.
    let tenant = host.default_tenant();
    for run in [fork, other, run] {
        whole(&run).await;
        tenant.delete_run(run.id()).await.unwrap();
    }
}
