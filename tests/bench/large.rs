//! Large runs: 10,000 steps, 10,000 items. What a step costs and writes must not depend on how many there are.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use reentry::core::resume::Target;
use reentry::core::run::{Durability, RunStatus};
use reentry::core::workflow::ForEachEntry;
use reentry::{Host, ResumeOptions, StartOptions, Tenant, Workflow};
use reentry_tests::{guests, json};
use serde_json::{Value, json};

use crate::report::{Goal, figure, median_us, timed};

/// How often a run is made of which one figure is the middle.
const REPEATS: usize = 5;

/// What one of many steps costs.
struct Each {
    us: f64,
    bytes: f64,
    commits: f64,
}

/// Measures and prints what steps and items cost, few of them and many.
pub async fn measure() -> Result<()> {
    let dir = tempfile::tempdir()?;
    // Without fsync, whose time would hide what is measured.
    let builder = Host::builder().data_dir(dir.path()).background(false).durability(Durability::Visible);
    let host = builder.build().await?;
    let tenant = host.default_tenant();
    let few = sequence(&host, 100).await?;
    report("step", &few, &sequence(&host, 10_000).await?);
    let few = items(&host, 100).await?;
    report("item", &few, &items(&host, 10_000).await?);
    let few = answer_us(&tenant, 10, 1).await?;
    let many = answer_us(&tenant, 10_000, 1).await?;
    figure("answer.to_one_of_10_items", few, "us", Goal::None);
    figure("answer.to_one_of_10000_items", many, "us", Goal::None);
    figure("answer.10000_items_over_10", many / few, "ratio", Goal::AtMost(2.0));
    let open = answer_us(&tenant, 1_000, 1_000).await?;
    figure("answer.with_1000_open_items", open, "us", Goal::None);
    Ok(())
}

fn report(what: &str, few: &Each, many: &Each) {
    figure(&format!("{what}.of_100"), few.us, "us", Goal::None);
    figure(&format!("{what}.of_10000"), many.us, "us", Goal::None);
    figure(&format!("{what}.10000_over_100"), many.us / few.us, "ratio", Goal::AtMost(2.0));
    figure(&format!("{what}.commits"), many.commits, "commits", Goal::AtMost(2.1));
    figure(&format!("{what}.bytes"), many.bytes, "bytes", Goal::None);
    figure(&format!("{what}.bytes_10000_over_100"), many.bytes / few.bytes, "ratio", Goal::AtMost(1.1));
}

/// A run of so many steps, each a call that ends at once.
async fn sequence(host: &Host, steps: usize) -> Result<Each> {
    let tenant = host.default_tenant();
    let component = tenant.add_component("memory-probe", &guests::component("memory-probe")?).await?;
    let mut workflow = tenant.workflow(format!("sequence-{steps}"));
    for step in 0..steps {
        workflow = workflow.then(component.step("checkpoint").id(format!("s{step}")));
    }
    each(host, &workflow.commit().await?, json!(0), steps).await
}

/// A run over so many items, each a call that ends at once.
async fn items(host: &Host, items: usize) -> Result<Each> {
    let tenant = host.default_tenant();
    let component = tenant.add_component("memory-probe", &guests::component("memory-probe")?).await?;
    let body = ForEachEntry::new(component.step("checkpoint")).concurrency(4);
    let workflow = tenant.workflow(format!("items-{items}")).foreach(body).commit().await?;
    each(host, &workflow, values(items), items).await
}

fn values(items: usize) -> Value {
    json!(vec![0; items])
}

async fn each(host: &Host, workflow: &Workflow, input: Value, count: usize) -> Result<Each> {
    let (before, mut times) = (host.store_stats(), Vec::new());
    for _ in 0..REPEATS {
        let start = workflow.new_run().start(StartOptions::input(json(input.clone())));
        let (started, time) = timed(async { Ok(start.await?) }).await?;
        ensure!(started.result.status == RunStatus::Success, "{:?}", started.result);
        times.push(time);
    }
    let after = host.store_stats();
    let each = |sum: u64| -> Result<f64> {
        Ok(f64::from(u32::try_from(sum)?) / f64::from(u32::try_from(count * REPEATS)?))
    };
    Ok(Each {
        us: median_us(times) / f64::from(u32::try_from(count)?),
        bytes: each(after.bytes - before.bytes)?,
        commits: each(after.commits - before.commits)?,
    })
}

/// The time of an answer to one of many items, so many of which wait at once.
async fn answer_us(tenant: &Tenant, items: usize, concurrency: u32) -> Result<f64> {
    let component = tenant.add_component("memory-probe", &guests::component("memory-probe")?).await?;
    let body = ForEachEntry::new(component.step("ask")).concurrency(concurrency);
    let workflow = tenant.workflow(format!("ask-{items}-{concurrency}")).foreach(body).commit().await?;
    let run = workflow.new_run().start(StartOptions::input(json(values(items)))).await?.run;
    let mut times: Vec<Duration> = Vec::new();
    for _ in 0..9 {
        let waiting = run.result(reentry::OutputOptions::default()).await?.suspended;
        let first = waiting.first().context("an item waits")?;
        let answer = ResumeOptions::data(json(json!(1))).step(Target::suspension(first.suspension));
        let (result, time) = timed(async { Ok(run.resume(answer).await?) }).await?;
        ensure!(result.status == RunStatus::Suspended, "{result:?}");
        times.push(time);
    }
    Ok(median_us(times))
}
