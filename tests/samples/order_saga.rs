//! An order that fails somewhere, and what is undone then.

use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::stage::{Stage, file, output};

/// A request to a service, as the log of the steps has it.
struct Request {
    what: String,
    key: String,
    attempt: u64,
}

/// Runs the sample order with some fields changed.
async fn order(changes: Value) -> Result<(Value, Vec<Request>, Duration)> {
    let mut order = file("order-saga/order.json")?;
    for (key, value) in changes.as_object().context("changes are an object")? {
        order[key] = value.clone();
    }
    let (stage, result) = Stage::start("order-saga", order).await?;
    Ok((output(&result)?, requests(&stage)?, stage.elapsed()))
}

fn requests(stage: &Stage) -> Result<Vec<Request>> {
    stage.log().iter().map(|line| request(line)).collect()
}

/// Reads `PATH Info WHAT {"about":...,"idempotency_key":...,"attempt":...}`.
fn request(line: &str) -> Result<Request> {
    let (before, fields) = line.split_once(" {").context("the line has fields")?;
    let fields: Value = serde_json::from_str(&format!("{{{fields}"))?;
    Ok(Request {
        what: before.rsplit(' ').next().unwrap_or_default().to_owned(),
        key: fields["idempotency_key"].as_str().unwrap_or_default().to_owned(),
        attempt: fields["attempt"].as_u64().unwrap_or_default(),
    })
}

/// The requests by name. What is undone is undone at once, so the order is that of the alphabet.
fn names(requests: &[Request]) -> String {
    let mut names: Vec<_> = requests.iter().map(|request| request.what.as_str()).collect();
    names.sort_unstable();
    names.join(" ")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_shipped() -> Result<()> {
    let (output, requests, waited) = order(json!({})).await?;
    assert_eq!(output["status"], "shipped");
    assert!(output["tracking_number"].as_str().is_some_and(|number| number.starts_with("trk-")), "{output}");
    assert_eq!(names(&requests), "charge notify reserve ship");
    assert_eq!(waited, Duration::ZERO);
    Ok(())
}

/// Runs an order that fails, and checks where and why, what is undone, which requests that takes, and for how long it
/// was tried.
async fn check(changes: Value, failed: &str, undone: &str, made: &str, secs: u64) -> Result<()> {
    let (output, requests, waited) = order(changes.clone()).await?;
    assert_eq!(output["status"], "cancelled", "{changes}");
    assert_eq!(format!("{}: {}", text(&output["failed"]["step"]), text(&output["failed"]["code"])), failed);
    let steps = output["compensated"].as_array().map(Vec::as_slice).unwrap_or_default();
    assert_eq!(steps.iter().map(text).collect::<Vec<_>>().join(" "), undone, "{changes}");
    assert_eq!(names(&requests), made, "{changes}");
    assert_eq!(waited.as_secs(), secs, "{changes}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_before_a_failure_is_undone_and_nothing_else() -> Result<()> {
    let too_many = json!({"items": [{"sku": "lamp", "quantity": 101}]});
    check(too_many, "reserve: out-of-stock", "", "notify reserve", 0).await?;
    let declined = json!({"card": "card-declined"});
    check(declined, "charge: card-declined", "reserve", "charge notify release reserve", 0).await?;
    let silent = json!({"card": "card-silent"});
    let tried = "charge charge charge charge notify release reserve";
    check(silent, "charge: bank-silent", "reserve", tried, 2 + 4 + 8).await?;
    let far = json!({"country": "AQ"});
    check(far, "ship: no-carrier", "charge reserve", "charge notify refund release reserve ship", 0).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_is_busy_is_asked_again_under_the_same_key() -> Result<()> {
    let (output, requests, waited) = order(json!({"card": "card-busy"})).await?;
    assert_eq!(output["status"], "shipped");
    assert_eq!(waited, Duration::from_secs(2 + 4));
    one_charge(&requests);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn another_host_asks_again_under_that_key_too() -> Result<()> {
    let mut order = file("order-saga/order.json")?;
    order["card"] = json!("card-busy");
    let (stage, result) = Stage::start_and_take_over("order-saga", order).await?;
    assert_eq!(output(&result)?["status"], "shipped");
    one_charge(&requests(&stage)?);
    Ok(())
}

/// Checks that all tries to charge were tries of one call.
fn one_charge(requests: &[Request]) {
    let charges: Vec<_> = requests.iter().filter(|request| request.what == "charge").collect();
    assert_eq!(charges.iter().map(|charge| charge.attempt).collect::<Vec<_>>(), [0, 1, 2]);
    assert!(charges.iter().all(|charge| charge.key == charges[0].key));
    // No other request has that key.
    assert_eq!(requests.iter().filter(|request| request.key == charges[0].key).count(), charges.len());
}
