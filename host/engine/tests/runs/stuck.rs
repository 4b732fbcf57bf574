//! Runs that cannot go on stand in nobody's way, however many they are.

use reentry::core::digest::WorkflowDigest;
use reentry::core::id::{MessageId, OwnerId, RunId, SuspensionId, TenantId};
use reentry::core::run::{Call, Doing, EntryRecord, RunState, RunStatus};
use reentry::core::step::WaitFor;
use reentry::core::time::Timestamp;
use reentry::store::{Commit, Durability, Message, NewSuspension, Store};
use reentry::{Run, StartOptions};
use serde_json::json;

use crate::clock::Standing;
use crate::guest::{Shared, asks, definition, input, until, waits_for_event};

/// More than a look at the store brings.
const STUCK: u8 = 120;

fn random(number: u8) -> [u8; 10] {
    [number; 10]
}

/// Stores a copy of a run under another id, its only step changed.
async fn copied(store: &dyn Store, like: &RunState, number: u8, change: impl Fn(&mut EntryRecord)) -> RunId {
    let mut run = RunState { id: RunId::new(Timestamp(0), random(number)), version: 0, ..like.clone() };
    run.steps.values_mut().filter(|step| !matches!(step.doing, Doing::Holding(_))).for_each(change);
    let steps = run.steps.clone().into_iter().collect();
    let opened = run.waiting().map(|(path, open)| NewSuspension::of(path.clone(), open)).collect();
    let id = run.id;
    store.commit(Commit { steps, opened, ..Commit::new(run, None, Durability::Visible) }).await.unwrap();
    id
}

/// Stores copies of a run that follow a definition which is not there: nobody can bring them on.
async fn stuck(store: &dyn Store, like: &RunState, change: impl Fn(&mut EntryRecord, u8)) {
    let like = RunState { workflow: WorkflowDigest::of(b"gone"), ..like.clone() };
    for number in 0..STUCK {
        copied(store, &like, number, |step| change(step, number)).await;
    }
}

/// Has a step called by a host that is dead.
fn orphan(step: &mut EntryRecord, owner: u8) {
    step.doing = Doing::Calling(OwnerId::from_bytes([owner; 16]), Call::Start);
    step.suspensions.clear();
}

async fn succeeds(run: &Run) {
    until(|| async { run.status().await.unwrap() == RunStatus::Success }).await;
}

/// A run that sleeps until an instant, behind those that are stuck and were due before.
async fn sleeps_behind_the_stuck(shared: &Shared, clock: &std::sync::Arc<Standing>) -> RunId {
    let tenant = shared.host().clock(clock.clone()).build().await.unwrap().default_tenant();
    let steps = r#"[{"sleep": {"ms": 1000}}, {"map": {"to": "input + 1"}}]"#;
    let workflow = tenant.commit(definition("sleeps", &asks(&tenant).await, steps)).await.unwrap();
    let run = workflow.new_run().start(input(json!(1))).await.unwrap().run;
    let due = |step: &mut EntryRecord, number: u8| step.doing = Doing::Sleeping(Timestamp(u64::from(number)));
    stuck(shared.store(), &run.state().await.unwrap(), due).await;
    run.id()
}

#[tokio::test]
async fn a_run_is_woken_though_many_that_cannot_go_on_are_due_before_it() {
    let (shared, clock) = (Shared::new(), Standing::new());
    let id = sleeps_behind_the_stuck(&shared, &clock).await;
    clock.pass_ms(1_000);
    let host = shared.host().clock(clock).build().await.unwrap();
    let tenant = host.default_tenant();
    assert_eq!(host.wake_due().await.unwrap(), [id]);
    assert_eq!(tenant.run(id).await.unwrap().status().await.unwrap(), RunStatus::Success);
}

#[tokio::test]
async fn a_run_is_woken_without_a_client_though_many_that_cannot_go_on_are_due_before_it() {
    let (shared, clock) = (Shared::new(), Standing::new());
    let id = sleeps_behind_the_stuck(&shared, &clock).await;
    let tenant = shared.host().background(true).clock(clock.clone()).build().await.unwrap().default_tenant();
    clock.pass_ms(1_000);
    succeeds(&tenant.run(id).await.unwrap()).await;
}

/// A run whose call nobody makes, behind those that are stuck with a call of somebody who is dead as well.
async fn orphaned_behind_the_stuck(shared: &Shared) -> RunId {
    let tenant = shared.host().build().await.unwrap().default_tenant();
    let ask = asks(&tenant).await;
    let workflow = tenant.workflow("asks").then(ask.step("ask")).commit().await.unwrap();
    let run = workflow.new_run().start(input(json!(1))).await.unwrap().run;
    let (store, like) = (shared.store(), run.state().await.unwrap());
    stuck(store, &like, |step, _| orphan(step, 0)).await;
    copied(store, &like, STUCK, |step| orphan(step, 1)).await
}

#[tokio::test]
async fn a_call_is_taken_over_though_many_that_nobody_can_make_come_before_it() {
    let shared = Shared::new();
    let id = orphaned_behind_the_stuck(&shared).await;
    let host = shared.host().build().await.unwrap();
    let tenant = host.default_tenant();
    assert_eq!(host.recover().await.unwrap(), [id]);
    assert_eq!(tenant.run(id).await.unwrap().status().await.unwrap(), RunStatus::Suspended);
}

#[tokio::test]
async fn a_call_is_taken_over_without_a_client_though_many_that_nobody_can_make_come_before_it() {
    let shared = Shared::new();
    let id = orphaned_behind_the_stuck(&shared).await;
    let tenant = shared.host().background(true).build().await.unwrap().default_tenant();
    let run = tenant.run(id).await.unwrap();
    until(|| async { run.status().await.unwrap() == RunStatus::Suspended }).await;
}

#[tokio::test]
async fn a_message_is_delivered_though_many_that_nobody_can_take_were_sent_before_it() {
    let shared = Shared::new();
    let quiet = shared.host().build().await.unwrap().default_tenant();
    let event = waits_for_event(&quiet).await;
    let workflow = quiet.workflow("waits").then(event.step("ask")).commit().await.unwrap();
    let run = workflow.new_run().start(StartOptions::default()).await.unwrap().run;
    stuck(shared.store(), &run.state().await.unwrap(), |step, number| {
        for open in &mut step.suspensions {
            open.id = SuspensionId::new(Timestamp(0), random(number));
            if let WaitFor::Event(event) = &mut open.wait.what {
                event.name = format!("gone {number}");
            }
        }
    })
    .await;
    // As if their senders had died before anybody was told.
    let names = (0..STUCK).map(|number| format!("gone {number}")).chain(["ask".to_owned()]);
    for (number, name) in (0..).zip(names) {
        let message = Message {
            id: MessageId::new(Timestamp(0), random(number)),
            tenant: TenantId::default(),
            name,
            key: None,
            by: reentry::core::actor::By::default(),
            payload: json!(1).into(),
            sent_at: Timestamp(0),
            dedup: None,
            expires_at: None,
        };
        shared.store().send(message).await.unwrap();
    }
    let _busy = shared.host().background(true).build().await.unwrap();
    succeeds(&run).await;
}
