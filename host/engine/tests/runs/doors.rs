//! Texts that are no value, or not the same one to every reader, at every door: refused by name and place, and nothing is stuck.

use std::collections::BTreeMap;

use reentry::core::error::ErrorKind;
use reentry::core::json::Json;
use reentry::core::path::StepPath;
use reentry::core::run::RunStatus;
use reentry::{Error, Host, OutputOptions, ResumeOptions, Run, SendEvent, StartOptions, TravelOptions};
use serde_json::json;

use crate::guest::{asks, asks_twice, completes_with, definition, host, input, waits_for_event};

/// Well-formed, with what is said of each.
fn odd() -> Vec<(String, &'static str)> {
    let deep = |levels: usize| format!(r#"{}"x"{}"#, "[".repeat(levels), "]".repeat(levels));
    vec![
        (r#"{"a":["\ud83d"]}"#.into(), r#"/a/0: "\ud83d" has half of a surrogate pair"#),
        (r#"["\ude00x"]"#.into(), r#"/0: "\ude00x" has half of a surrogate pair"#),
        (
            r#"{"n":1e400}"#.into(),
            "/n: 1e400 is too large for a number, 1.7976931348623157e308 is the largest",
        ),
        (r#"{"a":1,"a":2}"#.into(), r#"/a: the key "a" is there twice"#),
        (r#"[{"\u0061":1,"a":2}]"#.into(), r#"/0/a: the key "a" is there twice"#),
        (deep(97), "nested 97 levels deep, at most 96 are allowed"),
        (deep(127), "nested 127 levels deep, at most 96 are allowed"),
        (deep(5_000), "nested 5000 levels deep, at most 96 are allowed"),
    ]
}

fn stored(text: &str) -> Json {
    Json::stored(text).unwrap()
}

fn refusal(error: &Error) -> String {
    assert_eq!((error.kind(), error.code()), (ErrorKind::Refused, "invalid-data"), "{error}");
    error.to_string().replace("\n- ", " ").replace("(top): ", "")
}

async fn asking(host: &Host) -> Run {
    asks_twice(host).await.start(input(json!(1))).await.unwrap().run
}

#[tokio::test]
async fn no_caller_brings_in_what_is_no_value() {
    let host = host().build().await.unwrap();
    let workflow = asks_twice(&host).await;
    let mut count = 0;
    for (text, said) in odd() {
        let json = || stored(&text);
        let map = || BTreeMap::from([("k".to_owned(), json())]);
        let begin = async |options| refusal(&workflow.start(options).await.unwrap_err());
        assert_eq!(begin(StartOptions::input(json())).await, format!("invalid input data: {said}"));
        let state = stored(&format!(r#"{{"k":{text}}}"#));
        let found = begin(StartOptions { initial_state: Some(state), ..input(json!(1)) }).await;
        assert!(found.starts_with("invalid initial state: "), "{found}");
        let found = begin(StartOptions { request_context: map(), ..input(json!(1)) }).await;
        assert!(found.starts_with("invalid request context: /k"), "{found}");

        let run = asking(&host).await;
        let found = refusal(&run.resume(ResumeOptions::data(json())).await.unwrap_err());
        assert_eq!(found, format!("invalid resume data: {said}"));
        let options = ResumeOptions { request_context: map(), ..ResumeOptions::data(json!(1)) };
        let found = refusal(&run.resume(options).await.unwrap_err());
        assert!(found.starts_with("invalid request context: /k"), "{found}");
        let travel = TravelOptions { to: StepPath::root().child("ask"), input: Some(json()), answer: None };
        let found = refusal(&run.time_travel(travel).await.unwrap_err());
        assert_eq!(found, format!("invalid input data: {said}"));
        assert_eq!(run.status().await.unwrap(), RunStatus::Suspended, "as it was");
        run.resume(ResumeOptions::data(json!("a"))).await.unwrap();
        assert_eq!(run.resume(ResumeOptions::data(json!("b"))).await.unwrap().status, RunStatus::Success);

        let event = SendEvent { name: "ask".into(), payload: Some(json()), ..SendEvent::default() };
        let found = refusal(&host.send_event(event).await.unwrap_err());
        assert_eq!(found, format!("invalid event data: {said}"));
        count += 7;
    }
    println!("{count} refused");
}

#[tokio::test]
async fn a_guest_that_gives_no_value_fails_by_name_and_place_and_its_run_can_be_deleted() {
    let host = host().build().await.unwrap();
    for (text, said) in odd()
        .into_iter()
        .chain([("[1".into(), "not valid JSON: EOF while parsing a list at line 1 column 2")])
    {
        let steps = r#"[{"parallel": {"arms": [{"then": {"component": "@", "step": "ask"}}]}}]"#;
        let workflow =
            host.commit(definition("gives", &completes_with(&host, &text).await, steps)).await.unwrap();
        let started = workflow.start(input(json!(1))).await.unwrap();
        let failure = started.result.error.unwrap();
        assert_eq!((failure.code.as_deref(), failure.retryable), (Some("contract"), false));
        assert!(failure.message.contains(&format!("`completed`: {said}")), "{}", failure.message);
        host.delete_run(started.run.id()).await.unwrap();
    }
}

/// What blocks make of values that are as deep as may be: never `null`, never stuck.
#[tokio::test]
async fn what_is_wrapped_too_deeply_fails_the_block_that_wraps_it() {
    let host = host().build().await.unwrap();
    let ask = asks(&host).await;
    // What is let in, 20 levels deeper.
    let within = format!("{}input{}", "[".repeat(20), "]".repeat(20));
    let step =
        format!(r#"[{{"then": {{"component": "@", "step": "ask"}}}}, {{"map": {{"to": "{within}"}}}}]"#);
    let mut told = Vec::new();
    for (name, wraps) in [
        ("parallel", r#"{"parallel": {"arms": [INNER]}}"#),
        ("branch", r#"{"branch": {"mode": "every", "arms": [{"when": "true", "do": INNER}]}}"#),
        ("foreach", r#"{"foreach": {"items": "[1]", "do": INNER}}"#),
    ] {
        // As many blocks around the step as leave room for what is let in, and one more.
        for blocks in [11, 12] {
            let nested = (0..blocks).fold(step.clone(), |inner, _| wraps.replace("INNER", &inner));
            let workflow = host.commit(definition(name, &ask, &format!("[{nested}]"))).await.unwrap();
            let deep = format!("{}{}", "[".repeat(96), "]".repeat(96));
            let run = workflow.start(StartOptions::input(stored(&deep))).await.unwrap().run;
            let result = run.resume(ResumeOptions::data(stored(&deep))).await.unwrap();
            let end = match &result.error {
                Some(failure) => {
                    format!("[{}] {}", failure.code.clone().unwrap_or_default(), failure.message)
                }
                None => format!("{} brackets", result.result.as_ref().unwrap().text().matches('[').count()),
            };
            told.push(format!("{name} {blocks}: {} {end}", result.status));
            host.delete_run(run.id()).await.unwrap();
        }
    }
    insta::assert_snapshot!(told.join("\n"), @"
    parallel 11: success 116 brackets
    parallel 12: failed [invalid-output] the output of the block is nested 128 levels deep, at most 127 are allowed
    branch 11: success 116 brackets
    branch 12: failed [invalid-output] the output of the block is nested 128 levels deep, at most 127 are allowed
    foreach 11: success 127 brackets
    foreach 12: failed [invalid-output] the output of the block is nested 128 levels deep, at most 127 are allowed
    ");
}

#[tokio::test]
async fn an_event_that_a_step_waits_for_brings_every_digit_to_watchers() {
    let host = host().build().await.unwrap();
    let event = waits_for_event(&host).await;
    let digits = r#"{"n":123456789012345678901234567890.10}"#;
    let steps = r#"[{"try": {"do": [{"then": {"component": "@", "step": "ask"}}, {"map": {"to": "input.gone.too"}}],
        "catch": {"map": {"to": "input.input"}}}}]"#;
    let workflow = host.commit(definition("waits", &event, steps)).await.unwrap();
    let run = workflow.start(StartOptions::input(Json::parse(digits).unwrap())).await.unwrap().run;
    let sent =
        SendEvent { name: "ask".into(), payload: Some(Json::parse(digits).unwrap()), ..SendEvent::default() };
    host.send_event(sent).await.unwrap();
    let mut watch = run.watch(None);
    let mut seen = Vec::new();
    while let Some(event) = watch.next().await.unwrap() {
        seen.extend(event.payload.get("output").map(|output| format!("{} {output}", event.kind)));
    }
    insta::assert_snapshot!(seen.join("\n"), @r#"
    workflow-step-result {"n":123456789012345678901234567890.10}
    workflow-step-result {"n":123456789012345678901234567890.10}
    workflow-step-result {"n":123456789012345678901234567890.10}
    workflow-finish {"n":123456789012345678901234567890.10}
    "#);
    let result = run.result(OutputOptions::default()).await.unwrap();
    assert_eq!(result.result.unwrap().text(), digits, "what is given to `catch`");
}
