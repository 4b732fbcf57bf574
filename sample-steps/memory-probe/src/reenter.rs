//! A step in re-entry mode: what it knows, it must put into the form.

use reentry_step::{Context, Error, Next, Result, Resumed};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
pub struct Goal {
    goal: i64,
}

/// The form carries the sum so far.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Sum {
    sum: i64,
}

pub fn start(ctx: Context<Sum, i64>, input: Goal) -> Result<Next<Sum, i64>> {
    next(ctx, &input, 0)
}

pub fn resume(ctx: Context<Sum, i64>, resumed: Resumed<Goal, Sum, i64>) -> Result<Next<Sum, i64>> {
    let (Some(form), Some(answer)) = (resumed.form, resumed.answer) else {
        return Err(Error::new("expected the form and its answer"));
    };
    next(ctx, &resumed.input, form.sum + answer)
}

fn next(ctx: Context<Sum, i64>, input: &Goal, sum: i64) -> Result<Next<Sum, i64>> {
    Ok(if sum < input.goal { Next::Suspend(ctx.suspend(Sum { sum })) } else { Next::Done(Sum { sum }) })
}
