//! What a step may do wrong.

use reentry_step::{Context, Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Deserialize, JsonSchema)]
pub struct Fail {
    /// How many attempts fail in a way that may be retried. Left out: the failure is final.
    retryable_times: Option<u32>,
}

#[derive(Serialize, JsonSchema)]
pub struct Attempts {
    /// The attempt that succeeded, from 0.
    attempt: u32,
}

pub async fn fail(ctx: Context, input: Fail) -> Result<Attempts> {
    let attempt = ctx.attempt();
    match input.retryable_times {
        None => Err(Error::new("failed as told").code("told-to").details(&attempt)),
        Some(times) if attempt < times => {
            Err(Error::retryable(format!("failed as told, attempt {attempt} of {times}")).code("told-to"))
        }
        Some(_) => Ok(Attempts { attempt }),
    }
}

pub async fn panic(_ctx: Context, message: String) -> Result<()> {
    panic!("{message}")
}

pub async fn spin(_ctx: Context, _input: Value) -> Result<()> {
    loop {
        std::hint::spin_loop();
    }
}

#[derive(Deserialize, JsonSchema)]
pub struct Hog {
    bytes: usize,
}

pub async fn hog(_ctx: Context, input: Hog) -> Result<usize> {
    let page = vec![1; 64 * 1024];
    let mut held: Vec<u8> = Vec::new();
    while held.len() < input.bytes {
        held.try_reserve_exact(page.len())?;
        held.extend_from_slice(&page);
    }
    Ok(std::hint::black_box(held).len())
}

pub async fn bail(ctx: Context, result: Value) -> Result<()> {
    ctx.bail(result)
}
