//! Each thing that a step can wait for.

use std::time::Duration;

use futures_util::future::join;
use reentry_step::{Context, Result, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub async fn checkpoint(ctx: Context, turns: u32) -> Result<u32> {
    let mut count = 0;
    for _ in 0..turns {
        count += 1;
        ctx.checkpoint().await;
    }
    Ok(count)
}

pub async fn ask(ctx: Context<Value, Value>, question: Value) -> Result<Value> {
    ctx.suspend(question).await
}

#[derive(Deserialize, JsonSchema)]
pub struct Sleep {
    millis: u64,
}

#[derive(Serialize, JsonSchema)]
pub struct Slept {
    from: Timestamp,
    to: Timestamp,
}

pub async fn sleep(ctx: Context, input: Sleep) -> Result<Slept> {
    let from = ctx.now();
    ctx.sleep_until(from + Duration::from_millis(input.millis)).await;
    Ok(Slept { from, to: ctx.now() })
}

#[derive(Deserialize, JsonSchema)]
pub struct Deadline {
    millis: u64,
    /// Taken as the answer when the time is up. Left out: the step is told that it is.
    default: Option<Value>,
}

#[derive(Serialize, JsonSchema)]
pub struct Answered {
    answer: Option<Value>,
    timed_out: bool,
}

pub async fn deadline(ctx: Context<String, Value>, input: Deadline) -> Result<Answered> {
    let mut question = ctx.suspend("soon, please".into()).within(Duration::from_millis(input.millis));
    if let Some(default) = &input.default {
        question = question.or_answer(default);
    }
    match question.await {
        Ok(answer) => Ok(Answered { answer: Some(answer), timed_out: false }),
        Err(error) if error.is_timed_out() => Ok(Answered { answer: None, timed_out: true }),
        Err(error) => Err(error),
    }
}

/// Who is asked.
#[derive(Serialize, JsonSchema)]
pub struct Question {
    to: String,
}

#[derive(Serialize, JsonSchema)]
pub struct Two {
    left: Value,
    /// In the type that only this answer has.
    right: u32,
    /// How many calls it took: one for each answer, or one for both.
    calls: u32,
}

pub async fn two_waits(ctx: Context<Question, Value>, _input: Value) -> Result<Two> {
    let calls = std::cell::RefCell::new(std::collections::BTreeSet::new());
    let left = async {
        let answer = ctx.suspend(Question { to: "left".into() }).label("left").await;
        calls.borrow_mut().insert(ctx.idempotency_key());
        answer
    };
    let right = async {
        let answer = ctx.suspend_as::<u32>(&Question { to: "right".into() }).label("right").await;
        calls.borrow_mut().insert(ctx.idempotency_key());
        answer
    };
    let (left, right) = join(left, right).await;
    let calls = calls.borrow().len();
    Ok(Two { left: left?, right: right?, calls: u32::try_from(calls)? })
}

#[derive(Deserialize, JsonSchema)]
pub struct EventName {
    name: String,
    key: Option<String>,
}

pub async fn event(ctx: Context, input: EventName) -> Result<Value> {
    let event = ctx.event(input.name);
    match input.key {
        Some(key) => event.key(key).await,
        None => event.await,
    }
}

#[derive(Deserialize, JsonSchema)]
pub struct Child {
    step: String,
    input: Value,
}

pub async fn child(ctx: Context, input: Child) -> Result<Value> {
    ctx.run_step(input.step, &input.input).await
}
