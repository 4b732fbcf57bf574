//! Runs that are blocked, as bringing them on went wrong again and again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use reentry::core::error::ErrorKind;
use reentry::core::failure;
use reentry::core::run::{Blocked, RunStatus};
use reentry::core::time::Timestamp;
use reentry::fault::{FaultHook, FaultPoint};
use reentry::{
    Entropy, Error, ForkOptions, Host, OutputOptions, Prune, ResumeOptions, Run, SendEvent, SystemEntropy,
};
use serde_json::json;

use crate::clock::Standing;
use crate::guest::{Shared, asks_twice, definition, host, input, line, until, waits_for_event};

fn answer(text: &str) -> ResumeOptions {
    ResumeOptions::data(json!(text))
}

/// A hook that panics at a point, as long as the flag is up.
fn panics_at(point: FaultPoint) -> (Arc<AtomicBool>, FaultHook) {
    let flag = Arc::new(AtomicBool::new(true));
    let up = Arc::clone(&flag);
    let hook = move |here| assert!(here != point || !up.load(Ordering::SeqCst), "the engine has a bug");
    (flag, Arc::new(hook))
}

/// A run that a client and two take-overs could not bring on.
async fn blocked(host: &Host) -> Run {
    let run = asks_twice(&host.default_tenant()).await.new_run().create().await.unwrap();
    let error = run.start(input(json!(1))).await.unwrap_err();
    insta::allow_duplicates! {
        insta::assert_snapshot!(
            error.to_string().replace(&run.id().to_string(), "RUN"),
            @"the host could not continue run RUN: the host panicked: the engine has a bug"
        );
    }
    for _ in 0..2 {
        assert_eq!(run.status().await.unwrap(), RunStatus::Running);
        assert_eq!(host.recover().await.unwrap(), []);
    }
    run
}

#[tokio::test]
async fn the_third_panic_blocks_a_run_and_a_restart_tries_once_more() {
    let (panics, hook) = panics_at(FaultPoint::BeforeCall);
    let host = host().on_fault_point(hook).build().await.unwrap();
    let run = blocked(&host).await;
    let result = run.result(OutputOptions::default()).await.unwrap();
    insta::assert_snapshot!(line(&result), @r#"{"error":{"code":"panic","message":"the host panicked: the engine has a bug","retryable":false},"status":"blocked"}"#);
    assert_eq!(host.recover().await.unwrap(), [], "nothing brings it on");

    assert_eq!(run.state().await.unwrap().blocked.unwrap().code, "panic");
    for error in [run.resume(answer("a")).await.unwrap_err(), run.pause().await.unwrap_err()] {
        assert_eq!((error.kind(), error.code()), (ErrorKind::Conflict, "blocked"));
    }
    for is_restart in [true, false] {
        let again = if is_restart { run.restart().await } else { run.go_on().await };
        assert!(again.is_err(), "as before");
        assert_eq!(run.status().await.unwrap(), RunStatus::Running, "once more, not for ever");
        for _ in 0..2 {
            host.recover().await.unwrap();
        }
        assert_eq!(run.status().await.unwrap(), RunStatus::Blocked);
    }

    panics.store(false, Ordering::SeqCst);
    insta::assert_snapshot!(
        line(&run.go_on().await.unwrap()),
        @r#"{"status":"suspended","suspendPayload":{"ask":[1]},"suspended":[["ask"]]}"#
    );
    run.resume(answer("a")).await.unwrap();
    assert_eq!(run.resume(answer("b")).await.unwrap().status, RunStatus::Success);
}

#[tokio::test]
async fn a_blocked_run_is_canceled_forked_and_deleted_and_its_watchers_end() {
    let (panics, hook) = panics_at(FaultPoint::BeforeCall);
    let host = host().on_fault_point(hook).build().await.unwrap();
    let tenant = host.default_tenant();
    let run = blocked(&host).await;
    let mut watch = run.watch(None);
    while watch.next().await.unwrap().is_some() {}
    let all = Prune::before(Timestamp(u64::MAX));
    assert_eq!(tenant.prune(&all).await.unwrap().deleted, []);

    panics.store(false, Ordering::SeqCst);
    let fork = run.fork(ForkOptions::default()).await.unwrap();
    until(|| async { fork.status().await.unwrap() == RunStatus::Suspended }).await;
    assert_eq!(run.status().await.unwrap(), RunStatus::Blocked);
    tenant.delete_run(fork.id()).await.unwrap_err();
    fork.cancel().await.unwrap();
    tenant.delete_run(fork.id()).await.unwrap();
    tenant.delete_run(run.id()).await.unwrap();

    panics.store(true, Ordering::SeqCst);
    let run = blocked(&host).await;
    assert_eq!(run.cancel().await.unwrap().status, RunStatus::Canceled);
    panics.store(false, Ordering::SeqCst);
    assert_eq!(run.restart().await.unwrap().status, RunStatus::Suspended);
}

#[tokio::test]
async fn time_and_mail_pass_a_blocked_run_by() {
    let (shared, clock) = (Shared::new(), Standing::new());
    let host = shared.host().clock(clock.clone()).build().await.unwrap();
    let tenant = host.default_tenant();
    let steps =
        r#"[{"parallel": {"arms": [{"sleep": {"ms": 1000}}, {"then": {"component": "@", "step": "ask"}}]}}]"#;
    let workflow = tenant.commit(definition("both", &waits_for_event(&tenant).await, steps)).await.unwrap();
    let run = workflow.new_run().start(input(json!(1))).await.unwrap().run;
    let count = shared
        .store()
        .note_trouble(tenant.id(), run.id(), &Blocked::new(&failure::PANIC, "a reason"), 1)
        .await
        .unwrap();
    assert_eq!((count, run.status().await.unwrap()), (1, RunStatus::Blocked));
    clock.pass_ms(2_000);
    assert_eq!(host.wake_due().await.unwrap(), []);
    let event = || SendEvent::new("ask").payload(json!("paid"));
    assert!(!tenant.send_event(event()).await.unwrap().delivered);

    // Both have waited for it.
    run.restart().await.unwrap();
    assert_eq!(host.wake_due().await.unwrap(), [run.id()]);
    assert!(tenant.send_event(event()).await.unwrap().delivered);
    until(|| async { run.status().await.unwrap() == RunStatus::Success }).await;
}

/// Random bytes that are always the same, once they are told to be.
#[derive(Default)]
struct Same(AtomicBool);

impl Entropy for Same {
    fn fill(&self, bytes: &mut [u8]) {
        match self.0.load(Ordering::SeqCst) {
            true => bytes.fill(7),
            false => SystemEntropy.fill(bytes),
        }
    }
}

#[tokio::test]
async fn a_call_that_cannot_be_recorded_is_made_three_times_and_then_the_run_is_blocked() {
    let (same, calls) = (Arc::new(Same::default()), Arc::new(AtomicU32::new(0)));
    let counted = Arc::clone(&calls);
    let hook = move |point| {
        counted.fetch_add(u32::from(point == FaultPoint::BeforeCall), Ordering::SeqCst);
    };
    let host = host()
        .clock(Standing::new())
        .entropy(same.clone())
        .on_fault_point(Arc::new(hook))
        .build()
        .await
        .unwrap();
    let tenant = host.default_tenant();
    let run = asks_twice(&tenant).await.new_run().create().await.unwrap();
    same.0.store(true, Ordering::SeqCst);
    run.start(input(json!(1))).await.unwrap();
    // The second question would have the id of the first one.
    let error = run.resume(answer("a")).await.unwrap_err();
    assert!(matches!(error, Error::Interrupted { .. }), "{error}");
    for _ in 0..5 {
        host.recover().await.unwrap();
    }
    assert_eq!(calls.load(Ordering::SeqCst), 2 + 3, "those that could be recorded, and three tries");
    let result = run.result(OutputOptions::default()).await.unwrap();
    assert_eq!(result.status, RunStatus::Blocked);
    let error = result.error.unwrap();
    assert_eq!(error.code.as_deref(), Some("unstorable"));
    insta::assert_snapshot!(
        error.message,
        @"the store cannot do this: image snap_00000000000077078707070707070707 exists"
    );
    same.0.store(false, Ordering::SeqCst);
    assert_eq!(run.restart().await.unwrap().status, RunStatus::Suspended);
    assert_eq!(run.resume(answer("b")).await.unwrap().status, RunStatus::Success);
}
