//! A resume in a process that has just begun: from its start to its end.

use anyhow::{Context as _, Result, ensure};
use reentry::core::run::RunStatus;
use reentry::{Host, ResumeOptions, StartOptions};
use reentry_tests::{json, workflow_of};
use serde_json::json;

use crate::report::{Goal, figure, median_us, timed};

const REPEATS: usize = 21;

/// Measures and prints the time of a whole process that resumes one run.
pub async fn measure() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let mut times = Vec::new();
    for _ in 0..REPEATS {
        let tenant = Host::builder().data_dir(dir.path()).background(false).build().await?.default_tenant();
        let run = workflow_of(&tenant, "memory-probe", "probe").await?.new_run().create().await?;
        run.start(StartOptions::input(json(json!({"suspends": 1, "touch_bytes": 65536})))).await?;
        drop(tenant);
        let mut command = tokio::process::Command::new(std::env::current_exe()?);
        command.arg("cold-resume").arg(dir.path()).arg(run.id().to_string());
        let (status, time) = timed(async { command.status().await.context("the process") }).await?;
        ensure!(status.success(), "the cold process failed: {status}");
        times.push(time);
    }
    figure("resume.cold_process", median_us(times) / 1000.0, "ms", Goal::AtMost(30.0));
    Ok(())
}

/// What the process does.
pub async fn resume(dir: &str, run: &str) -> Result<()> {
    let tenant = Host::builder().data_dir(dir).background(false).build().await?.default_tenant();
    let result = tenant.run(run.parse()?).await?.resume(ResumeOptions::data(json(json!(1)))).await?;
    ensure!(result.status == RunStatus::Success, "{result:?}");
    Ok(())
}
