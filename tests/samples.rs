//! Each sample step, from its start to its end, with every suspension crossed by a new host on the same folder.

mod onboarding;
mod order_saga;
mod stage;
mod three_approvals;

use anyhow::Result;
use reentry::core::id::RunId;
use reentry::core::run::RunStatus;
use reentry::{Host, ResumeOptions, RunResult, StartOptions};
use reentry_tests::{guests, json, workflow_of};
use serde_json::{Value, json};

/// Starts a step, and answers each suspension on a host that has nothing in common with the one before but its folder.
async fn run(component: &str, step: &str, input: Value, answers: Vec<Value>) -> Result<RunResult> {
    let dir = tempfile::tempdir()?;
    let open = || Host::builder().data_dir(dir.path()).background(false).build();
    let host = open().await?;
    let run = workflow_of(&host, component, step).await?.create_run().await?;
    let mut result = run.start(StartOptions::input(json(input))).await?;
    let id: RunId = run.id();
    drop((run, host));
    for answer in answers {
        assert_eq!(result.status, RunStatus::Suspended, "{result:?}");
        let host = open().await?;
        result = host.run(id).await?.resume(ResumeOptions::data(json(answer))).await?;
    }
    Ok(result)
}

fn output(result: &RunResult) -> Result<Value> {
    assert_eq!(result.status, RunStatus::Success, "{result:?}");
    Ok(result.result.as_ref().map(|json| json.value()).transpose()?.unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn expense_approval_goes_on_with_what_it_reckoned_before_it_asked() -> Result<()> {
    let report: Value = serde_json::from_str(&guests::file("expense-approval/demo/report.json")?)?;
    let wrong = json!({"approved": true, "approver": "Ada", "refusedLines": [9], "refused_lines": [9]});
    let right = json!({"approved": true, "approver": "Ada", "refused_lines": [3], "comment": "thanks"});
    let result = run("expense-approval", "expense-approval", report, vec![wrong, right]).await?;
    let output = output(&result)?;
    assert_eq!(output["verdict"], "approved");
    assert_eq!(output["questions"], 2);
    assert_eq!(output["approver"], "Ada");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn counter_keeps_heap_static_and_half_read_iterator() -> Result<()> {
    let text = "a b c a b c d d e";
    let answers = vec![json!({"read": 2}), json!({"read": 3}), json!({"read": 1})];
    let output = output(&run("counter", "counter", json!({"text": text}), answers).await?)?;
    let expected =
        json!({"words": 9, "counts": {"a": 2, "b": 2, "c": 2, "d": 2, "e": 1}, "legs": [2, 3, 1, 3]});
    assert_eq!(output, expected);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn import_csv_keeps_the_parsed_table_over_the_question() -> Result<()> {
    let csv = guests::file("import-csv/data/orders.csv")?;
    let parse = |name: &str| -> Result<Value> {
        Ok(serde_json::from_str(&guests::file(&format!("import-csv/data/{name}"))?)?)
    };
    let result = run("import-csv", "import-csv", json!({"csv": csv}), vec![parse("answer.json")?]).await?;
    assert_eq!(output(&result)?, parse("totals.json")?);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn invoice_check_keeps_the_total_of_a_typescript_package_over_each_question() -> Result<()> {
    let line = |item: &str, quantity: u32, price: &str, sum: &str| json!({"item": item, "quantity": quantity, "price": price, "sum": sum});
    let lines = json!({"lines": [
        line("tea", 3, "0.10", "0.30"),
        line("milk", 7, "0.70", "4.80"),
        line("cake", 1, "12.50", "12.50"),
        line("rent", 2, "99999999999999999999.05", "1.00"),
    ]});
    let answers = vec![json!({"take": "reckoned"}), json!({"take": "stated"})];
    let output = output(&run("invoice-check", "invoice-check", lines, answers).await?)?;
    assert_eq!(output, json!({"total": "18.70", "lines": 4, "corrected": 1}));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn delivery_dates_keeps_the_half_consumed_iterator_of_a_python_package() -> Result<()> {
    let input = json!({"from": "2026-12-11", "deliveries": 5});
    let answers = vec![json!({"do": "day-after"}), json!({"do": "skip"})];
    let output = output(&run("delivery-dates", "delivery-dates", input, answers).await?)?;
    let dates = json!(["2026-12-11", "2026-12-18", "2026-12-26", "2027-01-08", "2027-01-15"]);
    assert_eq!(output, json!({"dates": dates, "asked": 2}));
    Ok(())
}
