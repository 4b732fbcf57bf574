//! What the work of one tenant costs while another one floods the host, beside what it costs in quiet.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use reentry::core::id::TenantId;
use reentry::core::run::RunStatus;
use reentry::core::workflow::Definition;
use reentry::{Host, StartOptions, Tenant, Workflow};
use reentry_tests::{guests, json};
use serde_json::{Value, json};

use crate::report::{Goal, figure};

/// Steps of the work that is measured.
const STEPS: usize = 20;

/// How often it is done.
const REPEATS: usize = 100;

/// Loops of the flood.
const FLOOD: usize = 300;

/// Measures and prints the middle and the 99th percentile of twenty steps, alone and beside floods of short calls and
/// of runs that only wait.
pub fn measure() -> Result<()> {
    // As the command's: a thread more than there are processors.
    let threads = std::thread::available_parallelism()?.get() + 1;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?;
    runtime.block_on(async { tokio::spawn(measured()).await? })
}

async fn measured() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let host = Host::builder().data_dir(dir.path()).background(false).build().await?;
    let [flood, canary] = [host.tenant(TenantId::new("flood")?), host.tenant(TenantId::new("canary")?)];
    let work = workflow(&canary, "twenty", &vec![probe(&canary).await?; STEPS]).await?;
    let calls = workflow(&flood, "calls", &[probe(&flood).await?]).await?;
    let waits = workflow(&flood, "waits", &[json!({"ask": {"id": "why"}})]).await?;

    times(&work).await?;
    let quiet = times(&work).await?;
    print("quiet", quiet, None);
    for (name, flood) in [("calls", calls), ("commits", waits)] {
        let stop = Arc::new(AtomicBool::new(false));
        let loops = (0..FLOOD).map(|_| {
            let (flood, stop) = (flood.clone(), Arc::clone(&stop));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    flood.new_run().start(input()).await?;
                }
                anyhow::Ok(())
            })
        });
        let loops: Vec<_> = loops.collect();
        tokio::time::sleep(Duration::from_secs(1)).await;
        print(name, times(&work).await?, Some(quiet));
        stop.store(true, Ordering::Relaxed);
        for one in loops {
            one.await??;
        }
    }
    Ok(())
}

fn print(name: &str, (middle, high): (f64, f64), quiet: Option<(f64, f64)>) {
    figure(&format!("fairness.{name}.median"), middle, "ms", Goal::None);
    figure(&format!("fairness.{name}.p99"), high, "ms", Goal::None);
    if let Some((_, quiet)) = quiet {
        figure(&format!("fairness.{name}.p99_over_quiet"), high / quiet, "ratio", Goal::AtMost(2.0));
    }
}

fn input() -> StartOptions {
    StartOptions::input(json(json!({"suspends": 0})))
}

/// A step that ends at once.
async fn probe(tenant: &Tenant) -> Result<Value> {
    let component = tenant.add_component("memory-probe", &guests::component("memory-probe")?).await?;
    let map = json!({"map": {"to": r#"{"suspends": 0}"#}});
    let step = json!({"then": {"component": component.digest(), "step": "probe"}});
    Ok(json!([map, step]))
}

async fn workflow(tenant: &Tenant, id: &str, entries: &[Value]) -> Result<Workflow> {
    let mut steps = Vec::new();
    for (number, entry) in entries.iter().enumerate() {
        for mut one in entry.as_array().cloned().unwrap_or_else(|| vec![entry.clone()]) {
            if let Some(step) = one.get_mut("then") {
                step["id"] = json!(format!("s{number}"));
            }
            steps.push(one);
        }
    }
    let definition: Definition = serde_json::from_value(json!({"id": id, "steps": steps}))?;
    Ok(tenant.commit(definition).await?)
}

/// The middle and the 99th percentile, in milliseconds.
async fn times(work: &Workflow) -> Result<(f64, f64)> {
    let mut times = Vec::new();
    for _ in 0..REPEATS {
        let begun = Instant::now();
        let done = work.new_run().start(input()).await?;
        ensure!(done.result.status == RunStatus::Success, "{:?}", done.result);
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    let at = |part: usize| times.get(REPEATS * part / 100 - 1).copied().unwrap_or_default();
    Ok((at(50), at(99)))
}
