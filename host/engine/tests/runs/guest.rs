//! Guests in text, and hosts that have them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use reentry::core::json::Json;
use reentry::core::workflow::{Definition, StepEntry};
use reentry::store::Store;
use reentry::store::memory::MemoryStore;
use reentry::wasm::{ComponentizeOptions, componentize};
use reentry::{Component, Host, HostBuilder, RunResult, StartOptions, Tenant, WatchEvent, Workflow};
use reentry_wire::{EventRow, ResultFields};
use serde_json::{Value, json};

use crate::wire::Near;

pub(crate) const ASK: &str = include_str!("../../fixtures/ask.wat");

/// Whether guests are at the other end of a wire: all of these runs are made once more by the target of that name.
const OVER_A_WIRE: bool = matches!(env!("CARGO_CRATE_NAME").as_bytes(), b"runs_over_a_wire");

/// A host with everything in memory, which does nothing by itself.
pub(crate) fn host() -> HostBuilder {
    let builder = Host::builder().background(false);
    if OVER_A_WIRE { builder.guests(Near::guests) } else { builder }
}

/// Hosts of this one are as processes on one data folder: they share a store and a key.
pub(crate) struct Shared {
    store: Arc<MemoryStore>,
    dir: tempfile::TempDir,
}

impl Shared {
    pub(crate) fn new() -> Self {
        Self { store: Arc::default(), dir: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn host(&self) -> HostBuilder {
        host().data_dir(self.dir.path()).store(self.store.clone())
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// How many files of compiled code there are.
    pub(crate) fn compiled(&self) -> usize {
        std::fs::read_dir(self.dir.path().join("cache")).unwrap().count()
    }
}

pub(crate) async fn add(tenant: &Tenant, name: &str, wat: &str) -> Component {
    tenant.add_component(name, &component(wat)).await.unwrap()
}

pub(crate) fn component(wat: &str) -> Vec<u8> {
    componentize(&wat::parse_str(wat).unwrap(), ComponentizeOptions::default()).unwrap()
}

/// The bytes of the component that [`asks`] adds.
pub(crate) fn bytes_of_ask() -> Vec<u8> {
    component(ASK)
}

/// A text of a guest with some places of it changed: what stands there, and what stands there instead.
pub(crate) fn edited(text: &str, changes: &[(&str, &str)]) -> String {
    changes.iter().fold(text.to_owned(), |text, (there, instead)| {
        assert!(text.contains(there), "there is no {there}");
        text.replace(there, instead)
    })
}

/// A step that suspends with its input, and completes with the answer.
pub(crate) async fn asks(tenant: &Tenant) -> Component {
    add(tenant, "ask", ASK).await
}

/// The same step in another component.
pub(crate) async fn asks_newly(tenant: &Tenant) -> Component {
    add(tenant, "ask", &format!("{ASK}(; newer ;)").replace("32768", "40960")).await
}

/// A step that completes at once, with its input.
pub(crate) async fn echoes(tenant: &Tenant) -> Component {
    let completed = "(i32.store8 (i32.const 1032) (i32.const 0))
    (i32.store (i32.const 1036) (i32.load offset=96 (local.get $call)))
    (i32.store (i32.const 1040) (i32.load offset=100 (local.get $call)))";
    let suspended = "(i32.store8 (i32.const 1032) (i32.const 2))
    (i32.store (i32.const 1036) (i32.const 1152))
    (i32.store (i32.const 1040) (i32.const 1))";
    assert!(ASK.contains(suspended), "the fixture was written anew");
    add(tenant, "echo", &ASK.replace(suspended, completed)).await
}

/// The functions with which the step exports what it was asked with, and takes that up.
const MOVES: &str = r#"
  (func (export "reentry:step/migration@0.1.0#export-state") (result i32)
    (i32.store (i32.const 1800) (i32.load (i32.const 1168)))
    (i32.store (i32.const 1804) (i32.load (i32.const 1172)))
    (i32.const 1792))
  (func (export "reentry:step/migration@0.1.0#import-state") (param $call i32) (result i32)
    (i32.store (i32.const 1168) (i32.load offset=104 (local.get $call)))
    (i32.store (i32.const 1172) (i32.load offset=108 (local.get $call)))
    (i32.store (i32.const 1864) (i32.const 1152))
    (i32.store (i32.const 1868) (i32.const 1))
    (i32.const 1856)))"#;

/// What the step exports.
pub(crate) const EXPORT: &str = "(i32.store (i32.const 1800) (i32.load (i32.const 1168)))
    (i32.store (i32.const 1804) (i32.load (i32.const 1172)))";

/// The same step, whose waiting runs can move, [`edited`].
pub(crate) async fn moves(tenant: &Tenant, changes: &[(&str, &str)]) -> Component {
    let whole = ASK.strip_suffix(")\n").or(ASK.strip_suffix(')')).unwrap();
    let text = edited(&format!("{whole}{MOVES}"), changes);
    let options = ComponentizeOptions::default().world("migratable-step");
    let bytes = componentize(&wat::parse_str(text).unwrap(), options).unwrap();
    tenant.add_component("moves", &bytes).await.unwrap()
}

/// Another layout of memory, and another output: what the step was asked with, and the answer.
pub(crate) const NEWER: [(&str, &str); 3] = [
    ("(i32.const 32768)", "(i32.const 40960)"),
    ("(local $resolved i32)", "(local $resolved i32) (local $at i32)"),
    (
        "(i32.store (i32.const 1548) (i32.load offset=16 (local.get $resolved)))
    (i32.store (i32.const 1552) (i32.load offset=20 (local.get $resolved)))",
        "(i32.store8 (i32.const 2400) (i32.const 91))
    (memory.copy (i32.const 2401) (i32.load (i32.const 1168)) (i32.load (i32.const 1172)))
    (local.set $at (i32.add (i32.const 2401) (i32.load (i32.const 1172))))
    (i32.store8 (local.get $at) (i32.const 44))
    (local.set $at (i32.add (local.get $at) (i32.const 1)))
    (memory.copy (local.get $at) (i32.load offset=16 (local.get $resolved)) (i32.load offset=20 (local.get $resolved)))
    (local.set $at (i32.add (local.get $at) (i32.load offset=20 (local.get $resolved))))
    (i32.store8 (local.get $at) (i32.const 93))
    (i32.store (i32.const 1548) (i32.const 2400))
    (i32.store (i32.const 1552) (i32.sub (local.get $at) (i32.const 2399)))",
    ),
];

/// A step that waits for the event `ask`, and completes with its payload.
pub(crate) async fn waits_for_event(tenant: &Tenant) -> Component {
    let answer = "(i32.store (i32.const 1168) (i32.load offset=96 (local.get $call)))
    (i32.store (i32.const 1172) (i32.load offset=100 (local.get $call)))";
    // The kind of wait, and its name, which is the step's.
    let event = "(i32.store8 (i32.const 1160) (i32.const 2))
    (i32.store (i32.const 1168) (i32.const 32))
    (i32.store (i32.const 1172) (i32.const 3))";
    assert!(ASK.contains(answer), "the fixture was written anew");
    add(tenant, "event", &ASK.replace(answer, event)).await
}

/// A step that has the workflow `ask` run with its own input, and completes with what that gave, or with `"gone"`
/// when it failed.
pub(crate) async fn calls_workflow(tenant: &Tenant) -> Component {
    let answer = "(i32.store (i32.const 1168) (i32.load offset=96 (local.get $call)))
    (i32.store (i32.const 1172) (i32.load offset=100 (local.get $call)))";
    // The kind of wait, that it is for a workflow, its name, which is the step's, and its input.
    let run = "(i32.store8 (i32.const 1160) (i32.const 3))
    (i32.store8 (i32.const 1168) (i32.const 1))
    (i32.store (i32.const 1172) (i32.const 32))
    (i32.store (i32.const 1176) (i32.const 3))
    (i32.store (i32.const 1180) (i32.load offset=96 (local.get $call)))
    (i32.store (i32.const 1184) (i32.load offset=100 (local.get $call)))";
    let end = "    (i32.const 1536)))";
    let failed = r#"(if (i32.eq (i32.load8_u offset=8 (local.get $resolved)) (i32.const 5)) (then
      (i32.store (i32.const 1548) (i32.const 48))
      (i32.store (i32.const 1552) (i32.const 6))))
    (i32.const 1536))
  (data (i32.const 48) "\"gone\""))"#;
    assert!(ASK.contains(answer) && ASK.contains(end), "the fixture was written anew");
    add(tenant, "calls", &ASK.replace(answer, run).replace(end, failed)).await
}

/// A step that refuses an answer which ends with `7`.
pub(crate) async fn refuses(tenant: &Tenant) -> Component {
    add(tenant, "refuses", include_str!("../../fixtures/refuses.wat")).await
}

/// A step that computes for ever.
pub(crate) async fn spins(tenant: &Tenant) -> Component {
    begins(tenant, "spin", "(loop $on (br $on))").await
}

/// A step that traps.
pub(crate) async fn traps(tenant: &Tenant) -> Component {
    begins(tenant, "trap", "unreachable").await
}

/// A step that begins with this.
pub(crate) async fn begins(tenant: &Tenant, name: &str, with: &str) -> Component {
    let start = "(func (export \"reentry:step/guest@0.1.0#start\") (param $call i32) (result i32)";
    assert!(ASK.contains(start), "the fixture was written anew");
    add(tenant, name, &ASK.replace(start, &format!("{start} {with}"))).await
}

/// A step that logs `die`, and then asks.
pub(crate) async fn kills(tenant: &Tenant) -> Component {
    says(tenant, "kill", "", 1, "die").await
}

/// A step that logs a text so many times when it begins, does something, and then asks; when it goes on, it logs
/// `goes on`.
pub(crate) async fn says(tenant: &Tenant, name: &str, does: &str, times: u32, text: &str) -> Component {
    let memory = r#"(memory (export "memory") 1)"#;
    let import = r#"(import "reentry:step/host@0.1.0" "log" (func $log (param i32 i32 i32 i32 i32 i32)))"#;
    let start = "(func (export \"reentry:step/guest@0.1.0#start\") (param $call i32) (result i32)";
    let resume = "(local $resolved i32)";
    assert!([start, resume, memory].iter().all(|part| ASK.contains(part)), "the fixture was written anew");
    let log = |at: u32, bytes: usize| {
        let none = "(i32.const 0) (i32.const 0) (i32.const 0)";
        format!("(call $log (i32.const 2) (i32.const {at}) (i32.const {bytes}) {none})")
    };
    let loops = format!(
        "{start} (local $n i32) (loop $again {} (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br_if $again (i32.lt_u (local.get $n) (i32.const {times})))) {does}",
        log(4_096, text.len())
    );
    let data = format!(
        r#"(data (i32.const 4096) "{text}") (data (i32.const 4000) "goes on") (data (i32.const 3990) "1")"#
    );
    let ask = ASK.replace(memory, &format!("{import} {memory} {data}")).replace(start, &loops);
    add(tenant, name, &ask.replace(resume, &format!("{resume} {}", log(4_000, 7)))).await
}

/// A workflow that asks twice, one after the other.
pub(crate) async fn asks_twice(tenant: &Tenant) -> Workflow {
    let ask = asks(tenant).await;
    let workflow = tenant.workflow("asks");
    let again = StepEntry { id: "again".into(), ..ask.step("ask") };
    workflow.then(ask.step("ask")).then(again).commit().await.unwrap()
}

/// A definition with this id and these entries, `"@"` standing for the component.
pub(crate) fn definition(id: &str, component: &Component, steps: &str) -> Definition {
    let steps = steps.replace("@", &component.digest().to_string());
    serde_json::from_str(&format!(r#"{{"id": "{id}", "steps": {steps}}}"#)).unwrap()
}

/// After this, what others are to bring about is taken not to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until something holds that others bring about.
pub(crate) async fn until<F: Future<Output = bool>>(holds: impl Fn() -> F) {
    let held = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(PATIENCE, held).await.unwrap();
}

pub(crate) fn input(value: Value) -> StartOptions {
    StartOptions::input(value)
}

/// A result in one line, without what is different each time.
pub(crate) fn line(result: &RunResult) -> String {
    let mut value = serde_json::to_value(ResultFields::from(result)).unwrap();
    let map = value.as_object_mut().unwrap();
    for key in ["runId", "version", "suspensionIds", "traceId", "spanId"] {
        map.remove(key);
    }
    json!(map).to_string()
}

/// An event as those see it who are told in JSON: its name, and its payload by key.
pub(crate) fn told(event: &WatchEvent) -> (String, BTreeMap<String, Json>) {
    #[derive(serde::Deserialize)]
    struct Row {
        r#type: String,
        payload: BTreeMap<String, Json>,
    }
    let row: Row = serde_json::from_str(&serde_json::to_string(&EventRow::from(event)).unwrap()).unwrap();
    (row.r#type, row.payload)
}
