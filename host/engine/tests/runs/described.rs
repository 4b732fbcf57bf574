//! What a component says of itself, and what it gives back when a run moves, are doors: whatever comes in by them is
//! let in or refused, nothing panics, and no run is stuck.

use reentry::core::error::ErrorKind;
use reentry::core::json::Json;
use reentry::core::workflow::{StepEntry, WorkflowBuilder};
use reentry::wasm::{ComponentizeOptions, componentize};
use reentry::{Component, Error, ResumeOptions, Tenant};
use serde_json::json;

use crate::guest::{ASK, EXPORT, MOVES, edited, host, input};
use crate::texts::{odd, texts};

/// Where a guest keeps the text that it gives: above all else that it has.
const TEXT: usize = 65_536;

/// The texts of a descriptor, with where their options are.
const TEXTS: [(&str, usize); 9] = [
    ("title", 72),
    ("description", 84),
    ("input-schema", 96),
    ("output-schema", 108),
    ("suspend-schema", 120),
    ("resume-schema", 132),
    ("state-schema", 144),
    ("request-context-schema", 156),
    ("metadata", 236),
];

/// What a guest may give: JSON that is odd, what is nearly JSON, what is no text, and what is large.
fn given() -> Vec<Vec<u8>> {
    let schemas = [
        r#"{"type":"nothing"}"#,
        r#"{"$ref":"\#/$defs/a","$defs":{"a":{"$ref":"\#/$defs/a"}}}"#,
        r#"{"$ref":"https://example.com/schema"}"#,
        r#"{"pattern":"("}"#,
        r#"{"pattern":"(a*)*b","type":"string"}"#,
        r#"{"default":1e400}"#,
        r#"{"default":"\ud83d"}"#,
        r#"{"minLength":-1}"#,
        r#"{"minLength":1e400}"#,
        r#"{"multipleOf":0}"#,
        r#"{"type":"object","type":"string"}"#,
        r#"{"enum":[]}"#,
    ];
    let deep = |levels: usize| format!("{}true{}", r#"{"not":"#.repeat(levels), "}".repeat(levels));
    let large = |bytes: usize| format!(r#"{{"description":"{}"}}"#, "x".repeat(bytes));
    let wide = format!(r#"{{"enum":[{}0]}}"#, "0,".repeat(2_000_000));
    let mut all: Vec<Vec<u8>> = odd().into_iter().map(|(text, _)| text.into_bytes()).collect();
    all.extend(texts().map(String::into_bytes));
    all.extend(schemas.map(|text| text.replace(r"\#", "#").into_bytes()));
    all.extend([deep(96), deep(97), deep(128), large(5 << 20), wide].map(String::into_bytes));
    all.extend([b"\xff".to_vec(), b"\"\xed\xa0\xbd\"".to_vec()]);
    all
}

/// A guest that has a text in its memory.
fn with_text(guest: &str, text: &[u8]) -> String {
    let bytes: String = text.iter().map(|byte| format!("\\{byte:02x}")).collect();
    let pages = 1 + text.len().div_ceil(65_536).max(1);
    let memory = r#"(memory (export "memory") 1)"#;
    // What it is given comes after its own.
    let heap = TEXT + text.len().next_multiple_of(8);
    let with =
        format!(r#"(memory (export "memory") {}) (data (i32.const {TEXT}) "{bytes}")"#, pages.max(2) + 1);
    edited(guest, &[(memory, with.as_str()), ("(i32.const 32768)", &format!("(i32.const {heap})"))])
}

fn component(guest: &str) -> Vec<u8> {
    let mut options = ComponentizeOptions::default();
    options.world = guest.contains("import-state").then_some("migratable-step");
    componentize(&wat::parse_str(guest).unwrap(), options).unwrap()
}

/// The smallest step, with more in its descriptor.
fn describing(stores: &str, text: &[u8]) -> Vec<u8> {
    let describe = format!("{stores} (i32.const 16))");
    let fails =
        "(func (export \"reentry:step/guest@0.1.0#start\") (param $call i32) (result i32) unreachable";
    let start = fails.strip_suffix(" unreachable").unwrap();
    // Only a policy of retries is of interest to a step that fails.
    let start = (start, if stores.contains("176") { fails } else { start });
    component(&with_text(&edited(ASK, &[("(i32.const 16))", &describe), start]), text))
}

fn stored(at: usize, text: &[u8]) -> String {
    let bytes = text.len();
    let (pointer, length) = (at + 4, at + 8);
    format!(
        "(i32.store8 (i32.const {at}) (i32.const 1)) (i32.store (i32.const {pointer}) (i32.const {TEXT}))
        (i32.store (i32.const {length}) (i32.const {bytes}))"
    )
}

/// Whether a component was let in. If so, what it says of itself can be told, and a run of it comes to an end.
async fn is_let_in(tenant: &Tenant, added: Result<Component, Error>, what: &str) -> bool {
    let component = match added {
        Ok(component) => component,
        Err(error) => {
            let kind = error.kind();
            assert!(matches!(kind, ErrorKind::Refused | ErrorKind::Guest), "{what}: {kind:?} {error}");
            return false;
        }
    };
    let step = component.steps()[0].id.clone();
    let committed = tenant.workflow("w").then(component.step(&step)).commit().await;
    // A schema may fit no input, no question, no answer.
    if let Ok(workflow) = committed
        && let Ok(started) = workflow.new_run().start(input(json!({}))).await
    {
        let run = started.run;
        let ends = run.status().await.unwrap().is_final();
        if !ends && run.resume(ResumeOptions::data(json!({}))).await.is_err() {
            run.cancel().await.unwrap();
        }
        assert!(run.status().await.unwrap().is_final(), "{what}");
        tenant.delete_run(run.id()).await.unwrap();
    }
    true
}

#[tokio::test]
async fn whatever_a_component_says_of_itself_is_let_in_or_refused() {
    let tenant = host().build().await.unwrap().default_tenant();
    let (mut let_in, mut refused) = (0, 0);
    for (number, text) in given().iter().enumerate() {
        // Each text at one place, and each place with many.
        let (name, at) = TEXTS[number % TEXTS.len()];
        let what = format!("{name} {:?}", String::from_utf8_lossy(&text[..text.len().min(80)]));
        let added = tenant.add_component("odd", &describing(&stored(at, text), text)).await;
        let is_in = is_let_in(&tenant, added, &what).await;
        let is_value = std::str::from_utf8(text)
            .is_ok_and(|text| Json::stored(text.to_owned()).is_ok_and(|json| json.check_outside().is_ok()));
        assert!(!is_in || is_value || matches!(name, "title" | "description"), "{what} was let in");
        if is_in { let_in += 1 } else { refused += 1 }
    }
    assert!(let_in > 20 && refused > 50, "{let_in} let in, {refused} refused");
}

#[tokio::test]
async fn texts_for_people_are_bounded() {
    let tenant = host().build().await.unwrap().default_tenant();
    let object = |bytes: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(bytes - 8));
    for (name, at, most) in [("title", 72, 256), ("description", 84, 4 << 10), ("metadata", 236, 64 << 10)] {
        for (bytes, is_in) in [(most, true), (most + 1, false)] {
            let text = object(bytes);
            let added = tenant
                .add_component("says", &describing(&stored(at, text.as_bytes()), text.as_bytes()))
                .await;
            let said = added.map_or_else(|error| error.to_string(), |_| String::new());
            assert_eq!(said.is_empty(), is_in, "{name} of {bytes}: {said}");
            assert!(is_in || said.contains(&format!("`{name}` has {bytes} bytes, at most {most}")), "{said}");
        }
    }
}

#[tokio::test]
async fn whatever_numbers_and_names_a_component_says_are_let_in_or_refused() {
    let tenant = host().build().await.unwrap().default_tenant();
    // A policy that is sound but for one number: four tries of a step that fails.
    let retry = "(i32.store8 (i32.const 168) (i32.const 1)) (i32.store (i32.const 176) (i32.const 3))
        (f64.store (i32.const 192) (f64.const 1))";
    let number = |at: u32, with: &str| format!("{retry} ({}.store (i32.const {at}) ({with}))", &with[..3]);
    let timeout = |with: &str| {
        format!("(i32.store8 (i32.const 216) (i32.const 1)) (i64.store (i32.const 224) ({with}))")
    };
    let two = "(memory.copy (i32.const 248) (i32.const 64) (i32.const 184)) (i32.store (i32.const 20) (i32.const 2))";
    let long =
        format!("(i32.store (i32.const 64) (i32.const {TEXT})) (i32.store (i32.const 68) (i32.const 129))");
    let mut told = Vec::new();
    for (name, stores) in [
        ("retries", number(176, "i32.const -1")),
        ("delay", number(184, "i64.const -1")),
        ("backoff", number(192, "f64.const 1e308")),
        ("backoff", number(192, "f64.const nan")),
        ("backoff", number(192, "f64.const -1")),
        ("backoff", number(192, "f64.const 0.5")),
        ("backoff", number(192, "f64.const inf")),
        ("bound", number(200, "i64.const -1")),
        ("jitter", number(208, "f64.const 1.5")),
        ("jitter", number(208, "f64.const nan")),
        ("timeout", timeout("i64.const 0")),
        ("timeout", timeout("i64.const -1")),
        ("mode", "(i32.store8 (i32.const 232) (i32.const 7))".into()),
        ("no step", "(i32.store (i32.const 20) (i32.const 0))".into()),
        ("many steps", "(i32.store (i32.const 20) (i32.const 0x7fffffff))".into()),
        ("two alike", two.into()),
        ("id nowhere", "(i32.store (i32.const 64) (i32.const -16))".into()),
        ("id empty", "(i32.store (i32.const 68) (i32.const 0))".into()),
        ("id long", long),
    ] {
        let added = tenant.add_component("odd", &describing(&stores, &[b'a'; 129])).await;
        let problem = added.as_ref().err().map_or("let in".to_owned(), ToString::to_string);
        is_let_in(&tenant, added, name).await;
        told.push(format!("{name}: {}", problem.lines().next().unwrap_or_default()));
    }
    insta::assert_snapshot!(told.join("\n"), @"
    retries: descriptor 0: step `ask`: retry policy: `retries` is 4294967295, expected at most 1000
    delay: descriptor 0: step `ask`: retry policy: `delayMs` is 18446744073709551615, expected at most ten years in milliseconds, 315360000000
    backoff: descriptor 0: step `ask`: retry policy: `backoff` is 1e308, expected a number from 1 to 1000
    backoff: descriptor 0: step `ask`: retry policy: `backoff` is NaN, expected a number from 1 to 1000
    backoff: descriptor 0: step `ask`: retry policy: `backoff` is -1.0, expected a number from 1 to 1000
    backoff: descriptor 0: step `ask`: retry policy: `backoff` is 0.5, expected a number from 1 to 1000
    backoff: descriptor 0: step `ask`: retry policy: `backoff` is inf, expected a number from 1 to 1000
    bound: descriptor 0: step `ask`: retry policy: `maxDelayMs` is 18446744073709551615, expected at most ten years in milliseconds, 315360000000
    jitter: descriptor 0: step `ask`: retry policy: `jitter` is 1.5, expected a number from 0 to 1
    jitter: descriptor 0: step `ask`: retry policy: `jitter` is NaN, expected a number from 0 to 1
    timeout: descriptor 0: step `ask`: `timeout-ms` is 0, expected 1 to 315360000000 (ten years)
    timeout: descriptor 0: step `ask`: `timeout-ms` is 18446744073709551615, expected 1 to 315360000000 (ten years)
    mode: the component could not be described: the guest broke the contract: unexpected discriminant: 7
    no step: the component does not fit the world `reentry:step/step@0.1.0`: `describe` names no step
    many steps: the component could not be described: the guest broke the contract: list pointer/length out of bounds of memory
    two alike: descriptor 1: a step `ask` was described already
    id nowhere: the component could not be described: the guest broke the contract: string pointer/length out of bounds of memory
    id empty: descriptor 0: `` cannot be the id of a step: use 1 to 128 letters, digits, `-` and `_`, beginning with a letter or digit
    id long: descriptor 0: `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…` cannot be the id of a step: use 1 to 128 letters, digits, `-` and `_`, beginning with a letter or digit
    ");
}

#[tokio::test]
async fn whatever_a_component_gives_when_a_run_moves_is_taken_or_refused_and_the_run_goes_on() {
    let tenant = host().build().await.unwrap().default_tenant();
    let guest = format!("{}{MOVES}", ASK.trim_end().strip_suffix(')').unwrap());
    let (mut moved, mut refused) = (0, 0);
    for (number, text) in given().iter().enumerate() {
        let what = String::from_utf8_lossy(&text[..text.len().min(80)]).into_owned();
        let bytes = text.len();
        let at = |pointer: u32| {
            let length = pointer + 4;
            format!(
                "(i32.store (i32.const {pointer}) (i32.const {TEXT})) (i32.store (i32.const {length}) (i32.const {bytes}))"
            )
        };
        let waits = "(i32.store (i32.const 1864) (i32.const 1152))";
        let (exported, payload) = (at(1800), format!("{} {waits}", at(1168)));
        let schema = format!("(i32.store8 (i32.const 1184) (i32.const 1)) {} {waits}", at(1188));
        // What the old one exports, the question of the new one, its schema.
        let (old, new) = match number % 3 {
            0 => (with_text(&edited(&guest, &[(EXPORT, &exported)]), text), guest.clone()),
            1 => (guest.clone(), with_text(&edited(&guest, &[(waits, &payload)]), text)),
            _ => (guest.clone(), with_text(&edited(&guest, &[(waits, &schema)]), text)),
        };
        let newer = new
            .replace("(export \"memory\")", "(export \"memory\") (; newer ;)")
            .replace("\"ask\")", "\"ask\\00\")");
        let old = tenant.add_component("old", &component(&old)).await.unwrap();
        let new = tenant.add_component("new", &component(&newer)).await.unwrap();
        let entry = |component: &Component| StepEntry { id: "ask".into(), ..component.step("ask") };
        let first =
            tenant.commit(WorkflowBuilder::new("moves").then(entry(&old)).definition()).await.unwrap();
        let second =
            tenant.commit(WorkflowBuilder::new("moves").then(entry(&new)).definition()).await.unwrap();
        let run = first.new_run().start(input(json!({"n": 1}))).await.unwrap().run;
        let before = run.state().await.unwrap();
        match run.migrate(second.digest()).await {
            Ok(_) => moved += 1,
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::Conflict | ErrorKind::Refused), "{what}: {error}");
                assert_eq!(run.state().await.unwrap(), before, "{what}: as it was");
                refused += 1;
            }
        }
        if run.resume(ResumeOptions::data(json!(1))).await.is_err() {
            run.cancel().await.unwrap();
        }
        assert!(run.status().await.unwrap().is_final(), "{what}");
        tenant.delete_run(run.id()).await.unwrap();
    }
    assert!(moved > 20 && refused > 20, "{moved} moved, {refused} refused");
}
