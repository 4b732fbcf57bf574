//! Three approvals at once: who decides, what silence decides, and what ends everything.

use anyhow::Result;
use reentry::RunResult;
use reentry::core::run::RunStatus;
use serde_json::{Value, json};

use super::stage::{DAY, HOUR, Stage, asked, file, output};

/// Starts the sample request.
async fn start(first_rejection_ends: bool) -> Result<(Stage, RunResult)> {
    let mut request = file("three-approvals/request.json")?;
    request["first_rejection_ends"] = json!(first_rejection_ends);
    let (stage, result) = Stage::start("three-approvals", request).await?;
    assert_eq!(result.status, RunStatus::Suspended, "{result:?}");
    Ok((stage, result))
}

fn yes(by: &str) -> Value {
    json!({"decision": "approved", "by": by})
}

fn no(by: &str) -> Value {
    json!({"decision": "rejected", "by": by, "comment": "too much"})
}

/// Who decided, in the order of the workflow; `-` where it was the deadline.
fn deciders(output: &Value) -> Vec<&str> {
    let verdicts = output["verdicts"].as_array().map(Vec::as_slice).unwrap_or_default();
    verdicts.iter().map(|verdict| verdict["by"].as_str().unwrap_or("-")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn three_yeses_in_any_order_approve() -> Result<()> {
    let (stage, result) = start(false).await?;
    assert_eq!(asked(&result), ["legal", "finance", "security"]);
    let hours: Vec<_> =
        result.suspended.iter().map(|step| step.deadline.map(|at| at.ms_since(step.since))).collect();
    assert_eq!(hours, [72, 48, 24].map(|hours| Some(hours * 3_600_000)));
    let result = stage.answer("security", yes("Sol")).await?;
    assert_eq!(asked(&result), ["legal", "finance"]);
    let result = stage.answer("legal", yes("Lea")).await?;
    assert_eq!(asked(&result), ["finance"]);
    let output = output(&stage.answer("finance", yes("Fin")).await?)?;
    assert_eq!(output["status"], "approved");
    assert_eq!(deciders(&output), ["Lea", "Fin", "Sol"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_no_rejects_when_all_have_spoken() -> Result<()> {
    let (stage, _) = start(false).await?;
    assert_eq!(asked(&stage.answer("finance", no("Fin")).await?), ["legal", "security"]);
    stage.answer("legal", yes("Lea")).await?;
    let output = output(&stage.answer("security", no("Sol")).await?)?;
    assert_eq!(output["status"], "rejected");
    assert_eq!(output["rejected_by"], json!(["finance", "security"]));
    assert_eq!(deciders(&output), ["Lea", "Fin", "Sol"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_no_ends_everything_if_that_is_asked_for() -> Result<()> {
    let (stage, _) = start(true).await?;
    assert_eq!(asked(&stage.answer("security", yes("Sol")).await?), ["legal", "finance"]);
    let result = stage.answer("legal", no("Lea")).await?;
    assert_eq!(asked(&result), [""; 0]);
    let output = output(&result)?;
    assert_eq!((&output["status"], &output["rejected_by"]), (&json!("rejected"), &json!(["legal"])));
    assert_eq!(deciders(&output), ["Lea"]);
    // Nobody can answer what was closed, and no deadline passes any more.
    assert!(stage.answer("finance", yes("Fin")).await.is_err());
    assert_eq!(super::stage::output(&stage.pass(DAY * 4).await?)?, output);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_decides_when_a_deadline_has_passed() -> Result<()> {
    let (stage, _) = start(false).await?;
    assert_eq!(asked(&stage.pass(DAY - HOUR).await?), ["legal", "finance", "security"]);
    // Security's silence is a yes, the others' is a no.
    assert_eq!(asked(&stage.pass(HOUR).await?), ["legal", "finance"]);
    assert_eq!(asked(&stage.answer("legal", yes("Lea")).await?), ["finance"]);
    let output = output(&stage.pass(DAY).await?)?;
    assert_eq!((&output["status"], &output["rejected_by"]), (&json!("rejected"), &json!(["finance"])));
    assert_eq!(deciders(&output), ["Lea", "-", "-"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn deadlines_that_passed_while_no_host_ran_all_count() -> Result<()> {
    let (stage, _) = start(false).await?;
    let output = output(&stage.pass(DAY * 30).await?)?;
    assert_eq!(output["rejected_by"], json!(["legal", "finance"]));
    assert_eq!(deciders(&output), ["-", "-", "-"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_that_means_no_ends_everything_too() -> Result<()> {
    let (stage, _) = start(true).await?;
    assert_eq!(asked(&stage.pass(DAY).await?), ["legal", "finance"]);
    let output = output(&stage.pass(DAY).await?)?;
    assert_eq!(output["rejected_by"], json!(["finance"]));
    assert_eq!(deciders(&output), ["-"]);
    Ok(())
}
