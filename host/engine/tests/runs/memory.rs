//! The budget for the memory of guests: calls wait for room, and those for which there is none are made again.

use std::sync::{Arc, Barrier, Condvar, Mutex};
use std::time::Duration;

use reentry::core::resume::Target;
use reentry::core::run::RunStatus;
use reentry::core::workflow::ForEachEntry;
use reentry::{
    CallOutcome, Counted, Host, HostBuilder, Json, Level, Limits, LogFilter, Observer, ResumeOptions, Run,
    Source, Tenant, TenantId,
};
use serde_json::{Value, json};

use crate::guest::{ASK, add, asks, edited, host, input, until};

const BUDGET: u64 = 600_000_000;

/// Pages of 64 KiB that make 250 MB.
const PAGES: u32 = 3_815;

/// Keeps what is counted, and holds up the first calls that log until so many do.
struct Heard {
    counts: Mutex<Vec<Counted>>,
    lines: Mutex<usize>,
    at_once: usize,
    meet: Barrier,
    /// Whether the first call that completes keeps its room until another one was stopped for want of it.
    keeps_room: bool,
    stopped: Condvar,
}

impl Heard {
    fn new(at_once: usize) -> Arc<Self> {
        let (counts, lines) = (Mutex::default(), Mutex::default());
        let (meet, stopped) = (Barrier::new(at_once), Condvar::new());
        Arc::new(Self { counts, lines, at_once, meet, keeps_room: false, stopped })
    }

    fn count_of(&self, of: Counted) -> usize {
        self.counts.lock().unwrap().iter().filter(|counted| **counted == of).count()
    }

    /// How many tries of calls ended, by how.
    fn ended(&self, outcome: CallOutcome) -> usize {
        let counts = self.counts.lock().unwrap();
        counts
            .iter()
            .filter(|counted| matches!(counted, Counted::Called { outcome: o, .. } if *o == outcome))
            .count()
    }
}

impl Observer for Heard {
    fn log(&self, _: &Source, _: Level, _: &str, _: Option<&Json>) {
        let number = {
            let mut lines = self.lines.lock().unwrap();
            *lines += 1;
            *lines
        };
        if number <= self.at_once {
            self.meet.wait();
        }
    }

    fn count(&self, _: &TenantId, counted: Counted) {
        let mut counts = self.counts.lock().unwrap();
        counts.push(counted);
        self.stopped.notify_all();
        // The call gives its room back when this returns.
        while self.keeps_room
            && matches!(counted, Counted::Called { .. })
            && !counts.contains(&Counted::MadeAgain)
        {
            counts = self.stopped.wait(counts).unwrap();
        }
    }
}

const MEMORY: &str = r#"(memory (export "memory") 1)"#;
const START: &str = "(func (export \"reentry:step/guest@0.1.0#start\") (param $call i32) (result i32)";

/// What the step does when it begins: it logs `begins`, grows by so many pages, bit by bit, and writes to the last one
/// each time.
fn growing(pages: u32) -> [(String, String); 2] {
    let memory = format!(
        r#"(import "reentry:step/host@0.1.0" "log" (func $log (param i32 i32 i32 i32 i32 i32)))
        {MEMORY} (data (i32.const 4096) "begins")"#
    );
    let start = format!(
        "{START} (local $left i32)
        (call $log (i32.const 2) (i32.const 4096) (i32.const 6) (i32.const 0) (i32.const 0) (i32.const 0))
        (local.set $left (i32.const {pages}))
        (loop $more
          (if (i32.lt_s (memory.grow (i32.const 109)) (i32.const 0)) (then unreachable))
          (i32.store8 (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 1)) (i32.const 7))
          (br_if $more (i32.gt_s (local.tee $left (i32.sub (local.get $left) (i32.const 109))) (i32.const 0))))"
    );
    [(MEMORY.to_owned(), memory), (START.to_owned(), start)]
}

/// A step that grows and then asks, changed.
fn grows(pages: u32, changes: &[(&str, &str)]) -> String {
    let text = edited(ASK, changes);
    let growing = growing(pages);
    edited(&text, &growing.each_ref().map(|(there, instead)| (there.as_str(), instead.as_str())))
}

/// The change of [`ASK`] to a step that completes at once, with its input.
const COMPLETES: (&str, &str) = (
    "(i32.store8 (i32.const 1032) (i32.const 2))
    (i32.store (i32.const 1036) (i32.const 1152))
    (i32.store (i32.const 1040) (i32.const 1))",
    "(i32.store8 (i32.const 1032) (i32.const 0))
    (i32.store (i32.const 1036) (i32.load offset=96 (local.get $call)))
    (i32.store (i32.const 1040) (i32.load offset=100 (local.get $call)))",
);

/// The change to a step that never ends once it has grown.
const SPINS: (&str, &str) = (COMPLETES.0, "(loop $on (br $on))");

fn within(budget: u64, heard: &Arc<Heard>) -> HostBuilder {
    host().memory_budget(budget).cancel_grace(Duration::ZERO).observer(Arc::clone(heard) as Arc<dyn Observer>)
}

async fn one_step(tenant: &Tenant, text: &str) -> Run {
    let component = add(tenant, "grows", text).await;
    let workflow = tenant.workflow("one").then(component.step("ask")).commit().await.unwrap();
    workflow.new_run().create().await.unwrap()
}

/// Starts a run over so many items at once.
async fn over(tenant: &Tenant, text: &str, items: u32) -> reentry::Started {
    let component = add(tenant, "grows", text).await;
    let body = ForEachEntry::new(component.step("ask")).concurrency(items);
    let workflow = tenant.workflow("items").foreach(body).commit().await.unwrap();
    let values: Vec<Value> = (0..items).map(|item| json!(item)).collect();
    workflow.new_run().start(input(json!(values))).await.unwrap()
}

fn check_nothing_is_left(host: &Host) {
    let used = host.memory();
    assert_eq!((used.reserved, used.waiting), (0, 0), "{used:?}");
    assert!(used.peak <= used.budget, "{used:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forty_guests_of_which_there_is_room_for_one_all_succeed() {
    let heard = Arc::new(Heard { keeps_room: true, ..Arc::into_inner(Heard::new(2)).unwrap() });
    let host = within(400_000_000, &heard).build().await.unwrap();
    let started = over(&host.default_tenant(), &grows(PAGES, &[COMPLETES]), 40).await;
    assert_eq!(started.result.status, RunStatus::Success, "{:?}", started.result);
    check_nothing_is_left(&host);
    assert!(host.memory().peak > 250_000_000);
    // Of the two that met one could not grow to what it was to have.
    let again = heard.count_of(Counted::MadeAgain);
    assert!((1..=40).contains(&again), "{again} calls were made again");
    assert_eq!((heard.ended(CallOutcome::Completed), heard.ended(CallOutcome::Failed)), (40, 0));
    // Of those that were stopped nothing is kept: no line, no try.
    let lines = started.run.logs(&LogFilter::default()).await.unwrap().lines;
    let firsts = lines.iter().filter(|line| (line.call, line.attempt) == (1, 0));
    assert_eq!((lines.len(), firsts.count()), (40, 40));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kept_memory_is_put_back_within_the_budget() {
    let heard = Heard::new(2);
    let host = within(BUDGET, &heard).build().await.unwrap();
    let started = over(&host.default_tenant(), &grows(PAGES, &[]), 2).await;
    assert_eq!(started.result.status, RunStatus::Suspended, "{:?}", started.result);
    check_nothing_is_left(&host);
    for waiting in &started.result.suspended {
        let answer = ResumeOptions::data(json!(1)).step(Target::suspension(waiting.suspension));
        started.run.resume(answer).await.unwrap();
    }
    assert_eq!(started.run.result(Default::default()).await.unwrap().status, RunStatus::Success);
    check_nothing_is_left(&host);
    // What the component uses was known by then.
    assert!(heard.count_of(Counted::MadeAgain) <= 2);
}

#[tokio::test]
async fn a_guest_that_wants_more_than_its_own_limit_fails_as_ever() {
    let heard = Heard::new(1);
    let limits = Limits::default().memory_bytes(64 << 20);
    let host = within(BUDGET, &heard).limits(limits).build().await.unwrap();
    let run = one_step(&host.default_tenant(), &grows(PAGES, &[COMPLETES])).await;
    let result = run.start(input(json!(1))).await.unwrap();
    assert_eq!(result.status, RunStatus::Failed);
    assert_eq!(result.error.unwrap().code.as_deref(), Some("limit"));
    assert_eq!((heard.count_of(Counted::MadeAgain), heard.ended(CallOutcome::Failed)), (0, 1));
    check_nothing_is_left(&host);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_waits_for_room_leaves_when_its_run_is_canceled() {
    let heard = Heard::new(1);
    let host = within((256 << 20) + (64 << 10), &heard).build().await.unwrap();
    let tenant = host.default_tenant();
    let large = one_step(&tenant, &grows(PAGES, &[SPINS])).await;
    let ask = asks(&tenant).await;
    let workflow = tenant.workflow("asks").then(ask.step("ask")).commit().await.unwrap();
    let small = workflow.new_run().create().await.unwrap();

    let start = |run: &Run| {
        let run = run.clone();
        tokio::spawn(async move { run.start(input(json!(1))).await.unwrap().status })
    };
    let first = start(&large);
    until(|| async { host.memory().reserved > 240_000_000 }).await;
    let second = start(&small);
    until(|| async { host.memory().waiting == 1 }).await;
    small.cancel().await.unwrap();
    assert_eq!(second.await.unwrap(), RunStatus::Canceled);
    assert_eq!(host.memory().waiting, 0);

    // One that goes on waiting gets its room when there is some.
    let third = start(&workflow.new_run().create().await.unwrap());
    until(|| async { host.memory().waiting == 1 }).await;
    large.cancel().await.unwrap();
    assert_eq!(first.await.unwrap(), RunStatus::Canceled);
    assert_eq!(third.await.unwrap(), RunStatus::Suspended);
    check_nothing_is_left(&host);
}

#[tokio::test]
async fn a_host_on_which_one_call_may_exceed_the_budget_is_not_built() {
    let check = async |budget: u64, memory: u64| {
        let limits = Limits::default().memory_bytes(memory);
        host().limits(limits).memory_budget(budget).build().await
    };
    let error = check(64 << 20, 65 << 20).await.unwrap_err();
    assert_eq!(error.code(), "small-budget");
    assert_eq!(
        error.to_string(),
        "one call may use 68157440 bytes of memory (limit `memory-bytes`), and all together 67108864 (limit \
         `memory-budget`): set the first lower, or the second higher"
    );
    let host = check(64 << 20, 64 << 20).await.unwrap();
    assert_eq!(host.memory().budget, 64 << 20);
    asks(&host.default_tenant()).await;
    assert!(host.memory().components > 0);
}
