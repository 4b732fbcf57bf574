//! What a step learns from its host and leaves with it.

use reentry_step::{Context, Level, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Deserialize, JsonSchema)]
pub struct Ask {
    /// Sent to the watchers and to the log.
    #[serde(default)]
    say: String,
    /// The path of a step whose result is wanted.
    #[serde(default)]
    path: String,
}

#[derive(Serialize, JsonSchema)]
pub struct Facts {
    step: String,
    run_id: String,
    workflow_id: String,
    path: String,
    attempt: u32,
    resource_id: Option<String>,
    idempotency_key: String,
    now_ms: u64,
    entropy_bytes: usize,
    trace_id: Option<String>,
    span_id: Option<String>,
    random_bytes: usize,
    cancelled: bool,
    step_result: Option<Value>,
    init_data: Value,
    state: Value,
    request_context: Value,
}

pub async fn echo(ctx: Context, ask: Ask) -> Result<Facts> {
    ctx.log(Level::Info, &ask.say, &serde_json::json!({ "length": ask.say.len() }))?;
    ctx.emit(&ask.say)?;
    let facts = ctx.facts();
    let (trace_id, span_id) = facts.trace.map(|trace| (trace.trace_id, trace.span_id)).unzip();
    Ok(Facts {
        step: facts.step,
        run_id: facts.run_id,
        workflow_id: facts.workflow_id,
        path: facts.path,
        attempt: facts.attempt,
        resource_id: facts.resource_id,
        idempotency_key: facts.idempotency_key,
        now_ms: facts.now_ms,
        entropy_bytes: facts.entropy.len(),
        trace_id,
        span_id,
        random_bytes: ctx.random(16).len(),
        cancelled: ctx.cancelled(),
        step_result: ctx.step_result(&ask.path)?,
        init_data: ctx.init_data()?,
        state: ctx.state()?,
        request_context: ctx.request_context()?,
    })
}

#[derive(Deserialize, JsonSchema)]
pub struct Set {
    key: String,
    value: Value,
    /// Whether to suspend between the setting and the reading.
    #[serde(default)]
    suspend: bool,
    /// Whether to fail after the setting: then nothing of it may be kept.
    #[serde(default)]
    fail: bool,
}

#[derive(Serialize, JsonSchema)]
pub struct Both {
    state: Value,
    request_context: Value,
}

pub async fn state(ctx: Context<Value, Value>, set: Set) -> Result<Both> {
    ctx.set_state(&set.key, &set.value)?;
    ctx.set_request_context(&set.key, &set.value)?;
    if set.fail {
        return Err(reentry_step::Error::new("failed after setting the state"));
    }
    if set.suspend {
        ctx.suspend(Value::Null).await?;
    }
    Ok(Both { state: ctx.state()?, request_context: ctx.request_context()? })
}
