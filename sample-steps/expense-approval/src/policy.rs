//! The expense policy: what stands out in a report, and who has to look at it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::report::{Category, Report};

/// Lines above this need a receipt.
const RECEIPT_ABOVE_CENTS: u64 = 2_500;
/// Reports up to this, with nothing found, need no approver.
const PAID_UNSEEN_CENTS: u64 = 15_000;
/// Reports above this go to the finance team instead of the manager.
const FINANCE_ABOVE_CENTS: u64 = 500_000;

/// Something that the approver should know.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Finding {
    /// The line, from 1.
    line: usize,
    /// A short stable word.
    rule: Rule,
    /// The finding in a sentence.
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    NoReceipt,
    AboveLimit,
    Duplicate,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Approver {
    Manager,
    Finance,
}

/// Everything in a report that stands out, line by line.
pub fn examine(report: &Report) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in report.numbered() {
        let mut found = |rule, text| findings.push(Finding { line: number, rule, text });
        let amount = cents(line.amount_cents);
        if !line.receipt && line.amount_cents > RECEIPT_ABOVE_CENTS {
            found(Rule::NoReceipt, format!("{amount} without a receipt"));
        }
        if let Some(limit) = limit_cents(line.category).filter(|&limit| line.amount_cents > limit) {
            found(Rule::AboveLimit, format!("{amount} is above the limit of {}", cents(limit)));
        }
        let same = report.numbered().take(number - 1).find(|(_, earlier)| {
            (&earlier.date, earlier.category, earlier.amount_cents)
                == (&line.date, line.category, line.amount_cents)
        });
        if let Some((earlier, _)) = same {
            found(Rule::Duplicate, format!("same date, category and amount as line {earlier}"));
        }
    }
    findings
}

/// Who has to look at a report; nobody, if it is small and nothing was found.
pub fn approver(total_cents: u64, findings: &[Finding]) -> Option<Approver> {
    match total_cents {
        total if total > FINANCE_ABOVE_CENTS => Some(Approver::Finance),
        total if total > PAID_UNSEEN_CENTS || !findings.is_empty() => Some(Approver::Manager),
        _ => None,
    }
}

/// The most that one line of a category may be, where there is a bound.
fn limit_cents(category: Category) -> Option<u64> {
    match category {
        Category::Meals => Some(6_000),
        Category::Lodging => Some(22_000),
        Category::Equipment => Some(100_000),
        Category::Travel | Category::Other => None,
    }
}

fn cents(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::report;

    fn check(lines: Vec<(Category, u64, bool)>, found: &[&str], who: Option<Approver>) {
        let report = report(lines);
        let findings = examine(&report);
        let texts: Vec<_> =
            findings.iter().map(|finding| format!("{}: {}", finding.line, finding.text)).collect();
        assert_eq!(texts, found);
        assert_eq!(approver(report.total_cents(), &findings), who);
    }

    #[test]
    fn a_small_report_that_keeps_to_the_policy_is_paid_unseen() {
        check(vec![(Category::Meals, 2_500, false), (Category::Travel, 12_500, true)], &[], None);
    }

    #[test]
    fn what_stands_out_goes_to_the_manager() {
        check(
            vec![
                (Category::Meals, 6_001, false),
                (Category::Travel, 1_000, true),
                (Category::Travel, 1_000, true),
            ],
            &[
                "1: 60.01 without a receipt",
                "1: 60.01 is above the limit of 60.00",
                "3: same date, category and amount as line 2",
            ],
            Some(Approver::Manager),
        );
    }

    #[test]
    fn large_sums_go_to_finance() {
        check(vec![(Category::Travel, 500_001, true)], &[], Some(Approver::Finance));
    }
}
