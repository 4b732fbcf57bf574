//! An approval in a file, without a component.

use anyhow::Result;
use reentry::RunResult;
use reentry::core::run::RunStatus;
use serde_json::{Value, json};

use super::stage::{DAY, HOUR, Stage, asked, output};

const FILE: &str = "sample-steps/vacation/vacation.yaml";

async fn start() -> Result<(Stage, RunResult)> {
    let input = json!({"name": "Kim", "days": 10, "managers": ["ann", "bob"]});
    let (stage, result) = Stage::start_file(FILE, "vacation", input).await?;
    assert_eq!((result.status, asked(&result)), (RunStatus::Suspended, vec!["ann", "bob"]));
    Ok((stage, result))
}

/// A run that bob has approved.
async fn approved() -> Result<Stage> {
    let (stage, _) = start().await?;
    let result = stage.answer("bob", json!({"approved": true})).await?;
    assert_eq!((result.status, asked(&result)), (RunStatus::Waiting, vec![]));
    Ok(stage)
}

async fn signed(stage: &Stage, key: &str, payload: Value) -> Result<(RunResult, bool)> {
    stage.event("plan-signed", key, payload).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_answer_counts_and_closes_the_other_question() -> Result<()> {
    let stage = approved().await?;
    let late = stage.answer("ann", json!({"approved": false})).await.unwrap_err();
    assert!(late.to_string().contains("not suspended") || late.to_string().contains("closed"), "{late}");
    assert!(!signed(&stage, "Ola", json!({"on": "2027-07-01"})).await?.1);
    let (result, delivered) = signed(&stage, "Kim", json!({"on": "2027-07-01"})).await?;
    assert!(delivered);
    assert_eq!(output(&result)?, json!({"status": "booked", "by": "bob", "from": "2027-07-01", "days": 10}));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_no_is_the_end() -> Result<()> {
    let (stage, _) = start().await?;
    let result = stage.answer("ann", json!({"approved": false, "comment": "in July?"})).await?;
    assert_eq!(output(&result)?, json!({"status": "refused", "reason": "in July?"}));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn five_days_without_an_answer_are_a_no() -> Result<()> {
    let (stage, _) = start().await?;
    assert_eq!(asked(&stage.pass(DAY * 5 - HOUR).await?), ["ann", "bob"]);
    assert_eq!(output(&stage.pass(HOUR).await?)?, json!({"status": "refused", "reason": "no answer"}));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_is_not_signed_or_not_dated_is_dropped() -> Result<()> {
    let stage = approved().await?;
    let dropped = |code: &str| json!({"status": "dropped", "reason": code});
    assert_eq!(output(&stage.pass(DAY * 14).await?)?, dropped("timed-out"));
    let stage = approved().await?;
    assert_eq!(output(&signed(&stage, "Kim", json!({"on": "soon"})).await?.0)?, dropped("bad-event"));
    Ok(())
}
