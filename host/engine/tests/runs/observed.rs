//! What observers get of the engine's work: spans that have ended, and what counts.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use reentry::fault::{FaultHook, FaultPoint};
use reentry::{
    Clock, Component, Counted, ForkOptions, HostBuilder, Observer, ResumeOptions, Run, RunStatus, SendEvent,
    Span, SpanOf, SpanStatus, Tenant, TenantId, Timestamp, TracingOptions, Workflow,
};
use serde_json::json;

use crate::clock::Standing;
use crate::guest::{
    Shared, asks, asks_twice, definition, input, refuses, spins, traps, until, waits_for_event,
};

/// Keeps what it hears, until it is taken.
#[derive(Default)]
struct Heard {
    spans: Mutex<Vec<Span>>,
    counts: Mutex<Vec<Counted>>,
}

impl Observer for Heard {
    fn wants_spans(&self) -> bool {
        true
    }

    fn span(&self, span: &Span) {
        self.spans.lock().unwrap().push(span.clone());
    }

    fn count(&self, tenant: &TenantId, counted: Counted) {
        assert_eq!(tenant.as_str(), "default");
        self.counts.lock().unwrap().push(counted);
    }
}

impl Heard {
    /// The spans since the last time, a line each in the order of their ends.
    fn spans(&self) -> String {
        let spans = std::mem::take(&mut *self.spans.lock().unwrap());
        assert!(spans.iter().all(|span| span.start <= span.end && !span.workflow.is_empty()), "{spans:?}");
        let line = |span: &Span| {
            let of = match &span.of {
                SpanOf::Call { path, call, attempt } => format!(" {path} call {call} try {attempt}"),
                SpanOf::Move { path } => format!(" {path}"),
                _ => String::new(),
            };
            let status = match &span.status {
                SpanStatus::Ok => "ok".to_owned(),
                SpanStatus::Error(why) => format!("error: {}", why.replace(&span.run.to_string(), "RUN")),
            };
            format!("{}{of}, {} ms: {status}", span.name, span.end.ms_since(span.start))
        };
        spans.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// What counted since the last time.
    fn counts(&self) -> String {
        let counts = std::mem::take(&mut *self.counts.lock().unwrap());
        counts.iter().map(|counted| format!("{counted:?}")).collect::<Vec<_>>().join(", ")
    }
}

/// A clock that is moved by hand, the uptime with it.
struct Moved(Arc<Standing>);

#[async_trait]
impl Clock for Moved {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    async fn wait_until(&self, at: Timestamp) {
        self.0.wait_until(at).await;
    }

    fn uptime(&self) -> Duration {
        Duration::from_millis(self.0.now().0)
    }
}

/// How long each call takes, in milliseconds.
const CALL_MS: u64 = 7;

/// What a scenario is played on: hosts on one store, whose clock goes on with each call alone.
struct Scene {
    shared: Shared,
    clock: Arc<Standing>,
    heard: Arc<Heard>,
    /// Whether calls panic.
    panics: Arc<AtomicBool>,
}

impl Scene {
    fn new() -> Self {
        Self { shared: Shared::new(), clock: Standing::new(), heard: Arc::default(), panics: Arc::default() }
    }

    fn host(&self) -> HostBuilder {
        let (clock, panics) = (Arc::clone(&self.clock), Arc::clone(&self.panics));
        let hook: FaultHook = Arc::new(move |point| {
            if point == FaultPoint::BeforeCall {
                assert!(!panics.load(Ordering::SeqCst), "the engine has a bug");
                clock.pass_ms(CALL_MS);
            }
        });
        let host = self.shared.host().clock(Arc::new(Moved(Arc::clone(&self.clock)))).on_fault_point(hook);
        let host = host.runtime(|config| config.calls_max(1));
        host.cancel_grace(Duration::ZERO).observer(self.heard.clone())
    }
}

async fn one_step(tenant: &Tenant, component: &Component) -> Workflow {
    let steps = r#"[{"then": {"component": "@", "step": "ask", "retry": {"retries": 1, "delayMs": 0}}}]"#;
    tenant.commit(definition("one", component, steps)).await.unwrap()
}

fn answer(data: i32) -> ResumeOptions {
    ResumeOptions::data(json!(data))
}

/// Starts a run whose call never ends, and comes back when it is being made: then the clock goes on.
async fn spinning(scene: &Scene, tenant: &Tenant) -> (Run, tokio::task::JoinHandle<()>) {
    let before = scene.clock.now();
    let run = one_step(tenant, &spins(tenant).await).await.new_run().create().await.unwrap();
    let starting = run.clone();
    let task = tokio::spawn(async move { drop(starting.start(input(json!(1))).await.unwrap()) });
    until(|| async { scene.clock.now() > before }).await;
    (run, task)
}

#[tokio::test]
async fn a_span_says_how_its_work_went() {
    let scene = Scene::new();
    let host = scene.host().build().await.unwrap();
    let (tenant, heard) = (host.default_tenant(), &scene.heard);

    let run =
        one_step(&tenant, &refuses(&tenant).await).await.new_run().start(input(json!(1))).await.unwrap().run;
    run.resume(answer(7)).await.unwrap_err();
    run.clone().resume(answer(8).step(reentry::Target::label("none"))).await.unwrap_err();
    run.resume(answer(8)).await.unwrap();
    insta::assert_snapshot!(heard.spans(), @"
    workflow step ask call 1 try 0, 7 ms: ok
    workflow run, 7 ms: ok
    workflow step ask call 2 try 0, 7 ms: error: no sevens!
    workflow run (resumed), 7 ms: error: step `ask` refused the answer: no sevens!
    workflow run (resumed), 0 ms: error: label `none` was not suspended; suspended steps: [ask]
    workflow step ask call 3 try 0, 7 ms: ok
    workflow run (resumed), 7 ms: ok
    ");

    let failing = one_step(&tenant, &traps(&tenant).await).await;
    failing.new_run().start(input(json!(1))).await.unwrap();
    insta::assert_snapshot!(heard.spans(), @"
    workflow step ask call 1 try 0, 7 ms: error: the guest stopped itself without saying why (wasm `unreachable`): a panic, an abort, a failed assertion
    workflow step ask call 1 try 1, 7 ms: error: the guest stopped itself without saying why (wasm `unreachable`): a panic, an abort, a failed assertion
    workflow run, 14 ms: error: the guest stopped itself without saying why (wasm `unreachable`): a panic, an abort, a failed assertion
    ");

    let (run, starting) = spinning(&scene, &tenant).await;
    run.cancel().await.unwrap();
    starting.await.unwrap();
    insta::assert_snapshot!(heard.spans(), @"
    workflow run (canceled), 0 ms: ok
    workflow step ask call 1 try 0, 7 ms: error: canceled: the run has ended or the step was closed meanwhile
    workflow run, 7 ms: ok
    ");

    scene.panics.store(true, Ordering::SeqCst);
    asks_twice(&tenant).await.new_run().create().await.unwrap().start(input(json!(1))).await.unwrap_err();
    insta::assert_snapshot!(heard.spans(), @"
    workflow step ask call 1 try 0, 0 ms: error: the host panicked
    workflow run, 0 ms: error: the host panicked
    ");
}

/// The sleep is over, but by the time that the run is woken it is canceled.
#[tokio::test]
async fn where_there_was_nothing_to_do_there_is_no_span() {
    let scene = Scene::new();
    let host = scene.host().build().await.unwrap();
    let tenant = host.default_tenant();
    let steps = r#"[{"sleep": {"ms": 10}}]"#;
    let workflow = tenant.commit(definition("sleeps", &asks(&tenant).await, steps)).await.unwrap();
    let run = workflow.new_run().start(input(json!(1))).await.unwrap().run;
    scene.clock.pass_ms(13);
    let (canceled, woken) = tokio::join!(run.cancel(), host.wake_due());
    assert_eq!((canceled.unwrap().status, woken.unwrap().len()), (RunStatus::Canceled, 0));
    insta::assert_snapshot!(scene.heard.spans(), @"
    workflow run, 0 ms: ok
    workflow run (canceled), 0 ms: ok
    ");
}

/// What is on a span, and that one in another trace is linked to the one that it goes on from.
#[tokio::test]
async fn a_span_has_what_was_asked_for_and_a_link_to_the_trace_before() {
    let scene = Scene::new();
    let tenant = scene.host().build().await.unwrap().default_tenant();
    let tracing_options = TracingOptions::default()
        .trace_id("aa")
        .tags(vec!["nightly".into(), "big".into()])
        .metadata([("batch".to_owned(), json!(12).into())].into());
    let start = input(json!(1)).tracing_options(tracing_options);
    let run = one_step(&tenant, &asks(&tenant).await).await.new_run().start(start).await.unwrap().run;
    let tracing_options = TracingOptions::default().trace_id("bb");
    run.resume(answer(1).tracing_options(tracing_options)).await.unwrap();

    let spans = scene.heard.spans.lock().unwrap().clone();
    let short = |id: String| id.trim_start_matches('0').to_owned();
    let lines = spans.iter().map(|span| {
        let place = (short(span.trace_id.to_string()), span.parent_span_id.is_some());
        let link = span.resumed_from.map(|from| {
            let at = spans.iter().position(|span| span.span_id == from.span_id);
            (short(from.trace_id.to_string()), at)
        });
        let metadata = span.metadata.as_ref().map(|json| json.text());
        format!("{}: {place:?} from {link:?} tags {:?} metadata {metadata:?}", span.name, span.tags)
    });
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @r#"
    workflow step: ("aa", true) from None tags [] metadata Some("{\"batch\":12}")
    workflow run: ("aa", false) from None tags ["nightly", "big"] metadata Some("{\"batch\":12}")
    workflow step: ("bb", true) from None tags [] metadata None
    workflow run (resumed): ("bb", false) from Some(("aa", Some(1))) tags [] metadata None
    "#);
}

#[tokio::test]
async fn each_thing_counts_once() {
    let scene = Scene::new();
    let host = scene.host().build().await.unwrap();
    let (tenant, heard) = (host.default_tenant(), &scene.heard);
    let mut told = Vec::new();
    let mut tell = |what: &str| told.push(format!("{what}: {}", heard.counts()));

    let run =
        one_step(&tenant, &refuses(&tenant).await).await.new_run().start(input(json!(1))).await.unwrap().run;
    tell("start");
    run.fork(ForkOptions::default()).await.unwrap();
    host.quiet().await;
    tell("fork");
    run.resume(answer(7)).await.unwrap_err();
    tell("an answer that is refused");
    run.resume(answer(8)).await.unwrap();
    tell("an answer");

    let run =
        one_step(&tenant, &traps(&tenant).await).await.new_run().start(input(json!(1))).await.unwrap().run;
    tell("a failure");
    run.restart().await.unwrap();
    tell("a restart");

    let steps = r#"[{"sleep": {"ms": 10}}, {"then": {"component": "@", "step": "ask"}}]"#;
    let workflow = tenant.commit(definition("sleeps", &waits_for_event(&tenant).await, steps)).await.unwrap();
    workflow.new_run().start(input(json!(1))).await.unwrap();
    scene.clock.pass_ms(13);
    host.wake_due().await.unwrap();
    tell("a sleep of 10 ms, woken after 13");
    tenant.send_event(SendEvent::new("ask")).await.unwrap();
    host.quiet().await;
    tell("an event");

    // While a call is in flight, there is no slot to look into another component.
    let waiting = one_step(&tenant, &asks(&tenant).await).await.new_run().create().await.unwrap();
    let (run, starting) = spinning(&scene, &tenant).await;
    let second = {
        let waiting = waiting.clone();
        tokio::spawn(async move { drop(waiting.start(input(json!(1))).await.unwrap()) })
    };
    until(|| async { waiting.status().await.unwrap() == RunStatus::Running }).await;
    // Long enough to ask for the slot; nothing tells of that.
    tokio::time::sleep(Duration::from_millis(500)).await;
    scene.clock.pass_ms(5);
    run.cancel().await.unwrap();
    starting.await.unwrap();
    second.await.unwrap();
    tell("a call that is canceled, and one that waits for it");

    waiting.state().await.unwrap();
    let twin = waiting.clone();
    let (one, other) = tokio::join!(waiting.resume(answer(1)), twin.resume(answer(2)));
    assert_ne!(one.is_ok(), other.is_ok());
    // Which of them comes first is left to chance.
    let mut counts: Vec<_> =
        heard.counts.lock().unwrap().iter().map(|counted| format!("{counted:?}")).collect();
    counts.sort_unstable();
    told.push(format!("two answers at once: {}", counts.join(", ")));

    insta::assert_snapshot!(told.join("\n"), @"
    start: Committed, Began, Admitted { waited_ms: 0 }, Called { outcome: Suspended, ms: 7 }, Committed
    fork: Committed, Began
    an answer that is refused: Committed, Resumed, Admitted { waited_ms: 0 }, Called { outcome: Refused, ms: 7 }, Committed
    an answer: Committed, Resumed, Admitted { waited_ms: 0 }, Called { outcome: Completed, ms: 7 }, Committed, Ended(Success)
    a failure: Committed, Began, Admitted { waited_ms: 0 }, Called { outcome: Failed, ms: 7 }, Committed, Admitted { waited_ms: 0 }, Called { outcome: Failed, ms: 7 }, Committed, Ended(Failed)
    a restart: Committed, Restarted, Admitted { waited_ms: 0 }, Called { outcome: Failed, ms: 7 }, Committed, Admitted { waited_ms: 0 }, Called { outcome: Failed, ms: 7 }, Committed, Ended(Failed)
    a sleep of 10 ms, woken after 13: Committed, Began, Committed, Woken { late_ms: 3 }, Admitted { waited_ms: 0 }, Called { outcome: Suspended, ms: 7 }, Committed
    an event: Committed, Admitted { waited_ms: 0 }, Called { outcome: Completed, ms: 7 }, Committed, Ended(Success)
    a call that is canceled, and one that waits for it: Committed, Began, Admitted { waited_ms: 0 }, Committed, Began, Committed, Ended(Canceled), Called { outcome: Canceled, ms: 12 }, Admitted { waited_ms: 5 }, Called { outcome: Suspended, ms: 7 }, Committed
    two answers at once: Admitted { waited_ms: 0 }, Called { outcome: Completed, ms: 7 }, Committed, Committed, Conflicted, Ended(Success), Resumed
    ");
}

#[tokio::test]
async fn what_is_left_counts_where_it_is_taken_over_and_blocked() {
    let scene = Scene::new();
    let heard = &scene.heard;
    let mut told = Vec::new();
    let mut tell = |what: &str| told.push(format!("{what}: {}", heard.counts()));

    let leaving = scene.host().build().await.unwrap();
    let left =
        asks_twice(&leaving.default_tenant()).await.new_run().start(input(json!(1))).await.unwrap().run;
    leaving.stop(Duration::ZERO).await.unwrap();
    left.resume(answer(1)).await.unwrap();
    let id = left.id();
    drop((left, leaving));
    tell("a host that leaves");
    let host = scene.host().build().await.unwrap();
    assert_eq!(host.recover().await.unwrap(), [id]);
    tell("a take-over");

    scene.panics.store(true, Ordering::SeqCst);
    host.default_tenant().run(id).await.unwrap().resume(answer(2)).await.unwrap_err();
    for _ in 0..2 {
        host.recover().await.unwrap();
    }
    tell("three panics");
    insta::assert_snapshot!(told.join("\n"), @"
    a host that leaves: Committed, Began, Admitted { waited_ms: 0 }, Called { outcome: Suspended, ms: 7 }, Committed, Committed, Resumed
    a take-over: Committed, TookOver, Admitted { waited_ms: 0 }, Committed, Called { outcome: Completed, ms: 7 }, Conflicted, Committed, Admitted { waited_ms: 0 }, Called { outcome: Suspended, ms: 7 }, Committed
    three panics: Committed, Resumed, Admitted { waited_ms: 0 }, Committed, TookOver, Admitted { waited_ms: 0 }, Committed, Committed, TookOver, Admitted { waited_ms: 0 }, Committed, Blocked
    ");
}
