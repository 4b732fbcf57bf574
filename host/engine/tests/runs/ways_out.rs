//! Whatever a guest says on whatever way out of it: taken to the letter, or a failure that names place and reason.
//! Its run can be looked at, canceled and deleted.

// Two binaries have this file, at two places.
#[path = "ways_out/ways.rs"]
mod ways;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use reentry::core::json::Json;
use reentry::core::run::RunStatus;
use reentry::core::step::Failure;
use reentry::store::{RunFilter, SuspensionFilter};
use reentry::{Component, Host, OutputOptions, ResumeOptions, Run, RunResult, Tenant, Workflow};
use serde_json::json;

use ways::{EVENT, QUESTION, SUSPENDED, Then, Way, laid_down, names, text_at, way, ways};

use crate::clock::Standing;
use crate::guest::{ASK, EXPORT, NEWER, add, asks, definition, edited, host, input, moves};
use crate::texts::{odd, texts};

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
        let steps = r#"[{"parallel": {"arms": [{"then": {"component": "@", "step": "ask"}}]}},
            {"map": {"to": "input.ask"}}]"#;
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
