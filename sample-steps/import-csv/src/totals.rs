//! What the import comes to.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::table::Table;

#[derive(Serialize, JsonSchema)]
pub struct Totals {
    /// Rows that count, those below among them.
    imported: usize,
    /// Doubtful rows by what was decided.
    skipped: usize,
    accepted: usize,
    corrected: usize,
    by_currency: BTreeMap<String, Revenue>,
    /// Orders by country.
    by_country: BTreeMap<String, u64>,
    /// Pieces by product.
    by_product: BTreeMap<String, u64>,
}

#[derive(Default, Serialize, JsonSchema)]
pub struct Revenue {
    orders: u64,
    pieces: u64,
    /// In hundredths.
    cents: u64,
}

impl Totals {
    pub fn of(table: &Table) -> Self {
        let mut totals = Self {
            imported: table.orders().len(),
            skipped: table.skipped,
            accepted: table.accepted,
            corrected: table.corrected,
            by_currency: BTreeMap::new(),
            by_country: BTreeMap::new(),
            by_product: BTreeMap::new(),
        };
        for order in table.orders() {
            let pieces = u64::from(order.quantity);
            let revenue = totals.by_currency.entry(order.currency.clone()).or_default();
            revenue.orders += 1;
            revenue.pieces += pieces;
            revenue.cents += pieces * order.unit_price_cents;
            *totals.by_country.entry(order.country.clone()).or_default() += 1;
            *totals.by_product.entry(order.product.clone()).or_default() += pieces;
        }
        totals
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Answer;
    use crate::table::Doubt;
    use serde_json::Value;

    #[test]
    fn the_sample_file_comes_to_the_expected_totals() {
        let mut table = Table::read(include_str!("../data/orders.csv")).expect("the sample is well-formed");
        let doubts: Vec<Doubt> =
            serde_json::from_str(include_str!("../data/doubtful.json")).expect("a list of doubts");
        assert_eq!(table.doubtful(), doubts);
        let answer: Answer = serde_json::from_str(include_str!("../data/answer.json")).expect("an answer");
        table.rule(answer.rulings);
        assert!(table.doubtful().is_empty());
        let expected: Value = serde_json::from_str(include_str!("../data/totals.json")).expect("totals");
        assert_eq!(serde_json::to_value(Totals::of(&table)).expect("totals are JSON"), expected);
    }

    #[test]
    fn a_row_stays_doubtful_until_a_ruling_settles_it() {
        let mut table = Table::read(
            "date,order_id,customer,country,product,quantity,unit_price,currency\n\
             2026-01-01,A1,Ann,SE,lamp,0,1.00,SEK\n",
        )
        .expect("the text is CSV");
        for answer in [
            r#"{"rulings":[]}"#,
            r#"{"rulings":[{"line":2,"action":"accept"}]}"#,
            r#"{"rulings":[{"line":2,"action":"correct","fields":{"quantity":"none"}}]}"#,
        ] {
            table.rule(serde_json::from_str::<Answer>(answer).expect("an answer").rulings);
            assert_eq!(table.doubtful().len(), 1, "{answer}");
        }
        assert_eq!(table.doubtful()[0].problem, "\"none\" is no quantity");
    }
}
