//! The table: good rows as orders, the others with what is doubtful about them.

use std::collections::BTreeMap;

use reentry_step::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::order::{COLUMNS, Order};

/// Orders of more pieces than this are rare enough to ask.
const LARGE_QUANTITY: u32 = 1_000;

/// A row that somebody has to look at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Doubt {
    /// The line of the file, from 1, the header included.
    pub line: u64,
    pub fields: Vec<String>,
    pub problem: String,
    /// Whether the row can be taken as it is.
    pub acceptable: bool,
}

/// What is to be done with a doubtful row.
#[derive(Deserialize, JsonSchema)]
pub struct Ruling {
    pub line: u64,
    #[serde(flatten)]
    pub action: Action,
}

#[derive(Deserialize, JsonSchema)]
#[serde(tag = "action", rename_all = "lowercase")]
pub enum Action {
    /// Leaves the row out.
    Skip,
    /// Takes the row as it is, if that is possible.
    Accept,
    /// Takes the row with these fields changed, as they would stand in the file.
    Correct { fields: BTreeMap<Column, String> },
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    Date,
    OrderId,
    Customer,
    Country,
    Product,
    Quantity,
    UnitPrice,
    Currency,
}

#[derive(Default)]
pub struct Table {
    orders: Vec<Order>,
    /// Order ids and the lines on which they stand.
    lines: BTreeMap<String, u64>,
    doubtful: Vec<Doubt>,
    pub skipped: usize,
    pub accepted: usize,
    pub corrected: usize,
}

impl Table {
    /// Reads a file.
    ///
    /// # Errors
    /// If it is not CSV at all, or its header is not the expected one. Single bad rows are doubtful, not errors.
    pub fn read(csv: &str) -> Result<Self> {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(csv.as_bytes());
        let header = reader.headers()?;
        if header != COLUMNS.as_slice() {
            let found = header.iter().collect::<Vec<_>>().join(",");
            let expected = COLUMNS.join(",");
            return Err(Error::new(format!("the header is {found}, expected {expected}")).code("bad-header"));
        }
        let mut table = Self::default();
        for record in reader.records() {
            let record = record?;
            let line = record.position().map_or(0, csv::Position::line);
            table.add(line, record.iter().map(str::to_owned).collect());
        }
        Ok(table)
    }

    /// The rows that are fine.
    pub fn orders(&self) -> &[Order] {
        &self.orders
    }

    /// The rows that are not, by line.
    pub fn doubtful(&self) -> &[Doubt] {
        &self.doubtful
    }

    /// Carries out what was decided. Rulings on lines that are not doubtful are ignored.
    pub fn rule(&mut self, rulings: Vec<Ruling>) {
        let mut rulings: BTreeMap<u64, Action> =
            rulings.into_iter().map(|ruling| (ruling.line, ruling.action)).collect();
        for mut doubt in std::mem::take(&mut self.doubtful) {
            match rulings.remove(&doubt.line) {
                Some(Action::Skip) => self.skipped += 1,
                Some(Action::Accept) if doubt.acceptable => {
                    // An acceptable row is one that parses.
                    self.orders.extend(Order::parse(&doubt.fields));
                    self.accepted += 1;
                }
                Some(Action::Correct { fields }) => {
                    doubt.fields.resize(COLUMNS.len(), String::new());
                    for (column, text) in fields {
                        doubt.fields[column as usize] = text;
                    }
                    self.corrected += usize::from(self.add(doubt.line, doubt.fields));
                }
                Some(Action::Accept) | None => self.doubtful.push(doubt),
            }
        }
    }

    /// Adds a row where it belongs, and says whether that is among the good ones.
    fn add(&mut self, line: u64, fields: Vec<String>) -> bool {
        let (problem, acceptable) = match Order::parse(&fields) {
            Err(problem) => (problem, false),
            Ok(order) => match self.oddity(line, &order) {
                Some(oddity) => (oddity, true),
                None => {
                    self.orders.push(order);
                    return true;
                }
            },
        };
        self.doubtful.push(Doubt { line, fields, problem, acceptable });
        false
    }

    /// What is strange about an order that is written as it should be.
    fn oddity(&mut self, line: u64, order: &Order) -> Option<String> {
        let first = *self.lines.entry(order.id.clone()).or_insert(line);
        if first != line {
            Some(format!("order {} stands on line {first} already", order.id))
        } else if order.quantity > LARGE_QUANTITY {
            Some(format!("{} pieces are more than {LARGE_QUANTITY}", order.quantity))
        } else {
            None
        }
    }
}
