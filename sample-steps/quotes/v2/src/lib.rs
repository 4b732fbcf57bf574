//! The second version of `../v1`: a quote may have a time of delivery, which counts when prices are equal, and all quotes are told at the end.
//!
//! It keeps what it knows in another form, and reads that of the first version too.

use std::collections::BTreeMap;

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
    /// The best price so far.
    to_beat: Option<u64>,
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
struct Quote {
    cents: u64,
    /// Days until delivery, if the supplier says.
    #[serde(default)]
    days: Option<u32>,
}

/// What is known so far, for a later version of this step.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(from = "Saved")]
struct Collected {
    quotes: BTreeMap<String, Quote>,
}

/// What this version and the first one save.
#[derive(Deserialize)]
#[serde(untagged)]
enum Saved {
    Second { quotes: BTreeMap<String, Quote> },
    First { quotes: Vec<(String, u64)> },
}

impl From<Saved> for Collected {
    fn from(saved: Saved) -> Self {
        let quotes = match saved {
            Saved::Second { quotes } => quotes,
            Saved::First { quotes } => {
                quotes.into_iter().map(|(supplier, cents)| (supplier, Quote { cents, days: None })).collect()
            }
        };
        Self { quotes }
    }
}

#[derive(Serialize, JsonSchema)]
struct Outcome {
    supplier: String,
    quotes: BTreeMap<String, Quote>,
}

async fn collect(
    ctx: Context<Question, Quote>,
    wanted: Wanted,
    mut progress: Progress<Collected>,
) -> Result<Outcome> {
    let mut collected = progress.take().unwrap_or_default();
    for supplier in &wanted.suppliers {
        if collected.quotes.contains_key(supplier) {
            continue;
        }
        progress.save(&collected)?;
        let question = Question {
            item: wanted.item.clone(),
            supplier: supplier.clone(),
            to_beat: collected.quotes.values().map(|quote| quote.cents).min(),
        };
        let quote = ctx.suspend(question).label(supplier).await?;
        collected.quotes.insert(supplier.clone(), quote);
    }
    let quotes = collected.quotes;
    let cheapest = quotes.iter().min_by_key(|(_, quote)| (quote.cents, quote.days.unwrap_or(u32::MAX)));
    let supplier = cheapest.map(|(supplier, _)| supplier.clone());
    Ok(Outcome { supplier: supplier.ok_or_else(|| Error::new("there is no supplier to ask"))?, quotes })
}

reentry_step::export! {
    Step::migratable("quotes", collect)
        .title("Collect quotes")
        .description("Asks each supplier for a price, one after the other, and names the cheapest of all quotes."),
}
