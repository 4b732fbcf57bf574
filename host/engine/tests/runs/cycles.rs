//! What a start and a resume ask of the store, and what they compile: the figures of a cycle.

use std::sync::Arc;

use reentry::core::compiled::CompileCount;
use reentry::core::workflow::ForEachEntry;
use reentry::store::Store;
use reentry::store::memory::MemoryStore;
use reentry::store::sqlite::SqliteStore;
use reentry::{HostBuilder, ResumeOptions, RunStatus};
use serde_json::json;

use crate::counting::Counting;
use crate::guest::{asks, host, input};

/// Secret of all hosts here, as they share a store.
const SECRET: [u8; 32] = [7; 32];

/// What work asks of a store and has this thread compile, in a line.
async fn line<T>(store: &Counting, name: &str, work: impl Future<Output = T>) -> (T, String) {
    store.take();
    let before = CompileCount::by_this_thread();
    let done = work.await;
    let CompileCount { definitions, schemas } = CompileCount::by_this_thread().since(before);
    let mut asked: Vec<(&str, usize)> = Vec::new();
    for name in store.take() {
        match asked.last_mut().filter(|(last, _)| *last == name) {
            Some((_, times)) => *times += 1,
            None => asked.push((name, 1)),
        }
    }
    let asked = asked.into_iter().map(|(name, times)| match times {
        1 => name.to_owned(),
        times => format!("{times} {name}"),
    });
    let asked = asked.collect::<Vec<_>>().join(", ");
    (done, format!("{name}: {asked}; compiled {definitions} definitions, {schemas} schemas\n"))
}

fn on(store: &Arc<Counting>) -> HostBuilder {
    host().store(store.clone()).secret(SECRET)
}

/// The figures of the requests that make up the life of a run whose step asks once.
async fn figures(store: Arc<dyn Store>) -> String {
    let store = Counting::new(store);
    let tenant = on(&store).build().await.unwrap().default_tenant();
    let step = asks(&tenant).await;
    let workflow = tenant.workflow("asks").input_schema(json!({"type": "number"})).then(step.step("ask"));
    let (workflow, mut all) = line(&store, "commit a definition", workflow.commit()).await;
    let workflow = workflow.unwrap();
    let (started, add) = line(&store, "make and start", workflow.new_run().start(input(json!(1)))).await;
    let run = started.unwrap().run;
    all += &add;
    let answer = || ResumeOptions::data(json!("yes"));
    let (result, add) = line(&store, "resume", run.resume(answer())).await;
    assert_eq!(result.unwrap().status, RunStatus::Success);
    all += &add;
    let (created, add) = line(&store, "create", workflow.new_run().create()).await;
    let created = created.unwrap();
    all += &add;
    let (result, add) = line(&store, "start", created.start(input(json!(1)))).await;
    assert_eq!(result.unwrap().status, RunStatus::Suspended);
    all += &add;
    // As another process would.
    let elsewhere = on(&store).build().await.unwrap().default_tenant();
    let (found, add) = line(&store, "find elsewhere", elsewhere.run(created.id())).await;
    all += &add;
    let (result, add) = line(&store, "resume elsewhere", found.unwrap().resume(answer())).await;
    assert_eq!(result.unwrap().status, RunStatus::Success);
    all += &add;
    let once = || input(json!(1)).idempotency_key("k");
    let (first, add) = line(&store, "start under a key", workflow.new_run().start(once())).await;
    all += &add;
    let (again, add) = line(&store, "the same again", workflow.new_run().start(once())).await;
    assert_eq!(again.unwrap().run.id(), first.unwrap().run.id());
    all + &add
}

#[tokio::test]
async fn a_cycle_asks_the_store_for_what_it_needs_and_compiles_nothing() {
    let in_memory = figures(Arc::new(MemoryStore::new())).await;
    insta::assert_snapshot!(in_memory, @r"
    commit a definition: component_of, put_workflow; compiled 1 definitions, 1 schemas
    make and start: missing_component, 2 commit; compiled 0 definitions, 0 schemas
    resume: blob, 2 commit; compiled 0 definitions, 0 schemas
    create: missing_component, commit; compiled 0 definitions, 0 schemas
    start: 2 commit; compiled 0 definitions, 0 schemas
    find elsewhere: run; compiled 0 definitions, 0 schemas
    resume elsewhere: run, workflow, 2 component, blob, 2 commit; compiled 1 definitions, 1 schemas
    start under a key: request, missing_component, 2 commit, answer_request, request; compiled 0 definitions, 0 schemas
    the same again: request; compiled 0 definitions, 0 schemas
    ");
    let dir = tempfile::tempdir().unwrap();
    let in_sqlite = figures(Arc::new(SqliteStore::open(dir.path().join("reentry.db")).unwrap())).await;
    assert_eq!(in_sqlite, in_memory);
}

#[tokio::test]
async fn calls_in_flight_together_read_nothing_while_they_are_wanted() {
    let store = Counting::new(Arc::new(MemoryStore::new()));
    let tenant = on(&store).build().await.unwrap().default_tenant();
    let items = ForEachEntry::new(asks(&tenant).await.step("ask")).concurrency(10);
    let workflow = tenant.workflow("items").foreach(items).commit().await.unwrap();
    let (started, figures) =
        line(&store, "ten at once", workflow.new_run().start(input(json!(vec![0; 10])))).await;
    assert_eq!(started.unwrap().result.status, RunStatus::Suspended);
    insta::assert_snapshot!(figures, @"ten at once: missing_component, 11 commit; compiled 0 definitions, 0 schemas");
}
