//! The conformance step: one behaviour in every language. `tests/languages.rs` says what it must do.

use std::time::Duration;

use reentry_step::{Context, Error, Level, Result, Retry, Step};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

type Ctx = Context<Value, Value>;

#[derive(Deserialize)]
struct Input {
    r#do: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    key: String,
}

#[derive(Deserialize, JsonSchema)]
struct Answer {
    text: String,
}

async fn conformance(ctx: Ctx, input: Box<RawValue>) -> Result<Box<RawValue>> {
    let read: Input = serde_json::from_str(input.get())?;
    if read.r#do == "echo" {
        return Ok(input);
    }
    let output = match read.r#do.as_str() {
        "keep" => keep(ctx).await?,
        "state" => state(ctx).await?,
        "context" => context(ctx).await?,
        "labels" => ctx.suspend(json!({"question": "who?"})).label("manager").label("finance").await?,
        "bail" => return ctx.bail(json!({"bailed": true})),
        "fail" => {
            return Err(Error::new("no luck").code("no-luck").details(&json!({"tried": "everything"})));
        }
        "retry" if ctx.attempt() < 2 => return Err(Error::retryable("not yet")),
        "retry" => json!({"attempt": ctx.attempt()}),
        "megabyte" => {
            let answer: Answer = ctx.suspend_as(&json!({"text": "x".repeat(1 << 20)})).await?;
            json!({"length": answer.text.len()})
        }
        "unicode" => {
            let answer: Answer = ctx.suspend_as(&json!({"text": read.text})).await?;
            json!({"text": answer.text, "same": answer.text == read.text})
        }
        "print" => print(ctx).await?,
        "clock" => {
            ctx.suspend(look(ctx)).await?;
            look(ctx)
        }
        "sleep" => {
            ctx.sleep(Duration::from_millis(1)).await;
            json!({"slept": true})
        }
        "event" => ctx.event("paid").key(read.key).await?,
        other => return Err(Error::new(format!("there is no case {other}"))),
    };
    Ok(serde_json::value::to_raw_value(&output)?)
}

async fn keep(ctx: Ctx) -> Result<Value> {
    let mut texts = Vec::new();
    for asked in 1..=3 {
        let answer: Answer = ctx.suspend_as(&json!({"asked": asked})).await?;
        texts.push(answer.text);
    }
    Ok(json!({"count": texts.len(), "texts": texts}))
}

async fn state(ctx: Ctx) -> Result<Value> {
    let read = || Ok::<_, Error>(ctx.state::<Value>()?["counter"].as_i64().unwrap_or_default());
    let counter = read()? + 1;
    ctx.set_state("counter", &counter)?;
    ctx.suspend(json!({"counter": counter})).await?;
    let counter = read()? + 1;
    ctx.set_state("counter", &counter)?;
    Ok(json!({"counter": counter}))
}

async fn context(ctx: Ctx) -> Result<Value> {
    let tenant_name = ctx.request_context::<Value>()?["tenantName"].clone();
    ctx.set_request_context("seen", &true)?;
    ctx.suspend(json!({})).await?;
    Ok(json!({"tenantName": tenant_name, "approver": ctx.request_context::<Value>()?["approver"]}))
}

/// Rust has no standard output here; the log is what takes its place.
async fn print(ctx: Ctx) -> Result<Value> {
    ctx.info("printed by the step");
    ctx.log(Level::Warn, "logged by the step", &json!({"n": 1}))?;
    ctx.suspend(json!({})).await?;
    ctx.info("printed after");
    Ok(Value::Null)
}

fn look(ctx: Ctx) -> Value {
    json!({"now": ctx.now().as_millis(), "random": ctx.random(8)})
}

reentry_step::export! {
    Step::new("conformance", conformance)
        .title("Conformance")
        .retry(Retry::times(3).delay(Duration::ZERO)),
}
