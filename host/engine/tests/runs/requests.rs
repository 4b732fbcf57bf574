//! Asking twice under one key does it once.

use std::sync::Arc;

use reentry::core::json::Json;
use reentry::fault::FaultPoint;
use reentry::store::RunFilter;
use reentry::{Error, ResumeOptions, StartOptions};
use serde_json::json;

use crate::guest::{Shared, asks_twice, host, input, line};

#[tokio::test]
async fn a_repeated_request_gets_the_first_answer_and_does_nothing() {
    let tenant = host().build().await.unwrap().default_tenant();
    let workflow = asks_twice(&tenant).await;
    let keyed = |value| input(value).idempotency_key("order-1");
    let first = workflow.new_run().start(keyed(json!(1))).await.unwrap();
    let answer = ResumeOptions::data(json!("a")).idempotency_key("answer-1");
    let told = first.run.resume(answer.clone()).await.unwrap();
    first.run.resume(ResumeOptions::data(json!("b"))).await.unwrap();

    // Everything again: the answers are those of then, though the run has ended.
    let second = workflow.new_run().start(keyed(json!(1))).await.unwrap();
    assert_eq!((second.run.id(), &second.result), (first.run.id(), &first.result));
    assert_eq!(first.run.resume(answer).await.unwrap(), told);
    insta::assert_snapshot!(
        line(&told),
        @r#"{"status":"suspended","suspendPayload":{"again":["a"]},"suspended":[["again"]]}"#
    );
    assert_eq!(tenant.runs(RunFilter::default()).await.unwrap().rows.len(), 1);

    let error = workflow.new_run().start(keyed(json!(2))).await.unwrap_err();
    assert!(matches!(error, Error::RequestDiffers { .. }));
    insta::assert_snapshot!(
        error,
        @"the idempotency key `order-1` was used for another request; take a new key for a new request"
    );
}

#[tokio::test]
async fn a_refused_request_leaves_its_key_and_no_run() {
    let tenant = host().build().await.unwrap().default_tenant();
    let workflow = asks_twice(&tenant).await;
    let keyed = |state: serde_json::Value| StartOptions::default().idempotency_key("k").initial_state(state);
    workflow.new_run().start(keyed(json!(1))).await.unwrap_err();
    assert_eq!(tenant.runs(RunFilter::default()).await.unwrap().rows, []);
    workflow.new_run().start(keyed(json!({}))).await.unwrap();
    let long = StartOptions::default().idempotency_key("k".repeat(257));
    insta::assert_snapshot!(
        workflow.new_run().start(long).await.unwrap_err(),
        @"an idempotency key has 257 bytes; it must have 1 to 256"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_ask_at_once_one_starts_it_and_all_are_told_the_same() {
    let tenant = host().build().await.unwrap().default_tenant();
    let workflow = asks_twice(&tenant).await;
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let workflow = workflow.clone();
        let options = input(json!(1)).idempotency_key("k");
        asking.spawn(async move { workflow.new_run().start(options).await.unwrap().result });
    }
    let told = asking.join_all().await;
    assert!(told.iter().all(|result| *result == told[0]), "{told:?}");
    assert_eq!(tenant.runs(RunFilter::default()).await.unwrap().rows.len(), 1);
}

#[tokio::test]
async fn the_same_request_in_other_words_is_the_same_and_other_digits_are_not() {
    let tenant = host().build().await.unwrap().default_tenant();
    let workflow = asks_twice(&tenant).await;
    let keyed = |text: &str| {
        StartOptions::input(Json::parse(text).unwrap())
            .idempotency_key("order-1")
            .request_context(std::collections::BTreeMap::from([("who".into(), Json::parse(text).unwrap())]))
    };
    let first = workflow.new_run().start(keyed(r#"{"amount":1.10,"who":"Kim"}"#)).await.unwrap();
    let again =
        workflow.new_run().start(keyed(r#" { "who" : "\u004bim", "amount" : 1.10 } "#)).await.unwrap();
    assert_eq!((again.run.id(), again.result), (first.run.id(), first.result));
    let error = workflow.new_run().start(keyed(r#"{"amount":1.1,"who":"Kim"}"#)).await.unwrap_err();
    assert!(matches!(error, Error::RequestDiffers { .. }));
}

#[tokio::test]
async fn a_request_of_a_process_that_ended_is_brought_to_its_end_by_the_next_one_that_asks() {
    let shared = Shared::new();
    let options = || input(json!(1)).idempotency_key("order-1");
    let dies = |point| assert_ne!(point, FaultPoint::BeforeCall, "the process ends");
    let first = shared.host().on_fault_point(Arc::new(dies)).build().await.unwrap().default_tenant();
    asks_twice(&first).await.new_run().start(options()).await.unwrap_err();
    drop(first);
    let second = shared.host().build().await.unwrap().default_tenant();
    let result = asks_twice(&second).await.new_run().start(options()).await.unwrap().result;
    insta::assert_snapshot!(
        line(&result),
        @r#"{"status":"suspended","suspendPayload":{"ask":[1]},"suspended":[["ask"]]}"#
    );
}
