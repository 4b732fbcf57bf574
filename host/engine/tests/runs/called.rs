//! Workflows that steps have run on their behalf.

use reentry::core::resume::Target;
use reentry::core::run::{RunStatus, SuspensionEnd};
use reentry::{OutputOptions, ResumeOptions, Run, Tenant};
use serde_json::json;

use crate::guest::{asks, calls_workflow, definition, host, input, line};

/// A started run whose only step calls the workflow `ask`, which has these entries.
async fn calling(tenant: &Tenant, steps: &str) -> Run {
    let ask = asks(tenant).await;
    tenant.apply_workflow(definition("ask", &ask, steps)).await.unwrap();
    let calls = calls_workflow(tenant).await;
    let workflow = tenant.workflow("calls").then(calls.step("ask")).commit().await.unwrap();
    workflow.new_run().start(input(json!(7))).await.unwrap().run
}

async fn statuses(run: &Run) -> String {
    let results = run.steps().await.unwrap();
    let told = results.steps.iter().map(|(path, entry)| format!("{path} {}", json!(entry.status)));
    told.collect::<Vec<_>>().join(", ")
}

const ASKS: &str = r#"[{"then": {"component": "@", "step": "ask"}}, {"map": {"to": "input.value"}}]"#;

#[tokio::test]
async fn a_called_workflow_is_part_of_its_run_and_its_output_the_step_s() {
    let tenant = host().build().await.unwrap().default_tenant();
    let run = calling(&tenant, ASKS).await;
    insta::assert_snapshot!(
        line(&run.result(OutputOptions::default()).await.unwrap()),
        @r#"{"status":"suspended","suspendPayload":{"ask.ask[0].ask":[7]},"suspended":[["ask","ask[0]","ask"]]}"#
    );
    assert_eq!(
        statuses(&run).await,
        r#"ask "suspended", ask.ask[0] "suspended", ask.ask[0].ask "suspended""#
    );
    let result = run.resume(ResumeOptions::data(json!({"value": 8}))).await.unwrap();
    assert_eq!(line(&result), r#"{"result":8,"status":"success"}"#);
}

#[tokio::test]
async fn a_run_keeps_to_the_version_that_was_current_when_it_called() {
    let tenant = host().build().await.unwrap().default_tenant();
    let run = calling(&tenant, ASKS).await;
    let newer = definition("ask", &asks(&tenant).await, r#"[{"map": {"to": "0"}}]"#);
    tenant.apply_workflow(newer).await.unwrap();
    let result = run.resume(ResumeOptions::data(json!({"value": 8}))).await.unwrap();
    assert_eq!(line(&result), r#"{"result":8,"status":"success"}"#);
}

#[tokio::test]
async fn a_step_is_told_that_the_workflow_it_called_failed() {
    let tenant = host().build().await.unwrap().default_tenant();
    let run = calling(&tenant, ASKS).await;
    let result = run.resume(ResumeOptions::data(json!({}))).await.unwrap();
    assert_eq!(line(&result), r#"{"result":"gone","status":"success"}"#);
    assert_eq!(
        statuses(&run).await,
        r#"ask "success", ask.ask[0] "failed", ask.ask[0].ask "success", ask.ask[0].map-1 "failed""#
    );
}

#[tokio::test]
async fn a_step_is_told_that_there_is_no_such_workflow() {
    let tenant = host().build().await.unwrap().default_tenant();
    let calls = calls_workflow(&tenant).await;
    let workflow = tenant.workflow("calls").then(calls.step("ask")).commit().await.unwrap();
    let result = workflow.new_run().start(input(json!(7))).await.unwrap().result;
    assert_eq!(line(&result), r#"{"result":"gone","status":"success"}"#);
}

#[tokio::test]
async fn a_cancelled_run_takes_what_it_called_along() {
    let tenant = host().build().await.unwrap().default_tenant();
    let run = calling(&tenant, ASKS).await;
    run.cancel().await.unwrap();
    assert_eq!(statuses(&run).await, r#"ask "canceled", ask.ask[0] "canceled", ask.ask[0].ask "canceled""#);
    let history = run.history().await.unwrap();
    let ends: Vec<_> = history.iter().filter_map(|one| one.record.state.ended).map(|(end, _)| end).collect();
    assert_eq!(ends, [SuspensionEnd::Closed, SuspensionEnd::Closed]);
    let error = run.resume(ResumeOptions::data(json!(1))).await.unwrap_err();
    assert_eq!((error.code(), run.status().await.unwrap()), ("not-suspended", RunStatus::Canceled));
}

/// The number of what a step has run is no index, and neither is the turn of a loop in that.
#[tokio::test]
async fn an_index_reaches_the_question_of_what_the_step_of_that_item_has_run() {
    let tenant = host().build().await.unwrap().default_tenant();
    let asks_again = r#"[{"doUntil": {"id": "turn", "do": [{"then": {"component": "@", "step": "ask"}}, {"map": {"to": "input"}}],
        "until": "output != 'again'"}}]"#;
    tenant.apply_workflow(definition("ask", &asks(&tenant).await, asks_again)).await.unwrap();
    let each = r#"[{"foreach": {"id": "each", "concurrency": 2, "do": [
        {"then": {"id": "call", "component": "@", "step": "ask"}}, {"map": {"to": "input"}}]}}]"#;
    let workflow = tenant.commit(definition("calls", &calls_workflow(&tenant).await, each)).await.unwrap();
    let run = workflow.new_run().start(input(json!(["A", "B"]))).await.unwrap().run;
    let answer = async |step: &str, index, data: &str| {
        let target = Target::step(step).unwrap().for_each_index(index);
        match run.resume(ResumeOptions::data(json!(data)).step(target)).await {
            Ok(result) => {
                let open = result.suspended.iter().map(|one| format!("[{}] {}", one.path, one.payload));
                format!("{} {}", result.status, open.collect::<Vec<_>>().join(", "))
            }
            // When it was answered is another time each time.
            Err(error) if error.code() == "already-answered" => {
                format!("already-answered, {}", error.to_string().split_once("; ").unwrap().1)
            }
            Err(error) => format!("{} {error}", error.code()),
        }
    };
    let mut told = Vec::new();
    for (step, index, data) in [
        ("each", 1, "again"),
        ("each.call", 0, "no index of its own"),
        ("each[1].call.ask[0].turn", 1, "no index of its own"),
        ("each", 0, "a"),
        ("each", 0, "once more"),
        ("each", 1, "b"),
    ] {
        told.push(
            format!("{step} {index} {data}: {}", answer(step, index, data).await).trim_end().to_owned(),
        );
    }
    insta::assert_snapshot!(told.join("\n"), @r#"
    each 1 again: suspended [each[0].call.ask[0].turn[0].ask] "A", [each[1].call.ask[0].turn[1].ask] "again"
    each.call 0 no index of its own: unknown-target step `each.call` with index 0 was not suspended; suspended steps: [each[0].call.ask[0].turn[0].ask], [each[1].call.ask[0].turn[1].ask]
    each[1].call.ask[0].turn 1 no index of its own: unknown-target step `each[1].call.ask[0].turn` with index 1 was not suspended; suspended steps: [each[0].call.ask[0].turn[0].ask], [each[1].call.ask[0].turn[1].ask]
    each 0 a: suspended [each[1].call.ask[0].turn[1].ask] "again"
    each 0 once more: already-answered, suspended steps: [each[1].call.ask[0].turn[1].ask]
    each 1 b: success
    "#);
    let result = run.result(OutputOptions::default()).await.unwrap();
    assert_eq!(line(&result), r#"{"result":["a","b"],"status":"success"}"#);
}
