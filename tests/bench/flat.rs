//! Resume does not grow with what was done before: neither in the guest nor in the workflow.

use std::time::Duration;

use anyhow::{Result, ensure};
use reentry::core::run::{Durability, RunStatus};
use reentry::{Host, ResumeOptions, StartOptions, Tenant, Workflow};
use reentry_tests::{guests, json, workflow_of};
use serde_json::{Value, json};

use crate::report::{Goal, figure, median_us, timed};

const REPEATS: usize = 41;

/// How long each run waits for its answer.
const IDLE: Duration = Duration::from_millis(50);

/// Measures and prints the time of a resume after more and more work.
pub async fn measure() -> Result<()> {
    let dir = tempfile::tempdir()?;
    // Without fsync, whose time would hide what is measured.
    let builder = Host::builder().data_dir(dir.path()).background(false).durability(Durability::Visible);
    let tenant = builder.build().await?.default_tenant();
    let probe = workflow_of(&tenant, "memory-probe", "probe").await?;
    let mut bases = Vec::new();
    for turns in [0u64, 1_000_000, 100_000_000] {
        let repeats = if turns > 1_000_000 { 9 } else { REPEATS };
        let us = resume_us(&probe, json!({"work": turns, "suspends": 1}), repeats).await?;
        figure(&format!("resume.after_{turns}_turns"), us, "us", Goal::None);
        bases.push(us);
    }
    if let [none, .., most] = bases.as_slice() {
        figure("resume.100000000_turns_over_0", most / none, "ratio", Goal::AtMost(1.2));
    }

    let short = after_steps(&tenant, 0).await?;
    let none = resume_us(&short, json!(0), REPEATS).await?;
    let long = after_steps(&tenant, 10_000).await?;
    let many = resume_us(&long, json!(0), 5).await?;
    figure("resume.after_0_steps", none, "us", Goal::None);
    figure("resume.after_10000_steps", many, "us", Goal::None);
    figure("resume.10000_steps_over_0", many / none, "ratio", Goal::AtMost(2.0));
    Ok(())
}

/// A workflow with so many steps before the one that suspends.
async fn after_steps(tenant: &Tenant, steps: usize) -> Result<Workflow> {
    let component = tenant.add_component("memory-probe", &guests::component("memory-probe")?).await?;
    let mut workflow = tenant.workflow(format!("after-{steps}"));
    for step in 0..steps {
        workflow = workflow.then(component.step("checkpoint").id(format!("s{step}")));
    }
    Ok(workflow.then(component.step("ask")).commit().await?)
}

async fn resume_us(workflow: &Workflow, input: Value, repeats: usize) -> Result<f64> {
    let mut times: Vec<Duration> = Vec::new();
    for _ in 0..repeats {
        let run = workflow.new_run().create().await?;
        let started = run.start(StartOptions::input(json(input.clone()))).await?;
        ensure!(started.status == RunStatus::Suspended, "{started:?}");
        // A person takes time. Without it, a resume right after a short start would find every thread and cache warm,
        // and one after a long start would not: that is not what is compared.
        tokio::time::sleep(IDLE).await;
        let (result, time) =
            timed(async { Ok(run.resume(ResumeOptions::data(json(json!(1)))).await?) }).await?;
        ensure!(result.status == RunStatus::Success, "{result:?}");
        times.push(time);
    }
    Ok(median_us(times))
}
