//! The expense report: what is handed in, and sums over it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    Travel,
    Lodging,
    Meals,
    Equipment,
    Other,
}

#[derive(Deserialize, JsonSchema)]
pub struct Line {
    /// Year, month and day, as in 2026-03-01.
    #[schemars(regex(pattern = r"^\d{4}-\d{2}-\d{2}$"))]
    pub date: String,
    pub category: Category,
    /// In hundredths of the report's currency.
    #[schemars(range(min = 1))]
    pub amount_cents: u64,
    /// Whether there is a receipt.
    #[serde(default)]
    pub receipt: bool,
    #[serde(default)]
    pub note: String,
}

#[derive(Deserialize, JsonSchema)]
pub struct Report {
    #[schemars(length(min = 1))]
    pub employee: String,
    #[serde(default)]
    pub purpose: String,
    /// Three letters, as in EUR.
    #[schemars(regex(pattern = r"^[A-Z]{3}$"))]
    pub currency: String,
    pub lines: Vec<Line>,
    /// How long an approver may take. Left out: for ever.
    pub answer_within_hours: Option<u32>,
}

impl Report {
    /// What a JSON Schema cannot say of a report: each mistake in a sentence.
    pub fn check(&self) -> Result<(), Vec<String>> {
        let mut problems = Vec::new();
        if self.lines.is_empty() {
            problems.push("the report has no lines".to_owned());
        }
        for (number, line) in self.numbered() {
            if line.category == Category::Other && line.note.trim().is_empty() {
                problems
                    .push(format!("line {number} is of category other and has no note to say what it is"));
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    /// The lines with their numbers, from 1, as people count.
    pub fn numbered(&self) -> impl Iterator<Item = (usize, &Line)> {
        (1..).zip(&self.lines)
    }

    pub fn total_cents(&self) -> u64 {
        self.lines.iter().map(|line| line.amount_cents).sum()
    }

    /// Sums by category, largest first.
    pub fn by_category(&self) -> Vec<(Category, u64)> {
        let mut sums = BTreeMap::new();
        for line in &self.lines {
            *sums.entry(line.category).or_insert(0) += line.amount_cents;
        }
        let mut sums: Vec<_> = sums.into_iter().collect();
        sums.sort_by_key(|&(_, sum)| std::cmp::Reverse(sum));
        sums
    }

    /// The total less the refused lines, or what is wrong with their numbers.
    pub fn total_without(&self, refused: &[usize]) -> Result<u64, String> {
        let count = self.lines.len();
        if let Some(number) = refused.iter().find(|&&number| number == 0 || number > count) {
            return Err(format!("line {number} cannot be refused: the report has lines 1 to {count}"));
        }
        let paid = self.numbered().filter(|(number, _)| !refused.contains(number));
        Ok(paid.map(|(_, line)| line.amount_cents).sum())
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub fn report(lines: Vec<(Category, u64, bool)>) -> Report {
        let line = |(category, amount_cents, receipt)| Line {
            date: "2026-03-01".into(),
            category,
            amount_cents,
            receipt,
            note: String::new(),
        };
        Report {
            employee: "Kim".into(),
            purpose: "fair".into(),
            currency: "EUR".into(),
            lines: lines.into_iter().map(line).collect(),
            answer_within_hours: None,
        }
    }

    #[test]
    fn refused_lines_are_not_paid_and_must_exist() {
        let report = report(vec![
            (Category::Travel, 100, true),
            (Category::Meals, 20, true),
            (Category::Travel, 3, true),
        ]);
        assert_eq!(report.total_without(&[2, 2]), Ok(103));
        assert_eq!(
            report.total_without(&[4]),
            Err("line 4 cannot be refused: the report has lines 1 to 3".to_owned())
        );
        assert_eq!(report.by_category(), [(Category::Travel, 103), (Category::Meals, 20)]);
    }

    #[test]
    fn a_report_needs_lines_and_other_things_need_a_note() {
        assert!(report(vec![]).check().is_err());
        assert!(report(vec![(Category::Other, 5, true)]).check().is_err());
        assert!(report(vec![(Category::Meals, 5, true)]).check().is_ok());
    }
}
