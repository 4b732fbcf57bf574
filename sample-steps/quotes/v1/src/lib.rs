//! Asks suppliers for a price, one after the other, and names the cheapest: the first version, from which `../v2` takes over runs that wait.

use reentry_step::{Context, Error, Progress, Result, Step};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
struct Wanted {
    item: String,
    suppliers: Vec<String>,
}

#[derive(Serialize, JsonSchema)]
struct Question {
    item: String,
    supplier: String,
}

#[derive(Deserialize, JsonSchema)]
struct Quote {
    cents: u64,
}

/// What is known so far, for a later version of this step.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Collected {
    /// Suppliers in the order in which they answered, with their prices.
    quotes: Vec<(String, u64)>,
}

#[derive(Serialize, JsonSchema)]
struct Cheapest {
    supplier: String,
    cents: u64,
}

async fn collect(
    ctx: Context<Question, Quote>,
    wanted: Wanted,
    mut progress: Progress<Collected>,
) -> Result<Cheapest> {
    let mut collected = progress.take().unwrap_or_default();
    for supplier in wanted.suppliers.iter().skip(collected.quotes.len()) {
        progress.save(&collected)?;
        let question = Question { item: wanted.item.clone(), supplier: supplier.clone() };
        let quote = ctx.suspend(question).label(supplier).await?;
        collected.quotes.push((supplier.clone(), quote.cents));
    }
    let cheapest = collected.quotes.into_iter().min_by_key(|(_, cents)| *cents);
    let (supplier, cents) = cheapest.ok_or_else(|| Error::new("there is no supplier to ask"))?;
    Ok(Cheapest { supplier, cents })
}

reentry_step::export! {
    Step::migratable("quotes", collect)
        .title("Collect quotes")
        .description("Asks each supplier for a price, one after the other, and names the cheapest."),
}
