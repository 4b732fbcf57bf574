//! One thing done so many times, for a profiler that counts: what `n` and `2n` times cost, without what is set up
//! before.

use anyhow::{Context as _, Result, bail, ensure};
use reentry::core::resume::Target;
use reentry::core::run::{Durability, RunStatus};
use reentry::core::workflow::ForEachEntry;
use reentry::store::RunFilter;
use reentry::wasm::Allocation;
use reentry::{Host, ResumeOptions, Run, StartOptions, Tenant, Workflow};
use reentry_tests::{guests, json, workflow_of};
use serde_json::json;

/// `DIR cycle TIMES`, `DIR resume TIMES STEPS`, `DIR answer TIMES ITEMS`, or `DIR again TIMES` for a run that one of
/// the latter two left. The folder is kept, and with it the compiled guest.
pub async fn run(arguments: &[String]) -> Result<()> {
    let [dir, what, numbers @ ..] = arguments else { bail!("in which folder, and what?") };
    let builder = Host::builder().data_dir(dir).background(false).durability(Durability::Visible);
    // Profilers cannot map as much memory as a pool reserves.
    let tenant =
        builder.runtime(|config| config.allocation(Allocation::OnDemand)).build().await?.default_tenant();
    let numbers = numbers.iter().map(|number| number.parse()).collect::<Result<Vec<usize>, _>>()?;
    match (what.as_str(), numbers.as_slice()) {
        ("cycle", [times]) => cycles(&tenant, *times).await,
        ("resume", [times, steps]) => resumes(&tenant, *times, *steps).await,
        ("answer", [times, items]) => answers(&tenant, *times, *items).await,
        ("again", [times]) => answers_again(&tenant, *times).await,
        _ => bail!("expected `cycle TIMES`, `resume TIMES STEPS`, `answer TIMES ITEMS` or `again TIMES`"),
    }
}

async fn cycles(tenant: &Tenant, times: usize) -> Result<()> {
    let workflow = workflow_of(tenant, "memory-probe", "probe").await?;
    for _ in 0..times {
        let run = workflow.new_run().create().await?;
        run.start(StartOptions::input(json(json!({"suspends": 1})))).await?;
        let result = run.resume(ResumeOptions::data(json(json!("go on")))).await?;
        ensure!(result.status == RunStatus::Success, "{result:?}");
    }
    Ok(())
}

/// The last step asks, again and again.
async fn resumes(tenant: &Tenant, times: usize, steps: usize) -> Result<()> {
    let component = tenant.add_component("memory-probe", &guests::component("memory-probe")?).await?;
    let mut workflow = tenant.workflow("after");
    for step in 0..steps {
        workflow = workflow.then(component.step("checkpoint").id(format!("s{step}")));
    }
    let workflow = workflow.map(r#"{"suspends": 1000000}"#).then(component.step("probe")).commit().await?;
    answered(&workflow, json!(0), times).await
}

async fn answers(tenant: &Tenant, times: usize, items: usize) -> Result<()> {
    let component = tenant.add_component("memory-probe", &guests::component("memory-probe")?).await?;
    let body = ForEachEntry::new(component.step("ask"));
    let workflow = tenant.workflow("items").foreach(body).commit().await?;
    answered(&workflow, json!(vec![0; items]), times).await
}

async fn answered(workflow: &Workflow, input: serde_json::Value, times: usize) -> Result<()> {
    let run = workflow.new_run().start(StartOptions::input(json(input))).await?.run;
    answer(&run, times).await
}

async fn answer(run: &Run, times: usize) -> Result<()> {
    for _ in 0..times {
        let waiting = run.result(reentry::OutputOptions::default()).await?.suspended;
        let first = waiting.first().context("something waits")?;
        let answer = ResumeOptions::data(json(json!(1))).step(Target::suspension(first.suspension));
        let result = run.resume(answer).await?;
        ensure!(result.status == RunStatus::Suspended, "{result:?}");
    }
    Ok(())
}

/// The same with a run that waits in the folder already, so that what came before is not counted.
async fn answers_again(tenant: &Tenant, times: usize) -> Result<()> {
    let filter = RunFilter::default().status(RunStatus::Suspended);
    let run = tenant.runs(filter).await?.rows.first().context("a run that waits")?.id;
    answer(&tenant.run(run).await?, times).await
}
