//! Delays before further tries: short ones are sat through by the caller, long ones are nobody's until their time has
//! come.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use reentry::core::run::RunStatus;
use reentry::core::time::Timestamp;
use reentry::fault::FaultPoint;
use reentry::{Error, HostBuilder, RunResult, StartOptions, Tenant, Workflow};
use tokio::task::JoinHandle;

use crate::clock::Standing;
use crate::guest::{Shared, definition, host, traps, until};

/// How often guests were called.
#[derive(Clone, Default)]
struct Calls(Arc<AtomicUsize>);

impl Calls {
    fn counted(&self, builder: HostBuilder) -> HostBuilder {
        let calls = self.clone();
        builder.on_fault_point(Arc::new(move |point| {
            calls.0.fetch_add(usize::from(point == FaultPoint::BeforeCall), Ordering::SeqCst);
        }))
    }

    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// What somebody who sits through a delay comes to; one who never stops sitting fails the test.
async fn sat(starting: JoinHandle<Result<RunResult, Error>>) -> RunResult {
    tokio::time::timeout(Duration::from_secs(60), starting).await.unwrap().unwrap().unwrap()
}

/// A workflow whose step fails, and is tried once more after a delay.
async fn failing(tenant: &Tenant, delay_ms: u64) -> Workflow {
    let retry = format!(r#"{{"retries": 1, "delayMs": {delay_ms}}}"#);
    let steps = format!(r#"[{{"then": {{"component": "@", "step": "ask", "retry": {retry}}}}}]"#);
    tenant.commit(definition("fails", &traps(tenant).await, &steps)).await.unwrap()
}

#[tokio::test]
async fn a_long_delay_is_not_sat_through_and_one_of_several_makes_the_try() {
    let (shared, clock, calls) = (Shared::new(), Standing::new(), Calls::default());
    let (mut hosts, mut runs) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let builder = calls.counted(shared.host().clock(clock.clone()));
        hosts.push(builder.build().await.unwrap());
    }
    let started = failing(&hosts[0].default_tenant(), 3_600_000)
        .await
        .new_run()
        .start(StartOptions::default())
        .await
        .unwrap();
    assert_eq!(
        (started.result.status, started.result.due_at),
        (RunStatus::Waiting, Some(Timestamp(3_600_000)))
    );
    // The one who made the call is not needed for the next one.
    drop(hosts.remove(0));
    for host in &hosts {
        runs.push(host.default_tenant().run(started.run.id()).await.unwrap());
    }

    clock.pass_ms(3_599_999);
    for host in &hosts {
        assert!(host.wake_due().await.unwrap().is_empty() && host.recover().await.unwrap().is_empty());
    }
    clock.pass_ms(1);
    let (first, second) = tokio::join!(hosts[0].wake_due(), hosts[1].wake_due());
    let woken = [first.unwrap(), second.unwrap()].concat();
    assert_eq!((woken, calls.count()), (vec![started.run.id()], 2));
    assert_eq!(runs[0].status().await.unwrap(), RunStatus::Failed);
}

#[tokio::test]
async fn a_delay_is_sat_through_up_to_what_the_host_says() {
    for (delay, sits, expected) in
        [(10_000, None, 10_000), (10_001, None, 0), (5, Some(4), 0), (0, Some(0), 0)]
    {
        let clock = Standing::new();
        let mut builder = host().clock(clock.clone());
        if let Some(ms) = sits {
            builder = builder.sit_through(Duration::from_millis(ms));
        }
        let tenant = builder.build().await.unwrap().default_tenant();
        let run = failing(&tenant, delay).await.new_run().create().await.unwrap();
        let starting = tokio::spawn({
            let run = run.clone();
            async move { run.start(StartOptions::default()).await }
        });
        if expected > 0 {
            until(|| async { run.state().await.unwrap().steps.values().any(|step| step.attempt == 1) }).await;
            assert_eq!(run.status().await.unwrap(), RunStatus::Running);
            clock.pass_ms(expected);
        }
        let ended = sat(starting).await.status;
        let wanted = if delay > 0 && expected == 0 { RunStatus::Waiting } else { RunStatus::Failed };
        assert_eq!(ended, wanted, "a delay of {delay} ms, {sits:?}");
    }
}

#[tokio::test]
async fn a_host_that_looks_after_runs_makes_the_try_by_itself() {
    let (clock, calls) = (Standing::new(), Calls::default());
    let tenant =
        calls.counted(host().background(true).clock(clock.clone())).build().await.unwrap().default_tenant();
    let started = failing(&tenant, 60_000).await.new_run().start(StartOptions::default()).await.unwrap();
    assert_eq!(started.result.status, RunStatus::Waiting);
    clock.pass_ms(60_000);
    until(|| async { started.run.status().await.unwrap() == RunStatus::Failed }).await;
    assert_eq!(calls.count(), 2);
}

/// The process ends in the middle of a delay that it sits through: the try is made at its time, not before.
#[tokio::test]
async fn a_delay_outlives_the_one_who_sits_through_it() {
    let (shared, clock) = (Shared::new(), Standing::new());
    let first = shared.host().clock(clock.clone()).build().await.unwrap();
    let run = failing(&first.default_tenant(), 5_000).await.new_run().create().await.unwrap();
    let starting = tokio::spawn({
        let run = run.clone();
        async move { run.start(StartOptions::default()).await }
    });
    until(|| async { run.state().await.unwrap().steps.values().any(|step| step.attempt == 1) }).await;
    // It stops for good, as a process does that is told to leave; nothing waits for the delay.
    assert_eq!(first.stop(Duration::from_secs(60)).await.unwrap(), 1);
    assert_eq!(sat(starting).await.status, RunStatus::Running);
    let id = run.id();
    drop((run, first));

    let second = shared.host().clock(clock.clone()).build().await.unwrap();
    let run = second.default_tenant().run(id).await.unwrap();
    let left = run.state().await.unwrap().version;
    // Who takes it over sits through the rest of it.
    let passing = async {
        until(|| async { run.state().await.unwrap().version > left }).await;
        assert_eq!(run.status().await.unwrap(), RunStatus::Running);
        clock.pass_ms(5_000);
    };
    let (recovered, ()) = tokio::join!(second.recover(), passing);
    assert_eq!(recovered.unwrap(), [id]);
    assert_eq!(run.status().await.unwrap(), RunStatus::Failed);
}

/// Asking again under the same key neither waits nor makes the try.
#[tokio::test]
async fn a_request_that_ended_in_a_delay_is_answered_so_again() {
    let (clock, calls) = (Standing::new(), Calls::default());
    let tenant = calls.counted(host().clock(clock.clone())).build().await.unwrap().default_tenant();
    let workflow = failing(&tenant, 60_000).await;
    let keyed = || StartOptions::default().idempotency_key("k");
    let first = workflow.new_run().start(keyed()).await.unwrap().result;
    let again = workflow.new_run().start(keyed()).await.unwrap().result;
    assert_eq!((first.status, first.due_at), (RunStatus::Waiting, Some(Timestamp(60_000))));
    assert_eq!((again, calls.count()), (first, 1));
}
