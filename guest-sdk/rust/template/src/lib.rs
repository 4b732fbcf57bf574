//! Asks whether to buy something.

use reentry_step::{Context, Error, Result, Step};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
struct Order {
    item: String,
}

/// What the one who answers gets to see.
#[derive(Serialize, JsonSchema)]
struct Question {
    item: String,
}

#[derive(Deserialize, JsonSchema)]
struct Answer {
    approved: bool,
    comment: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Bought {
    bought: String,
    comment: Option<String>,
}

async fn buy(ctx: Context<Question, Answer>, order: Order) -> Result<Bought> {
    let answer = ctx.suspend(Question { item: order.item.clone() }).await?; // Days may pass here.
    match answer.approved {
        true => Ok(Bought { bought: order.item, comment: answer.comment }),
        false => Err(Error::new("the buyer said no").code("refused")),
    }
}

reentry_step::export! {
    Step::new("{{name}}", buy).title("{{heading}}"),
}
