//! Texts that are no value, or not the same one to every reader, at every door: refused by name and place, and
//! nothing is stuck.

use std::collections::BTreeMap;

use reentry::core::error::ErrorKind;
use reentry::core::json::Json;
use reentry::core::path::StepPath;
use reentry::core::resume::Target;
use reentry::core::run::RunStatus;
use reentry::store::RunFilter;
use reentry::{
    Error, ForkOptions, OutputOptions, ResumeOptions, Run, SendEvent, StartOptions, Tenant, TravelOptions,
};
use serde_json::json;

use crate::guest::{asks, asks_twice, definition, host, input, waits_for_event};
use crate::texts::{odd, texts};

fn stored(text: &str) -> Json {
    Json::stored(text).unwrap()
}

fn refusal(error: &Error) -> String {
    assert_eq!((error.kind(), error.code()), (ErrorKind::Refused, "invalid-data"), "{error}");
    error.to_string().replace("\n- ", " ").replace("(top): ", "")
}

async fn asking(tenant: &Tenant) -> Run {
    asks_twice(tenant).await.new_run().start(input(json!(1))).await.unwrap().run
}

#[tokio::test]
async fn no_caller_brings_in_what_is_no_value() {
    let tenant = host().build().await.unwrap().default_tenant();
    let workflow = asks_twice(&tenant).await;
    let mut count = 0;
    for (text, said) in odd() {
        let json = || stored(&text);
        let map = || BTreeMap::from([("k".to_owned(), json())]);
        let begin = async |options| refusal(&workflow.new_run().start(options).await.unwrap_err());
        assert_eq!(begin(StartOptions::input(json())).await, format!("invalid input data: {said}"));
        let state = stored(&format!(r#"{{"k":{text}}}"#));
        let found = begin(input(json!(1)).initial_state(state)).await;
        assert!(found.starts_with("invalid initial state: "), "{found}");
        let found = begin(input(json!(1)).request_context(map())).await;
        assert!(found.starts_with("invalid request context: /k"), "{found}");

        let run = asking(&tenant).await;
        let found = refusal(&run.resume(ResumeOptions::data(json())).await.unwrap_err());
        assert_eq!(found, format!("invalid resume data: {said}"));
        let options = ResumeOptions::data(json!(1)).request_context(map());
        let found = refusal(&run.resume(options).await.unwrap_err());
        assert!(found.starts_with("invalid request context: /k"), "{found}");
        let travel = TravelOptions::to(StepPath::root().child("ask")).input(json());
        let found = refusal(&run.travel(travel).await.unwrap_err());
        assert_eq!(found, format!("invalid input data: {said}"));
        assert_eq!(run.status().await.unwrap(), RunStatus::Suspended, "as it was");
        run.resume(ResumeOptions::data(json!("a"))).await.unwrap();
        assert_eq!(run.resume(ResumeOptions::data(json!("b"))).await.unwrap().status, RunStatus::Success);

        let event = SendEvent::new("ask").payload(json());
        let found = refusal(&tenant.send_event(event).await.unwrap_err());
        assert_eq!(found, format!("invalid event data: {said}"));
        count += 7;
    }
    println!("{count} refused");
}

#[tokio::test]
async fn whatever_is_thrown_at_a_door_is_let_in_or_refused_and_no_run_is_stuck() {
    let host = host().build().await.unwrap();
    let tenant = host.default_tenant();
    let workflow = asks_twice(&tenant).await;
    let (mut let_in, mut refused) = (0, 0);
    // What is not well-formed is no `Json`, and comes no further.
    for json in texts().filter_map(|text| Json::stored(text).ok()) {
        let is_fine = json.check_outside().is_ok();
        let mut count = |done: Result<(), Error>| {
            match done {
                Ok(()) => let_in += 1,
                Err(error) => {
                    refusal(&error);
                    assert!(!is_fine, "{json}: {error}");
                    refused += 1;
                    return;
                }
            }
            assert!(is_fine, "{json} was let in");
        };
        count(workflow.new_run().start(StartOptions::input(json.clone())).await.map(|_| ()));
        let context = BTreeMap::from([("k".to_owned(), json.clone())]);
        count(workflow.new_run().start(input(json!(1)).request_context(context.clone())).await.map(|_| ()));
        let event = SendEvent::new("n").payload(json.clone());
        count(tenant.send_event(event).await.map(|_| ()));
        let run = asking(&tenant).await;
        let answer = || ResumeOptions::data(json.clone());
        let fork = ForkOptions::default().answer(answer());
        count(run.fork(fork).await.map(|_| ()));
        count(run.resume(answer()).await.map(|_| ()));
        let to = || StepPath::root().child("ask");
        let travel = TravelOptions::to(to()).input(json.clone());
        count(run.travel(travel).await.map(|_| ()));
        let travel = TravelOptions::to(to()).answer(answer());
        count(run.travel(travel).await.map(|_| ()));
        let options = ResumeOptions::data(json!(1)).request_context(context);
        count(run.resume(options).await.map(|_| ()));
    }
    host.quiet().await;
    let mut filter = RunFilter::default();
    loop {
        let page = tenant.runs(filter.clone()).await.unwrap();
        for row in &page.rows {
            let run = tenant.run(row.id).await.unwrap();
            while let Some(open) = run.result(OutputOptions::default()).await.unwrap().suspended.first() {
                let end = ResumeOptions::data(json!("end")).step(Target::suspension(open.suspension));
                run.resume(end).await.unwrap();
            }
            assert_eq!(run.status().await.unwrap(), RunStatus::Success);
        }
        filter.after = page.next;
        if filter.after.is_none() {
            break;
        }
    }
    assert!(let_in > 100 && refused > 100, "{let_in} let in, {refused} refused");
}

/// What blocks make of values that are as deep as may be: never `null`, never stuck.
#[tokio::test]
async fn what_is_wrapped_too_deeply_fails_the_block_that_wraps_it() {
    let tenant = host().build().await.unwrap().default_tenant();
    let ask = asks(&tenant).await;
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
            let workflow = tenant.commit(definition(name, &ask, &format!("[{nested}]"))).await.unwrap();
            let deep = format!("{}{}", "[".repeat(96), "]".repeat(96));
            let run = workflow.new_run().start(StartOptions::input(stored(&deep))).await.unwrap().run;
            let result = run.resume(ResumeOptions::data(stored(&deep))).await.unwrap();
            let end = match &result.error {
                Some(failure) => {
                    format!("[{}] {}", failure.code.clone().unwrap_or_default(), failure.message)
                }
                None => format!("{} brackets", result.result.as_ref().unwrap().text().matches('[').count()),
            };
            told.push(format!("{name} {blocks}: {} {end}", result.status));
            tenant.delete_run(run.id()).await.unwrap();
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
    let tenant = host().build().await.unwrap().default_tenant();
    let event = waits_for_event(&tenant).await;
    let digits = r#"{"n":123456789012345678901234567890.10}"#;
    let steps = r#"[{"try": {"do": [{"then": {"component": "@", "step": "ask"}}, {"map": {"to": "input.gone.too"}}],
        "catch": {"map": {"to": "input.input"}}}}]"#;
    let workflow = tenant.commit(definition("waits", &event, steps)).await.unwrap();
    let run = workflow.new_run().start(StartOptions::input(Json::parse(digits).unwrap())).await.unwrap().run;
    let sent = SendEvent::new("ask").payload(Json::parse(digits).unwrap());
    tenant.send_event(sent).await.unwrap();
    let mut watch = run.watch(None);
    let mut seen = Vec::new();
    while let Some(event) = watch.next().await.unwrap() {
        let (kind, payload) = crate::guest::told(&event);
        seen.extend(payload.get("output").map(|output| format!("{kind} {output}")));
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
