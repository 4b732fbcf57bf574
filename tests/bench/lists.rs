//! The first page of a list costs the same however many runs wait, whatever it is filtered by; so does a count.

use std::time::Duration;

use anyhow::{Result, ensure};
use reentry::core::digest::WorkflowDigest;
use reentry::core::path::StepPath;
use reentry::core::run::Durability;
use reentry::core::time::Timestamp;
use reentry::core::workflow::Definition;
use reentry::store::{RunFilter, SuspensionFilter};
use reentry::{Host, StartOptions, Tenant, Workflow};
use reentry_tests::json;
use serde_json::json;

use crate::report::{Goal, figure, median_us, timed};

const FEW: u32 = 10_000;
const MANY: u32 = 100_000;

const REPEATS: usize = 41;
const PAGE: usize = 20;

/// Workflows, each with a step of its own name.
const WORKFLOWS: u32 = 4;

/// One label in so many runs, and one resource for so many of them.
const LABELS: u32 = 100;
const RUNS_OF_RESOURCE: u32 = 10;

/// A list by its name in the figures.
enum List {
    Inbox(&'static str, SuspensionFilter),
    Runs(&'static str, RunFilter),
}

/// Measures and prints the time of first pages and counts among few and many runs, and the bytes that each run takes.
pub async fn measure() -> Result<()> {
    let floor = floor()?;
    let dir = tempfile::tempdir()?;
    let builder = Host::builder().data_dir(dir.path()).background(false).durability(Durability::Visible);
    let tenant = builder.build().await?.default_tenant();
    let mut workflows = Vec::new();
    for number in 0..WORKFLOWS {
        workflows.push(workflow(&tenant, number).await?);
    }
    start(&workflows, 0..FEW).await?;
    let few = pages(&tenant).await?;
    let few_count = count(&tenant).await?;
    start(&workflows, FEW..MANY).await?;
    let many = pages(&tenant).await?;
    let many_count = count(&tenant).await?;

    figure("lists.floor.20_rows_of_an_index", floor, "us", Goal::None);
    for ((name, few), (_, many)) in few.iter().zip(&many) {
        figure(&format!("lists.{name}.first_page_of_{MANY}"), *many, "us", Goal::None);
        figure(&format!("lists.{name}.{MANY}_over_{FEW}"), many / few, "ratio", Goal::AtMost(1.5));
    }
    figure(&format!("lists.count_of_{MANY}"), many_count, "us", Goal::None);
    figure(&format!("lists.count.{MANY}_over_{FEW}"), many_count / few_count, "ratio", Goal::AtMost(1.5));
    // What no index knows, and what is put in another order: bounded, not flat.
    let nothing = any().label("all").workflow(WorkflowDigest::of(b"none"));
    let by_due = due().label("team-7");
    for (name, filter) in [("nothing_passes", nothing), ("few_by_deadline", by_due)] {
        let us = page_us(&tenant, &List::Inbox(name, filter)).await?;
        figure(&format!("lists.{name}.first_page_of_{MANY}"), us, "us", Goal::None);
    }
    drop((workflows, tenant));
    let database = dir.path().join("reentry.db");
    let db = rusqlite::Connection::open(&database)?;
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    let bytes = std::fs::metadata(&database)?.len() as f64 / f64::from(MANY);
    figure("lists.storage", bytes, "bytes/run", Goal::None);
    Ok(())
}

/// A workflow that asks one question, which has two labels, one whom it asks, and a deadline.
async fn workflow(tenant: &Tenant, number: u32) -> Result<Workflow> {
    let labels = json!(["all", {"expr": "input.label"}]);
    let ask = json!({"id": format!("approve-{number}"), "labels": labels, "assignees": ["ann"], "deadline": {"for": "1d"}});
    let definition: Definition =
        serde_json::from_value(json!({"id": format!("leave-{number}"), "steps": [{"ask": ask}]}))?;
    Ok(tenant.commit(definition).await?)
}

async fn start(workflows: &[Workflow], numbers: std::ops::Range<u32>) -> Result<()> {
    let numbers: Vec<u32> = numbers.collect();
    for chunk in numbers.chunks(50) {
        let starts = chunk.iter().zip(workflows.iter().cycle()).map(|(number, workflow)| {
            let run = workflow.new_run().resource_id(format!("order-{}", number / RUNS_OF_RESOURCE));
            let input = json(json!({"label": format!("team-{}", number / 7 % LABELS)}));
            tokio::spawn(async move { run.start(StartOptions::input(input)).await })
        });
        for start in starts.collect::<Vec<_>>() {
            start.await??;
        }
    }
    Ok(())
}

fn any() -> SuspensionFilter {
    SuspensionFilter::default().limit(PAGE)
}

fn due() -> SuspensionFilter {
    any().due_before(Timestamp(u64::MAX))
}

fn lists() -> Result<Vec<List>> {
    let (runs, step) = (RunFilter::default().limit(PAGE), "approve-2".parse::<StepPath>()?);
    let now = Timestamp(u64::MAX >> 20);
    Ok(vec![
        List::Inbox("inbox", any()),
        List::Inbox("inbox.label", any().label("team-7")),
        List::Inbox("inbox.label_of_all", any().label("all").latest_first(true)),
        List::Inbox("inbox.assignee", any().assignee("ann")),
        List::Inbox("inbox.workflow", any().workflow_id("leave-1")),
        List::Inbox("inbox.step", any().step(step.clone())),
        List::Inbox("inbox.resource", any().resource_id("order-7")),
        List::Inbox("inbox.due", due()),
        List::Inbox("inbox.age", any().opened_before(now).latest_first(true)),
        List::Runs("runs", runs.clone()),
        List::Runs("runs.label", runs.clone().label("team-7")),
        List::Runs("runs.workflow", runs.clone().workflow_id("leave-1")),
        List::Runs("runs.step", runs.clone().step(step)),
        List::Runs("runs.resource", runs.clone().resource_id("order-7")),
        List::Runs("runs.due", runs.clone().due_before(Timestamp(u64::MAX))),
        List::Runs("runs.age", runs.created_before(now).oldest_first(true)),
    ])
}

async fn pages(tenant: &Tenant) -> Result<Vec<(&'static str, f64)>> {
    let mut figures = Vec::new();
    for list in lists()? {
        let (List::Inbox(name, _) | List::Runs(name, _)) = list;
        figures.push((name, page_us(tenant, &list).await?));
    }
    Ok(figures)
}

async fn page_us(tenant: &Tenant, list: &List) -> Result<f64> {
    let mut times: Vec<Duration> = Vec::new();
    for _ in 0..REPEATS {
        let (rows, time) = match list {
            List::Inbox(_, filter) => {
                timed(async { Ok(tenant.inbox(filter.clone()).await?.rows.len()) }).await?
            }
            List::Runs(_, filter) => {
                timed(async { Ok(tenant.runs(filter.clone()).await?.rows.len()) }).await?
            }
        };
        ensure!(rows > 0 || matches!(list, List::Inbox("nothing_passes", _)), "the list is empty");
        times.push(time);
    }
    Ok(median_us(times))
}

async fn count(tenant: &Tenant) -> Result<f64> {
    let mut times: Vec<Duration> = Vec::new();
    for _ in 0..9 {
        let (counts, time) =
            timed(async { Ok(tenant.count_inbox(SuspensionFilter::default(), None).await?) }).await?;
        ensure!(counts.number == u64::from(FEW), "not {FEW}, as many as are looked at: {counts:?}");
        times.push(time);
    }
    Ok(median_us(times))
}

/// What twenty rows of 1 KB cost that are found by an index, without any of reentry.
fn floor() -> Result<f64> {
    let dir = tempfile::tempdir()?;
    let db = rusqlite::Connection::open(dir.path().join("floor.db"))?;
    db.execute_batch(&format!(
        "CREATE TABLE rows (id INTEGER PRIMARY KEY, name TEXT, bytes BLOB);
        WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {FEW})
        INSERT INTO rows (name, bytes) SELECT 'team-' || (n % {LABELS}), zeroblob(1000) FROM n;
        CREATE INDEX rows_by_name ON rows (name);"
    ))?;
    let mut find = db.prepare("SELECT bytes FROM rows WHERE name = 'team-7' ORDER BY id LIMIT 20")?;
    let mut times = Vec::new();
    for _ in 0..REPEATS {
        let begun = std::time::Instant::now();
        let rows = find.query_map([], |row| row.get::<_, Vec<u8>>(0))?;
        ensure!(rows.collect::<rusqlite::Result<Vec<_>>>()?.len() == PAGE, "twenty rows");
        times.push(begun.elapsed());
    }
    Ok(median_us(times))
}
