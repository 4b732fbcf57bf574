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

#[cfg(test)]
mod tests {
    use reentry_step::serde_json::json;
    use reentry_step::testing;

    use super::*;

    #[test]
    fn a_yes_buys() {
        let mut run = testing::start(Step::new("{{name}}", buy), &json!({"item": "a lamp"}));
        assert_eq!(run.question(), json!({"item": "a lamp"}));
        run.answer(&json!({"approved": true}));
        assert_eq!(run.output(), json!({"bought": "a lamp", "comment": null}));
    }

    #[test]
    fn a_no_is_a_failure() {
        let mut run = testing::start(Step::new("{{name}}", buy), &json!({"item": "a lamp"}));
        run.answer(&json!({"approved": false}));
        assert_eq!(run.failure().code_word(), Some("refused"));
    }
}
