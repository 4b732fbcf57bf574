//! A function that lasts for weeks: what it waits for, and what it still knows.

use std::time::Duration;

use anyhow::Result;
use reentry::RunResult;
use reentry::core::run::RunStatus;
use serde_json::{Value, json};

use super::stage::{DAY, HOUR, Stage, asked, file, output};

const MINUTE: Duration = Duration::from_secs(60);

/// Starts the sample, which sleeps first.
async fn start() -> Result<Stage> {
    let (stage, result) = Stage::start("onboarding", file("onboarding/hire.json")?).await?;
    assert_eq!(result.status, RunStatus::Waiting, "{result:?}");
    Ok(stage)
}

/// What happened on which day, from the journal.
fn journal(output: &Value) -> Vec<String> {
    let entries = output["journal"].as_array().map(Vec::as_slice).unwrap_or_default();
    let at = |entry: &Value| entry["at"].as_u64().unwrap_or_default();
    let day = u64::try_from(DAY.as_millis()).unwrap_or(u64::MAX);
    let began = entries.first().map(at).unwrap_or_default();
    let told = |entry: &Value| {
        format!("day {}: {}", (at(entry) - began) / day, entry["what"].as_str().unwrap_or_default())
    };
    entries.iter().map(told).collect()
}

/// Starts it and goes on until it has the profile, and waits for the manager and the contract.
async fn with_profile() -> Result<Stage> {
    let stage = start().await?;
    stage.pass(DAY * 3).await?;
    let (result, delivered) =
        stage.event("profile-completed", "u-17", json!({"display_name": "Kim E"})).await?;
    assert!(delivered);
    assert_eq!(asked(&result), ["ada"]);
    assert_eq!(result.suspended[0].payload.value()?["display_name"], "Kim E");
    Ok(stage)
}

async fn signed(stage: &Stage) -> Result<(RunResult, bool)> {
    stage.event("contract-signed", "u-17", json!({"document": "C-9"})).await
}

/// The accounts of a run that must have come to its end.
fn logins(result: &RunResult) -> Result<Vec<String>> {
    let output = output(result)?;
    assert_eq!((&output["outcome"], &output["contract"]), (&json!("active"), &json!("C-9")));
    let accounts = output["accounts"].as_array().map(Vec::as_slice).unwrap_or_default();
    Ok(accounts.iter().map(|account| account["login"].as_str().unwrap_or_default().to_owned()).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn it_knows_at_the_end_what_it_did_on_every_day() -> Result<()> {
    let stage = with_profile().await?;
    stage.pass(DAY).await?;
    assert_eq!(asked(&signed(&stage).await?.0), ["ada"]);
    stage.pass(DAY * 20).await?;
    stage.answer("ada", json!({"approved": true, "without": ["wiki"]})).await?;
    // Nobody sits through the minute after which payroll is asked again.
    let result = stage.pass(MINUTE).await?;
    assert_eq!(logins(&result)?, ["kim.e@mail", "kim.e@payroll"]);
    assert_eq!(
        journal(&output(&result)?),
        [
            "day 0: welcomed Kim Ekholm",
            "day 3: asked for a profile",
            "day 3: Kim Ekholm is now Kim E",
            "day 24: ada decided, C-9 is signed",
            "day 24: made 2 accounts",
        ]
    );
    // Payroll was asked twice, a minute apart.
    assert_eq!(stage.elapsed(), DAY * 24 + Duration::from_secs(60));
    let mut log = stage.log();
    log.sort_unstable();
    assert_eq!(
        log,
        [
            "onboard Info welcome, Kim Ekholm",
            "onboard.provision[0] Info mail: account for u-17",
            "onboard.provision[1] Info payroll: account for u-17",
        ]
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_may_come_before_the_contract() -> Result<()> {
    let stage = with_profile().await?;
    let result = stage.answer("ada", json!({"approved": true})).await?;
    assert_eq!((asked(&result), result.status.is_final()), (vec![], false));
    assert!(signed(&stage).await?.1);
    let result = stage.pass(MINUTE).await?;
    assert_eq!(logins(&result)?, ["kim.e@mail", "kim.e@wiki", "kim.e@payroll"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_may_come_before_anybody_waits_for_it() -> Result<()> {
    let stage = start().await?;
    assert!(!signed(&stage).await?.1);
    assert!(!stage.event("profile-completed", "u-17", json!({"display_name": "Kim"})).await?.1);
    // Both are there when it comes to them.
    assert_eq!(asked(&stage.pass(DAY * 2).await?), ["ada"]);
    let result = stage.answer("ada", json!({"approved": true, "without": ["payroll"]})).await?;
    assert_eq!(logins(&result)?, ["kim@mail", "kim@wiki"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn events_about_somebody_else_are_none_of_its_business() -> Result<()> {
    let stage = start().await?;
    stage.pass(DAY * 2).await?;
    let (result, delivered) =
        stage.event("profile-completed", "u-18", json!({"display_name": "Ola"})).await?;
    assert_eq!((delivered, asked(&result)), (false, vec![]));
    assert_eq!(output(&stage.pass(DAY * 7).await?)?["outcome"], "abandoned");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_may_say_no() -> Result<()> {
    let stage = with_profile().await?;
    signed(&stage).await?;
    let output = output(&stage.answer("ada", json!({"approved": false})).await?)?;
    assert_eq!((&output["outcome"], &output["accounts"]), (&json!("refused"), &json!([])));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_profile_it_gives_up_on_the_ninth_day() -> Result<()> {
    let stage = start().await?;
    assert_eq!(stage.pass(DAY * 2 - HOUR).await?.status, RunStatus::Waiting);
    stage.pass(HOUR).await?;
    assert!(!stage.pass(DAY * 6).await?.status.is_final());
    let output = output(&stage.pass(DAY).await?)?;
    assert_eq!(output["outcome"], "abandoned");
    assert_eq!(
        journal(&output),
        ["day 0: welcomed Kim Ekholm", "day 2: asked for a profile", "day 9: gave up on the profile"]
    );
    Ok(())
}
