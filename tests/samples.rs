//! Each sample step, from its start to its end, with every suspension crossed by a process that is killed.

mod onboarding;
mod order_saga;
mod stage;
mod three_approvals;
mod vacation;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, bail, ensure};
use reentry::core::run::RunStatus;
use reentry_tests::folders::data_folder;
use reentry_tests::process::{HostProcess, Request, Response, Rest};
use reentry_tests::{guests, json};
use serde_json::{Value, json};

const HOST_PROCESS: &str = env!("CARGO_BIN_EXE_host-process");

/// What a run asked, and what it came to.
struct Played {
    asked: Vec<Value>,
    output: Value,
}

/// Starts a step and answers its questions, each on a host whose predecessor was killed.
async fn play(component: &str, step: &str, input: Value, answers: Vec<Value>) -> Result<Played> {
    // A missing component is to be told by its name, not by what a host process says of it.
    guests::component(component)?;
    let dir = data_folder()?;
    let (component, step) = (component.to_owned(), step.to_owned());
    let mut request = Request::Begin { component, step, input: json(input), context: BTreeMap::new() };
    let (mut asked, mut answers) = (Vec::new(), answers.into_iter());
    loop {
        let mut host = HostProcess::start(Path::new(HOST_PROCESS), dir.path(), None).await?;
        let rest = match host.ask(&request).await? {
            Some(Response::Rests(rest)) => rest,
            other => bail!("the host process said {other:?}"),
        };
        host.kill().await?;
        let Some(answer) = answers.next() else { return Ok(Played { asked, output: output(&rest)? }) };
        let [question] = rest.asked.as_slice() else { bail!("one question was expected: {rest:?}") };
        asked.push(question.payload.value()?);
        request =
            Request::Answer { run: rest.run, label: None, data: json(answer), context: BTreeMap::new() };
    }
}

fn output(rest: &Rest) -> Result<Value> {
    ensure!(rest.status == RunStatus::Success, "{rest:?}");
    Ok(rest.result.as_ref().map(|json| json.value()).transpose()?.unwrap_or_default())
}

#[tokio::test]
async fn expense_approval_goes_on_with_what_it_reckoned_before_it_asked() -> Result<()> {
    let report: Value = serde_json::from_str(&guests::file("expense-approval/demo/report.json")?)?;
    let wrong = json!({"approved": true, "approver": "Ada", "refusedLines": [9], "refused_lines": [9]});
    let right = json!({"approved": true, "approver": "Ada", "refused_lines": [3], "comment": "thanks"});
    let answers = vec![wrong, right];
    let output = play("expense-approval", "expense-approval", report, answers).await?.output;
    assert_eq!(output["verdict"], "approved");
    assert_eq!(output["questions"], 2);
    assert_eq!(output["approver"], "Ada");
    Ok(())
}

#[tokio::test]
async fn counter_keeps_heap_static_and_half_read_iterator() -> Result<()> {
    let text = "a b c a b c d d e";
    let answers = vec![json!({"read": 2}), json!({"read": 3}), json!({"read": 1})];
    let output = play("counter", "counter", json!({"text": text}), answers).await?.output;
    let expected =
        json!({"words": 9, "counts": {"a": 2, "b": 2, "c": 2, "d": 2, "e": 1}, "legs": [2, 3, 1, 3]});
    assert_eq!(output, expected);
    Ok(())
}

#[tokio::test]
async fn import_csv_keeps_the_parsed_table_over_the_question() -> Result<()> {
    let csv = guests::file("import-csv/data/orders.csv")?;
    let parse = |name: &str| -> Result<Value> {
        Ok(serde_json::from_str(&guests::file(&format!("import-csv/data/{name}"))?)?)
    };
    let answers = vec![parse("answer.json")?];
    let output = play("import-csv", "import-csv", json!({"csv": csv}), answers).await?.output;
    assert_eq!(output, parse("totals.json")?);
    Ok(())
}

#[tokio::test]
async fn invoice_check_keeps_the_total_of_a_typescript_package_over_each_question() -> Result<()> {
    let line = |item: &str, quantity: u32, price: &str, sum: &str| json!({"item": item, "quantity": quantity, "price": price, "sum": sum});
    let lines = json!({"lines": [
        line("tea", 3, "0.10", "0.30"),
        line("milk", 7, "0.70", "4.80"),
        line("cake", 1, "12.50", "12.50"),
        line("rent", 2, "99999999999999999999.05", "1.00"),
    ]});
    let answers = vec![json!({"take": "reckoned"}), json!({"take": "stated"})];
    let Played { asked, output } = play("invoice-check", "invoice-check", lines, answers).await?;
    let so_far: Vec<_> = asked.iter().map(|question| (&question["line"], &question["totalSoFar"])).collect();
    assert_eq!(so_far, [(&json!(2), &json!("0.30")), (&json!(4), &json!("17.70"))]);
    assert_eq!(output, json!({"total": "18.70", "lines": 4, "corrected": 1}));
    Ok(())
}

#[tokio::test]
async fn delivery_dates_keeps_the_half_consumed_iterator_of_a_python_package() -> Result<()> {
    let input = json!({"from": "2026-12-11", "deliveries": 5});
    let answers = vec![json!({"do": "day-after"}), json!({"do": "skip"})];
    let Played { asked, output } = play("delivery-dates", "delivery-dates", input, answers).await?;
    let holidays: Vec<_> = asked.iter().map(|question| (&question["date"], &question["planned"])).collect();
    assert_eq!(holidays, [(&json!("2026-12-25"), &json!(2)), (&json!("2027-01-01"), &json!(3))]);
    let dates = json!(["2026-12-11", "2026-12-18", "2026-12-26", "2027-01-08", "2027-01-15"]);
    assert_eq!(output, json!({"dates": dates, "asked": 2}));
    Ok(())
}
