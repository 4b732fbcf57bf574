//! What is compiled for one request.

use reentry::core::compiled::CompileCount;
use serde_json::json;

use crate::guest::{asks, host, input, line};

/// What a future has this thread compile.
async fn counted<T>(work: impl Future<Output = T>) -> (T, String) {
    let before = CompileCount::by_this_thread();
    let done = work.await;
    let CompileCount { definitions, schemas } = CompileCount::by_this_thread().since(before);
    (done, format!("{definitions} definitions, {schemas} schemas"))
}

#[tokio::test]
async fn a_definition_is_compiled_once_however_often_it_is_run() {
    let tenant = host().build().await.unwrap().default_tenant();
    let step = asks(&tenant).await;
    let builder = tenant.workflow("asks").input_schema(json!({"type": "number"})).then(step.step("ask"));
    let (workflow, work) = counted(builder.commit()).await;
    insta::assert_snapshot!(work, @"1 definitions, 1 schemas");
    let workflow = workflow.unwrap();
    let (started, work) = counted(workflow.new_run().start(input(json!(1)))).await;
    insta::assert_snapshot!(
        line(&started.unwrap().result),
        @r#"{"status":"suspended","suspendPayload":{"ask":[1]},"suspended":[["ask"]]}"#
    );
    insta::assert_snapshot!(work, @"0 definitions, 0 schemas");
}
