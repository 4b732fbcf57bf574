//! A guest's memory over a suspension: bit for bit the same, wherever it is put back.

use std::path::Path;

use anyhow::{Context as _, Result};
use reentry::core::id::RunId;
use reentry::core::run::RunStatus;
use reentry::wasm::{Allocation, DirtyTracking, RuntimeConfig};
use reentry::{Host, ResumeOptions, RunResult, StartOptions};
use reentry_tests::folders::data_folder;
use reentry_tests::process::{HostProcess, Request, Response};
use reentry_tests::{json, workflow_of};
use serde_json::{Value, json};

const HOST_PROCESS: &str = env!("CARGO_BIN_EXE_host-process");

/// Starts the probe in one process and resumes it in two more; returns its output.
async fn across_processes(touch_bytes: usize) -> Result<Value> {
    let dir = data_folder()?;
    let input = json!({"touch_bytes": touch_bytes, "work": 1000, "suspends": 2});
    let start =
        Request::Start { component: "memory-probe".into(), step: "probe".into(), before: Vec::new(), input };
    let mut result = in_new_process(dir.path(), &start).await?;
    for turn in 0..2 {
        let run: RunId = serde_json::from_value(result["runId"].clone())?;
        assert_eq!(result["suspendPayload"]["probe"][0]["turn"], turn);
        result = in_new_process(dir.path(), &Request::Resume { run, data: json!(turn) }).await?;
    }
    Ok(result["result"].clone())
}

async fn in_new_process(dir: &Path, request: &Request) -> Result<Value> {
    let mut process = HostProcess::start(HOST_PROCESS.as_ref(), dir, None).await?;
    let response = process.ask(request).await?;
    process.kill().await?;
    match response.context("the process died")? {
        Response::Done { result, .. } => Ok(result),
        Response::Refused { message, .. } => anyhow::bail!(message),
        Response::Rests(rest) => anyhow::bail!("nobody asked for {rest:?}"),
    }
}

fn assert_all_came_back(output: &Value, turns: usize) {
    let list = |key: &str| output[key].as_array().cloned().unwrap_or_default();
    assert_eq!(list("before").len(), turns, "{output}");
    assert_eq!(list("before"), list("after"));
    assert_eq!(list("answers"), (0..turns).map(|turn| json!(turn)).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_is_bit_identical_in_a_new_process_64_kib() -> Result<()> {
    assert_all_came_back(&across_processes(64 << 10).await?, 2);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_is_bit_identical_in_a_new_process_1_mib() -> Result<()> {
    assert_all_came_back(&across_processes(1 << 20).await?, 2);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_is_bit_identical_in_a_new_process_16_mib() -> Result<()> {
    assert_all_came_back(&across_processes(16 << 20).await?, 2);
    Ok(())
}

/// A change of the runtime's settings.
type Setting = fn(RuntimeConfig) -> RuntimeConfig;

/// Every setting that could matter to an image, and must not.
fn settings() -> Vec<(&'static str, Setting)> {
    vec![
        ("as it comes", |config| config),
        ("another allocator", |config| config.allocation(Allocation::OnDemand)),
        ("other code", |config| config.quick_compile(true)),
        ("nothing resident", |config| config.resident_bytes(0)),
        ("pages compared", |config| config.dirty_tracking(DirtyTracking::Compare)),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_does_not_depend_on_allocator_code_generation_or_page_tracking() -> Result<()> {
    let dir = data_folder()?;
    let settings = settings();
    let mut run: Option<(RunId, RunResult)> = None;
    for (turn, (name, setting)) in settings.iter().enumerate() {
        let tenant = Host::builder()
            .data_dir(dir.path())
            .background(false)
            .runtime(*setting)
            .build()
            .await?
            .default_tenant();
        run = Some(match run {
            None => {
                let workflow = workflow_of(&tenant, "memory-probe", "probe").await?;
                let input = json!({"touch_bytes": 300_000, "work": 10, "suspends": settings.len() - 1});
                let run = workflow.new_run().create().await?;
                (run.id(), run.start(StartOptions::input(json(input))).await?)
            }
            Some((id, _)) => {
                let answer = ResumeOptions::data(json(json!(turn - 1)));
                (id, tenant.run(id).await?.resume(answer).await.context(*name)?)
            }
        });
    }
    let (_, result) = run.context("there are settings")?;
    assert_eq!(result.status, RunStatus::Success, "{result:?}");
    assert_all_came_back(&result.result.context("a result")?.value()?, settings.len() - 1);
    Ok(())
}
