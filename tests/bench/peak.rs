//! The most memory that a process takes whose step suspends with much memory, and goes on with it.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use reentry::core::run::RunStatus;
use reentry::{Host, ResumeOptions, StartOptions, Tenant};
use reentry_tests::{guests, json, workflow_of};
use serde_json::json;

use crate::report::{Goal, figure};

/// What the guest fills, with bytes that cannot be packed.
const TOUCHED_BYTES: u32 = 240 << 20;

/// Measures and prints the peak of one suspension and of one resume, each in a process of its own, as a multiple of
/// the guest's memory.
pub async fn measure() -> Result<()> {
    let dir = tempfile::tempdir()?;
    // Compiled here, so that no process that is measured compiles.
    tenant(dir.path()).await?.add_component("memory-probe", &guests::component("memory-probe")?).await?;
    let suspension = peak_of(&["peak-suspension", path(dir.path())?], dir.path()).await?;
    figure(
        "suspension.of_240_mib.peak",
        suspension / f64::from(TOUCHED_BYTES),
        "x its memory",
        Goal::AtMost(2.3),
    );
    let resume = peak_of(&["peak-resume", path(dir.path())?], dir.path()).await?;
    figure("resume.of_240_mib.peak", resume / f64::from(TOUCHED_BYTES), "x its memory", Goal::None);
    Ok(())
}

async fn peak_of(arguments: &[&str], dir: &Path) -> Result<f64> {
    let mut command = tokio::process::Command::new(std::env::current_exe()?);
    let output = command.args(arguments).current_dir(dir).output().await?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout)?;
    printed.trim().parse().context("the process prints its peak")
}

/// What the processes do.
pub async fn suspension(dir: &str) -> Result<()> {
    let workflow = workflow_of(&tenant(dir.as_ref()).await?, "memory-probe", "probe").await?;
    let input = json(json!({"touch_bytes": TOUCHED_BYTES, "suspends": 1}));
    let started = workflow.new_run().start(StartOptions::input(input)).await?;
    ensure!(started.result.status == RunStatus::Suspended, "{:?}", started.result);
    print_peak()
}

/// The same, of the answer.
pub async fn resume(dir: &str) -> Result<()> {
    let tenant = tenant(dir.as_ref()).await?;
    let run = tenant.last_run().await?.context("a run waits")?;
    let result = tenant.run(run).await?.resume(ResumeOptions::data(json(json!(1)))).await?;
    ensure!(result.status == RunStatus::Success, "{:?}", result.status);
    print_peak()
}

async fn tenant(dir: &Path) -> Result<Tenant> {
    let limits = reentry::wasm::Limits::default().memory_bytes(300 << 20);
    let builder = Host::builder().data_dir(dir).background(false).limits(limits);
    Ok(builder.build().await?.default_tenant())
}

fn path(dir: &Path) -> Result<&str> {
    dir.to_str().context("a path that can be written")
}

fn print_peak() -> Result<()> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("VmHWM")?;
    println!("{}", line.trim().trim_end_matches(" kB").parse::<f64>()? * 1024.0);
    Ok(())
}
