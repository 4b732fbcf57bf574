//! Decisions that go through large schemas or much data hold up no one else.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use reentry::core::id::TenantId;
use reentry::core::run::RunStatus;
use reentry::fault::FaultPoint;
use serde_json::json;

use crate::guest::{asks, echoes, host, input};

/// One thread drives all runs.
#[tokio::test]
async fn a_decision_that_takes_long_holds_up_no_other_tenant() {
    let (reach, reached) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let may_go_on = Mutex::new(may_go_on);
    let hook = move |point| {
        if point == FaultPoint::Deciding {
            reach.send(()).unwrap();
            // Until the test lets go of the other end.
            let _ = may_go_on.lock().unwrap().recv();
        }
    };
    let host = host().on_fault_point(Arc::new(hook)).build().await.unwrap();
    let [slow, quick] = ["slow", "quick"].map(|name| host.tenant(TenantId::new(name).unwrap()));
    let workflow = slow
        .workflow("slow")
        .input_schema(json!({ "title": "x".repeat(40_000) }))
        .then(echoes(&slow).await.step("ask"))
        .commit()
        .await
        .unwrap();
    let starting = tokio::spawn(workflow.new_run().start(input(json!(0))));
    while reached.try_recv().is_err() {
        tokio::task::yield_now().await;
    }
    let workflow = quick.workflow("quick").then(echoes(&quick).await.step("ask")).commit().await.unwrap();
    for number in 0..3 {
        let started = workflow.new_run().start(input(json!(number))).await.unwrap();
        assert_eq!(started.result.status, RunStatus::Success);
    }
    assert!(!starting.is_finished());
    drop(go_on);
    let started = starting.await.unwrap().unwrap();
    assert_eq!(started.result.status, RunStatus::Success);
}

#[tokio::test]
async fn decisions_are_made_apart_when_a_schema_or_a_value_is_large() {
    let made = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&made);
    let hook = move |point| {
        if point == FaultPoint::Deciding {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    };
    let tenant = host().on_fault_point(Arc::new(hook)).build().await.unwrap().default_tenant();
    let step = asks(&tenant).await;
    let mut seen = Vec::new();
    for (id, schema) in [("small", json!({})), ("large", json!({ "title": "x".repeat(40_000) }))] {
        let workflow =
            tenant.workflow(id).input_schema(schema).then(step.step("ask")).commit().await.unwrap();
        let started = workflow.new_run().start(input(json!(1))).await.unwrap();
        seen.push(made.swap(0, Ordering::SeqCst));
        started.run.resume(reentry::ResumeOptions::data(json!(1))).await.unwrap();
        seen.push(made.swap(0, Ordering::SeqCst));
    }
    // Each: the request, and the end of the call.
    assert_eq!(seen, [0, 0, 2, 2]);
}
