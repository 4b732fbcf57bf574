//! What a step may be besides restored: re-entered, timed, cancelled, refused.

use anyhow::Result;
use reentry::core::run::RunStatus;
use reentry::wasm::Limits;
use reentry::{ResumeOptions, RunResult, StartOptions};
use reentry_tests::{host, json, workflow_of};
use serde_json::{Value, json};

async fn start(step: &str, input: Value) -> Result<(reentry::Tenant, reentry::Run, RunResult)> {
    let limits = Limits::default().memory_bytes(64 << 20).call(std::time::Duration::from_millis(300));
    let tenant = host().limits(limits).build().await?.default_tenant();
    let run = workflow_of(&tenant, "memory-probe", step).await?.new_run().create().await?;
    let result = run.start(StartOptions::input(json(input))).await?;
    Ok((tenant, run, result))
}

async fn answer(run: &reentry::Run, data: Value) -> Result<RunResult> {
    Ok(run.resume(ResumeOptions::data(json(data))).await?)
}

fn code(result: &RunResult) -> Option<&str> {
    result.error.as_ref().and_then(|failure| failure.code.as_deref())
}

#[tokio::test]
async fn a_re_entered_step_knows_what_is_in_its_form_and_input() -> Result<()> {
    let (_tenant, run, mut result) = start("reenter", json!({"goal": 10})).await?;
    for number in [4, 5, 3] {
        assert_eq!(result.status, RunStatus::Suspended);
        result = answer(&run, json!(number)).await?;
    }
    assert_eq!(result.result.unwrap().value()?, json!({"sum": 12}));
    Ok(())
}

#[tokio::test]
async fn a_step_that_runs_for_ever_is_stopped() -> Result<()> {
    let (_tenant, _run, result) = start("spin", Value::Null).await?;
    assert_eq!((result.status, code(&result)), (RunStatus::Failed, Some("timeout")));
    Ok(())
}

#[tokio::test]
async fn a_step_that_panics_fails_with_a_trap() -> Result<()> {
    let (_tenant, _run, result) = start("panic", json!("no way on")).await?;
    assert_eq!((result.status, code(&result)), (RunStatus::Failed, Some("trap")));
    Ok(())
}

#[tokio::test]
async fn a_step_that_takes_too_much_memory_is_refused_more() -> Result<()> {
    let (_tenant, _run, result) = start("hog", json!({"bytes": 100 << 20})).await?;
    assert_eq!(result.status, RunStatus::Failed, "{result:?}");
    Ok(())
}

#[tokio::test]
async fn bail_ends_the_workflow_and_later_steps_do_not_run() -> Result<()> {
    let tenant = host().build().await?.default_tenant();
    let component = tenant.add_component("probe", &reentry_tests::guests::component("memory-probe")?).await?;
    let workflow =
        tenant.workflow("w").then(component.step("bail")).then(component.step("panic")).commit().await?;
    let run = workflow.new_run().create().await?;
    let result = run.start(StartOptions::input(json(json!({"early": true})))).await?;
    assert_eq!(result.status, RunStatus::Success);
    assert_eq!(result.result.unwrap().value()?, json!({"early": true}));
    assert_eq!(run.steps().await?.steps.len(), 1);
    Ok(())
}

#[tokio::test]
async fn what_a_failed_call_set_is_not_kept_and_what_a_suspended_one_set_is() -> Result<()> {
    let (_tenant, run, result) = start("state", json!({"key": "k", "value": 1, "fail": true})).await?;
    assert_eq!(result.status, RunStatus::Failed);
    assert!(run.state().await?.state.is_empty());
    let (_tenant, run, result) = start("state", json!({"key": "k", "value": 1, "suspend": true})).await?;
    assert_eq!(result.status, RunStatus::Suspended);
    assert_eq!(run.state().await?.state["k"].text(), "1");
    let result = answer(&run, Value::Null).await?;
    assert_eq!(result.result.unwrap().value()?["state"], json!({"k": 1}));
    Ok(())
}

#[tokio::test]
async fn a_step_may_wait_for_two_things_at_once() -> Result<()> {
    let (_tenant, run, result) = start("two-waits", Value::Null).await?;
    assert_eq!(result.status, RunStatus::Suspended);
    let state = run.state().await?;
    assert_eq!(state.waiting().count(), 2);
    Ok(())
}
