//! Whatever a guest says on whatever way out of it: taken to the letter, or a failure that names place and reason.
//! Its run can be looked at, canceled and deleted.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use reentry::core::json::Json;
use reentry::core::run::RunStatus;
use reentry::core::step::Failure;
use reentry::store::{RunFilter, SuspensionFilter};
use reentry::{Component, Host, OutputOptions, ResumeOptions, Run, RunResult, Tenant, Workflow};
use serde_json::json;

use crate::clock::Standing;
use crate::guest::{ASK, EXPORT, NEWER, add, asks, definition, edited, host, input, moves};
use crate::texts::{odd, texts};

/// More than a value may have.
const LARGE_BYTES: usize = 5 << 20;

/// Where texts are laid down in a guest: a table of places and lengths, the texts, and one that is written by the
/// guest itself.
const TABLE: usize = 1 << 16;
const TEXTS: usize = 1 << 17;
const LARGE: usize = 1 << 20;

/// A way out of a guest.
struct Way {
    /// What stands there, as messages call it.
    name: &'static str,
    /// What the guest imports for it.
    import: String,
    /// What its step does there with the text `$text` of `$len` bytes.
    does: String,
    /// What the run comes to when the text is let in.
    then: Then,
}

/// What a run comes to with a text.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Then {
    /// It succeeds with it.
    Output,
    /// It succeeds.
    Done,
    /// It fails with it as details.
    Details,
    /// It asks with it.
    Asks,
    /// It succeeds with it once a deadline has passed.
    Otherwise,
    /// It has it among its state, or its request context.
    State,
    Context,
    /// It asks, or fails as this is no schema.
    Schema,
}

const COMPLETED: &str = "(i32.store8 (i32.const 1032) (i32.const 0))
    (i32.store (i32.const 1036) (i32.load offset=96 (local.get $call)))
    (i32.store (i32.const 1040) (i32.load offset=100 (local.get $call)))";
const SUSPENDED: &str = "(i32.store8 (i32.const 1032) (i32.const 2))
    (i32.store (i32.const 1036) (i32.const 1152))
    (i32.store (i32.const 1040) (i32.const 1))";
/// Its payload is the input.
const QUESTION: &str = "(i32.store (i32.const 1168) (i32.load offset=96 (local.get $call)))
    (i32.store (i32.const 1172) (i32.load offset=100 (local.get $call)))";
const FAILED: &str = "(i32.store8 (i32.const 1024) (i32.const 1))
    (i32.store (i32.const 1032) (i32.const 32))
    (i32.store (i32.const 1036) (i32.const 3))";
/// Of the event that is named as the step.
const EVENT: &str = "(i32.store8 (i32.const 1160) (i32.const 2))
    (i32.store (i32.const 1168) (i32.const 32))
    (i32.store (i32.const 1172) (i32.const 3))";
/// Of the workflow that is named as the step.
const RUN: &str = "(i32.store8 (i32.const 1160) (i32.const 3))
    (i32.store8 (i32.const 1168) (i32.const 1))
    (i32.store (i32.const 1172) (i32.const 32))
    (i32.store (i32.const 1176) (i32.const 3))";

/// Stores the text at two places.
fn text_at(at: usize) -> String {
    format!(
        "(i32.store (i32.const {at}) (global.get $text)) (i32.store (i32.const {}) (global.get $len))",
        at + 4
    )
}

/// Ends as the host function said, whose answer is at 1600: a failure is the step's.
fn or_failure(then: &str) -> String {
    format!(
        "(if (i32.load8_u (i32.const 1600)) (then
      (memory.copy (i32.const 1032) (i32.const 1608) (i32.const 56))
      (i32.store8 (i32.const 1024) (i32.const 1))) (else {then}))"
    )
}

fn import(name: &str, params: &str) -> String {
    format!(r#"(import "reentry:step/host@0.1.0" "{name}" (func $host (param {params})))"#)
}

fn way(name: &'static str, then: Then, does: &[&str]) -> Way {
    Way { name, import: String::new(), does: does.join("\n    "), then }
}

fn with_import(name: &'static str, import: String, then: Then, does: &[&str]) -> Way {
    Way { import, ..way(name, then, does) }
}

/// The ways on which JSON comes.
fn ways() -> Vec<Way> {
    let set =
        "(call $host (i32.const 32) (i32.const 3) (global.get $text) (global.get $len) (i32.const 1600))";
    let (asks, waits) = (&format!("{QUESTION} {SUSPENDED}"), or_failure(&format!("{QUESTION} {SUSPENDED}")));
    let deadline = |at: usize| {
        format!(
            "(i32.store8 (i32.const {at}) (i32.const 1)) (i64.store (i32.const {}) (i64.const 5000))
    (i32.store8 (i32.const {}) (i32.const 1)) {}",
            at + 8,
            at + 16,
            text_at(at + 20)
        )
    };
    let log = "(call $host (i32.const 2) (i32.const 32) (i32.const 3) (i32.const 1) (global.get $text) (global.get $len))";
    vec![
        way("completed", Then::Output, &["(i32.store8 (i32.const 1032) (i32.const 0))", &text_at(1036)]),
        way("bailed", Then::Output, &["(i32.store8 (i32.const 1032) (i32.const 1))", &text_at(1036)]),
        way(
            "failure.details",
            Then::Details,
            &[FAILED, "(i32.store8 (i32.const 1072) (i32.const 1))", &text_at(1076)],
        ),
        way("suspended.waits[0].payload", Then::Asks, &[&text_at(1168), SUSPENDED]),
        way(
            "suspended.waits[0].resume-schema",
            Then::Schema,
            &[asks, "(i32.store8 (i32.const 1184) (i32.const 1))", &text_at(1188)],
        ),
        way("suspended.waits[0].deadline.otherwise", Then::Otherwise, &[asks, &deadline(1200)]),
        way("suspended.waits[0].deadline.otherwise", Then::Otherwise, &[EVENT, SUSPENDED, &deadline(1192)]),
        way("suspended.waits[0].input", Then::Asks, &[RUN, SUSPENDED, &text_at(1180)]),
        with_import("log.fields", import("log", "i32 i32 i32 i32 i32 i32"), Then::Done, &[log, COMPLETED]),
        with_import(
            "emit.chunk",
            import("emit", "i32 i32"),
            Then::Done,
            &["(call $host (global.get $text) (global.get $len))", COMPLETED],
        ),
        with_import("ask", import("set-state", "i32 i32 i32 i32 i32"), Then::State, &[set, &waits]),
        with_import(
            "ask",
            import("set-request-context", "i32 i32 i32 i32 i32"),
            Then::Context,
            &[set, &waits],
        ),
    ]
}

/// A guest with these texts, the last of which it writes by itself: all that is different from `ask.wat` before its
/// functions.
fn laid_down(import: &str, texts: &[Vec<u8>]) -> String {
    let words = |words: [usize; 2]| -> String {
        let bytes = words.iter().flat_map(|word| u32::try_from(*word).unwrap().to_le_bytes());
        bytes.map(|byte| format!("\\{byte:02x}")).collect()
    };
    let (mut data, mut at) = (String::new(), TEXTS);
    for (row, text) in texts.iter().enumerate() {
        let bytes: String = text.iter().map(|byte| format!("\\{byte:02x}")).collect();
        let _ = writeln!(data, "(data (i32.const {at}) \"{bytes}\")");
        let _ = writeln!(data, "(data (i32.const {}) \"{}\")", TABLE + 8 * row, words([at, text.len()]));
        at += text.len();
    }
    assert!(TABLE + 8 * texts.len() < TEXTS && at < LARGE, "there is room");
    let large = words([LARGE, LARGE_BYTES]);
    let _ = writeln!(data, "(data (i32.const {}) \"{large}\")", TABLE + 8 * texts.len());
    format!(
        r#"{import} (memory (export "memory") 112) {data}
  (global $text (mut i32) (i32.const 0)) (global $len (mut i32) (i32.const 0))
  ;; Has the text at hand whose number this is.
  (func $pick (param $at i32) (param $len i32)
    (local $row i32)
    (local.set $len (i32.add (local.get $at) (local.get $len)))
    (loop $digit
      (if (i32.lt_u (local.get $at) (local.get $len)) (then
        (local.set $row (i32.add (i32.mul (local.get $row) (i32.const 10))
          (i32.sub (i32.load8_u (local.get $at)) (i32.const 48))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $digit))))
    (local.set $row (i32.add (i32.const {TABLE}) (i32.shl (local.get $row) (i32.const 3))))
    (global.set $text (i32.load (local.get $row)))
    (global.set $len (i32.load offset=4 (local.get $row)))
    (if (i32.eq (global.get $text) (i32.const {LARGE})) (then
      (memory.fill (i32.const {LARGE}) (i32.const 120) (global.get $len))
      (i32.store8 (i32.const {LARGE}) (i32.const 34))
      (i32.store8 (i32.add (i32.const {}) (global.get $len)) (i32.const 34)))))"#,
        LARGE - 1
    )
}

const MEMORY: &str = r#"(memory (export "memory") 1)"#;

/// A step that gives the text whose number is its input on this way.
async fn gives(tenant: &Tenant, way: &Way, texts: &[Vec<u8>]) -> Component {
    let start = format!(
        "(call $pick (i32.load offset=96 (local.get $call)) (i32.load offset=100 (local.get $call)))
    {}",
        way.does
    );
    let ask = edited(ASK, &[(&format!("{QUESTION}\n    {SUSPENDED}"), &start)]);
    add(tenant, "gives", &edited(&ask, &[(MEMORY, &laid_down(&way.import, texts))])).await
}

/// What is looked at of a run by whoever wants to know all of it.
async fn looked_at(run: &Run) -> RunResult {
    run.steps().await.unwrap();
    run.timeline().await.unwrap();
    run.history().await.unwrap();
    run.result(OutputOptions::default().include_state(true).include_resume_labels(true)).await.unwrap()
}

/// Looks at a run, ends it, and deletes it.
async fn is_left(tenant: &Tenant, run: &Run) {
    looked_at(run).await;
    if !run.status().await.unwrap().is_final() {
        run.cancel().await.unwrap();
        looked_at(run).await;
    }
    tenant.delete_run(run.id()).await.unwrap();
}

/// How a run failed.
fn failure(result: &RunResult) -> (&str, &Failure) {
    let failure = result.error.as_ref().unwrap_or_else(|| panic!("it did not fail: {result:?}"));
    (failure.code.as_deref().unwrap_or_default(), failure)
}

/// A run that was given a text which is let in comes to what it has to.
async fn takes(host: &Host, clock: &Standing, run: &Run, then: Then, text: &Json) {
    let result = run.result(OutputOptions::default()).await.unwrap();
    let shown = || {
        let payloads = result.suspended.iter().map(|one| one.payload.text().to_owned());
        payloads.collect::<Vec<_>>()
    };
    let state = run.state().await.unwrap();
    let among = |map: &BTreeMap<String, Json>| map.get("ask").map(|json| json.text().to_owned());
    match then {
        Then::Output => assert_eq!(result.result.unwrap().text(), text.text()),
        Then::Done => assert_eq!(result.status, RunStatus::Success),
        Then::Details => assert_eq!(failure(&result).1.details.as_ref().unwrap().text(), text.text()),
        Then::Asks => {
            assert_eq!(shown(), [text.text()]);
            let open = SuspensionFilter::default().run(run.id());
            let inbox = host.default_tenant().inbox(open).await.unwrap().rows;
            assert_eq!(inbox[0].payload.as_ref().unwrap().text(), text.text());
        }
        Then::Otherwise => {
            clock.pass_ms(5_000);
            assert_eq!(host.wake_due().await.unwrap(), [run.id()]);
            let result = run.result(OutputOptions::default()).await.unwrap();
            assert_eq!(result.result.unwrap().text(), text.text());
        }
        Then::State => assert_eq!(among(&state.state), Some(text.text().to_owned())),
        Then::Context => assert_eq!(among(&state.request_context), Some(text.text().to_owned())),
        Then::Schema if result.status == RunStatus::Failed => {
            assert_eq!(failure(&result).0, "invalid-schema", "{text}: {result:?}");
        }
        Then::Schema => assert_eq!(result.status, RunStatus::Suspended),
    }
}

/// All texts, JSON or not, of which the last is larger than a value may be.
fn all() -> Vec<String> {
    let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    let more = [deep(96), deep(128)].into_iter().chain(odd().into_iter().map(|(text, _)| text));
    texts().chain(more).collect()
}

#[tokio::test]
async fn json_of_a_guest_is_taken_to_the_letter_or_fails_by_name_and_place() {
    let clock = Standing::new();
    let host = host().clock(clock.clone()).build().await.unwrap();
    let tenant = host.default_tenant();
    let ask = asks(&tenant).await;
    let step = r#"[{"then": {"component": "@", "step": "ask"}}]"#;
    tenant.apply_workflow(definition("ask", &ask, step)).await.unwrap();
    let texts = all();
    let bytes: Vec<Vec<u8>> = texts.iter().map(|text| text.clone().into_bytes()).collect();
    let (mut taken, mut failed) = (0, 0);
    for way in ways() {
        let clock = Arc::clone(&clock);
        let gives = gives(&tenant, &way, &bytes).await;
        let steps = r#"[{"parallel": {"arms": [{"then": {"component": "@", "step": "ask"}}]}}, {"map": {"to": "input.ask"}}]"#;
        let workflow = tenant.commit(definition("gives", &gives, steps)).await.unwrap();
        let set = matches!(way.then, Then::State | Then::Context);
        let name = way.name;
        for (row, text) in texts.iter().enumerate() {
            let run = started(&workflow, row).await;
            let result = looked_at(&run).await;
            match Json::parse(text.clone()) {
                Ok(json) => {
                    takes(&host, &clock, &run, way.then, &json).await;
                    taken += 1;
                }
                Err(said) => {
                    let (code, failure) = failure(&result);
                    assert_eq!(
                        (code, failure.retryable),
                        (if set { "bad-value" } else { "contract" }, false)
                    );
                    let message = &failure.message;
                    assert!(message.contains(&format!("`{name}`: {said}")), "{name}: {message}");
                    failed += 1;
                }
            }
            is_left(&tenant, &run).await;
        }
        // Fields of the log that are too long are left out.
        let run = started(&workflow, texts.len()).await;
        let result = looked_at(&run).await;
        if name == "log.fields" {
            assert_eq!(result.status, RunStatus::Success);
        } else {
            let (code, failure) = failure(&result);
            assert_eq!(code, if set { "bad-value" } else { "limit" });
            let said = "bytes of one value: 5242880 asked for, 4194304 allowed";
            assert!(failure.message.contains(said), "{name}: {}", failure.message);
        }
        is_left(&tenant, &run).await;
    }
    assert_eq!(tenant.runs(RunFilter::default()).await.unwrap().rows, []);
    assert!(taken > 500 && failed > 500, "{taken} taken, {failed} failed");
}

async fn started(workflow: &Workflow, row: usize) -> Run {
    workflow.new_run().start(input(json!(row))).await.unwrap().run
}

#[tokio::test]
async fn what_a_step_exports_is_taken_to_the_letter_or_holds_the_move_back() {
    let tenant = host().build().await.unwrap().default_tenant();
    let texts = all();
    let bytes: Vec<Vec<u8>> = texts.iter().map(|text| text.clone().into_bytes()).collect();
    let exports =
        format!("(call $pick (i32.load (i32.const 1168)) (i32.load (i32.const 1172))) {}", text_at(1800));
    let old = moves(&tenant, &[(EXPORT, &exports), (MEMORY, &laid_down("", &bytes))]).await;
    let new = moves(&tenant, &NEWER).await;
    let step = r#"[{"then": {"component": "@", "step": "ask"}}]"#;
    let from = tenant.commit(definition("moves", &old, step)).await.unwrap();
    let to = tenant.commit(definition("moves", &new, step)).await.unwrap().digest();
    let (mut moved, mut held_back) = (0, 0);
    for (row, text) in texts.iter().map(Some).chain([None]).enumerate() {
        let run = started(&from, row).await;
        let said = match text.map(|text| Json::parse(text.clone())) {
            Some(Ok(json)) => {
                run.migrate(to).await.unwrap();
                let result = run.resume(ResumeOptions::data(json!("end"))).await.unwrap();
                match Json::parse(format!("[{json},\"end\"]")) {
                    Ok(output) => assert_eq!(result.result.unwrap().text(), output.text()),
                    // As deep as may be let in, and one level deeper.
                    Err(said) => assert!(failure(&result).1.message.contains(&said.to_string()), "{said}"),
                }
                moved += 1;
                is_left(&tenant, &run).await;
                continue;
            }
            Some(Err(said)) => format!("`export-state`: {said}"),
            None => "bytes of one value: 5242880 asked for, 4194304 allowed".to_owned(),
        };
        let before = run.state().await.unwrap();
        let error = run.migrate(to).await.unwrap_err();
        assert!(error.to_string().contains(&said), "{error}");
        assert_eq!((error.code(), run.state().await.unwrap()), ("not-migratable", before));
        held_back += 1;
        is_left(&tenant, &run).await;
    }
    assert!(moved > 30 && held_back > 30, "{moved} moved, {held_back} held back");
}

/// The ways on which texts come that are no JSON, and what becomes of a run with each: empty, long, too long to be
/// kept, of characters that are none to be seen, and none at all.
fn names() -> Vec<Way> {
    let suspends = |does: &str| format!("{does} {SUSPENDED}");
    let label = "(i32.store (i32.const 1176) (i32.const 1304)) (i32.store (i32.const 1180) (i32.const 1))";
    let set = |name| {
        let does = "(call $host (global.get $text) (global.get $len) (i32.const 1304) (i32.const 1) (i32.const 1600))";
        let one = "(i32.store8 (i32.const 1304) (i32.const 49))";
        let import = import(name, "i32 i32 i32 i32 i32");
        (import, format!("{one} {does} {}", or_failure(COMPLETED)))
    };
    let ((state, sets_state), (context, sets_context)) = (set("set-state"), set("set-request-context"));
    let log = "(call $host (i32.const 2) (global.get $text) (global.get $len) (i32.const 0) (i32.const 0) (i32.const 0))";
    let result = "(call $host (global.get $text) (global.get $len) (i32.const 1600))";
    vec![
        way("label", Then::Asks, &[QUESTION, label, &text_at(1304), SUSPENDED]),
        way("event", Then::Done, &["(i32.store8 (i32.const 1160) (i32.const 2))", &text_at(1168), SUSPENDED]),
        way(
            "event key",
            Then::Done,
            &[&suspends(EVENT), "(i32.store8 (i32.const 1176) (i32.const 1))", &text_at(1180)],
        ),
        way(
            "workflow to run",
            Then::Done,
            &[
                "(i32.store8 (i32.const 1160) (i32.const 3)) (i32.store8 (i32.const 1168) (i32.const 1))",
                &text_at(1172),
                "(i32.store (i32.const 1180) (i32.load offset=96 (local.get $call)))
    (i32.store (i32.const 1184) (i32.load offset=100 (local.get $call)))",
                SUSPENDED,
            ],
        ),
        way(
            "step to run",
            Then::Done,
            &[
                "(i32.store8 (i32.const 1160) (i32.const 3))",
                &text_at(1172),
                "(i32.store (i32.const 1180) (i32.load offset=96 (local.get $call)))
    (i32.store (i32.const 1184) (i32.load offset=100 (local.get $call)))",
                SUSPENDED,
            ],
        ),
        way("message", Then::Done, &[FAILED, &text_at(1032)]),
        way("code", Then::Done, &[FAILED, "(i32.store8 (i32.const 1040) (i32.const 1))", &text_at(1044)]),
        with_import("log", import("log", "i32 i32 i32 i32 i32 i32"), Then::Done, &[log, COMPLETED]),
        with_import("step-result", import("step-result", "i32 i32 i32"), Then::Done, &[result, COMPLETED]),
        with_import("key of the state", state, Then::Done, &[&sets_state]),
        with_import("key of the context", context, Then::Done, &[&sets_context]),
    ]
}

/// A text with what is long in it left out.
fn shortened(text: &str) -> String {
    let text = format!("{text:?}");
    let rest = text.trim_start_matches(['"', '\\', 'n', 'x']);
    let long = text.len() - rest.len();
    if long > 20 { format!("{long} bytes{rest}") } else { text }
}

#[tokio::test]
async fn names_of_a_guest_are_taken_or_fail_it() {
    let tenant = host().build().await.unwrap().default_tenant();
    let texts: [(&str, Vec<u8>); 5] = [
        ("empty", Vec::new()),
        ("257 bytes", vec![b'n'; 257]),
        ("invisible", "\0\u{9b}31m\u{202e}\u{feff}\n".into()),
        ("40 KB", vec![b'n'; 40_000]),
        ("no UTF-8", vec![b'n', 0xff]),
    ];
    let bytes: Vec<Vec<u8>> = texts.iter().map(|(_, text)| text.clone()).collect();
    let mut told = String::new();
    for way in names() {
        let gives = gives(&tenant, &way, &bytes).await;
        let steps = r#"[{"then": {"component": "@", "step": "ask", "retry": {"retries": 0}}}]"#;
        let workflow = tenant.commit(definition("gives", &gives, steps)).await.unwrap();
        let mut ends = BTreeMap::<String, Vec<&str>>::new();
        for (row, what) in texts.iter().map(|(what, _)| *what).chain(["5 MB"]).enumerate() {
            let run = started(&workflow, row).await;
            let result = looked_at(&run).await;
            let failure = result.error.as_ref().map(|failure| {
                let code = failure.code.as_ref().map(|code| format!(" [{}]", shortened(code)));
                format!("{} {}", code.unwrap_or_default(), shortened(&failure.message))
            });
            let end = format!("{}{}", result.status, failure.unwrap_or_default());
            ends.entry(end).or_default().push(what);
            is_left(&tenant, &run).await;
        }
        let _ = writeln!(told, "{}", way.name);
        for (end, with) in ends {
            let _ = writeln!(told, "  {}: {end}", with.join(", "));
        }
    }
    insta::assert_snapshot!(told, @r#"
    label
      no UTF-8: failed ["contract"] "the guest broke the contract: invalid utf-8 sequence of 1 bytes from index 1"
      empty: failed ["invalid-label"] "a label of 0 bytes given, 1 to 256 are allowed"
      257 bytes: failed ["invalid-label"] "a label of 257 bytes given, 1 to 256 are allowed"
      40 KB: failed ["invalid-label"] "a label of 40000 bytes given, 1 to 256 are allowed"
      5 MB: failed ["invalid-label"] "a label of 5242880 bytes given, 1 to 256 are allowed"
      invisible: suspended
    event
      no UTF-8: failed ["contract"] "the guest broke the contract: invalid utf-8 sequence of 1 bytes from index 1"
      empty: failed ["invalid-event"] "the name of an event has 0 bytes, 1 to 256 are allowed"
      257 bytes: failed ["invalid-event"] "the name of an event has 257 bytes, 1 to 256 are allowed"
      40 KB: failed ["invalid-event"] "the name of an event has 40000 bytes, 1 to 256 are allowed"
      5 MB: failed ["invalid-event"] "the name of an event has 5242880 bytes, 1 to 256 are allowed"
      invisible: waiting
    event key
      no UTF-8: failed ["contract"] "the guest broke the contract: invalid utf-8 sequence of 1 bytes from index 1"
      empty: failed ["invalid-event"] "the key of an event has 0 bytes, 1 to 256 are allowed"
      257 bytes: failed ["invalid-event"] "the key of an event has 257 bytes, 1 to 256 are allowed"
      40 KB: failed ["invalid-event"] "the key of an event has 40000 bytes, 1 to 256 are allowed"
      5 MB: failed ["invalid-event"] "the key of an event has 5242880 bytes, 1 to 256 are allowed"
      invisible: waiting
    workflow to run
      invisible: failed ["contract"] "the guest broke the contract: `completed`: not valid JSON: expected ident at line 1 column 2"
      no UTF-8: failed ["contract"] "the guest broke the contract: invalid utf-8 sequence of 1 bytes from index 1"
      empty: failed ["invalid-run"] "the name of a workflow to run has 0 bytes, 1 to 256 are allowed"
      257 bytes: failed ["invalid-run"] "the name of a workflow to run has 257 bytes, 1 to 256 are allowed"
      40 KB: failed ["invalid-run"] "the name of a workflow to run has 40000 bytes, 1 to 256 are allowed"
      5 MB: failed ["invalid-run"] "the name of a workflow to run has 5242880 bytes, 1 to 256 are allowed"
    step to run
      invisible: failed ["contract"] "the guest broke the contract: `completed`: not valid JSON: expected ident at line 1 column 2"
      no UTF-8: failed ["contract"] "the guest broke the contract: invalid utf-8 sequence of 1 bytes from index 1"
      empty: failed ["invalid-run"] "the name of a step to run has 0 bytes, 1 to 256 are allowed"
      257 bytes: failed ["invalid-run"] "the name of a step to run has 257 bytes, 1 to 256 are allowed"
      40 KB: failed ["invalid-run"] "the name of a step to run has 40000 bytes, 1 to 256 are allowed"
      5 MB: failed ["invalid-run"] "the name of a step to run has 5242880 bytes, 1 to 256 are allowed"
    message
      empty: failed ""
      invisible: failed "\0\u{9b}31m\u{202e}\u{feff}\n"
      257 bytes: failed 259 bytes
      40 KB: failed 8193 bytes... (40000 bytes, cut)"
      5 MB: failed 8194 bytes... (5242880 bytes, cut)"
      no UTF-8: failed ["contract"] "the guest broke the contract: invalid utf-8 sequence of 1 bytes from index 1"
    code
      empty: failed [""] "ask"
      invisible: failed ["\0\u{9b}31m\u{202e}\u{feff}\n"] "ask"
      no UTF-8: failed ["contract"] "the guest broke the contract: invalid utf-8 sequence of 1 bytes from index 1"
      257 bytes: failed [129 bytes... (257 bytes, cut)"] "ask"
      40 KB: failed [129 bytes... (40000 bytes, cut)"] "ask"
      5 MB: failed [130 bytes... (5242880 bytes, cut)"] "ask"
    log
      no UTF-8: failed ["contract"] "the guest broke the contract: invalid utf-8 sequence of 1 bytes from index 1"
      empty, 257 bytes, invisible, 40 KB, 5 MB: success
    step-result
      no UTF-8: failed ["contract"] "the guest broke the contract: invalid utf-8 sequence of 1 bytes from index 1"
      empty, 257 bytes, invisible, 40 KB, 5 MB: success
    key of the state
      no UTF-8: failed ["contract"] "the guest broke the contract: invalid utf-8 sequence of 1 bytes from index 1"
      5 MB: failed ["too-large"] "state: 5242881 bytes set in one call, at most 1048576 are allowed"
      empty, 257 bytes, invisible, 40 KB: success
    key of the context
      no UTF-8: failed ["contract"] "the guest broke the contract: invalid utf-8 sequence of 1 bytes from index 1"
      5 MB: failed ["too-large"] "request context: 5242881 bytes set in one call, at most 1048576 are allowed"
      empty, 257 bytes, invisible, 40 KB: success
    "#);
}

/// Waits that end when no clock shows it any more.
#[tokio::test]
async fn who_would_wait_for_the_end_of_time_fails() {
    let tenant = host().build().await.unwrap().default_tenant();
    let end = "(i64.const -1)";
    let time =
        format!("(i32.store8 (i32.const 1160) (i32.const 1)) (i64.store (i32.const 1168) {end}) {SUSPENDED}");
    let deadline = format!(
        "{QUESTION} {SUSPENDED} (i32.store8 (i32.const 1200) (i32.const 1)) (i64.store (i32.const 1208) {end})"
    );
    let event = format!(
        "{EVENT} {SUSPENDED} (i32.store8 (i32.const 1192) (i32.const 1)) (i64.store (i32.const 1200) {end})"
    );
    for does in [time, deadline, event] {
        let gives = gives(&tenant, &way("end of time", Then::Done, &[&does]), &[]).await;
        let step = r#"[{"then": {"component": "@", "step": "ask"}}]"#;
        let workflow = tenant.commit(definition("ends", &gives, step)).await.unwrap();
        let run = started(&workflow, 0).await;
        let error = looked_at(&run).await.error.unwrap();
        assert_eq!(error.code.as_deref(), Some("limit"), "{}", error.message);
        assert!(error.message.contains("more than ten years ahead"), "{}", error.message);
    }
}
