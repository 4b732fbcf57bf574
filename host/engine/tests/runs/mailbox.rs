//! Events: kept until a step takes them, and taken once.

use reentry::SendEvent;
use reentry::core::run::RunStatus;
use reentry::core::time::Timestamp;
use reentry::{OutputOptions, Run, StartOptions, Tenant};
use serde_json::{Value, json};

use crate::guest::{host, line, waits_for_event};

fn event(payload: Value) -> SendEvent {
    SendEvent::new("ask").payload(payload)
}

async fn waiting(tenant: &Tenant) -> Run {
    let component = waits_for_event(tenant).await;
    let workflow = tenant.workflow("waits").then(component.step("ask")).commit().await.unwrap();
    workflow.new_run().start(StartOptions::default()).await.unwrap().run
}

/// The result once the run has ended by itself.
async fn ended(run: &Run) -> String {
    loop {
        let result = run.result(OutputOptions::default()).await.unwrap();
        if result.status.is_final() {
            return line(&result);
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_longest_waiting_gets_an_event_and_nobody_else_does() {
    let tenant = host().build().await.unwrap().default_tenant();
    let (first, second) = (waiting(&tenant).await, waiting(&tenant).await);
    let receipt = tenant.send_event(event(json!(1))).await.unwrap();
    assert!(receipt.delivered);
    assert_eq!(ended(&first).await, r#"{"result":1,"status":"success"}"#);
    assert_eq!(second.status().await.unwrap(), RunStatus::Waiting);
}

#[tokio::test]
async fn an_early_event_is_kept_and_the_same_one_again_is_no_other() {
    let tenant = host().build().await.unwrap().default_tenant();
    let sent = event(json!("early")).id("e-1");
    let receipt = tenant.send_event(sent.clone()).await.unwrap();
    assert!(!receipt.delivered);
    let first = waiting(&tenant).await;
    assert_eq!(ended(&first).await, r#"{"result":"early","status":"success"}"#);
    let second = waiting(&tenant).await;
    let again = tenant.send_event(sent).await.unwrap();
    assert_eq!((again.message, again.delivered), (receipt.message, true));
    assert_eq!(second.status().await.unwrap(), RunStatus::Waiting);
}

#[tokio::test]
async fn what_cannot_name_an_event_is_refused() {
    let tenant = host().build().await.unwrap().default_tenant();
    let nameless = SendEvent::new("").expires_at(Timestamp(0));
    insta::assert_snapshot!(
        tenant.send_event(nameless).await.unwrap_err(),
        @"the name of an event has 0 bytes; it must have 1 to 256"
    );
}
