//! What a host does by itself, without a client.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use reentry::core::id::TenantId;
use reentry::core::run::RunStatus;
use reentry::core::time::Timestamp;
use reentry::fault::FaultPoint;
use reentry::{OutputOptions, SendEvent, StartOptions};
use serde_json::json;

use crate::clock::Standing;
use crate::guest::{Shared, asks, asks_twice, definition, host, input, line, until, waits_for_event};

const DAY_MS: u64 = 24 * 3_600_000;

#[tokio::test]
async fn a_sleep_is_over_without_a_client() {
    let clock = Standing::new();
    let tenant = host().background(true).clock(clock.clone()).build().await.unwrap().default_tenant();
    let steps = r#"[{"sleep": {"for": "30d"}}, {"map": {"to": "input + 1"}}]"#;
    let workflow = tenant.commit(definition("sleeps", &asks(&tenant).await, steps)).await.unwrap();
    let run = workflow.new_run().start(input(json!(1))).await.unwrap().run;
    clock.pass_ms(30 * DAY_MS - 1);
    assert_eq!(run.status().await.unwrap(), RunStatus::Waiting);
    clock.pass_ms(1);
    until(|| async { run.status().await.unwrap() == RunStatus::Success }).await;
    assert_eq!(
        line(&run.result(OutputOptions::default()).await.unwrap()),
        r#"{"result":2,"status":"success"}"#
    );
}

#[tokio::test]
async fn calls_of_a_host_that_is_gone_are_taken_over_without_a_client() {
    let shared = Shared::new();
    let dies = move |point| assert!(point != FaultPoint::BeforeCall, "the host dies");
    let first = shared.host().on_fault_point(Arc::new(dies)).build().await.unwrap().default_tenant();
    let run = asks_twice(&first).await.new_run().create().await.unwrap();
    run.start(input(json!(1))).await.unwrap_err();
    let id = run.id();
    drop((first, run));

    let second = shared.host().background(true).build().await.unwrap().default_tenant();
    let run = second.run(id).await.unwrap();
    until(|| async { run.status().await.unwrap() == RunStatus::Suspended }).await;
}

#[tokio::test]
async fn calls_that_the_host_itself_gave_up_are_made_again_without_a_client() {
    let once = AtomicBool::new(true);
    let fails = move |point| {
        assert!(point != FaultPoint::BeforeCall || !once.swap(false, Ordering::SeqCst), "the driver gives up")
    };
    let tenant =
        host().background(true).on_fault_point(Arc::new(fails)).build().await.unwrap().default_tenant();
    let run = asks_twice(&tenant).await.new_run().create().await.unwrap();
    run.start(input(json!(1))).await.unwrap_err();
    until(|| async { run.status().await.unwrap() == RunStatus::Suspended }).await;
}

#[tokio::test]
async fn mail_that_nobody_took_in_time_is_dropped_without_a_client() {
    let (shared, clock) = (Shared::new(), Standing::new());
    let quiet = shared.host().clock(clock.clone()).build().await.unwrap().default_tenant();
    let old = quiet.send_event(SendEvent::new("ask").expires_at(Timestamp(5))).await.unwrap().message;
    let lasting = quiet.send_event(SendEvent::new("ask")).await.unwrap().message;
    clock.pass_ms(5);
    let _busy = shared.host().background(true).clock(clock).build().await.unwrap();
    let tenant = TenantId::default();
    until(|| async { shared.store().message(&tenant, old).await.unwrap().is_none() }).await;
    assert!(shared.store().message(&tenant, lasting).await.unwrap().is_some());
}

#[tokio::test]
async fn mail_that_is_too_old_is_given_to_nobody_though_nobody_dropped_it_yet() {
    let clock = Standing::new();
    let tenant = host().clock(clock.clone()).build().await.unwrap().default_tenant();
    let waits =
        tenant.workflow("waits").then(waits_for_event(&tenant).await.step("ask")).commit().await.unwrap();
    let sent = |payload: u32, expires_at: Option<u64>| {
        let mut event = SendEvent::new("ask").payload(json!(payload));
        event.expires_at = expires_at.map(Timestamp);
        event
    };
    tenant.send_event(sent(1, Some(5))).await.unwrap();
    tenant.send_event(sent(2, Some(6))).await.unwrap();
    clock.pass_ms(5);
    let first = waits.new_run().start(StartOptions::default()).await.unwrap();
    assert_eq!(line(&first.result), r#"{"result":2,"status":"success"}"#);
    let second = waits.new_run().start(StartOptions::default()).await.unwrap();
    assert_eq!(second.result.status, RunStatus::Waiting);
    assert!(!tenant.send_event(sent(3, Some(5))).await.unwrap().delivered, "it is past its time");
    assert_eq!(second.run.status().await.unwrap(), RunStatus::Waiting);
}
