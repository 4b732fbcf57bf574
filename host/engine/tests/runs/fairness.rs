//! One tenant that floods a host holds up no other one: while it does, another one's work takes a bounded number of the
//! flood's. Counts alone: nothing here depends on how fast the machine is.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use reentry::core::id::{MessageId, TenantId};
use reentry::core::run::RunStatus;
use reentry::core::time::Timestamp;
use reentry::store::Message;
use reentry::{By, Counted, Did, Host, HostBuilder, Observer, Tenant, Upkeep, Workflow};
use serde_json::json;
use tokio::task::JoinSet;

use crate::clock::Standing;
use crate::guest::{ASK, Shared, begins, component, definition, echoes, edited, host, input, spins, until};

/// Calls at once. Few, so that a flood is quickly there.
const CALLS: u32 = 4;

/// Runs of the flood.
const FLOOD: usize = 300;

/// Runs of the flood that wait for something, many times as many as one look brings.
const WAITING: u64 = 600;

/// Steps of the work that is looked at.
const STEPS: u64 = 20;

/// What was counted of each tenant.
#[derive(Default)]
struct Heard(Mutex<HashMap<(String, &'static str), u64>>);

impl Heard {
    fn of(&self, tenant: &str, what: &'static str) -> u64 {
        self.0.lock().unwrap().get(&(tenant.to_owned(), what)).copied().unwrap_or_default()
    }

    fn add(&self, tenant: &TenantId, what: &'static str) {
        let mut counts = self.0.lock().unwrap();
        let count = counts.entry((tenant.to_string(), what)).or_default();
        *count += 1;
        if *count == 1 && tenant.as_str() == "canary" {
            let flood = counts.get(&("flood".to_owned(), what)).copied().unwrap_or_default();
            counts.insert(("before canary".to_owned(), what), flood);
        }
    }
}

impl Observer for Heard {
    fn count(&self, tenant: &TenantId, counted: Counted) {
        match counted {
            Counted::Called { .. } => self.add(tenant, "calls"),
            Counted::Committed => self.add(tenant, "commits"),
            Counted::Woken { .. } => self.add(tenant, "timers"),
            Counted::Ended(_) => self.add(tenant, "ended"),
            _ => {}
        }
    }

    fn upkeep(&self, upkeep: &Upkeep) {
        if upkeep.did == Did::Delivered {
            self.add(&upkeep.tenant, "mail");
        }
    }
}

/// Two tenants of a host: one that floods it, and one whose work is looked at.
struct Scene {
    host: Host,
    flood: Tenant,
    canary: Tenant,
    heard: Arc<Heard>,
}

async fn scene(builder: HostBuilder) -> Scene {
    let heard = Arc::new(Heard::default());
    let host =
        builder.runtime(|config| config.calls_max(CALLS)).observer(heard.clone()).build().await.unwrap();
    let [flood, canary] = ["flood", "canary"].map(|name| host.tenant(TenantId::new(name).unwrap()));
    Scene { host, flood, canary, heard }
}

/// A workflow of twenty steps, one after the other, which end at once.
async fn twenty_steps(tenant: &Tenant) -> Workflow {
    let step = |number| format!(r#"{{"then": {{"component": "@", "step": "ask", "id": "s{number}"}}}}"#);
    let steps = (0..STEPS).map(step).collect::<Vec<_>>().join(", ");
    tenant.commit(definition("twenty", &echoes(tenant).await, &format!("[{steps}]"))).await.unwrap()
}

/// Begins many runs of a workflow, none of which ends by itself.
fn flood_with(workflow: &Workflow) -> JoinSet<()> {
    let mut runs = JoinSet::new();
    for _ in 0..FLOOD {
        let run = workflow.new_run();
        runs.spawn(async move { drop(run.start(input(json!(1))).await) });
    }
    runs
}

/// Begins runs of a workflow without end, many beside one another.
fn flood_again(workflow: &Workflow) -> JoinSet<()> {
    let mut runs = JoinSet::new();
    for _ in 0..FLOOD {
        let workflow = workflow.clone();
        runs.spawn(async move { while workflow.new_run().start(input(json!(1))).await.is_ok() {} });
    }
    runs
}

/// Does the twenty steps, and says how much of the flood was done meanwhile.
async fn meanwhile(scene: &Scene, work: &Workflow, what: &'static str) -> u64 {
    let before = scene.heard.of("flood", what);
    let done = work.new_run().start(input(json!(1))).await.unwrap();
    assert_eq!(done.result.status, RunStatus::Success);
    scene.heard.of("flood", what) - before
}

/// A step that computes for some ticks before it waits: its calls overlap, whatever the number of threads.
const COMPUTES: &str = "(local $n i32) (loop $again
    (local.set $n (i32.add (local.get $n) (i32.const 1)))
    (br_if $again (i32.lt_u (local.get $n) (i32.const 40000000))))";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_of_another_tenant_get_their_turns() {
    let scene = scene(host()).await;
    let work = twenty_steps(&scene.canary).await;
    let busy = begins(&scene.flood, "busy", COMPUTES).await;
    let _runs = flood_again(&scene.flood.workflow("busy").then(busy.step("ask")).commit().await.unwrap());
    until(|| async { scene.host.calls_waiting() > FLOOD / 2 }).await;
    let calls = meanwhile(&scene, &work, "calls").await;
    // In one queue for all, each of the steps would wait for a call of each of the runs.
    assert!(calls <= STEPS * 40, "{calls} calls of the flood were made");
}

/// Calls that compute for ever take what one tenant may have, and processor time in turn.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_that_do_not_end_leave_room() {
    let scene = scene(host()).await;
    let work = twenty_steps(&scene.canary).await;
    let spin = spins(&scene.flood).await;
    let steps = r#"[{"then": {"component": "@", "step": "ask"}}]"#;
    let _runs = flood_with(&scene.flood.commit(definition("spins", &spin, steps)).await.unwrap());
    // Of four at once, three are one tenant's at most.
    until(|| async { scene.host.calls_waiting() == FLOOD - 3 }).await;
    assert_eq!(meanwhile(&scene, &work, "calls").await, 0);
}

/// Each of many begins runs that only wait, one after the other: nothing but commits.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn commits_of_another_tenant_wait_for_a_group_or_two() {
    let folder = tempfile::tempdir().unwrap();
    let scene = scene(host().data_dir(folder.path())).await;
    let work = twenty_steps(&scene.canary).await;
    let asks = r#"[{"ask": {"id": "why"}}]"#;
    let flood = scene.flood.commit(definition("asks", &echoes(&scene.flood).await, asks)).await.unwrap();
    let _runs = flood_again(&flood);
    until(|| async { scene.heard.of("flood", "commits") > 1_000 }).await;
    let commits = meanwhile(&scene, &work, "commits").await;
    assert!(commits <= (STEPS + 2) * 100, "{commits} commits of the flood were made");
}

#[tokio::test]
async fn components_of_another_tenant_are_opened_in_turn() {
    let scene = scene(host()).await;
    let numbered = |number: usize| component(&edited(ASK, &[("32768", &(32_768 + 8 * number).to_string())]));
    let mut added = JoinSet::new();
    for number in 0..40 {
        let (flood, bytes) = (scene.flood.clone(), numbered(number));
        added.spawn(async move { drop(flood.add_component("one of many", &bytes).await.unwrap()) });
    }
    until(|| async { !scene.flood.components().await.unwrap().is_empty() }).await;
    let before = scene.flood.components().await.unwrap().len();
    scene.canary.add_component("one", &numbered(99)).await.unwrap();
    let meanwhile = scene.flood.components().await.unwrap().len() - before;
    assert!(meanwhile <= 12, "{meanwhile} components of the flood were added");
    while let Some(ended) = added.join_next().await {
        ended.unwrap();
    }
}

/// Has a host look after what waits of a tenant that has very much of it, and of one that has one run: how much of the
/// first was done before that one.
async fn done_before(steps: &str, what: &'static str) -> u64 {
    let (shared, clock) = (Shared::new(), Standing::new());
    let quiet = shared.host().clock(clock.clone()).build().await.unwrap();
    for (name, count) in [("flood", WAITING), ("canary", 1)] {
        let tenant = quiet.tenant(TenantId::new(name).unwrap());
        let workflow = tenant.commit(definition("waits", &echoes(&tenant).await, steps)).await.unwrap();
        for _ in 0..count {
            let started = workflow.new_run().start(input(json!(1))).await.unwrap();
            assert_eq!(started.result.status, RunStatus::Waiting);
        }
        for number in 0..if what == "mail" { count } else { 0 } {
            // As another process leaves it that ends before it delivers what it has taken in.
            shared.store().send(message(&tenant, number)).await.unwrap();
        }
    }
    drop(quiet);
    clock.pass_ms(10);
    let heard = Arc::new(Heard::default());
    let _busy = shared.host().clock(clock).background(true).observer(heard.clone()).build().await.unwrap();
    until(|| async { heard.of("canary", "ended") == 1 && heard.of("flood", "ended") == WAITING }).await;
    heard.of("before canary", what)
}

fn message(tenant: &Tenant, number: u64) -> Message {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    id[8..15].copy_from_slice(&tenant.id().as_str().as_bytes()[..5].repeat(2)[..7]);
    Message {
        id: MessageId::from_bytes(id),
        tenant: tenant.id().clone(),
        name: "paid".to_owned(),
        key: None,
        payload: json!(number).into(),
        by: By::default(),
        sent_at: Timestamp(1),
        dedup: None,
        expires_at: None,
    }
}

#[tokio::test]
async fn timers_of_another_tenant_are_seen_to_in_the_first_looks() {
    let woken = done_before(r#"[{"sleep": {"ms": 10}}]"#, "timers").await;
    assert!(woken <= 200, "{woken} timers of the flood went off");
}

#[tokio::test]
async fn mail_of_another_tenant_is_delivered_in_the_first_looks() {
    let delivered = done_before(r#"[{"event": {"id": "wait", "name": "paid"}}]"#, "mail").await;
    assert!(delivered <= 200, "{delivered} messages of the flood were delivered");
}
